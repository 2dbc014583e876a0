"""`pytest --postgresql`: what the tests open as an SQLite file is a database of a PostgreSQL server instead.

Where the file would be lies a note of a database's name, so that copying a state folder copies its database:
a note found elsewhere than where it was written is taken as the template of a new one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import URL, create_engine, text
from sqlalchemy.engine import make_url

from yinzheng.ledger.store import database

_NOTE = "postgresql:"


class Elsewhere:
    """Gives each SQLite file's path a database of the server at `address` (SQLAlchemy URL)."""

    def __init__(self, address: str) -> None:
        self._server = make_url(address)

    def install(self) -> None:
        """From now on, in this process and those forked from it."""
        database.make_url = self._mapped  # type: ignore[attr-defined, assignment]

    def _mapped(self, url: str | URL) -> URL:
        parsed = make_url(url)
        path = Path(parsed.database or "")
        if parsed.get_backend_name() != "sqlite" or path.name != "ledger.sqlite" or not path.parent.is_dir():
            return parsed
        name = "t" + hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:40]
        noted = path.read_text() if path.is_file() and path.stat().st_size < 100 else None
        if noted is None and path.exists():
            return parsed  # a file after all
        if noted != _NOTE + name:
            self._create(name, None if noted is None else noted.removeprefix(_NOTE))
            beside = path.with_name("note")
            beside.write_text(_NOTE + name)
            beside.replace(path)
        return self._server.set(database=name)

    def _create(self, name: str, template: str | None) -> None:
        engine = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            source = "" if template is None else f" TEMPLATE {template}"
            connection.execute(text(f"CREATE DATABASE {name}{source} STRATEGY FILE_COPY"))
        engine.dispose()
