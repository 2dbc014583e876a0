"""The batches that access lines are committed in, as the ledger has them, and what opens their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.opening import altered
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_accesses import AccessBatch, AccessRow
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.access import Batch, parse_batch
from yinzheng.verifier.log.statement import Statement

SealOf = Callable[[bytes], SealedValue | None]

_MAX_BODY: Final = 4096


def seals(registry: Registry, session: Session) -> SealOf:
    """What opens the words of a line about a consent, by its subject; None once its key is destroyed."""

    def of(subject: bytes) -> SealedValue | None:
        consent = session.get(Consent, subject)
        if consent is None or consent.wrapped_key is None:
            return None
        return SealedValue(registry.keys.wrapper().unwrap(consent.wrapped_key, subject))

    return of


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch, its statement and the leaves of its lines."""

    row: AccessBatch
    event: Event
    body: Batch
    leaves: Sequence[bytes]

    @property
    def statement(self) -> Statement:
        """The statement `accesses.noted`."""
        return Statement.from_bytes(self.event.statement)


def last_logged(session: Session, size: int | None) -> int:
    """Number of the last line whose batch is in the log, below `size` entries; 0 if there is none."""
    # Asked batch by batch from the newest: joined, the place in the log would be looked for first, among all.
    place = select(Event.log_index).where(Event.leaf_hash == AccessBatch.leaf).scalar_subquery()
    logged = place.is_not(None) if size is None else place < size
    query = select(AccessBatch).where(logged).order_by(col(AccessBatch.first).desc())
    found = session.exec(query.limit(1)).first()
    return 0 if found is None else found.first + found.count - 1


def batch_of(session: Session, number: int) -> Committed:
    """The batch that a line is in. Raises `DataFault` `access-altered` where that does not hold together."""
    query = select(AccessBatch).where(AccessBatch.first <= number).order_by(col(AccessBatch.first).desc())
    row = session.exec(query.limit(1)).first()
    event = None if row is None else repository.event_by_leaf(session, row.leaf)
    if row is None or event is None or event.public is None or number >= row.first + row.count:
        raise altered(number)
    body = parse_batch(canonical.loads(event.public, max_bytes=_MAX_BODY))
    end = row.first + row.count
    members = select(AccessRow.leaf).where(AccessRow.number >= row.first, AccessRow.number < end)
    leaves = session.exec(members.order_by(col(AccessRow.number))).all()
    if len(leaves) != body.count or body.first != row.first:
        raise altered(number)
    return Committed(row, event, body, leaves)
