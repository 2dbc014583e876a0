"""The answer of a conclusion's verification: findings, and where the withdrawal stands (S10.9)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yinzheng.verifier.chain.layout_consents import ChainWithdrawal
from yinzheng.verifier.formats.conclusion import Conclusion
from yinzheng.verifier.judge.report import (
    DocumentReport,
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
class ConclusionReport(DocumentReport):
    """What a verification of a conclusion found."""

    document = "withdrawal-conclusion"

    kind: str
    """What was presented: `json`."""
    standing: Standing
    standing_code: str
    """Why the standing is undetermined; else `ok`."""
    conclusion: Conclusion | None
    """None if it is malformed. It discloses what its holder shows."""
    chain: ChainWithdrawal | None
    """The withdrawal on chain, if obligation 9 holds or a later outcome stands there."""

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
    def profile(self) -> str | None:
        """As its statement or body names it."""
        return self.conclusion.statement.profile if self.conclusion else None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values. The secret is never in it."""
        return {
            "document": self.document,
            "kind": self.kind,
            **self._judged(status=str(self.standing), status_code=self.standing_code),
            "conclusion": _conclusion(self.conclusion) if self.conclusion else None,
            **self._beside(),
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
