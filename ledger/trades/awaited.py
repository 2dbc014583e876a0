"""What was recorded about certificates and is not on the chain yet (R45).

The chain says how a certificate stands, and an answer says as of which block. What was decided since and is
on its way there is in no block; a trade that goes ahead on that answer meets it all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from yinzheng.ledger.cases import calls as moves
from yinzheng.ledger.certificates import calls as standing
from yinzheng.ledger.disputes import calls as disputes
from yinzheng.ledger.rules.trade import Awaited
from yinzheng.ledger.store.models import Certificate, ChainCall, Event, table_of
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.store.prepared import Prepared

_STATED: Final = {
    standing.REMARK.name: "remark",
    standing.LAPSE.name: "end",
    standing.FORUM_CANCELLATION.name: "end",
    standing.LATER_OBJECTION.name: "objection",
    standing.RESERVATION.name: "reservation",
}
"""About a statement under the certificate's own subject, by its leaf."""
_NAMED: Final = {moves.SUCCESSION.name: "end", moves.CASE_CANCELLATION.name: "end"}
"""About the certificate itself, by its identifier."""
_DISPUTE: Final = disputes.OPENING.name
_LICENCE: Final = moves.LICENCE.name

BINDING: Final = (*_STATED, *_NAMED, _DISPUTE, _LICENCE)
"""Kinds of calls by which a certificate is less free than before. What frees one need not be waited for."""

_CALLS: Final = table_of(ChainCall)
_WAITING: Final = Prepared(
    rows_of(_CALLS.c.kind, _CALLS.c.about, _CALLS.c.part).where(
        _CALLS.c.state.in_(("pending", "sent")), _CALLS.c.kind.in_(BINDING)
    )
)


class _Call(NamedTuple):
    kind: str
    about: str
    part: str


def awaited(session: Session) -> Mapping[bytes, tuple[Awaited, ...]]:
    """What waits for the chain, by the certificate's subject. One look for as many as are asked about."""
    calls = [_Call(*row) for row in _WAITING.all(session)]
    found: dict[bytes, list[Awaited]] = defaultdict(list)
    for subject, one in _of(session, calls) if calls else ():
        found[subject].append(one)
    return {subject: tuple(dict.fromkeys(some)) for subject, some in found.items()}


def _of(session: Session, calls: Sequence[_Call]) -> Iterator[tuple[bytes, Awaited]]:
    stated = {bytes.fromhex(call.about): call for call in calls if call.kind in _STATED}
    under = select(Event.leaf_hash, Event.subject).where(col(Event.leaf_hash).in_(list(stated)))
    for leaf, subject in session.exec(under):
        call = stated[leaf]
        exchange = bytes.fromhex(call.part.split()[-1]) if call.kind == standing.RESERVATION.name else None
        yield subject, Awaited(_STATED[call.kind], exchange)
    for call in calls:
        if call.kind in _NAMED:
            yield bytes.fromhex(call.about), Awaited(_NAMED[call.kind])
    held = (
        select(DisputeSubject.subject)
        .join(Dispute)
        .where(
            col(Dispute.id).in_([call.about for call in calls if call.kind == _DISPUTE]),
            DisputeSubject.kind == "record",
        )
    )
    for subject in session.exec(held):
        yield subject, Awaited("hold")
    licensed = (
        select(Certificate.subject)
        .join(Licence, col(Licence.certificate) == col(Certificate.number))
        .where(col(Licence.subject).in_([bytes.fromhex(one.about) for one in calls if one.kind == _LICENCE]))
    )
    for subject in session.exec(licensed):
        yield subject, Awaited("licence")
