"""What anyone may see of cases: lines of the notice board, and of a case's history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the public notice board (R24). Times are UTC seconds; `ends_at` as the chain has it."""

    case: str
    type: str
    """What is asked for (R1)."""
    certificate: str | None
    """Of a move the certificate it is about."""
    applicant: str
    asset: str
    overview: str
    limits: str
    importance: str
    """`important` or `core` where the data was decided to be such (R23); else empty."""
    profile: str
    procedure: str
    opened_at: int
    ends_at: int | None
    waived: bool
    reason: str
    """Why publicity was waived; else empty."""
    leaf: str
    open_objections: int
    demonstration: bool
    state: str
    """Of the case now (`ledger.rules.states`)."""
    changed_at: int


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event of a case and where it lies; `proof`, if asked for, is a tlog-proof to an anchored head."""

    at: int
    type: str
    statement: dict[str, Any]
    leaf: str
    index: int | None
    anchored_block: int | None
    proof: str | None
