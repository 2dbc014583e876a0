"""Telling whether a database changed, without reading it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Hashable
from contextlib import suppress

from sqlalchemy import Engine

from yinzheng.ledger.store.sqlite import Unshared


class Moments:
    """Moments of one database, which is open for reading. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._path = ""
        self._file: tuple[int, int] | None = None
        self._opened = 0

    def now(self) -> Hashable:
        """A value that equals an earlier one only if nothing was committed in between.

        SQLite tells by `PRAGMA data_version`, which compares within one connection alone: that is opened anew
        where another file lies at the database's place. A connection that cannot tell (`Unshared`) makes each
        moment another. PostgreSQL tells which transactions have ended.
        """
        if self._engine.dialect.name == "sqlite":
            with self._lock:
                return self._sqlite()
        with self._engine.connect() as connection:
            asked = "SELECT pg_current_snapshot()::text, pg_postmaster_start_time()::text"
            return tuple(connection.exec_driver_sql(asked).one())

    def close(self) -> None:
        """Let go of the connection; asking again opens another."""
        with self._lock:
            self._let_go()

    def _sqlite(self) -> Hashable:
        connection = self._connection
        if connection is None or self._file != _lies_at(self._path):
            connection = self._anew()
        if isinstance(connection, Unshared):
            self._let_go()  # the next may be shared with a writer
            return self._opened, object()
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        return self._opened, version

    def _anew(self) -> sqlite3.Connection:
        """A connection to the file that lies there, however often it is replaced meanwhile."""
        self._let_go()
        while True:
            before = _lies_at(self._path)
            connection = self._open()
            (_, _, self._path) = connection.execute("PRAGMA database_list").fetchone()
            if before is not None and before == _lies_at(self._path):
                self._connection, self._file = connection, before
                self._opened += 1
                return connection
            connection.close()

    def _open(self) -> sqlite3.Connection:
        pooled = self._engine.raw_connection()
        pooled.detach()  # or it would be given back after this use
        connection = pooled.dbapi_connection
        assert isinstance(connection, sqlite3.Connection)
        return connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _lies_at(path: str) -> tuple[int, int] | None:
    """Which file lies at a place; None where there is none."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None
