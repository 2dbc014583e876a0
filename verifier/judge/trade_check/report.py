"""The answer of a trade receipt's verification: findings, and what the exchange was told (S20.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yinzheng.verifier.formats.trade import ALLOW, NEEDS_PERSON, REFUSE
from yinzheng.verifier.formats.trade_check import TradeReceipt
from yinzheng.verifier.judge.report import (
    DocumentReport,
)


class Told(StrEnum):
    """What the exchange was told, and stays told, whatever became of the certificate since."""

    ALLOW = ALLOW
    NEEDS_PERSON = NEEDS_PERSON
    REFUSE = REFUSE
    NOT_YET = "not_yet"
    """A time was asked about before it was told."""
    UNDETERMINED = "undetermined"
    """The form could not be read."""


@dataclass(frozen=True, slots=True)
class TradeCheckReport(DocumentReport):
    """What a verification of a receipt found. Its block is that of the evidence; the block that the answer
    speaks of is the receipt's. `asked_at` is a time at which nothing had been told: no other matters.
    """

    document = "trade-check"

    kind: str
    """What was presented: `json`."""
    standing: Told
    receipt: TradeReceipt | None
    """None if it is malformed."""

    @property
    def holds(self) -> bool | None:
        """Whether the trade was allowed; None where that was left to a person, or cannot be told."""
        return {Told.ALLOW: True, Told.REFUSE: False}.get(self.standing)

    @property
    def speaks_of(self) -> int | None:
        """When it was told."""
        return self.receipt.body.checked_at if self.receipt else None

    @property
    def profile(self) -> str | None:
        """As its statement or body names it."""
        return self.receipt.statement.profile if self.receipt else None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values. The secret is never in it."""
        return {
            "document": self.document,
            "kind": self.kind,
            **self._judged(status=str(self.standing)),
            "check": None if self.receipt is None else _check(self.receipt),
            **self._beside(),
        }


def _check(found: TradeReceipt) -> dict[str, Any]:
    return {
        "profile": found.statement.profile,
        "leaf": found.statement.leaf_hash.hex(),
        "body": found.body.to_json(),
    }
