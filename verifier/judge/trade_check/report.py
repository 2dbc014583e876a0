"""The answer of a trade receipt's verification: findings, and what the exchange was told (S20.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from yinzheng.verifier.formats.trade import ALLOW, NEEDS_PERSON, REFUSE
from yinzheng.verifier.formats.trade_check import TradeReceipt
from yinzheng.verifier.judge.report import (
    Authentic,
    Block,
    Finding,
    Note,
    block_json,
    exit_code_of,
    finding_json,
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
class TradeCheckReport:
    """What a verification of a receipt found. It has no truth value: ask for what you mean, by name."""

    kind: str
    """What was presented: `json`."""
    findings: tuple[Finding, ...]
    """Of obligations 1–10, in order."""
    authentic: Authentic
    standing: Told
    receipt: TradeReceipt | None
    """None if it is malformed."""
    block: Block | None
    """Of the evidence; the block that the answer speaks of is the receipt's."""
    checked_at: int
    asked_at: int | None
    """A time asked about at which nothing had been told; otherwise the time asked about does not matter."""
    notes: tuple[Note, ...]

    def __bool__(self) -> NoReturn:
        """Refuse: `if report:` would not say which of two verdicts is meant."""
        raise TypeError("a TradeCheckReport has no truth value; ask for authentic or standing")

    @property
    def document(self) -> str:
        """Kind of the document."""
        return "trade-check"

    @property
    def holds(self) -> bool | None:
        """Whether the trade was allowed; None where that was left to a person, or cannot be told."""
        return {Told.ALLOW: True, Told.REFUSE: False}.get(self.standing)

    @property
    def speaks_of(self) -> int | None:
        """When it was told."""
        return self.receipt.body.checked_at if self.receipt else None

    @property
    def demonstration(self) -> bool:
        """Whether it is of a demonstration's profile, and so worth nothing (S2.5)."""
        return self.receipt is not None and self.receipt.statement.profile.startswith("DEMO/")

    @property
    def exit_code(self) -> int:
        """S9.4."""
        return exit_code_of(self.authentic, self.holds)

    def finding(self, number: int) -> Finding:
        """The finding of obligation ``number``, 1–10."""
        return self.findings[number - 1]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values. The secret is never in it."""
        return {
            "document": self.document,
            "kind": self.kind,
            "authentic": str(self.authentic),
            "status": str(self.standing),
            "demonstration": self.demonstration,
            "checked_at": self.checked_at,
            "asked_at": self.asked_at,
            "obligations": [finding_json(finding) for finding in self.findings],
            "check": None if self.receipt is None else _check(self.receipt),
            "block": block_json(self.block) if self.block else None,
            "notes": [{"code": note.code, "data": dict(note.data)} for note in self.notes],
        }


def _check(found: TradeReceipt) -> dict[str, Any]:
    return {
        "profile": found.statement.profile,
        "leaf": found.statement.leaf_hash.hex(),
        "body": found.body.to_json(),
    }
