"""Transactions that write: in SQLite one after the other on a connection that is kept for them (ADR 99, 112).

To fetch a connection from its pool, begin, make a session, and give all of it back takes ten times as long as
SQLite's own `BEGIN` and a commit that waits for no disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from sqlalchemy import Engine, Transaction

from yinzheng.ledger.store.session import QuickSession
from yinzheng.ledger.store.sqlite import CACHE_KIB, WAL_PAGES

_SOUND: Final = (1, 2)
"""libpq's PQTRANS_ACTIVE and PQTRANS_INTRANS."""

_USUAL: Final = (f"wal_autocheckpoint={WAL_PAGES}", f"cache_size=-{CACHE_KIB}")
"""As a connection is set up."""
_IN_BULK: Final = ("wal_autocheckpoint=40000", f"cache_size=-{CACHE_KIB // 2}")
"""Pages are copied from the write-ahead file into the database when there are 320 MB of them: one that batch
after batch has changed, as those of an index over hashes, is copied once. The rows of a batch are in memory,
so the cache is half as large.
"""


class Begun(Protocol):
    """A transaction that has begun: until it is committed nothing of it is there."""

    @property
    def session(self) -> QuickSession:
        """What is written with."""

    @property
    def is_active(self) -> bool:
        """False once the session has undone it."""

    def commit(self) -> None:
        """Make it durable."""

    def rollback(self) -> None:
        """Undo it."""


class Writers:
    """Begins transactions of one database. In SQLite their owner sees to taking turns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._bare = engine.execution_options(yinzheng_bare=True)
        self._idle: list[_KeptSession] = []
        self._settings = _USUAL
        self._closed = False

    @contextmanager
    def begun(self) -> Iterator[Begun]:
        """A transaction, undone where the block raises; it takes the write lock as it begins."""
        heard = self._engine.dispatch
        if self._engine.dialect.name != "sqlite" or heard.commit or heard.rollback:
            with self._pooled() as begun:  # also for whoever listens to SQLAlchemy's own
                yield begun
            return
        session = self._idle.pop() if self._idle else _KeptSession(self._bare)
        try:
            yield _Kept(session, self._settings)
        except BaseException:
            session.let_go()
            raise
        if not session.is_sound or self._closed:
            session.let_go()
            return
        session.expunge_all()  # no object is told as it was
        self._idle.append(session)

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Transactions in here are large ones, in a row."""
        self._settings = _IN_BULK
        try:
            yield
        finally:
            self._settings = _USUAL

    @contextmanager
    def _pooled(self) -> Iterator[Begun]:
        with (
            self._engine.connect() as connection,
            connection.begin() as transaction,  # takes the write lock now rather than at the first write
            QuickSession(connection, expire_on_commit=False) as session,
        ):
            yield _Pooled(session, transaction)

    def close(self) -> None:
        """Let go of the connection that is kept, and of one that is in use once it is done."""
        self._closed = True
        while self._idle:
            self._idle.pop().let_go()


class _Pooled:
    def __init__(self, session: QuickSession, transaction: Transaction) -> None:
        self.session = session
        self._transaction = transaction
        self._driver: Any = transaction.connection.connection.dbapi_connection
        self.commit, self.rollback = transaction.commit, transaction.rollback

    @property
    def is_active(self) -> bool:
        return self._transaction.is_active and _is_begun(self._driver)


def _is_begun(driver: Any) -> bool:
    """Whether the database would make what was written durable: PostgreSQL answers the commit of one in which
    a statement failed by undoing it, and calls that no error.
    """
    if isinstance(driver, sqlite3.Connection):
        return driver.in_transaction
    return int(driver.info.transaction_status) in _SOUND


class _KeptSession(QuickSession):
    """A session for one transaction after the other, on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._kept = engine.connect()
        self._kept.detach()  # it is none of those that readers wait for
        super().__init__(self._kept, expire_on_commit=False)
        self.open = True
        self.settings: tuple[str, ...] = _USUAL
        driver = self.connection().connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        self.driver: sqlite3.Connection = driver

    def rollback(self) -> None:
        """Undo all; nothing more can be written with it."""
        super().rollback()
        self.let_go()

    @property
    def is_sound(self) -> bool:
        """False once a flush failed, or it was undone, whoever caught what was raised."""
        return self.open and self.is_active

    def let_go(self) -> None:
        """Close the connection, which undoes what was begun and not committed."""
        self.open = False
        self._kept.close()


class _Kept:
    """A transaction that is begun and ended by the driver itself."""

    def __init__(self, session: _KeptSession, settings: tuple[str, ...]) -> None:
        self.session = session
        session.info.clear()  # of one transaction; whoever listens to statements may have come since
        if session.settings is not settings:
            for pragma in settings:
                session.driver.execute(f"PRAGMA {pragma}")
            session.settings = settings
        session.driver.execute("BEGIN IMMEDIATE")

    @property
    def is_active(self) -> bool:
        return self.session.is_sound and self.session.driver.in_transaction

    def commit(self) -> None:
        self.session.driver.commit()

    def rollback(self) -> None:
        self.session.driver.rollback()
