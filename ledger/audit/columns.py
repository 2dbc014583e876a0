"""Does every column hold a value of its kind, and a word where it has words of its own?

SQLite keeps text in a column of bytes if someone puts it there, and any text where a few words are known.
Whatever reads the row afterwards would fail in its own way, so this comes first and says which column it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Table, func, select
from sqlmodel import Session

from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.rules import supervision, withdrawal
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.standing import Over
from yinzheng.ledger.store.models import Base, Case, Certificate, table_of
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.ledger.store.models_supervision import Supervision
from yinzheng.verifier.bytes.counting import counted

_KINDS: Mapping[str, str] = {
    "BLOB": "blob",
    "BIGINT": "integer",
    "BOOLEAN": "integer",
    "INTEGER": "integer",
    "VARCHAR": "text",
}

_WORDS: Final[Mapping[Column[str], type[StrEnum]]] = {
    table_of(Case).c.type: CaseType,
    table_of(Certificate).c.ended: Over,
    table_of(Withdrawal).c.state: withdrawal.State,
    table_of(Supervision).c.state: supervision.State,
}
"""Columns whose words the audit itself looks up; in others it finds that they are not what was stated."""


def check_columns(audit: Audit) -> bool:
    """Name each column that holds something else (`column-altered`); tells whether none does."""
    before = len(audit.findings)
    with audit.store.reading() as session:
        if session.get_bind().dialect.name == "sqlite":
            for table in Base.metadata.sorted_tables:
                _check(audit, session, table)
        for column, words in _WORDS.items():
            other = column.not_in([one.value for one in words])
            _name(audit, column, session.execute(select(func.count()).where(other)).scalar_one())
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
        _name(audit, column, count)


def _name(audit: Audit, column: Column[str], count: int | None) -> None:
    if count:  # None where there are no rows
        audit.found(
            "column-altered",
            f"{counted(count, 'row')} of {column.table.name} with something in {column.name}"
            " that this program does not write",
            table=column.table.name,
            column=column.name,
        )
