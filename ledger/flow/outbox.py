"""The outbox of the chain: calls written with the decisions that ask for them, in their order (D9).

What a call means is its kind's to say (`calls.py`). Calls go out in their order. Most go alone; those of
kinds that go together share blocks, many at once. What is about the same thing as a call that comes too early
waits with it (`early.py`). `carrying.py` sends them and sees to it that they are confirmed.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Final

from sqlmodel import Session, col, func, select

from yinzheng.ledger.chain.sender import (
    Call,
    Sender,
)
from yinzheng.ledger.flow.aside import NOT_ASIDE
from yinzheng.ledger.flow.calls import CallKind, Kinds, kind_of
from yinzheng.ledger.keys.provider import RELAY, EthereumKey
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import ChainCall

BEAT: Final = CallKind("heartbeat")
"""A transfer of nothing from the relay to itself: for a young block, by the number of the one that was old;
or, by its nonce and as part `gap`, to use one up."""

TOGETHER = 64
"""Calls of one batch; their gas limits fill few blocks of the embedded chain."""

_WINDOW = 4 * TOGETHER
"""How far ahead calls are looked for that need not wait."""


def outbox(
    session: Session,
    kind: CallKind,
    about: str,
    call: Call,
    now: int,
    *,
    part: str = "",
    binds: bytes | None = None,
) -> ChainCall:
    """Put a call into the outbox, in the transaction of the decision that asks for it; the relay sends it.

    It is one and the same call however often it is tried; `part` tells those of one kind and thing apart.
    `binds`: subject of the certificate that is less free by it; given exactly for kinds by which one is.
    """
    assert kind.binds == (binds is not None), kind.name
    assert call.to is not None  # deployments do not go through the outbox
    row = ChainCall(
        kind=kind.name,
        about=about,
        part=part,
        sender=RELAY,
        target=call.to,
        data=call.data,
        gas=call.gas,
        created_at=now,
        binds=binds,
    )
    session.add(row)
    return row


def send_anew(session: Session, row: ChainCall, call: Call) -> None:
    """Put a call that failed into the outbox once more, as it is now."""
    assert row.state == "failed"  # what is on its way is not changed
    assert call.to is not None
    unsigned(row)
    row.error, row.target, row.data, row.gas = None, call.to, call.data, call.gas
    session.add(row)


def outbox_signed(
    registry: Registry,
    session: Session,
    kind: CallKind,
    about: str,
    call: Call,
    now: int,
    *,
    person: str,
    key: EthereumKey,
    part: str = "",
) -> ChainCall:
    """As `outbox`, for what only a person's own key may ask of the chain: giving and taking roles.

    It is tried, then signed at once, for the key leaves with its bearer. One that failed is signed anew.
    Raises what the contracts say of it, and what the node does.
    """
    sender = Sender(registry.w3, key.account(), time.sleep)
    registry.client.simulate(call, sender.address)
    latest = select(func.max(ChainCall.nonce)).where(ChainCall.sender == person, ChainCall.state == "sent")
    ahead = session.exec(latest).one()
    nonce = sender.next_nonce() if ahead is None else max(sender.next_nonce(), ahead + 1)
    made = sender.prepare(call, nonce, sender.fees_for([call.gas]).fees)
    row = repository.find_call(session, kind.name, about, part)
    if row is None:
        row = outbox(session, kind, about, call, now, part=part)
    else:
        send_anew(session, row, call)
    row.sender, row.state = person, "sent"
    row.raw_tx, row.tx_hash, row.nonce = made.raw, made.hash, made.nonce
    session.flush()  # the next call of this transaction counts it
    return row


def signed(session: Session) -> list[ChainCall]:
    """The calls of one key that are signed and not mined, by their nonces: the relay's, else a person's."""
    query = select(ChainCall).where(ChainCall.state == "sent", NOT_ASIDE).order_by(col(ChainCall.nonce))
    kept = session.exec(query).all()
    first = min(kept, key=lambda call: (call.sender != RELAY, call.id or 0), default=None)
    return [call for call in kept if first is not None and call.sender == first.sender]


def waiting(
    session: Session, kinds: Kinds, *, issuing: bool = True, besides: Collection[str] = ()
) -> list[ChainCall]:
    """The calls to be looked at next, in the order of their decisions, but for those about `besides`.

    What the relay has signed is finished before it signs more. What a person signed waits for what was
    decided before (ADR 42). Without `issuing`, what issues something stays where it is (ADR 63).
    """
    kept = signed(session)
    if kept and kept[0].sender == RELAY:
        return kept
    pending = select(ChainCall).where(ChainCall.state == "pending").order_by(col(ChainCall.id))
    held = [] if issuing else [kind.name for kind in kinds.values() if kind.issues]
    pending = pending.where(col(ChainCall.kind).not_in(held), col(ChainCall.about).not_in(besides))
    if kept:
        pending = pending.where(col(ChainCall.id) < min(call.id or 0 for call in kept))
    if not (found := list(session.exec(pending.limit(_WINDOW)).all())):
        return kept
    apart = next((i for i, call in enumerate(found) if not kind_of(kinds, call).together), len(found))
    first, rest = found[: max(apart, 1)], found[max(apart, 1) :]
    if len(found) < _WINDOW and len(first) < TOGETHER and all(kind_of(kinds, call).along for call in rest):
        return found
    return first


def unsigned(row: ChainCall) -> None:
    """Have a call signed anew, with whatever nonce is next then."""
    row.state, row.raw_tx, row.tx_hash, row.nonce, row.block_number = "pending", None, None, None, None


def call_of(row: ChainCall) -> Call:
    """What is asked of the chain, as it is signed."""
    return Call(row.target, row.data, row.gas)


def nothing_to(relay: Sender) -> Call:
    """A transfer of nothing from an account to itself."""
    return Call(relay.address, b"", 21_000)
