"""Opening the database: SQLite by default, PostgreSQL in production (D10).

SQLite runs in WAL mode with `synchronous=FULL`: a commit that returned is on the disk. A writer takes the
lock when its transaction begins (`BEGIN IMMEDIATE`), so that it never fails half way because a second one
was faster. Read-only opening, for the web server, writes nothing at all.
"""

import os
import threading
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from copy import copy
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlmodel import Session

from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.store.glances import Glances
from yinzheng.ledger.store.moment import Moments
from yinzheng.ledger.store.refusals import corrupt, told, translated
from yinzheng.ledger.store.schema import migrate, require_current
from yinzheng.ledger.store.session import QuickSession
from yinzheng.ledger.store.sqlite import BUSY_SECONDS, reading_engine, writing_engine
from yinzheng.ledger.store.writing import Writers
from yinzheng.verifier.errors import EnvironmentFault

_turns: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
"""Whose turn it is to write, for each SQLite database of this process: SQLite itself waits by sleeping, up to
a tenth of a second at a time."""


class First(Protocol):
    """What a transaction writes besides, whatever it is about."""

    def write(self, session: Session) -> None:
        """Write it; what it raises ends the transaction."""

    def done(self) -> None:
        """It is durable."""


class Store:
    """The open database. Make one with `open_store` or `open_store_read_only`; `close` it in the end.

    Safe to share between threads: each transaction has its own connection.
    """

    def __init__(self, engine: Engine, *, writable: bool, faults: Faults = NO_FAULTS) -> None:
        self._engine = engine
        self._reader = _reading(engine)
        self._writers = Writers(engine)
        self._moments = Moments(self._reader)
        self._glances = Glances(self._reader)
        self._faults = faults
        one_writer = engine.dialect.name == "sqlite" and writable
        self._turn = _turns[str(engine.url)] if one_writer else nullcontext()
        self.writable = writable
        self._keeps = True
        self._first: list[First] = []

    def rehearsal(self) -> "Store":
        """The same database, whose transactions are undone also when they end well."""
        rehearsed = copy(self)
        rehearsed._keeps = False  # what a step would do is seen, and nothing is done
        rehearsed._first = []
        return rehearsed

    def beginning_with(self, first: "First") -> "Store":
        """The same database, whose first transaction that ends well also writes what `first` has."""
        begun = copy(self)
        begun._first = [first]
        return begun

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose writes all happen, durably, when the block ends; or none if it raises.

        Fault points: `store.commit.before`, `store.commit.after`. Raises:
            EnvironmentFault: `store-locked`, `store-read-only`, `store-unreachable`, `disk-read-only`,
                `disk-full`, `disk-io`.
            DataFault: `store-corrupt`.
        """
        if not self.writable:
            raise EnvironmentFault(
                "the database was opened for reading only",
                code="store-read-only",
                hint="use the command line of the registry, which opens it for writing",
            )
        with self._turn, translated(), self._writers.begun() as begun:
            session = begun.session
            first = self._first[0] if self._first else None
            if first is not None:
                first.write(session)
            yield session
            session.flush()
            if not begun.is_active:
                return  # the block has undone it itself
            if not self._keeps:
                begun.rollback()
                return
            self._faults.hit("store.commit.before")
            begun.commit()
            if first is not None:
                self._first.clear()
                first.done()
            self._faults.hit("store.commit.after")

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Transactions in here are large ones, in a row: SQLite copies their pages into the database more
        rarely. What is committed is as durable as ever.
        """
        with self._writers.in_bulk():
            yield

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session over one unchanging view of the database; it never waits for a writer."""
        with (
            translated(),
            self._reader.connect() as connection,
            connection.begin(),
            QuickSession(connection, expire_on_commit=False, autoflush=False) as session,
        ):
            yield session

    @contextmanager
    def glance(self) -> Iterator[Session]:
        """As `reading`, for a few rows by their keys; in SQLite it waits for no connection of others."""
        with translated(), self._glances.look() as session:
            yield session

    def moment(self) -> Hashable:
        """A value that equals an earlier one only if nothing was committed in between, by whomever.

        Raises as `reading`.
        """
        with translated():
            return self._moments.now()

    def check_integrity(self) -> None:
        """Let the database check its own pages and references; `DataFault` `store-corrupt`."""
        if self._engine.dialect.name != "sqlite":
            return
        with translated(), self._reader.connect() as connection:
            verdict = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
            if verdict != "ok":
                raise corrupt(str(verdict))
            orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if orphan is not None:
                raise corrupt(f"row {orphan[1]} of table {orphan[0]} refers to a missing row of {orphan[2]}")

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def fold(self) -> bool:
        """Fold SQLite's write-ahead file into the database and empty it; False while somebody reads."""
        if self._engine.dialect.name != "sqlite":
            return True
        with translated(), self._connected() as connection:
            (busy, _, _) = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not busy

    def rewrite(self, tables: Iterable[str]) -> bool:
        """Write everything anew, without what older versions of rows left behind; False while somebody reads.

        SQLite rewrites the whole file, PostgreSQL these tables. Takes time and as much room again.
        """
        with translated(), self._connected() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql("VACUUM")
            else:
                for table in tables:
                    connection.exec_driver_sql(f'VACUUM (FULL) "{table}"')
        return self.fold()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection outside any transaction."""
        engine = self._engine.execution_options(yinzheng_bare=True)
        if self._engine.dialect.name != "sqlite":
            engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection; SQLite then folds its write-ahead file into the database."""
        self._moments.close()
        self._glances.close()
        self._writers.close()
        self._engine.dispose()


def open_store(url: str, *, faults: Faults = NO_FAULTS, busy_seconds: float = BUSY_SECONDS) -> Store:
    """Open for writing, creating the database and bringing its tables up to date where needed.

    `url` is an SQLAlchemy URL (`sqlite_url`, or `postgresql+psycopg://…`).

    Raises:
        EnvironmentFault: `schema-newer` when a later version of this program wrote it; and as `Store`.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        _require_writable(Path(parsed.database or ""))
        engine = writing_engine(parsed, busy_seconds)
    else:
        engine = create_engine(parsed, pool_pre_ping=True)
    try:
        with translated(), engine.begin() as connection:
            migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, writable=True, faults=faults)


def open_store_read_only(url: str) -> Store:
    """Open for reading only: nothing is created, migrated or written.

    Also on a disk that cannot be written at all (`reading_engine`).

    Raises:
        EnvironmentFault: `store-missing`, `schema-newer`, `schema-older`; and as `Store`.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, pool_pre_ping=True)
        return _checked_reader(engine)
    path = Path(parsed.database or "")
    if not path.is_file():
        raise EnvironmentFault(
            f"there is no database at {path}", code="store-missing", hint="name the state folder, or run init"
        )
    return _checked_reader(reading_engine(path))


def _checked_reader(engine: Engine) -> Store:
    try:
        with translated(), _reading(engine).connect() as connection:
            require_current(connection)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, writable=False)


def _require_writable(path: Path) -> None:
    """SQLite opens what it cannot write without a word, and fails at the first write: say it at once."""
    for part in (path, path.parent):
        if part.exists() and not os.access(part, os.W_OK):
            raise told("disk-read-only")


def _reading(engine: Engine) -> Engine:
    """The same engine for transactions that read, each seeing one moment of the database."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(yinzheng_reading=True)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
