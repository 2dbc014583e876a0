"""Bare transfers through a chain: the floor of whatever writes to it."""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.chain.sender import Call, Sender

PATIENCE: Final = 60.0
"""Seconds until a chain has mined what it was given."""
_BATCH: Final = 1_000
"""Requests that a node of geth takes in one batch."""


def transfer(sender: Sender, count: int, together: int) -> None:
    """Send the account `count` transfers to itself, `together` at once; the next when these are mined.

    Raises `OutcomeOpen`: the chain did not mine them.
    """
    call = Call(sender.address, b"", 21_000)
    for first in range(0, count, together):
        nonce, fees = sender.next_nonce(), sender.fees()
        made = [sender.prepare(call, nonce + n, fees) for n in range(min(together, count - first))]
        for part in range(0, len(made), _BATCH):
            sender.broadcast_all(made[part : part + _BATCH])
        sender.wait(made[-1].hash, PATIENCE)
