"""Moving every wrapped key in the database from one key-encryption key to another.

A wrapped key names in its associated data the row it belongs to, so each table is listed with the column
that says so. All rows move in one transaction: after a crash all are wrapped as before, or all anew, and
both forms open while both keys are at hand. Backups made before still need the key from before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, bindparam, select
from sqlmodel import Session

from ledger.keys.provider import KeyWrapper
from ledger.store.database import Store
from ledger.store.models import Base
from verifier.algorithms import constant_time_equal
from verifier.errors import DataFault

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Wrapped:
    """Where wrapped keys lie: `column` of `table`, for what its primary key `owner` names."""

    table: str
    owner: str
    column: str = "wrapped_key"


WRAPPED: Final = (Wrapped("dossier", "id"), Wrapped("consent", "subject"))


def rewrap(store: Store, opener: KeyWrapper, sealer: KeyWrapper) -> dict[str, int]:
    """Open every wrapped key with `opener` and wrap it anew with `sealer`; rows moved, by table.

    Each new form is opened again and compared before it is kept, for nothing else opens the data. Destroyed
    keys stay destroyed. Raises `DataFault` `seal-broken` for a row that does not open: then nothing changed.
    """
    with store.transaction() as session:
        return {place.table: _move(session, place, opener, sealer) for place in WRAPPED}


def _move(session: Session, place: Wrapped, opener: KeyWrapper, sealer: KeyWrapper) -> int:
    table = Base.metadata.tables[place.table]
    change = (
        table.update().where(table.c[place.owner] == bindparam("at")).values({place.column: bindparam("new")})
    )
    moved = 0
    for batch in _batches(session, table, place):
        changes = [
            {"at": owner, "new": _again(opener, sealer, bytes(wrapped), bytes(owner))}
            for owner, wrapped in batch
        ]
        session.connection().execute(change, changes)
        moved += len(changes)
    return moved


def _batches(session: Session, table: Table, place: Wrapped) -> Iterator[list[Any]]:
    """Rows with a key, in the order of their owners, a bounded number at a time."""
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
