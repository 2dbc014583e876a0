"""Opening records to see that their keys open them: what a restored state must show before it is called one.

Rows, files and wrapped keys may all be there, and nothing opens, because the key-encryption key is another
one. So records are opened, each down to its latest private statement: every one where there are few, else as
many as say it with certainty enough, drawn at random.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, select

from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.keys.provider import KeyWrapper
from yinzheng.ledger.keys.rewrap import BESIDE, WRAPPED, Wrapped
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import Base, Case, Event
from yinzheng.ledger.store.models_consents import Consent, Pooled
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.errors import DataFault

MOST: Final = 2000
"""Records of one table opened at most."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How many records were opened, of how many that have a key."""

    opened: int
    living: int


def open_sample(store: Store, wrapper: KeyWrapper, *, most: int = MOST) -> Sample:
    """Open up to `most` records of each table, and unwrap every key of no record.

    Raises `DataFault` `record-unopened` where one does not open, as `open_event` and `unwrap` say.
    """
    opened = living = 0
    with store.reading() as session:
        for place in WRAPPED:
            owners = _living(session, place)
            living += len(owners)
            for owner in owners if len(owners) <= most else random.SystemRandom().sample(owners, most):
                _open(session, wrapper, place, owner)
                opened += 1
        for place in BESIDE:
            for owner in _living(session, place):
                _unwrap(session, wrapper, place, owner)
    return Sample(opened, living)


def _living(session: Session, place: Wrapped) -> Sequence[bytes]:
    table = Base.metadata.tables[place.table]
    query = select(table.c[place.owner]).where(table.c[place.column].is_not(None))
    return [bytes(owner) for (owner,) in session.connection().execute(query)]


def _open(session: Session, wrapper: KeyWrapper, place: Wrapped, owner: bytes) -> None:
    with _told(place):
        seal = SealedValue(_unwrap(session, wrapper, place, owner))
        for sealed, leaf in _sealed(session, place, owner):
            open_event(seal, sealed, leaf)


def _unwrap(session: Session, wrapper: KeyWrapper, place: Wrapped, owner: bytes) -> bytes:
    table: Any = Base.metadata.tables[place.table]
    query = select(table.c[place.column]).where(table.c[place.owner] == owner)
    with _told(place):
        return wrapper.unwrap(bytes(session.connection().execute(query).scalar_one()), owner)


@contextmanager
def _told(place: Wrapped) -> Iterator[None]:
    try:
        yield
    except DataFault as fault:
        if fault.code == "record-unopened":
            raise
        raise DataFault(
            f"a record of the table {place.table} does not open: {fault.message}",
            code="record-unopened",
            hint="The key-encryption key is not the one it was wrapped with: name the keystore that goes with"
            " this registry.",
        ) from fault


def _sealed(session: Session, place: Wrapped, owner: bytes) -> Sequence[tuple[bytes, bytes]]:
    """The latest private statement of a record, sealed, and its leaf hash; none where it has none yet."""
    if place.table == Consent.__tablename__:
        head = session.get_one(Consent, owner).head
        if (pooled := session.get(Pooled, head)) is not None:
            return ((pooled.sealed, pooled.leaf),)
        events: Sequence[Event] = thread(session, head)
    else:
        case = session.exec(select(Case.id).where(Case.dossier_id == owner)).first()
        dispute = session.exec(select(Dispute.head).where(Dispute.dossier_id == owner)).first()
        events = (
            repository.events_of_case(session, case) if case else thread(session, dispute) if dispute else ()
        )
    return [(event.sealed, event.leaf_hash) for event in events if event.sealed][-1:]
