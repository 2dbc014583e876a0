"""Transactions whose fee the network has outgrown, signed anew with the same nonce and a dearer one (ADR 69).

The dearer one is kept beside the earlier before anybody sees it. Each of them may be the one that is mined,
and none but one can be; the call then names that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.chain.fees import dearer, fees_of
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import SignedTransaction
from yinzheng.ledger.flow.outbox import call_of
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import ChainCall, EarlierTransaction

BLOCKS: Final = 8
"""How many blocks may come without the account's next transaction, until it is signed anew."""

Sent = tuple[ChainCall, SignedTransaction]


def kept_of(session: Session, calls: Sequence[ChainCall]) -> list[Sent]:
    """The transactions that are kept for calls, each with those that it replaces."""
    ids = [call.id for call in calls if call.raw_tx is not None]
    query = select(EarlierTransaction).where(col(EarlierTransaction.call).in_(ids))
    earlier = session.exec(query).all()
    return [
        (call, SignedTransaction(call.raw_tx, call.tx_hash, call.nonce, _of(call, earlier)))
        for call in calls
        if call.raw_tx is not None and call.tx_hash is not None and call.nonce is not None
    ]


def _of(call: ChainCall, earlier: Sequence[EarlierTransaction]) -> tuple[SignedTransaction, ...]:
    """What a call's transaction replaces: of a nonce that another took for good nothing counts any more."""
    mine = [
        SignedTransaction(one.raw_tx, one.tx_hash, one.nonce)
        for one in earlier
        if (one.call, one.nonce) == (call.id, call.nonce)
    ]
    return tuple(sorted(mine, key=lambda one: fees_of(one.raw).highest, reverse=True))


def outbid(registry: Registry, held: Sequence[Sent]) -> list[Sent]:
    """What is to be sent of transactions that are in no block: signed anew where blocks pass the first over.

    All that wait are, for each would wait as long in its turn. What a person signed nobody here signs anew.
    """
    call, first = held[0]
    with translated():
        head = registry.w3.eth.block_number
    sender = registry.sender
    if call.sender != RELAY or head - (call.since_block or 0) < BLOCKS or sender.next_nonce() != first.nonce:
        return list(held)
    now = sender.fees()
    made: dict[int, SignedTransaction] = {}
    for at, (waits, one) in enumerate(held):
        if (fees := dearer(fees_of(one.raw), now, sender.most)) is not None:
            made[at] = sender.prepare(call_of(waits), one.nonce, fees)
    registry.faults.hit("chain.outbid.before")
    with registry.store.transaction() as session:
        for at, new in made.items():
            row = session.get_one(ChainCall, held[at][0].id)
            _put_behind(session, row, held[at][1])
            row.raw_tx, row.tx_hash, row.since_block = new.raw, new.hash, head
    with registry.store.reading() as session:
        return kept_of(session, [session.get_one(ChainCall, waits.id) for waits, _ in held])


def mined_as(session: Session, row: ChainCall, which: SignedTransaction) -> None:
    """Have a call name the one of its transactions that is in a block."""
    if row.tx_hash == which.hash:
        return
    session.delete(session.get_one(EarlierTransaction, which.hash))
    ((_, last),) = kept_of(session, [row])
    _put_behind(session, row, last)
    row.raw_tx, row.tx_hash = which.raw, which.hash


def _put_behind(session: Session, row: ChainCall, one: SignedTransaction) -> None:
    assert row.id is not None
    session.add(EarlierTransaction(tx_hash=one.hash, call=row.id, nonce=one.nonce, raw_tx=one.raw))
