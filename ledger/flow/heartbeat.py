"""A fresh block on a quiet chain, so that answers about now stay young (obligation 10).

The embedded chain seals only when there is something to seal. After a quiet day its newest block is a day
old, and a verifier rightly says that nobody knows what happened since. A transaction that does nothing gives
the validators something to seal: the new block says that the state is still what it was.
"""

from __future__ import annotations

from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.flow.carrying import carry_out
from yinzheng.ledger.flow.outbox import BEAT, nothing_to, outbox, signed
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.ages import BLOCK_AGE
from yinzheng.ledger.store import repository


def beat(registry: Registry, *, older_than: int = BLOCK_AGE) -> bool:
    """Have a block sealed if the newest is older than `older_than` seconds; tells whether there was need.

    What is signed and waits goes first, for nonces have an order; what is only decided does not hold it up.
    Raises `EnvironmentFault` (node, `chain-timeout`, `clock-…`). Decides nothing: it may be repeated, and a
    transaction that did not get through waits in the outbox like any other.
    """
    with translated():
        head = registry.w3.eth.get_block("latest")
    if registry.clock() - head["timestamp"] <= older_than:
        return False
    about = str(head["number"])
    with registry.store.transaction() as session:
        if repository.find_call(session, BEAT.name, about) is None:
            outbox(session, BEAT, about, nothing_to(registry.sender), registry.clock())
    while True:
        with registry.store.reading() as session:
            call = repository.find_call(session, BEAT.name, about)
            kept = [one for one in signed(session) if one.sender == RELAY]
        assert call is not None  # written above
        if call.state in ("confirmed", "failed"):
            return True
        carry_out(registry, kept or [call])
