"""What was recorded about certificates and is not on the chain yet (R45).

The chain says how a certificate stands, and an answer says as of which block. What was decided since and is
on its way there is in no block; a trade that goes ahead on that answer meets it all the same.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, text, union_all
from sqlalchemy import select as rows_of
from sqlmodel import Session

from yinzheng.ledger.cases import calls as moves
from yinzheng.ledger.certificates import calls as standing
from yinzheng.ledger.disputes import calls as disputes
from yinzheng.ledger.rules.trade import Awaited
from yinzheng.ledger.store.models import CALL_WAITS, ChainCall, table_of
from yinzheng.ledger.store.models_disputes import DisputeSubject
from yinzheng.ledger.store.prepared import Prepared

BINDING: Final = {
    standing.REMARK.name: "remark",
    standing.LAPSE.name: "end",
    standing.FORUM_CANCELLATION.name: "end",
    standing.LATER_OBJECTION.name: "objection",
    standing.RESERVATION.name: "reservation",
    moves.SUCCESSION.name: "end",
    moves.CASE_CANCELLATION.name: "end",
    moves.LICENCE.name: "licence",
    disputes.OPENING.name: "hold",
}
"""Kinds of calls by which a certificate is less free than before, and what is told of each. What frees one
need not be waited for."""

_CALLS: Final = table_of(ChainCall).c
_HELD: Final = table_of(DisputeSubject).c
_ABOUT: Final = Prepared(
    union_all(
        rows_of(_CALLS.kind, _CALLS.part).where(_CALLS.binds == bindparam("subject"), text(CALL_WAITS)),
        rows_of(_CALLS.kind, _CALLS.part).where(
            _HELD.subject == bindparam("subject"),
            _HELD.kind == "record",
            _CALLS.kind == disputes.OPENING.name,
            _CALLS.about == _HELD.dispute_id,
            text(CALL_WAITS),
        ),
    )
)
"""Along indices: neither how many calls wait nor how many there were under a certificate matters."""


def awaited(session: Session, subject: bytes) -> tuple[Awaited, ...]:
    """What waits for the chain about the certificate of that subject, each once."""
    found = _ABOUT.all(session, subject=subject)
    return tuple(dict.fromkeys(_told(kind, part) for kind, part in found if kind in BINDING))


def _told(kind: str, part: str) -> Awaited:
    reserved = kind == standing.RESERVATION.name
    return Awaited(BINDING[kind], bytes.fromhex(part.split()[-1]) if reserved else None)
