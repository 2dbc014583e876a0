"""What a dispute asks of the chain, each about a dispute by its reference (R36–R39, S5.13, S5.15)."""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.flow.calls import CallKind


def by_statement(subject: bytes, leaf: bytes) -> str:
    """The part of an opening or release: the dispute on chain, and the statement that decides it."""
    return (subject + leaf).hex()


def _opened(client: ContractsClient, _about: str, part: str) -> bool:
    found = client.dispute(bytes.fromhex(part[:64]))
    return found is not None and found.statement.hex() == part[64:]


def _released(client: ContractsClient, _about: str, part: str) -> bool:
    found = client.dispute(bytes.fromhex(part[:64]))
    return found is not None and found.outcome.hex() == part[64:]


OPENING: Final = CallKind("dispute", done=_opened)
"""Its part as `by_statement` has it: a forum may have sent it itself."""
EVIDENCE: Final = CallKind("evidence")
"""Its part: how many items there are after it."""
RELEASE: Final = CallKind("release", done=_released)
"""Likewise."""

KINDS: Final = (OPENING, EVIDENCE, RELEASE)
