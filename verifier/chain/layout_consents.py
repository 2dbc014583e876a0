"""Withdrawals and what recipients owe, as `ConsentRegistry` keeps them (S5.10–S5.12), and the clocks on them.

Whether a duty is overdue follows from these words alone, for anyone, at any time from the last change on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.chain.layout import (
    CONSENT_OPENED,
    CONSENT_RECEIPTS,
    CONSENT_WITHDRAWALS,
    mapping_slot,
    nested_slot,
    slots_from,
    unpack_word,
)
from yinzheng.verifier.errors import DataFault, UsageFault

WITHDRAWAL_SLOTS: Final = 4
RECEIPT_SLOTS: Final = 2
MAX_RECIPIENTS: Final = 32
"""Most recipients of one withdrawal, the controller among them (S5.10)."""

NONE, REQUESTED, FROZEN, COMPLETED, RESTRICTED = range(5)
"""Values of a withdrawal's `state` (S5.10)."""

DESTRUCTION: Final = 72 * 3600
"""Seconds from receipt, or from the end of a restriction, to destruction (S5.12, R32)."""

FREEZE: Final = 48 * 3600
"""Seconds from receipt to frozen data interfaces, for minors (S5.12, R33)."""


@dataclass(frozen=True, slots=True)
class ChainWithdrawal:
    """A withdrawal on the chain (S5.10). Times are UTC seconds; 0 where nothing happened yet."""

    state: int
    """`NONE` where the consent is, or was, held and nobody withdrew it."""
    minor: bool
    recipients: int
    receipts: int
    """How many of the recipients have given theirs."""
    holds: int
    late: bool
    """Whether some write ever found a duty overdue."""
    received_at: int
    frozen_at: int
    restricted_at: int
    """Of the latest restriction."""
    opened_at: int
    restricted_until: int
    completed_at: int
    changed_at: int
    request: bytes
    """Leaf hash of the request; 32 zeros in state `NONE`."""
    outcome: bytes | None
    """Leaf hash of the completion, or of the latest restriction."""

    @property
    def destroy_by(self) -> int:
        """Last second for destruction: 72 h from receipt or, once restricted, from that end (S5.12)."""
        return (self.restricted_until or self.received_at) + DESTRUCTION

    @property
    def freeze_by(self) -> int | None:
        """Last second for freezing, 48 h from receipt; None if the person is of age (S5.12)."""
        return self.received_at + FREEZE if self.minor else None


def overdue_since(withdrawal: ChainWithdrawal, at: int) -> int | None:
    """The deadline that has passed at ``at`` (UTC seconds) with its duty open, else None (S5.12, R35).

    The deadline's own second is still in time. It holds if nothing was written between ``changed_at`` and
    ``at``. Raises `UsageFault` `instant-before-change` for an earlier time, which an earlier block tells.
    """
    if at < withdrawal.changed_at:
        raise UsageFault(
            "the withdrawal has changed since then",
            code="instant-before-change",
            hint="Ask for it at the last block that is not after that time.",
            changed_at=withdrawal.changed_at,
        )
    if withdrawal.state in (NONE, COMPLETED):
        return None
    freezing = withdrawal.freeze_by if withdrawal.state == REQUESTED else None
    due = withdrawal.destroy_by if freezing is None else freezing
    return due if at > due else None


@dataclass(frozen=True, slots=True)
class ChainReceipt:
    """What one recipient owes a withdrawal, or gave (S5.11)."""

    given: bool
    late: bool
    given_at: int
    statement: bytes | None
    """Leaf hash of the receipt's statement, once given."""


def withdrawal_slots(withdrawal_id: bytes) -> list[bytes]:
    """The four slots (32 bytes each) of a withdrawal."""
    return slots_from(mapping_slot(withdrawal_id, CONSENT_WITHDRAWALS), WITHDRAWAL_SLOTS)


def opened_slot(consent: bytes) -> bytes:
    """The slot (32 bytes) that counts the withdrawals opened of a consent, by its subject (S5.10, D15)."""
    return mapping_slot(consent, CONSENT_OPENED).to_bytes(32, "big")


