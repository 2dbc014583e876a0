"""`pytest --postgresql`: what the tests open as an SQLite file is a database of a PostgreSQL server instead.

Where the file would be lies a note of a database's name, so that copying a state folder copies its database:
a note found elsewhere than where it was written is taken as the template of a new one, at once where `shutil`
copied it, for the folder that it came from may go on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from yinzheng.ledger.store import database

VARIABLE = "YINZHENG_TESTS_ON_POSTGRESQL"
"""The server's address, for child processes."""

SQLITE_ALONE = pytest.mark.skipif(
    "config.getoption('postgresql')", reason="it looks into the SQLite file itself"
)
"""Of a test: with `--postgresql` there is nothing of it to try."""

_NOTE = "postgresql:"
_FILE = "ledger.sqlite"


class Elsewhere:
    """Gives each SQLite file's path a database of the server at `address` (SQLAlchemy URL)."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._server = make_url(address)

    def install(self) -> None:
        """From now on, in this process and in those it starts that import `tests.ledger.world`."""
        os.environ[VARIABLE] = self._address
        database.make_url = self._mapped  # type: ignore[attr-defined, assignment]
        connect = sqlite3.connect

        def looking(path: Any, *args: Any, **options: Any) -> Any:
            if _noted(Path(str(path))) is not None:
                pytest.skip("it looks into the SQLite file itself")
            return connect(path, *args, **options)

        sqlite3.connect = looking  # type: ignore[assignment]
        for name in ("copytree", "copy"):
            setattr(shutil, name, self._adopting(getattr(shutil, name)))

    def _adopting(self, copy: Callable[..., Any]) -> Callable[..., Any]:
        def copied(source: Any, target: Any, *args: Any, **options: Any) -> Any:
            found = copy(source, target, *args, **options)
            made = Path(str(found))
            for path in [made] if made.is_file() else made.rglob(_FILE):
                with suppress(OperationalError):  # somebody is at work there: when it is opened
                    self._mapped(f"sqlite:///{path}")
            return found

        return copied

    def _mapped(self, url: str | URL) -> URL:
        parsed = make_url(url)
        path = Path(parsed.database or "")
        if parsed.get_backend_name() != "sqlite" or not path.parent.is_dir():
            return parsed
        if path.name != _FILE and _noted(path) is None:  # what was copied to another name is kept there
            return parsed
        name = "t" + hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:40]
        noted = _noted(path)
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


def _noted(path: Path) -> str | None:
    """What a note says; None where there is none."""
    if not path.is_file() or path.stat().st_size > 100:
        return None
    text = path.read_bytes()
    return text.decode() if text.startswith(_NOTE.encode()) else None


def install_in_child() -> None:
    """As in the process that started this one, where it was asked for there."""
    if VARIABLE in os.environ:
        Elsewhere(os.environ[VARIABLE]).install()
