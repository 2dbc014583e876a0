"""Looking rows up by their keys, again and again, on a connection that is kept for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from yinzheng.ledger.store.prepared import forget_driver
from yinzheng.ledger.store.session import QuickSession
from yinzheng.ledger.store.standing import Standing


class Glances:
    """Looks at one database, read with `engine`. Safe to share between threads.

    In SQLite they take turns: who asks waits for no connection that others hold, and none is opened, begun
    and given back around what takes microseconds. In PostgreSQL each look has a connection of the pool.
    """

    def __init__(self, engine: Engine) -> None:
        self._pooled = None if engine.dialect.name == "sqlite" else engine
        self._standing = Standing(engine)
        self._lock = threading.Lock()
        self._session: QuickSession | None = None
        self._driver: Any = None
        """The driver's own connection under that session."""

    @contextmanager
    def look(self) -> Iterator[Session]:
        """A session over the database of this moment; what raises in the block has it opened anew."""
        if self._pooled is not None:
            with (
                self._pooled.connect() as connection,
                connection.begin(),
                QuickSession(connection, expire_on_commit=False, autoflush=False) as session,
            ):
                yield session
            return
        with self._lock:
            kept = None if self._standing.stale() else self._session
            session = kept or self._opened()
            try:
                forget_driver(session)  # whoever listens to statements may have come since
                self._driver.execute("BEGIN")
                yield session
                session.expunge_all()  # no object is told as it was
                self._driver.rollback()
            except BaseException:
                self._let_go()
                raise

    def close(self) -> None:
        """Let go of the connection; looking again opens another."""
        with self._lock:
            self._let_go()

    def _opened(self) -> QuickSession:
        self._let_go()
        connection = self._standing.open()
        session = QuickSession(connection, expire_on_commit=False, autoflush=False)
        session.connection()  # lies on it from now on
        self._session, self._driver = session, connection.connection.dbapi_connection
        return session

    def _let_go(self) -> None:
        self._session = self._driver = None
        self._standing.let_go()
