"""What is signed about a registered certificate: it follows from the body and its statement alone.

So whoever signs makes the message anew from what it says, the registry does so again before it is sent, and
an audit long after.
"""

from __future__ import annotations

from typing import TypeAlias

from yinzheng.ledger.chain.approvals import Domain
from yinzheng.ledger.chain.approvals_moves import (
    NOTHING,
    STANDING_NAME,
    Cancellation,
    RemarkEntry,
    RemarkLifting,
    Reservation,
    ReservationRelease,
)
from yinzheng.ledger.chain.records_moves import CancellationGround, Initiator
from yinzheng.ledger.rules.certificates import REMARK_BITS
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.verifier.chain.layout import GROUNDS, INITIATORS
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats import standing
from yinzheng.verifier.formats.order import Ordered
from yinzheng.verifier.formats.reservation import Released, Reserved
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import certificate_subject


def entry(body: standing.Remark, leaf: bytes) -> RemarkEntry:
    """Of a remark; `leaf` is its statement's leaf hash."""
    kind = REMARK_BITS[RemarkKind(body.kind)]
    return RemarkEntry(certificate_subject(body.certificate), kind, leaf, body.digest)


def lifting(body: standing.Lifting, leaf: bytes) -> RemarkLifting:
    """Of its lifting."""
    kind = REMARK_BITS[RemarkKind(body.kind)]
    return RemarkLifting(
        certificate_subject(body.certificate), kind, body.remark or NOTHING, leaf, body.digest
    )


def cancellation(body: standing.Cancellation, leaf: bytes, case: bytes = NOTHING) -> Cancellation:
    """Of a cancellation; `case` is the subject of the case published for it; a forum has none."""
    ground = CancellationGround(GROUNDS.index(body.ground) + 1)
    initiator = Initiator(INITIATORS.index(body.initiator) + 1)
    return Cancellation(certificate_subject(body.certificate), ground, initiator, leaf, case)


Decided: TypeAlias = RemarkEntry | RemarkLifting | Cancellation | Reservation | ReservationRelease
"""What an order tells the chain."""


def message_of(body: Ordered, leaf: bytes) -> Decided:
    """Of whatever is ordered; `leaf` is its statement's leaf hash."""
    match body:
        case standing.Remark():
            return entry(body, leaf)
        case standing.Lifting():
            return lifting(body, leaf)
        case standing.Cancellation():
            return cancellation(body, leaf)
        case Reserved():
            return Reservation(certificate_subject(body.certificate), body.until, leaf)
        case Released():
            return ReservationRelease(certificate_subject(body.certificate), leaf)


def domain_of(policy: TrustPolicy) -> Domain:
    """Where this is signed for the registry of a policy. Raises `UsageFault` `standing-not-pinned`."""
    if policy.standing is None:
        raise UsageFault(
            "this policy names no contract in which certificates stand",
            code="standing-not-pinned",
            hint="Get the registry's present trust.json from its officer.",
        )
    return Domain(policy.chain_id, policy.standing.address, STANDING_NAME)
