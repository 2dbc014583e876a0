"""The answer of a contract's verification: findings, and how far it got (S21.12)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yinzheng.verifier.containers.contractfile import ContractProof
from yinzheng.verifier.formats.trade_contract import SignedContract
from yinzheng.verifier.judge.report import (
    DocumentReport,
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
class ContractReport(DocumentReport):
    """What a verification of a contract found. `asked_at` is a time at which it was not recorded: no other
    matters.
    """

    document = "trade-contract"

    kind: str
    """What was presented: `pdf` or `json`."""
    standing: Concluding
    signed: SignedContract | None
    """None if it is malformed."""
    told: ContractProof | None
    """None too where it comes without proofs."""

    @property
    def holds(self) -> bool | None:
        """Whether both concluded it; None where that cannot be told, or not of that time."""
        return True if self.standing is Concluding.RECORDED else None

    @property
    def speaks_of(self) -> int | None:
        """When it was recorded."""
        return self.told.body.concluded_at if self.told else None

    @property
    def profile(self) -> str | None:
        """As its statement or body names it."""
        return self.told.statement.profile if self.told else None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values. The secret is never in it."""
        return {
            "document": self.document,
            "kind": self.kind,
            **self._judged(status=str(self.standing)),
            "digest": None if self.signed is None else self.signed.contract.digest.to_json(),
            "contract": None if self.signed is None else self.signed.to_json(),
            "recorded": None if self.told is None else _recorded(self.told),
            **self._beside(),
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
