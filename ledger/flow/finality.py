"""Waiting for final blocks, and what a person is told who waited in vain."""

from __future__ import annotations

import time
from typing import Final

from yinzheng.ledger.chain.reverts import BlockBehind, translated
from yinzheng.ledger.chain.sender import Call, OutcomeOpen, pauses
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.bytes.counting import counted

BEHIND_SECONDS: Final = 10
"""How far a block to come may lie behind our clock, and how long it is waited for one that does not."""


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


def simulate_in_time(registry: Registry, call: Call) -> None:
    """Try a call of the relay's, once the block to come is not behind the times in it.

    That is waited for where the next blocks will do, `BEHIND_SECONDS` at most. Raises as `simulate`;
    `BlockBehind`, in words about clocks, where the chain is further behind: nothing else waits for it.
    """
    waits = pauses(BEHIND_SECONDS)
    while True:
        try:
            return registry.client.simulate(call, registry.sender.address)
        except BlockBehind as behind:
            pause, gap = next(waits, None), behind.data["due"] - behind.data["latest"]
            if pause is None or gap > BEHIND_SECONDS:
                raise _behind(behind, gap) from None
            time.sleep(pause)


def _behind(fault: BlockBehind, gap: int) -> BlockBehind:
    return BlockBehind(
        "what was decided is recorded, and waits: the chain's clock is "
        f"{counted(gap, 'second')} behind its time",
        code="chain-clock-behind",
        hint="Nothing is lost and nothing needs to be done again: it goes on with the next command, or with"
        " `yinzheng settle`. If it stays so, compare this machine's clock with those of the validators.",
        **fault.data,
    )


def told_of(registry: Registry, fault: OutcomeOpen, patience: float) -> OutcomeOpen:
    """What a person is told of a chain that did not take up what was decided."""
    with translated():
        head = registry.w3.eth.get_block("latest")
    age = max(0, registry.clock() - head["timestamp"])
    return OutcomeOpen(
        f"what was decided is recorded, and not final on the chain after {patience} seconds;"
        f" the chain's last block, {head['number']}, is {counted(age, 'second')} old",
        code=fault.code,
        hint="Nothing is lost and nothing needs to be done again: it goes on with the next command, or with"
        " `yinzheng settle`. If the last block stays that old, too few validators are at work.",
        **fault.data,
    )
