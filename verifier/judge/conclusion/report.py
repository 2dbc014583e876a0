"""The answer of a conclusion's verification: findings, and where the withdrawal stands (S10.9)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from yinzheng.verifier.chain.layout_consents import ChainWithdrawal
from yinzheng.verifier.formats.conclusion import Conclusion
from yinzheng.verifier.judge.report import (
    Authentic,
    Block,
    Finding,
    Note,
    block_json,
    exit_code_of,
    finding_json,
)


class Standing(StrEnum):
    """Where the withdrawal stands, according to the chain."""

    COMPLETED = "completed"
    RESTRICTED = "restricted"
    ENDED = "ended"
    """It was restricted, and the term of that is over."""
    REPLACED = "replaced"
    """A later restriction, or the completion, has taken this one's place."""
    NOT_YET = "not_yet"
    """A time was asked about at which it had not ended so."""
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class ConclusionReport:
    """What a verification of a conclusion found. It has no truth value: ask for what you mean, by name."""

    kind: str
    """What was presented: `json`."""
    findings: tuple[Finding, ...]
    """Of obligations 1–10, in order."""
    authentic: Authentic
    standing: Standing
    standing_code: str
    """Why the standing is undetermined; else `ok`."""
    conclusion: Conclusion | None
    """None if it is malformed. It discloses what its holder shows."""
    chain: ChainWithdrawal | None
    """The withdrawal on chain, if obligation 9 holds or a later outcome stands there."""
    block: Block | None
    checked_at: int
    asked_at: int | None
    notes: tuple[Note, ...]

    def __bool__(self) -> NoReturn:
        """Refuse: `if report:` would not say which of two verdicts is meant."""
        raise TypeError("a ConclusionReport has no truth value; ask for authentic or standing")

    @property
    def document(self) -> str:
        """Kind of the document."""
        return "withdrawal-conclusion"

    @property
    def holds(self) -> bool | None:
        """Whether the withdrawal stands as it says; None where that cannot be told."""
        if self.standing is Standing.UNDETERMINED:
            return None
        return self.standing in (Standing.COMPLETED, Standing.RESTRICTED)

    @property
    def speaks_of(self) -> int | None:
        """The instant the standing is of: the block's; the end of a term is of now, by the clock."""
        if self.standing is Standing.ENDED:
            return self.checked_at
        return self.block.time if self.block and self.holds is not None else None

    @property
    def demonstration(self) -> bool:
        """Whether it is of a demonstration's profile, and so worth nothing (S2.5)."""
        return self.conclusion is not None and self.conclusion.statement.profile.startswith("DEMO/")

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
            "status_code": self.standing_code,
            "demonstration": self.demonstration,
            "checked_at": self.checked_at,
            "asked_at": self.asked_at,
            "obligations": [finding_json(finding) for finding in self.findings],
            "conclusion": _conclusion(self.conclusion) if self.conclusion else None,
            "block": block_json(self.block) if self.block else None,
            "notes": [{"code": note.code, "data": dict(note.data)} for note in self.notes],
        }


def _conclusion(found: Conclusion) -> dict[str, Any]:
    return {
        "type": found.statement.type,
        "profile": found.statement.profile,
        "leaf": found.statement.leaf_hash.hex(),
        "at": found.statement.at,
        "signed_at": found.signed_at,
        "body": found.body.to_json(),
    }
