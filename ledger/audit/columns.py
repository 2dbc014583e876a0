"""Does every column hold a value of its kind?

SQLite keeps text in a column of bytes if someone puts it there. Whatever reads the row afterwards would fail
in its own way, so this comes first and says which column it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Table
from sqlmodel import Session

from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.store.models import Base
from yinzheng.verifier.bytes.counting import counted

_KINDS: Mapping[str, str] = {
    "BLOB": "blob",
    "BIGINT": "integer",
    "BOOLEAN": "integer",
    "INTEGER": "integer",
    "VARCHAR": "text",
}


def check_columns(audit: Audit) -> bool:
    """Name each column that holds something else (`column-altered`); tells whether none does."""
    before = len(audit.findings)
    with audit.store.reading() as session:
        if session.get_bind().dialect.name == "sqlite":
            for table in Base.metadata.sorted_tables:
                _check(audit, session, table)
    return len(audit.findings) == before


def _check(audit: Audit, session: Session, table: Table) -> None:
    """Read the table once, whatever the number of its columns."""
    odd, kinds = [], []
    for column in table.columns:
        kind = _KINDS[column.type.compile(session.get_bind().dialect)]
        odd.append(f"""sum(typeof("{column.name}") NOT IN (?, ?))""")
        kinds += [kind, "null" if column.nullable else kind]
    asked = f'SELECT {", ".join(odd)} FROM "{table.name}"'  # noqa: S608 - our own names
    counts = session.connection().exec_driver_sql(asked, tuple(kinds)).one()
    for column, count in zip(table.columns, counts, strict=True):
        if count:  # None where there are no rows
            audit.found(
                "column-altered",
                f"{counted(count, 'row')} of {table.name} with something in {column.name}"
                " that this program does not write",
                table=table.name,
                column=column.name,
            )
