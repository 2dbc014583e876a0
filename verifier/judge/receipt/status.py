"""How it stands with a consent at a time, from what the chain holds of its withdrawals (S13.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.layout_consents import (
    COMPLETED,
    FROZEN,
    NONE,
    REQUESTED,
    RESTRICTED,
    ChainWithdrawal,
    overdue_since,
)
from yinzheng.verifier.formats.consent import Consent
from yinzheng.verifier.formats.withdrawal import Portion, remaining
from yinzheng.verifier.judge.receipt.events import Request
from yinzheng.verifier.judge.receipt.report import ReceiptStatus


@dataclass(frozen=True, slots=True)
class Known:
    """All that the status of a consent follows from."""

    at: int
    """Of the statement: from then on the consent is there."""
    consent: Consent | None
    """None where only the QR code was shown."""
    requests: tuple[Request, ...] | None
    """The withdrawals the file tells of; None without a file."""
    chain: Sequence[ChainWithdrawal | None]
    """What the chain holds, by the identifiers asked for."""
    block_time: int


def standing_at(known: Known, time: int) -> list[ChainWithdrawal]:
    """The withdrawals and holds there were at a past ``time``.

    Raises `NotGiven` `as-of-needs-archive` where one has changed since, or the block is of an earlier time.
    """
    if time > known.block_time:
        raise _archive()
    found = [one for one in known.chain if one and not (one.state != NONE and time < one.received_at)]
    if any(one.changed_at > time for one in found):
        raise _archive()
    return found


def _archive() -> NotGiven:
    return NotGiven("the chain's state at that time is needed", code="as-of-needs-archive")


def left_at(known: Known, found: Sequence[ChainWithdrawal], time: int) -> Portion | None:
    """What remains in force at ``time``; None without the file, or if the chain knows withdrawals the file
    does not tell of.
    """
    if known.consent is None or known.requests is None:
        return None
    told = {request.leaf for request in known.requests}
    if any(one.state != NONE and one.request not in told for one in found):
        return None
    return remaining(known.consent, (request.body for request in known.requests if request.at <= time))


def status_at(
    known: Known, found: Sequence[ChainWithdrawal], left: Portion | None, time: int
) -> tuple[ReceiptStatus, str]:
    """What the withdrawals and holds ``found`` say about ``time``, and `ok` or a reason code."""
    if time < known.at:
        return ReceiptStatus.NOT_YET, "ok"
    # A clock behind the chain's by seconds finds nothing overdue that is not.
    if any(overdue_since(one, max(time, one.changed_at)) is not None for one in found):
        return ReceiptStatus.OVERDUE, "ok"
    on_chain = {one.request for one in found}
    on_the_way = [r for r in known.requests or () if r.at <= time and r.leaf not in on_chain]
    states = {one.state for one in found}
    if on_the_way or states & {REQUESTED, FROZEN}:
        return ReceiptStatus.WITHDRAWAL_PENDING, "ok"
    if RESTRICTED in states:
        return ReceiptStatus.RESTRICTED, "ok"
    if COMPLETED in states and (left is None or left.is_empty):
        return ReceiptStatus.WITHDRAWN, "ok"
    return _undisturbed(known, found, time)


def _undisturbed(known: Known, found: Sequence[ChainWithdrawal], time: int) -> tuple[ReceiptStatus, str]:
    """The status of what nobody has withdrawn."""
    if known.consent is not None and time >= known.consent.until:
        return ReceiptStatus.EXPIRED, "ok"
    if any(one.holds for one in found):
        return ReceiptStatus.HELD, "ok"
    if known.consent is None:
        return ReceiptStatus.UNDETERMINED, "term-private"
    return ReceiptStatus.IN_FORCE, "ok"
