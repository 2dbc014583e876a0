"""The answer of a contract's verification: findings, and how far it got (S21.12)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from yinzheng.verifier.containers.contractfile import ContractProof
from yinzheng.verifier.formats.trade_contract import SignedContract
from yinzheng.verifier.judge.report import (
    Authentic,
    Block,
    Finding,
    Note,
    block_json,
    exit_code_of,
    finding_json,
)


class Concluding(StrEnum):
    """How far a contract got; what happened under it afterwards it does not say."""

    DRAFT = "draft"
    """Nobody has signed it."""
    HALF_SIGNED = "half_signed"
    UNRECORDED = "unrecorded"
    """Both signatures are there, and nothing shows whose they are, or when."""
    RECORDED = "recorded"
    NOT_YET = "not_yet"
    """A time was asked about before it was recorded."""
    UNDETERMINED = "undetermined"
    """The form could not be read."""


@dataclass(frozen=True, slots=True)
class ContractReport:
    """What a verification of a contract found. It has no truth value: ask for what you mean, by name."""

    kind: str
    """What was presented: `pdf` or `json`."""
    findings: tuple[Finding, ...]
    """Of obligations 1–10, in order."""
    authentic: Authentic
    standing: Concluding
    signed: SignedContract | None
    """None if it is malformed."""
    told: ContractProof | None
    """None too where it comes without proofs."""
    block: Block | None
    checked_at: int
    asked_at: int | None
    """A time asked about at which it was not recorded; otherwise the time asked about does not matter."""
    notes: tuple[Note, ...]

    def __bool__(self) -> NoReturn:
        """Refuse: `if report:` would not say which of two verdicts is meant."""
        raise TypeError("a ContractReport has no truth value; ask for authentic or standing")

    @property
    def document(self) -> str:
        """Kind of the document."""
        return "trade-contract"

    @property
    def holds(self) -> bool | None:
        """Whether both concluded it; None where that cannot be told, or not of that time."""
        return True if self.standing is Concluding.RECORDED else None

    @property
    def speaks_of(self) -> int | None:
        """When it was recorded."""
        return self.told.body.concluded_at if self.told else None

    @property
    def demonstration(self) -> bool:
        """Whether it is of a demonstration's profile, and so worth nothing (S2.5)."""
        return self.told is not None and self.told.statement.profile.startswith("DEMO/")

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
            "digest": None if self.signed is None else self.signed.contract.digest.to_json(),
            "contract": None if self.signed is None else self.signed.to_json(),
            "recorded": None if self.told is None else _recorded(self.told),
            "block": block_json(self.block) if self.block else None,
            "notes": [{"code": note.code, "data": dict(note.data)} for note in self.notes],
        }


def _recorded(told: ContractProof) -> dict[str, Any]:
    return {
        "contract": told.statement.subject.hex(),
        "leaf": told.statement.leaf_hash.hex(),
        "profile": told.statement.profile,
        "concluded_at": told.body.concluded_at,
        "by": told.body.by,
        "to_look_at": list(told.body.to_look_at),
    }
