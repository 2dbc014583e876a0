"""A settled registry, and ways to edit it behind everyone's back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ledger.world import World


@dataclass
class Settled:
    """A settled registry with two certificates and a case under publicity."""

    world: World
    case: str
    number: str
    other_case: str
    other_number: str

    def sql(self, statement: str, *values: Any, count: int | None = 1) -> None:
        """Edit the database behind everyone's back."""
        with closing(sqlite3.connect(self.world.paths.database)) as connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            changed = connection.execute(statement, values).rowcount
            connection.commit()
        assert count is None or changed == count

    def one(self, query: str, *values: Any) -> Any:
        with closing(sqlite3.connect(self.world.paths.database)) as connection:
            return connection.execute(query, values).fetchone()[0]

    def blob(self, case: str, number: int = 0) -> Path:
        """The sealed file of a dossier on the disk."""
        name: str = self.one(
            'SELECT blob FROM dossier_file f JOIN "case" c ON f.dossier_id = c.dossier_id '
            "WHERE c.id = ? AND f.number = ?",
            case,
            number,
        )
        return self.world.paths.blobs / name[:2] / name
