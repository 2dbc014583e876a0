"""How it stands with a consent at a time, from what the chain holds of its withdrawals (S13.5).

The chain counts the withdrawals of a consent (D15). As many as that the receipt must tell of: with fewer it
is not the newest word, and what remains in force cannot be known from it; with more it has invented some.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import Consent
from yinzheng.verifier.formats.withdrawal import Portion, remaining
from yinzheng.verifier.judge.receipt.events import Request
from yinzheng.verifier.judge.receipt.report import ReceiptStatus

UNCOUNTED: Final = "withdrawals-uncounted"
"""The file tells of a withdrawal that the chain does not count, or not yet."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain holds of one consent."""

    opened: int
    """How many withdrawals of it were opened."""
    held: tuple[ChainWithdrawal | None, ...]
    """What stands under the identifiers asked for, in their order, that of the consent first."""

    @property
    def found(self) -> tuple[ChainWithdrawal, ...]:
        """The withdrawals and holds there are."""
        return tuple(one for one in self.held if one is not None)

    @property
    def seen(self) -> int:
        """How many withdrawals stand under the identifiers asked for."""
        return sum(one.state != NONE for one in self.found)

    def untold(self, requests: Sequence[Request] | None) -> int:
        """How many withdrawals there are besides those told of."""
        return max(0, self.opened - (self.seen if requests else 0))


@dataclass(frozen=True, slots=True)
class Known:
    """All that the status of a consent follows from."""

    at: int
    """Of the statement: from then on the consent is there."""
    consent: Consent | None
    """None where only the QR code was shown."""
    requests: tuple[Request, ...] | None
    """The withdrawals the file tells of; None without a file."""
    chain: Standing
    block_time: int


def require_told(standing: Standing, ids: Sequence[bytes], requests: Sequence[Request]) -> None:
    """That the chain holds every withdrawal of ``requests``, as it is told; ``ids`` are those of `Standing`.

    Raises `DataFault`: `withdrawal-differs`, or `withdrawals-uncounted` if one is not on the chain, or there
    are more than the chain counts. The log's head is anchored after the withdrawals in it are opened: one
    that is proved in the log, and is not on the chain that holds the head, nobody received.
    """
    held = dict(zip(ids, standing.held, strict=True))
    for request in requests:
        one = held[request.id]
        if one is None or one.state == NONE:
            raise _uncounted(standing, requests)
        if one.request != request.leaf:
            raise DataFault("the chain holds another withdrawal than the file", code="withdrawal-differs")
    if len(requests) > standing.opened:
        raise _uncounted(standing, requests)


def _uncounted(standing: Standing, requests: Sequence[Request]) -> DataFault:
    return DataFault(
        "the file tells of a withdrawal that the chain does not count",
        code=UNCOUNTED,
        told=len(requests),
        counted=standing.opened,
    )


def standing_at(known: Known, time: int) -> Standing:
    """The withdrawals and holds there were at a past ``time``.

    Raises `NotGiven` `as-of-needs-archive` where one has changed since, one stands under an identifier that
    nobody here knows, or the block is of an earlier time.
    """
    if time < known.at:
        return Standing(0, ())
    if time > known.block_time or known.chain.opened > known.chain.seen:
        raise _archive()
    held = tuple(one for one in known.chain.found if one.state == NONE or one.received_at <= time)
    if any(one.changed_at > time for one in held):
        raise _archive()
    return Standing(sum(one.state != NONE for one in held), held)


def _archive() -> NotGiven:
    return NotGiven("the chain's state at that time is needed", code="as-of-needs-archive")


def left_at(known: Known, standing: Standing, time: int) -> Portion | None:
    """What remains in force at ``time``; None without the file, or if the chain counts withdrawals that the
    file does not tell of.
    """
    if known.consent is None or known.requests is None or standing.untold(known.requests):
        return None
    return remaining(known.consent, (request.body for request in known.requests if request.at <= time))


def status_at(known: Known, standing: Standing, left: Portion | None, time: int) -> tuple[ReceiptStatus, str]:
    """What the chain's ``standing`` says about ``time``, and `ok` or a reason code."""
    if time < known.at:
        return ReceiptStatus.NOT_YET, "ok"
    # A clock behind the chain's by seconds finds nothing overdue that is not.
    if any(overdue_since(one, max(time, one.changed_at)) is not None for one in standing.found):
        return ReceiptStatus.OVERDUE, "ok"
    if standing.untold(known.requests):
        code = "extent-private" if known.consent is None else "withdrawals-untold"
        return ReceiptStatus.UNDETERMINED, code
    on_chain = {one.request for one in standing.found}
    on_the_way = [r for r in known.requests or () if r.at <= time and r.leaf not in on_chain]
    states = {one.state for one in standing.found}
    if on_the_way or states & {REQUESTED, FROZEN}:
        return ReceiptStatus.WITHDRAWAL_PENDING, "ok"
    if RESTRICTED in states:
        return ReceiptStatus.RESTRICTED, "ok"
    if COMPLETED in states and left is not None and left.is_empty:
        return ReceiptStatus.WITHDRAWN, "ok"
    return _undisturbed(known, standing, time)


def _undisturbed(known: Known, standing: Standing, time: int) -> tuple[ReceiptStatus, str]:
    """The status of what nobody has withdrawn."""
    if known.consent is not None and time >= known.consent.until:
        return ReceiptStatus.EXPIRED, "ok"
    if any(one.holds for one in standing.found):
        return ReceiptStatus.HELD, "ok"
    if known.consent is None:
        return ReceiptStatus.UNDETERMINED, "term-private"
    return ReceiptStatus.IN_FORCE, "ok"
