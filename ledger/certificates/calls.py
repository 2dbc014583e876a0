"""What is asked of `Standing` about a registered certificate (S5.24, S5.25).

A forum may send its own call past the registry. What the chain has by the very statement counts as done.
"""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.flow.calls import CallKind


def _entered(client: ContractsClient, about: str, _part: str) -> bool:
    return client.remark(bytes.fromhex(about)) is not None


def _lifted(client: ContractsClient, about: str, part: str) -> bool:
    found = client.remark(bytes.fromhex(part)) if part else None
    return found is not None and found.lifting == bytes.fromhex(about)


def _cancelled(client: ContractsClient, about: str, part: str) -> bool:
    return client.cancellation(bytes.fromhex(part)) == bytes.fromhex(about)


REMARK: Final = CallKind("remark", done=_entered)
"""About a remark, by the hex of its leaf."""
LIFTING: Final = CallKind("lifting", done=_lifted)
"""About a lifting, by the hex of its leaf; its part is the remark's, empty where that was deposited."""
LAPSE: Final = CallKind("lapse")
"""About a lapse, by the hex of its leaf."""
CANCELLATION: Final = CallKind("cancellation", done=_cancelled)
"""About a cancellation, by the hex of its leaf; its part is the certificate's identifier."""

KINDS: Final = (REMARK, LIFTING, LAPSE, CANCELLATION)
