"""What a dispute asks of the chain, each about a dispute by its reference (R36–R39, S5.13, S5.15)."""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.flow.calls import CallKind

OPENING: Final = CallKind("dispute")
EVIDENCE: Final = CallKind("evidence")
"""Its part: how many items there are after it."""
RELEASE: Final = CallKind("release")

KINDS: Final = (OPENING, EVIDENCE, RELEASE)
