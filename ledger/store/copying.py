"""Copying the database row by row into a new one, without the columns that a copy must never hold.

A copy of pages brings along what was deleted in them and everything that is to be taken out afterwards. Rows
are read without those columns and written with NULL there, so no byte of them is ever in the copy, nor in its
journal; and both databases may be of either kind.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Integer, Table, func, null, select, text
from sqlmodel import Session

from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.state.files import disk_faults
from yinzheng.ledger.store.database import Store, open_store
from yinzheng.ledger.store.models import Base
from yinzheng.verifier.errors import UsageFault

BATCH: Final = 5000
Without = Collection[tuple[str, str]]
"""Columns left out, by table and name."""


def copy_to_file(source: Store, path: Path, without: Without = ()) -> int:
    """Copy everything as of one moment to the new SQLite file `path`, durably; gives its length in bytes.

    Raises `EnvironmentFault` (`disk-…`, `store-…`). What a fault or a kill leaves holds none of `without`.
    """
    target = open_store(sqlite_url(path))
    try:
        copy_rows(source, target, without)
    finally:
        target.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # one file, which a disk that is read only opens
    with disk_faults(path), path.open("rb+") as file:
        os.fchmod(file.fileno(), 0o600)
        os.fsync(file.fileno())
    return path.stat().st_size


def copy_rows(source: Store, target: Store, without: Without = ()) -> None:
    """Copy every row as of one moment into `target`, which has the same tables and no rows.

    Raises `UsageFault` `database-in-use` where it has some.
    """
    tables = Base.metadata.sorted_tables
    _require_empty(target, tables)
    with source.reading() as session:
        for table in tables:
            columns = [column for column in table.columns if (table.name, column.name) not in without]
            for batch in _batches(session, table, columns):
                with target.transaction() as writing:
                    writing.connection().execute(table.insert(), batch)
    if target.dialect == "postgresql":
        _set_serials(target, tables)


def _batches(
    session: Session, table: Table, columns: Sequence[Column[Any]]
) -> Iterator[list[dict[str, Any]]]:
    left_out = {column.name: None for column in table.columns if column not in set(columns)}
    query = select(*columns).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    for rows in session.connection().execute(query).partitions():
        yield [dict(row._mapping) | left_out for row in rows]


def _require_empty(target: Store, tables: Sequence[Table]) -> None:
    with target.reading() as session:
        for table in tables:
            if session.connection().execute(select(null()).select_from(table).limit(1)).first() is not None:
                raise UsageFault(
                    "the database holds something already",
                    code="database-in-use",
                    hint="Name one that is new and empty; nothing was written.",
                )


def _set_serials(target: Store, tables: Sequence[Table]) -> None:
    """Let PostgreSQL count on from the greatest number it was given."""
    with target.transaction() as session:
        for table in tables:
            column = table.autoincrement_column
            if column is None or not isinstance(column.type, Integer):
                continue
            named = {"table": f'"{table.name}"', "column": column.name}
            sequence = session.connection().execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"), named
            )
            greatest = session.connection().execute(select(func.max(column))).scalar_one()
            if (name := sequence.scalar_one()) is not None and greatest is not None:
                session.connection().execute(
                    text("SELECT setval(:name, :last)"), {"name": name, "last": greatest}
                )
