"""Calls of the outbox carried to the chain: sent together, found in final blocks, written down (D9).

A signed transaction is stored before it is sent: a crash repeats the same one and never makes a second.
Most calls are tried first; those of kinds that go together are not: one that the contracts refuse there is
tried by itself in the next round, which tells whether it only came too early, or why it can never be. It
holds up only what is about the same thing, and so does any that comes too early (`early.py`).

A call is carried out once its block is final. Until then its block may be orphaned: it is looked for again,
and sent again. A transaction whose nonce another one has for good is signed anew; nonces that nothing has and
that hold up a later one are used up; one whose fee the network has outgrown gets a dearer, one that no node
takes for what it might cost a cheaper (`outbidding.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from yinzheng.ledger.chain.outcomes import Mined, Unknown
from yinzheng.ledger.chain.reverts import BlockBehind, NodeRefused, TooEarly, translated
from yinzheng.ledger.chain.sender import (
    Carrier,
    OutcomeOpen,
    Replaced,
    SignedTransaction,
    account_of,
    count_of,
    pauses,
)
from yinzheng.ledger.flow.aside import put_aside
from yinzheng.ledger.flow.calls import kind_of
from yinzheng.ledger.flow.early import NotYet
from yinzheng.ledger.flow.finality import simulate_in_time, told_of, until_final
from yinzheng.ledger.flow.histories import count_mined, count_signed, require_counted
from yinzheng.ledger.flow.outbidding import Sent, kept_of, mined_as, outbid, undercut
from yinzheng.ledger.flow.outbox import BEAT, TOGETHER, call_of, nothing_to, outbox, unsigned
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import ChainCall
from yinzheng.verifier.errors import EnvironmentFault, YinzhengError

PATIENCE_SECONDS = 60
"""How long the chain may take until what was sent at once is final, before we leave it for the next run."""


def carry_out(registry: Registry, calls: Sequence[ChainCall]) -> list[ChainCall]:
    """Send what can be sent of `waiting`, wait for its blocks, write down what became of each; give the done.

    Raises `EnvironmentFault`, `NotYet` (of calls that wait), or what its kind makes of a refusal for good.
    """
    sender = registry.carrier_of(calls[0].sender)
    kept = any(call.raw_tx is not None for call in calls)
    signed = _signed(registry, calls)
    if not signed:
        return []  # others had it all carried out before
    # What is signed only now is nowhere yet.
    missing = [(call, one) for call, one in signed if not kept or not isinstance(sender.found(one)[0], Mined)]
    if missing:
        if kept:
            if _filled(registry, sender, missing[0]):
                return []
            dearer = {call.id: one for call, one in outbid(registry, missing)}
            missing = [(call, dearer[call.id]) for call, _ in missing]
            signed = [(call, dearer.get(call.id, one)) for call, one in signed]
        registry.faults.hit("chain.send.before")
        anew = {call.id: one for call, one in _broadcast(registry, sender, missing)}
        signed = [(call, anew.get(call.id, one)) for call, one in signed]
        registry.faults.hit("chain.send.after")
    waits = pauses(PATIENCE_SECONDS)
    try:
        found = [(call, *sender.wait_final(one, registry.last_final, waits)) for call, one in signed]
    except OutcomeOpen as fault:
        if put_aside(registry, sender, signed):
            return []
        raise told_of(registry, fault, PATIENCE_SECONDS) from None
    mined = [(outcome, one) for _, outcome, one in found if isinstance(outcome, Mined)]
    told: list[YinzhengError | None] = []
    done: list[ChainCall] = []
    with registry.store.transaction() as session:
        if mined:
            where, last = max(mined, key=lambda one: one[1].nonce)
            count_mined(session, calls[0].sender, last.nonce + 1, last.hash, where.block_hash)
        rows = _rows_of(session, [call for call, _, _ in found])
        for call, outcome, which in found:
            row = rows[call.id]
            if isinstance(outcome, Replaced):
                if call.sender == RELAY:
                    unsigned(row)
                else:
                    told.append(_given_up(registry, session, row, outcome.refusal))
                continue
            mined_as(session, row, which)
            row.block_number = outcome.block_number
            if outcome.refusal is None or _done(registry, row):
                _confirm(registry, session, row)
                done.append(call)
            elif isinstance(outcome.refusal, BlockBehind) or (
                kind_of(registry.kinds, row).together and row.error is None
            ):
                row.error = outcome.refusal.code
                unsigned(row)
            else:
                told.append(_given_up(registry, session, row, outcome.refusal))
    for refusal in filter(None, told):
        raise refusal
    return done


def _rows_of(session: Session, calls: Sequence[ChainCall]) -> dict[int | None, ChainCall]:
    """The calls as a transaction has them, by their numbers."""
    query = select(ChainCall).where(col(ChainCall.id).in_([call.id for call in calls]))
    return {row.id: row for row in session.exec(query)}


def _broadcast(registry: Registry, sender: Carrier, missing: Sequence[Sent]) -> Sequence[Sent]:
    """Hand them to the nodes; gives those that went, which may be cheaper ones."""
    try:
        sender.broadcast_all([one for _, one in missing])
    except NodeRefused as refusal:
        call, first = missing[0]
        if count_of(registry.w3, account_of(first.raw)) > first.nonce:
            return missing  # another has its nonce: whether for good, waiting tells
        if call.sender == RELAY:
            if first.earlier and not isinstance(sender.found(first)[0], Unknown):
                return missing  # nodes may want more than a tenth: the earlier waits
            anew = undercut(registry, missing)
            if [one.hash for _, one in anew] == [one.hash for _, one in missing]:
                raise
            sender.broadcast_all([one for _, one in anew])
            return anew
        raise _signed_in_vain(registry, [call for call, _ in missing], refusal) from None
    return missing


def _filled(registry: Registry, sender: Carrier, held: tuple[ChainCall, SignedTransaction]) -> bool:
    """Use up the relay's nonces before that of a kept transaction that nothing has; False: no need.

    What had them vanished with an orphaned block, or was never sent: no node would ever mine what follows.
    """
    call, first = held
    if call.sender != RELAY:
        return False
    next_ = sender.counted(account_of(first.raw))
    _require_caught_up(registry, call.sender, next_)
    filled = [_fill(registry, nonce) for nonce in range(next_, first.nonce)]
    return any(filled)


def _require_caught_up(registry: Registry, sender: str, counted: int) -> None:
    """Refuse a node that was put back since the registry was opened: what it lacks is done already."""
    with registry.store.reading() as session:
        require_counted(session, sender, counted, foreign=registry.instance.foreign)


def _fill(registry: Registry, nonce: int) -> bool:
    """Keep a transaction with that nonce, to be sent with what is kept; False if one is kept that has it."""
    with registry.store.transaction() as session:
        kept = (ChainCall.sender == RELAY, ChainCall.state == "sent", ChainCall.nonce == nonce)
        if session.exec(select(ChainCall.id).where(*kept)).first() is not None:
            return False
        relay, about = registry.sender, (BEAT.name, str(nonce), "gap")
        row = repository.find_call(session, *about) or outbox(
            session, BEAT, about[1], nothing_to(relay), registry.clock(), part=about[2]
        )
        made = relay.prepare(call_of(row), nonce, relay.fees_for([row.gas]).fees)
        row.since_block = _head(registry)
        row.raw_tx, row.tx_hash, row.nonce, row.state = made.raw, made.hash, made.nonce, "sent"
    return True


def _signed_in_vain(registry: Registry, calls: Sequence[ChainCall], refusal: YinzhengError) -> YinzhengError:
    """Give up what a person signed and no node takes, who sent something else: none here signs it anew."""
    with registry.store.transaction() as session:
        told = [_given_up(registry, session, session.get_one(ChainCall, call.id), refusal) for call in calls]
    return told[0] or refusal


def _signed(registry: Registry, calls: Sequence[ChainCall]) -> list[Sent]:
    """Each call with its one transaction: the one kept, or a new one that is kept before anyone sees it."""
    with registry.store.reading() as session:
        kept = kept_of(session, calls[:TOGETHER])
    if kept:
        return kept
    sender = registry.sender
    able = _able(registry, calls)
    nonce, head = sender.next_nonce(), _head(registry)
    _require_caught_up(registry, RELAY, nonce)
    able_to_pay = sender.fees_for([call.gas for call in able])
    made = [
        (call, sender.prepare(call_of(call), number, able_to_pay.fees))
        for number, call in enumerate(able[: able_to_pay.count], start=nonce)
    ]
    with registry.store.transaction() as session:
        rows = _rows_of(session, able)
        for call, one in made:
            row = rows[call.id]
            row.raw_tx, row.tx_hash, row.nonce, row.state = one.raw, one.hash, one.nonce, "sent"
            row.since_block = head
        count_signed(session, calls[0].sender, nonce + len(made))
    return made


def _able(registry: Registry, calls: Sequence[ChainCall]) -> list[ChainCall]:
    """The calls to be sent now: those not tried yet, and those that were and would be taken.

    At least one, unless all is on the chain already, by somebody else's transaction, or one was given up of
    which nobody is told. Raises `NotYet`.
    """
    able: list[ChainCall] = []
    waits: set[str] = set()
    early: list[tuple[ChainCall, TooEarly]] = []
    first: tuple[ChainCall, YinzhengError] | None = None
    for call in calls:
        if len(able) == TOGETHER:
            break
        if call.about in waits:
            continue
        if call.error is None and kind_of(registry.kinds, call).together:
            able.append(call)
            continue
        try:
            simulate_in_time(registry, call_of(call))
        except EnvironmentFault:
            raise  # the node: everything waits
        except YinzhengError as refusal:
            if _done_for_good(registry, call):
                with registry.store.transaction() as session:
                    _confirm(registry, session, session.get_one(ChainCall, call.id))
                continue
            # Perhaps it only follows another that is on its way: that is known when nothing else goes.
            waits.add(call.about)
            if isinstance(refusal, TooEarly):
                early.append((call, refusal))
            elif first is None:
                first = call, refusal
        else:
            able.append(call)
    if not able and early:
        raise NotYet.of(early[0][1], (call for call, _ in early))
    if able or first is None:
        return able
    if not _stays_refused(registry, first[0]):
        return [first[0]]
    return _refused(registry, *first)


def _stays_refused(registry: Registry, call: ChainCall) -> bool:
    """Whether a call is refused still once blocks are final that may be orphaned yet.

    Raises `OutcomeOpen`, and `NotYet` where it is only too early by now.
    """
    until_final(registry, PATIENCE_SECONDS)
    try:
        simulate_in_time(registry, call_of(call))
    except EnvironmentFault:
        raise
    except TooEarly as refusal:
        raise NotYet.of(refusal, [call]) from None
    except YinzhengError:
        return True
    return False


def _done(registry: Registry, call: ChainCall) -> bool:
    """Whether the chain has what a refused call asks for, by the very statement."""
    return kind_of(registry.kinds, call).done(registry.client, call.about, call.part)


def _done_for_good(registry: Registry, call: ChainCall) -> bool:
    """The same, once the block is final by which the chain has it: until then it may be orphaned.

    Raises `OutcomeOpen`.
    """
    if found := _done(registry, call):
        until_final(registry, PATIENCE_SECONDS)
    return found and _done(registry, call)


def _confirm(registry: Registry, session: Session, row: ChainCall) -> None:
    row.state, row.error = "confirmed", None
    kind_of(registry.kinds, row).effect(registry.client, session, row)


def _refused(registry: Registry, call: ChainCall, refusal: YinzhengError) -> list[ChainCall]:
    """What to do about a call that is refused and waits for nothing: redate and send it, or give up."""
    with registry.store.transaction() as session:
        row = session.get_one(ChainCall, call.id)
        if kind_of(registry.kinds, row).redate(session, row, refusal, registry.clock()):
            return [row]
        told = _given_up(registry, session, row, refusal)
    if told is not None:
        raise told from refusal
    return []


def _given_up(
    registry: Registry, session: Session, row: ChainCall, refusal: YinzhengError
) -> YinzhengError | None:
    """Write down that the contracts refused a call for good; gives what to tell the caller."""
    row.state, row.error = "failed", refusal.code
    return kind_of(registry.kinds, row).refusal(session, row, refusal)


def _head(registry: Registry) -> int:
    with translated():
        return registry.w3.eth.block_number
