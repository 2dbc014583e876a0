"""The names of assets in the register by every three characters of them, in SQLite (FTS5, `trigram`, 3.34).

No table of the models: SQLite keeps it from `register_entry`, by triggers, whoever writes that. The number of
its row is the certificate's without `SJ`, so that rows come in the order of numbers, and the latest few that
have what is searched for are found without the others.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import Connection, Integer, String, Table, column, event, func, table
from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_register import RegisterEntry

_NAMES: Final = table("register_name", column("rowid", Integer), column("asset", String))
_LEAST: Final = 3
"""Characters by which the index finds."""
_WILD: Final = re.compile("[%_]")

_ADD: Final = (
    "INSERT INTO register_name(rowid, asset) VALUES (CAST(substr(new.number, 3) AS INTEGER), new.asset);"
)
_TAKE: Final = "DELETE FROM register_name WHERE rowid = CAST(substr(old.number, 3) AS INTEGER);"

_MADE: Final = (
    "CREATE VIRTUAL TABLE register_name USING fts5(asset, tokenize='trigram', detail='none')",
    f"CREATE TRIGGER register_entry_insert AFTER INSERT ON register_entry BEGIN {_ADD} END",
    f"CREATE TRIGGER register_entry_delete AFTER DELETE ON register_entry BEGIN {_TAKE} END",
    f"CREATE TRIGGER register_entry_update AFTER UPDATE ON register_entry BEGIN {_TAKE} {_ADD} END",
)
"""With the table it follows, in a new database; as migration 0039 makes it in an older one."""


@event.listens_for(table_of(RegisterEntry), "after_create")
def _make(_table: Table, connection: Connection, **_options: Any) -> None:
    if connection.dialect.name == "sqlite":
        for one in _MADE:
            connection.exec_driver_sql(one)


@event.listens_for(table_of(RegisterEntry), "before_drop")
def _drop(_table: Table, connection: Connection, **_options: Any) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TABLE IF EXISTS register_name")


def named(words: str, most: int) -> SelectOfScalar[str]:
    """The latest numbers, so many at most, whose asset's name has these words; `a` is `A` (ASCII).

    Words in which no three letters stand together but wildcards of SQL are looked for in every name.
    """
    meant = _NAMES.c.asset.contains(words, autoescape=True)
    # Such a `LIKE`, with ESCAPE, goes along no index; and where SQLite itself looks for what of a pattern is
    # no wildcard, it takes three bytes for three letters, and finds nothing.
    plain = max(_WILD.split(words), key=len)
    along = [_NAMES.c.asset.like(f"%{plain}%")] if len(plain) >= _LEAST else []
    number = func.printf("SJ%013d", _NAMES.c.rowid, type_=String)
    return select(number).where(*along, meant).order_by(_NAMES.c.rowid.desc()).limit(most)
