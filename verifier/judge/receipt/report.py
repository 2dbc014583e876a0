"""The answer of a receipt's verification: findings, and the two verdicts kept apart (S13.4, S13.5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yinzheng.verifier.chain.layout_consents import (
    COMPLETED,
    FROZEN,
    NONE,
    REQUESTED,
    RESTRICTED,
    ChainWithdrawal,
)
from yinzheng.verifier.containers.receipt_lines import ToldLines
from yinzheng.verifier.formats.consent import Consent
from yinzheng.verifier.formats.notice import Notice
from yinzheng.verifier.formats.receipt import ReceiptCore
from yinzheng.verifier.formats.withdrawal import Portion
from yinzheng.verifier.judge.receipt.accesses import AccessTold
from yinzheng.verifier.judge.receipt.erasure import Erased
from yinzheng.verifier.judge.report import (
    Authentic,
    DocumentReport,
)


class ReceiptStatus(StrEnum):
    """How it stands with the consent (S13.5)."""

    IN_FORCE = "in_force"
    """All of it, or what `remaining` lists."""
    EXPIRED = "expired"
    WITHDRAWAL_PENDING = "withdrawal_pending"
    """Withdrawn, and copies are being destroyed within the time limit."""
    OVERDUE = "overdue"
    """Withdrawn, and a duty is open past its deadline (R35)."""
    WITHDRAWN = "withdrawn"
    RESTRICTED = "restricted"
    """Withdrawn, but a ground of law keeps data in storage alone (R35)."""
    ERASED = "erased"
    """The registry destroyed its record; the log holds the tombstone (R43)."""
    HELD = "held"
    """Nobody withdrew it, but a dispute holds it (R39)."""
    NOT_YET = "not_yet"
    """A time was asked about at which it was not given yet."""
    UNDETERMINED = "undetermined"


_PARTIAL = (
    ReceiptStatus.IN_FORCE,
    ReceiptStatus.WITHDRAWAL_PENDING,
    ReceiptStatus.OVERDUE,
    ReceiptStatus.RESTRICTED,
)
"""What may be so of a part."""

_STATES = {
    NONE: "none",
    REQUESTED: "requested",
    FROZEN: "frozen",
    COMPLETED: "completed",
    RESTRICTED: "restricted",
}


@dataclass(frozen=True, slots=True)
class ReceiptReport(DocumentReport):
    """What a verification of a receipt found."""

    document = "consent-receipt"

    kind: str
    """What was presented: `pdf`, `image`, `json` or `qr`."""
    status: ReceiptStatus
    status_code: str
    """Why the status is undetermined; else `ok`."""
    core: ReceiptCore | None
    consent: Consent | None
    """Private. From the patient's own file alone, and only if obligation 4 is VALID."""
    notice: Notice | None
    """With `consent`."""
    remaining: Portion | None
    """What remains in force; None where that cannot be told."""
    withdrawals: tuple[ChainWithdrawal, ...]
    """What the chain holds, if obligation 9 is VALID."""
    untold: int
    """How many withdrawals the chain counts, at the time asked about, besides those the file tells of."""
    accesses: tuple[AccessTold, ...]
    """Who used or opened what, each line proved; only if obligations 4, 5 and 6 are VALID. Private."""
    lines: ToldLines | None
    """What `accesses` are of: how many the registry said it knew, and up to which number."""
    erased: Erased | None
    """The tombstone of the registry's record, where a live ledger proved one, whatever the time asked."""

    @property
    def in_force(self) -> bool:
        """Whether the receipt is genuine and the consent in force, be it in part."""
        return self.authentic is Authentic.GENUINE and self.status is ReceiptStatus.IN_FORCE

    @property
    def profile(self) -> str | None:
        """As its statement or body names it."""
        return self.core.profile if self.core else None

    @property
    def standing(self) -> str:
        """The status; `…_in_part` where a withdrawal left something in force, or nobody can tell whether; or
        `not_newest` and `extent_unknown` for a file and a code that do not tell of every withdrawal.
        """
        if self.status is ReceiptStatus.UNDETERMINED and self.untold:
            return "not_newest" if self.consent else "extent_unknown"
        left = self.remaining is None or not self.remaining.is_empty
        withdrawn = any(one.state != NONE for one in self.withdrawals)
        return (
            f"{self.status}_in_part" if self.status in _PARTIAL and left and withdrawn else str(self.status)
        )

    @property
    def holds(self) -> bool | None:
        """Whether consent is in force, be it in part; None where that cannot be told."""
        return None if self.status is ReceiptStatus.UNDETERMINED else self.status is ReceiptStatus.IN_FORCE

    @property
    def speaks_of(self) -> int | None:
        """The instant the status is of: the block's; the end of a term, which the clock tells, is of now."""
        if self.status in (ReceiptStatus.EXPIRED, ReceiptStatus.ERASED):
            return self.checked_at
        told = self.status is not ReceiptStatus.UNDETERMINED or self.untold > 0
        return self.block.time if self.block and told else None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values. The secret of the QR text is never in it."""
        return {
            "document": "consent-receipt",
            "kind": self.kind,
            **self._judged(status=str(self.status), status_code=self.status_code, in_force=self.in_force),
            "receipt": _core(self.core) if self.core else None,
            "consent": self.consent.to_json() if self.consent else None,
            "notice": self.notice.to_json() if self.notice else None,
            "remaining": self.remaining.to_json() if self.remaining else None,
            "withdrawals": [_withdrawal(found) for found in self.withdrawals],
            "untold": self.untold,
            "accesses": self._accesses(),
            "erased": self.erased.to_json() if self.erased else None,
            **self._beside(),
        }

    def _accesses(self) -> dict[str, Any]:
        """The lines, how many the registry said it knew, and those that were said to rest on consent and do
        not."""
        return {
            "known": None if self.lines is None else self.lines.count,
            "up_to": None if self.lines is None else self.lines.last,
            "lines": [one.to_json() for one in self.accesses],
            "outside_consent": [one.proved.line.number for one in self.accesses if one.outside],
        }


def _core(core: ReceiptCore) -> dict[str, Any]:
    return {
        "subject": core.subject.hex(),
        "profile": core.profile,
        "at": core.at,
        "issued_at": core.issued_at,
        "commitment": core.commitment.to_json(),
        "registry": core.registry.to_json(),
        "notice": core.notice.hex(),
        "leaf": core.statement().leaf_hash.hex(),
    }


def _withdrawal(found: ChainWithdrawal) -> dict[str, Any]:
    return {
        "state": _STATES[found.state],
        "minor": found.minor,
        "recipients": found.recipients,
        "receipts": found.receipts,
        "holds": found.holds,
        "late": found.late,
        "received_at": found.received_at,
        "frozen_at": found.frozen_at,
        "restricted_until": found.restricted_until,
        "completed_at": found.completed_at,
        "changed_at": found.changed_at,
        "destroy_by": found.destroy_by if found.state != NONE else None,
        "freeze_by": found.freeze_by if found.state != NONE else None,
    }
