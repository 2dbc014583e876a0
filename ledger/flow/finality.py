"""Waiting for final blocks, and what a person is told who waited in vain."""

from __future__ import annotations

import time

from yinzheng.ledger.chain.reverts import BlockBehind, translated
from yinzheng.ledger.chain.sender import Call, OutcomeOpen, pauses
from yinzheng.ledger.registry import Registry


def until_final(registry: Registry, patience: float) -> None:
    """Wait until what is in blocks now is in final ones. Raises `OutcomeOpen`."""
    with translated():
        head = registry.w3.eth.block_number
    for pause in pauses(patience):
        if registry.last_final() >= head:
            return
        time.sleep(pause)
    open_ = OutcomeOpen("what another sent is not in a final block yet", code="chain-timeout")
    raise told_of(registry, open_, patience)


def simulate_in_time(registry: Registry, call: Call, patience: float) -> None:
    """Try a call of the relay's once the block to come is not behind the times in it.

    Raises as `simulate`; `OutcomeOpen` where it is behind still.
    """
    for pause in pauses(patience):
        try:
            return registry.client.simulate(call, registry.sender.address)
        except BlockBehind:
            time.sleep(pause)
    open_ = OutcomeOpen("the chain's clock is behind ours", code="chain-timeout")
    raise told_of(registry, open_, patience)


def told_of(registry: Registry, fault: OutcomeOpen, patience: float) -> OutcomeOpen:
    """What a person is told of a chain that did not take up what was decided."""
    with translated():
        head = registry.w3.eth.get_block("latest")
    age = max(0, registry.clock() - head["timestamp"])
    return OutcomeOpen(
        f"what was decided is recorded, and not final on the chain after {patience} seconds;"
        f" the chain's last block, {head['number']}, is {age} seconds old",
        code=fault.code,
        hint="Nothing is lost and nothing needs to be done again: it goes on with the next command, or with"
        " `yinzheng settle`. If the last block stays that old, too few validators are at work.",
        **fault.data,
    )
