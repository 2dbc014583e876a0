"""Telling whether a database changed, without reading it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Hashable

from sqlalchemy import Engine

from yinzheng.ledger.store.sqlite import Unshared
from yinzheng.ledger.store.standing import Standing


class Moments:
    """Moments of one database, which is open for reading. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._standing = Standing(engine)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
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
        if connection is None or self._standing.stale():
            self._let_go()
            opened = self._standing.open().connection.dbapi_connection
            assert isinstance(opened, sqlite3.Connection)
            self._connection = connection = opened
            self._opened += 1
        if isinstance(connection, Unshared):
            self._let_go()  # the next may be shared with a writer
            return self._opened, object()
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        return self._opened, version

    def _let_go(self) -> None:
        self._connection = None
        self._standing.let_go()
