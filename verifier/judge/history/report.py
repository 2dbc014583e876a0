"""The answer of a history's verification: findings, and the timeline with each line's proof (S23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.right_history import RightHistory
from yinzheng.verifier.judge.report import (
    DocumentReport,
    Status,
)


class Whole(StrEnum):
    """Whether the history is all there is, as of its block."""

    WHOLE = "whole"
    GOES_ON = "goes_on"
    """The chain knows of certificates before or after, or of more licences, than are shown."""
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline: a statement, where it lies, and when the chain had it."""

    at: int
    """When it was decided, as the statement says."""
    on_chain_at: int | None
    """Time of the block that recorded it, where a contract keeps that."""
    type: str
    certificate: str
    """Number of the certificate it is about."""
    by: str
    leaf: bytes
    index: int
    """Place in the log."""
    body: Mapping[str, JSON] | None
    """What it says in public."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A certificate of the history: from when on it was registered, and how it stood in the block."""

    number: str
    deposited_at: int
    status: int
    """S5.3."""
    standing: Status
    """What that comes to in the block: held by a dispute, reserved, expired too."""
    successors: tuple[str, ...]
    """Numbers, or subjects in hex of those that are not shown."""
    licences: int
    """How many were given under it."""


@dataclass(frozen=True, slots=True)
class HistoryReport(DocumentReport):
    """What a verification of a history found."""

    document = "right-history"

    kind: str
    standing: Whole
    standing_code: str
    history: RightHistory | None
    """None if it is malformed."""
    lines: tuple[Line, ...]
    """In the order of the log; empty unless genuine."""
    holdings: tuple[Holding, ...]
    """By certificate, in the file's order; empty unless (9) holds."""

    @property
    def holds(self) -> bool | None:
        """Whether it is all there is; None where that cannot be told."""
        return None if self.standing is Whole.UNDETERMINED else self.standing is Whole.WHOLE

    @property
    def speaks_of(self) -> int | None:
        """The instant it is of: its block's."""
        return self.block.time if self.block else None

    @property
    def profile(self) -> str | None:
        """As its statement or body names it."""
        return self.history.asked.record.profile if self.history else None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "document": self.document,
            "kind": self.kind,
            "number": self.history.number if self.history else None,
            **self._judged(status=str(self.standing), status_code=self.standing_code),
            "certificates": [
                {
                    "number": one.number,
                    "deposited_at": one.deposited_at,
                    "status": one.status,
                    "standing": one.standing.value,
                    "successors": list(one.successors),
                    "licences": one.licences,
                }
                for one in self.holdings
            ],
            "lines": [
                {
                    "at": line.at,
                    "on_chain_at": line.on_chain_at,
                    "type": line.type,
                    "certificate": line.certificate,
                    "by": line.by,
                    "leaf": line.leaf.hex(),
                    "index": line.index,
                    "body": None if line.body is None else dict(line.body),
                }
                for line in self.lines
            ],
            **self._beside(),
        }
