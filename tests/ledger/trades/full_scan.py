"""What waits for the chain, found by looking at every call that waits: to compare with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.trade import Awaited
from yinzheng.ledger.store.models import Certificate, ChainCall, Event
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.trades.awaited import awaited

STATED: Final = {
    "remark": "remark",
    "lapse": "end",
    "cancellation": "end",
    "later-objection": "objection",
    "reservation": "reservation",
}
"""About a statement under the certificate's own subject, by its leaf."""
NAMED: Final = {"succession": "end", "holders-cancellation": "end"}
"""About the certificate itself, by its identifier."""


def compared(registry: Registry) -> Mapping[bytes, set[Awaited]]:
    """By certificate what waits, found in both ways, which find the same."""
    with registry.store.reading() as session:
        return compared_in(session)


def compared_in(session: Session) -> Mapping[bytes, set[Awaited]]:
    """As `compared`."""
    subjects = session.exec(select(Certificate.subject)).all()
    found = {subject: awaited(session, subject) for subject in subjects}
    assert all(len(told) == len(set(told)) for told in found.values())
    before = scanned(session)
    sets = {subject: set(told) for subject, told in found.items()}
    assert sets == {subject: before.get(subject, set()) for subject in subjects}
    return sets


def scanned(session: Session) -> Mapping[bytes, set[Awaited]]:
    """By subject what waits."""
    calls = session.exec(select(ChainCall).where(col(ChainCall.state).in_(("pending", "sent")))).all()
    found: dict[bytes, set[Awaited]] = defaultdict(set)
    for subject, one in _of(session, calls):
        found[subject].add(one)
    return found


def _of(session: Session, calls: Sequence[ChainCall]) -> Iterator[tuple[bytes, Awaited]]:
    stated = {bytes.fromhex(call.about): call for call in calls if call.kind in STATED}
    under = select(Event.leaf_hash, Event.subject).where(col(Event.leaf_hash).in_(list(stated)))
    for leaf, subject in session.exec(under):
        call = stated[leaf]
        exchange = bytes.fromhex(call.part.split()[-1]) if call.kind == "reservation" else None
        yield subject, Awaited(STATED[call.kind], exchange)
    for call in calls:
        if call.kind in NAMED:
            yield bytes.fromhex(call.about), Awaited(NAMED[call.kind])
    held = (
        select(DisputeSubject.subject)
        .join(Dispute)
        .where(
            col(Dispute.id).in_([call.about for call in calls if call.kind == "dispute"]),
            DisputeSubject.kind == "record",
        )
    )
    for subject in session.exec(held):
        yield subject, Awaited("hold")
    licensed = (
        select(Certificate.subject)
        .join(Licence, col(Licence.certificate) == col(Certificate.number))
        .where(col(Licence.subject).in_([bytes.fromhex(one.about) for one in calls if one.kind == "licence"]))
    )
    for subject in session.exec(licensed):
        yield subject, Awaited("licence")
