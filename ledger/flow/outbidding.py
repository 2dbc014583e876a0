"""Transactions signed anew with the same nonce: dearer where the network has outgrown their fee (ADR 69),
cheaper where no node takes what cannot be paid (ADR 85).

The new one is kept beside the earlier before anybody sees it. Each of them may be the one that is mined,
and none but one can be; the call then names that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.chain.fees import cheaper, dearer, fees_of
from yinzheng.ledger.chain.outcomes import Unknown
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
    now, afford = sender.fees(), sender.balance() // sum(call.gas for call, _ in held)
    made: dict[int, SignedTransaction] = {}
    for at, (waits, one) in enumerate(held):
        if (fees := dearer(fees_of(one.raw), now, sender.most, afford)) is not None:
            made[at] = sender.prepare(call_of(waits), one.nonce, fees)
    return _signed_anew(registry, held, made, head)


def undercut(registry: Registry, held: Sequence[Sent]) -> list[Sent]:
    """What is to be sent of the relay's transactions that a node refused, the first not for its nonce.

    What no node has, and offers much more than is asked now, is signed anew as is asked. Raises
    `EnvironmentFault` `chain-unfunded` where the account cannot pay even that.
    """
    sender = registry.sender
    now = sender.fees_for([call.gas for call, _ in held]).fees
    balance, cost, made = sender.balance(), 0, dict[int, SignedTransaction]()
    for at, (waits, one) in enumerate(held):
        paid = fees_of(one.raw)
        cost += waits.gas * paid.highest
        if cheaper(paid, now, beyond=cost > balance) and isinstance(sender.found(one)[0], Unknown):
            made[at] = sender.prepare(call_of(waits), one.nonce, now)
    with translated():
        head = registry.w3.eth.block_number
    return _signed_anew(registry, held, made, head)


def _signed_anew(
    registry: Registry, held: Sequence[Sent], made: Mapping[int, SignedTransaction], head: int
) -> list[Sent]:
    """Keep what is made, by its place in `held`, before anybody sees it; gives what is to be sent."""
    registry.faults.hit("chain.outbid.before")
    with registry.store.transaction() as session:
        for at, new in made.items():
            row = session.get_one(ChainCall, held[at][0].id)
            _put_behind(session, row, held[at][1])
            row.raw_tx, row.tx_hash, row.since_block = new.raw, new.hash, head
    with registry.store.reading() as session:
        return kept_of(session, [session.get_one(ChainCall, waits.id) for waits, _ in held])


def raised(one: SignedTransaction) -> int:
    """How often it was signed anew with a dearer fee."""
    highest = fees_of(one.raw).highest
    return sum(fees_of(before.raw).highest < highest for before in one.earlier)


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
