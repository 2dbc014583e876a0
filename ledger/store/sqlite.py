"""SQLite's engines: one that writes, ones that read."""

import os
import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import NullPool, QueuePool
from sqlalchemy.util import LRUCache

BUSY_SECONDS = 10.0
"""How long a writer waits for another before `store-locked`."""


CACHE_KIB: Final = 65_536
"""Of pages, of a connection that writes."""

WAL_PAGES: Final = 4000
"""So many, 32 MB, in the write-ahead file before they are copied into the database, which waits for the disk
several times. A page that each commit changes is copied once for some three hundred of them.
"""

_CANNOT_SHARE: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})


class _Sqlite(SQLiteDialect_pysqlite):
    """One SQLite is as another in a process, so what was compiled for one database serves all."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


registry.register("sqlite.one", __name__, _Sqlite.__name__)

_COMPILED: Final[LRUCache[Any, Any]] = LRUCache(1000)
"""Statements as SQLite reads them. A desk opens its registry again and again, and would compile them all
each time."""


def writing_engine(url: URL, busy_seconds: float) -> Engine:
    """Connections that may write; a transaction takes the writer's lock as it begins."""
    options = {"timeout": busy_seconds, "check_same_thread": False}
    engine = _engine(url, connect_args=options, poolclass=QueuePool)
    event.listen(engine, "connect", _set_up)
    return engine


class Unshared(sqlite3.Connection):
    """Reads a file that nobody has open for writing, and cannot tell whether anybody has since."""


def reading_engine(path: Path) -> Engine:
    """Connections that read the file at `path`, and write nothing.

    Where its folder cannot be written SQLite shares a WAL database only with a writer that is there. While
    none is, and none left its log behind, the file is whole: it is read as it lies (`Unshared`), which is
    found out for each connection anew, for a writer may come and go.
    """
    whole = path.resolve()

    def connect() -> sqlite3.Connection:
        try:
            shared = _read_only(whole, "mode=ro", sqlite3.Connection)
            if not _may_write(whole.parent):
                shared.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _CANNOT_SHARE or _has_wal(whole):
                raise
            return _read_only(whole, "mode=ro&immutable=1", Unshared)
        return shared

    # One connection per use: a pooled reader would keep a view of a file that a restore has replaced.
    return _engine(URL.create("sqlite"), creator=connect, poolclass=NullPool)


def _read_only(path: Path, mode: str, factory: type[sqlite3.Connection]) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        check_same_thread=False,
        isolation_level=None,
        factory=factory,
    )
    connection.execute("PRAGMA query_only=ON")
    return connection


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def _has_wal(path: Path) -> bool:
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _engine(url: URL, **options: Any) -> Engine:
    shared = {"compiled_cache": _COMPILED}
    engine = create_engine(url.set(drivername="sqlite+one"), execution_options=shared, **options)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves (`_begin`)
    # page_size: of a database yet to be made; an eighth less work and room for rows of half a kilobyte.
    # journal_size_limit: of the write-ahead file once it begins anew; a bulk may have made it larger.
    # secure_delete: what is deleted or replaced is overwritten with zeros, so that erasure reaches it (R43).
    for pragma in (
        "page_size=8192",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"cache_size=-{CACHE_KIB}",
        f"wal_autocheckpoint={WAL_PAGES}",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("yinzheng_bare", False):
        return
    begin = "BEGIN" if options.get("yinzheng_reading", False) else "BEGIN IMMEDIATE"
    connection.connection.cursor().execute(begin)  # SQLAlchemy's own way takes ten times as long
