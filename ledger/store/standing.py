"""A connection that is kept to an SQLite database, and another once another file lies in its place."""

from __future__ import annotations

import os
from contextlib import suppress

from sqlalchemy import Connection, Engine

from yinzheng.ledger.store.sqlite import Unshared


class Standing:
    """A connection of `engine` that is none of those that readers wait for. Its owner sees to taking turns.

    SQLite reads on in the file it opened, also once a restore has put another in its place.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(yinzheng_bare=True)  # its owner says BEGIN
        self._connection: Connection | None = None
        self._path = ""
        self._file: tuple[int, int] | None = None

    def stale(self) -> bool:
        """Whether to open it (anew): it reads another file, or cannot tell whether somebody writes."""
        if self._connection is None or isinstance(self._connection.connection.dbapi_connection, Unshared):
            return True
        return self._file != _lies_at(self._path)

    def open(self) -> Connection:
        """A new connection to the file that lies there, however often it is replaced meanwhile."""
        self.let_go()
        while True:
            before = _lies_at(self._path)
            connection = self._engine.connect()
            connection.detach()
            found = connection.connection.cursor().execute("PRAGMA database_list").fetchone()
            self._path = found[2]
            if before is not None and before == _lies_at(self._path):
                self._connection, self._file = connection, before
                return connection
            connection.close()

    def let_go(self) -> None:
        """Close it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _lies_at(path: str) -> tuple[int, int] | None:
    """Which file lies at a place; None where there is none."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None