def consent_slots(ids: Sequence[bytes]) -> list[bytes]:
    """All that tells how it stands with a consent: the count of its withdrawals, and four slots of each.

    ``ids`` are identifiers of withdrawals; the first is the consent's own (S5.10).
    """
    return [opened_slot(ids[0]), *(slot for id_ in ids for slot in withdrawal_slots(id_))]


def receipt_slots(withdrawal_id: bytes, recipient: bytes) -> list[bytes]:
    """The two slots (32 bytes each) of a recipient's receipt; ``recipient`` is the salted hash of S5.10."""
    return slots_from(nested_slot(withdrawal_id, recipient, CONSENT_RECEIPTS), RECEIPT_SLOTS)


def decode_withdrawal(words: Sequence[int]) -> ChainWithdrawal | None:
    """Read a withdrawal from its four words; None if the chain knows neither it nor a hold.

    Raises `DataFault` `withdrawal-layout` for words that the pinned contract cannot have written.
    """
    if not any(words):
        return None
    packed, times, request, outcome = words
    state, minor, recipients, receipts, holds, late, spare, received, frozen, restricted = unpack_word(
        packed, 1, 1, 1, 1, 2, 1, 1, 8, 8, 8
    )
    opened, until, completed, changed = unpack_word(times, 8, 8, 8, 8)
    if state > RESTRICTED or minor > 1 or late > 1 or spare:
        raise _malformed("a withdrawal holds values the contract does not know")
    found = ChainWithdrawal(
        state=state,
        minor=bool(minor),
        recipients=recipients,
        receipts=receipts,
        holds=holds,
        late=bool(late),
        received_at=received,
        frozen_at=frozen,
        restricted_at=restricted,
        opened_at=opened,
        restricted_until=until,
        completed_at=completed,
        changed_at=changed,
        request=request.to_bytes(32, "big"),
        outcome=outcome.to_bytes(32, "big") if outcome else None,
    )
    if not (_is_unopened(found) if state == NONE else _is_coherent(found)):
        raise _malformed("a withdrawal contradicts itself")
    return found


def decode_receipt(words: Sequence[int]) -> ChainReceipt | None:
    """Read a receipt from its two words; None if that is no recipient of that withdrawal.

    Raises `DataFault` `withdrawal-layout` for words that the pinned contract cannot have written.
    """
    packed, statement = words
    state, late, given_at, rest = unpack_word(packed, 1, 1, 8, 22)
    if state == 0 and not any(words):
        return None
    if state == 1 and packed == 1 and not statement:
        return ChainReceipt(given=False, late=False, given_at=0, statement=None)
    if state != 2 or late > 1 or rest or not given_at or not statement:
        raise _malformed("a receipt holds values the contract does not know")
    return ChainReceipt(True, bool(late), given_at, statement.to_bytes(32, "big"))


def _is_unopened(found: ChainWithdrawal) -> bool:
    """Whether nothing but holds was ever written."""
    rest = (found.minor, found.recipients, found.receipts, found.late, found.outcome, any(found.request))
    times = (found.received_at, found.frozen_at, found.restricted_at, found.opened_at)
    more = (found.restricted_until, found.completed_at)
    return found.changed_at > 0 and not any((*rest, *times, *more))


def _is_coherent(found: ChainWithdrawal) -> bool:
    """Whether state and fields agree with the moves of S5.10, each of which writes its own."""
    state = found.state
    return all(
        (
            1 <= found.recipients <= MAX_RECIPIENTS,
            found.receipts <= found.recipients,
            state != COMPLETED or found.receipts == found.recipients,
            0 < found.received_at <= found.opened_at <= found.changed_at,
            (found.frozen_at > 0) == (state != REQUESTED),
            (found.completed_at > 0) == (state == COMPLETED),
            (found.restricted_at > 0) == (found.restricted_until > 0),
            found.restricted_at == 0 or state in (COMPLETED, RESTRICTED),
            state != RESTRICTED or found.restricted_at > 0,
            (found.outcome is not None) == (state in (COMPLETED, RESTRICTED)),
            any(found.request),
        )
    )


def _malformed(problem: str) -> DataFault:
    return DataFault(problem, code="withdrawal-layout")
