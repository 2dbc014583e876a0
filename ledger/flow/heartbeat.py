"""A fresh block on a quiet chain, so that answers about now stay young (obligation 10).

The embedded chain seals only when there is something to seal. After a quiet day its newest block is a day
old, and a verifier rightly says that nobody knows what happened since. A transaction that does nothing gives
the validators something to seal: the new block says that the state is still what it was.
"""

from __future__ import annotations

from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.histories import count_mined, count_signed
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.ages import BLOCK_AGE

_PATIENCE = 60
_TRANSFER_GAS = 21_000


def beat(registry: Registry, *, older_than: int = BLOCK_AGE) -> bool:
    """Have a block sealed if the newest is older than `older_than` seconds; tells whether there was need.

    Raises `EnvironmentFault` (node, `clock-…`). Decides nothing, and notes only that it sent a transaction,
    so it may fail or be repeated.
    """
    with translated():
        head = registry.w3.eth.get_block("latest")
    if registry.clock() - head["timestamp"] <= older_than:
        return False
    sender = registry.sender
    call = Call(sender.address, b"", _TRANSFER_GAS)
    transaction = sender.prepare(call, sender.next_nonce(), sender.fees())
    with registry.store.transaction() as session:
        count_signed(session, RELAY, transaction.nonce + 1)
    sender.broadcast(transaction)
    mined = sender.wait(transaction.hash, _PATIENCE)
    with registry.store.transaction() as session:
        count_mined(session, RELAY, transaction.nonce + 1, transaction.hash, mined.block_hash)
    return True
