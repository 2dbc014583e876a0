"""Moving every wrapped key in the database from one key-encryption key to another.

A wrapped key names in its associated data the row it belongs to, so each table is listed with the column
that says so. All rows move in one transaction: after a crash all are wrapped as before, or all anew, and
both forms open while both keys are at hand. Backups made before still need the key from before.

The seed of an unfinished import is sealed by the key-encryption key too. It lives for one import, so that is
waited for (`import-unfinished`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from yinzheng.ledger.keys.provider import KeyWrapper
from yinzheng.ledger.store.models import Base, Dossier
from yinzheng.ledger.store.models_accesses import AccessKey
from yinzheng.ledger.store.models_consents import Consent, DigestKey, Job
from yinzheng.verifier.bytes.algorithms import constant_time_equal
from yinzheng.verifier.errors import DataFault, UsageFault

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Wrapped:
    """Where wrapped keys lie: `column` of `table`, for what its primary key `owner` names."""

    table: str
    owner: str
    column: str = "wrapped_key"


WRAPPED: Final = (
    Wrapped(str(Dossier.__tablename__), "id"),
    Wrapped(str(Consent.__tablename__), "subject"),
    Wrapped(str(DigestKey.__tablename__), "id"),
)
"""The keys of records: none is in a backup, and erasure destroys them one by one (R44)."""

BESIDE: Final = (Wrapped(str(AccessKey.__tablename__), "id"),)
"""Keys of no record, which stay where they are and go with every backup."""


def rewrap(session: Session, opener: KeyWrapper, sealer: KeyWrapper) -> dict[str, int]:
    """Open every wrapped key with `opener` and wrap it anew with `sealer`; rows moved, by table.

    No record is opened, and no key shown. All is done in the caller's one transaction. Each new form is
    opened again and compared before it is kept, for nothing else opens the data. Destroyed keys stay
    destroyed. Raises `DataFault` `seal-broken` for a row that does not open, `UsageFault`
    `import-unfinished`: the caller then changes nothing.
    """
    if session.exec(select(Job.id).where(col(Job.finished_at).is_(None)).limit(1)).first() is not None:
        raise UsageFault(
            "an import of consents is not finished, and its seed is sealed by the key in use",
            code="import-unfinished",
            hint="run the import again to its end, then this command",
        )
    return {place.table: _move(session, place, opener, sealer) for place in (*WRAPPED, *BESIDE)}


def _move(session: Session, place: Wrapped, opener: KeyWrapper, sealer: KeyWrapper) -> int:
    table = Base.metadata.tables[place.table]
    change = (
        table.update().where(table.c[place.owner] == bindparam("at")).values({place.column: bindparam("new")})
    )
    moved = 0
    for batch in _batches(session, place):
        changes = [
            {"at": owner, "new": _again(opener, sealer, bytes(wrapped), bytes(owner))}
            for owner, wrapped in batch
        ]
        session.connection().execute(change, changes)
        moved += len(changes)
    return moved


def _batches(session: Session, place: Wrapped) -> Iterator[list[Any]]:
    """Rows with a key, in the order of their owners, a bounded number at a time."""
    table = Base.metadata.tables[place.table]
    owner, column = table.c[place.owner], table.c[place.column]
    query = select(owner, column).where(column.is_not(None)).order_by(owner).limit(_BATCH)
    after: bytes | None = None
    while batch := list(
        session.connection().execute(query if after is None else query.where(owner > after)).all()
    ):
        yield batch
        after = batch[-1][0]


def _again(opener: KeyWrapper, sealer: KeyWrapper, wrapped: bytes, owner: bytes) -> bytes:
    key = opener.unwrap(wrapped, owner)
    anew = sealer.wrap(key, owner)
    if not constant_time_equal(sealer.unwrap(anew, owner), key):
        raise DataFault("a key wrapped anew opens as another", code="seal-broken", hint="nothing was changed")
    return anew
