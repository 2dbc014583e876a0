"""Bare transfers through a chain: the floor of whatever writes to it."""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.chain.sender import Call, Sender

PATIENCE: Final = 60.0
"""Seconds until a chain has mined what it was given."""


def transfer(sender: Sender, count: int, together: int) -> None:
    """Send the account `count` transfers to itself, `together` at once; the next when these are mined.

    Raises `OutcomeOpen`: the chain did not mine them.
    """
    call = Call(sender.address, b"", 21_000)
    for first in range(0, count, together):
        nonce, fees = sender.next_nonce(), sender.fees()
        made = [sender.prepare(call, nonce + n, fees) for n in range(min(together, count - first))]
        sender.broadcast_all(made)
        sender.wait(made[-1].hash, PATIENCE)
