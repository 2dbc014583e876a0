"""How a withdrawal ends: completed when every receipt is there, or restricted while it must be (R35).

What forbids destruction is a statutory retention, or a dispute (R39). A dispute tells no end, and a
restriction needs one: it is recorded for a year and renewed, and brought forward when the dispute is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents.notices import hour_of
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.withdrawal import Ground, Move, Situation, State
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.ledger.store.models_disputes import DisputeSubject
from yinzheng.ledger.store.models_inlets import Inlet
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.withdrawals import calls
from yinzheng.ledger.withdrawals import duty_notices as notices
from yinzheng.ledger.withdrawals.overview import Overview, overview, soon_after
from yinzheng.ledger.withdrawals.reminding import remind
from yinzheng.ledger.withdrawals.work import EXEMPT, ConsentThread, disputes_on, work_on
from yinzheng.verifier.chain.layout_consents import DESTRUCTION, FREEZE
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.withdrawal_steps import Completed, Exempt, Frozen, Kept, Received, Restricted

HOLD_TERM = 366 * 86_400
"""Seconds for which a restriction is recorded whose dispute has no end yet."""
RENEW = 30 * 86_400
"""Seconds before the end of such a restriction when it is renewed, if the dispute goes on."""

DESTROY_LAW = "《中华人民共和国个人信息保护法》第十五条、第四十七条"
"""P15, P47: withdrawal, and destruction that follows it."""
HOLD_LAW = "《中华人民共和国个人信息保护法》第四十七条第二款；《中华人民共和国民事诉讼法》证据保全"
_HELD = Kept("撤回所及的数据", "争议保全期间仅作存储和保护")
_AFTER_HOLD = "争议已解除，恢复销毁"


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a round did: identifiers of withdrawals, and how many reminders went out."""

    completed: tuple[bytes, ...] = ()
    restricted: tuple[bytes, ...] = ()
    resumed: tuple[bytes, ...] = ()
    reminded: int = 0

    def __add__(self, more: Ticked) -> Ticked:
        return Ticked(
            self.completed + more.completed,
            self.restricted + more.restricted,
            self.resumed + more.resumed,
            self.reminded + more.reminded,
        )


def conclude(work: ConsentThread) -> State:
    """Complete or restrict a withdrawal as far as it can be now; gives the state after.

    Of one that a dispute holds which was opened past the registry nothing is concluded: the contracts would
    refuse it.
    """
    before = work.situation
    if is_held_past_us(work):
        return before.state
    if before.holds:
        ends_soon = before.restricted_until - work.now < RENEW
        if before.state is State.FROZEN or ends_soon:
            _hold(work)
    elif not before.owing and work.now >= before.restricted_until:
        _complete(work)
    return work.situation.state


def is_held_past_us(work: ConsentThread) -> bool:
    """Whether the chain holds it for a dispute that nobody works on here (ADR 57)."""
    if _PAST_US.first(work.session) is None or work.situation.holds:
        return False
    held = work.registry.client.withdrawal(work.row.id)
    return held is not None and held.holds > 0


_INLETS: Final = table_of(Inlet)
_PAST_US: Final = Prepared(rows_of(_INLETS.c.leaf).where(_INLETS.c.inlet == "dispute-opening").limit(1))


def restrict(
    registry: Registry,
    id_: bytes,
    *,
    law: str,
    until: int,
    kept: Sequence[Kept],
    by: Actor,
    reference: str | None = None,
) -> None:
    """Restrict a withdrawal for a statutory retention: `kept` stays stored and protected, and no more (P47).

    Args:
        registry: open for writing.
        id_: the withdrawal.
        law: the provision that requires it, 1–200 characters.
        until: when it ends, UTC seconds; rounded up to the full hour. Destruction is due 72 h later.
        kept: what is kept and why, 1–16.
        by: the officer who decides; the access log keeps the name.
        reference: what identifies the retention, if anything does.

    Raises:
        UsageFault: `withdrawal-unknown`, `person-…`, `move-not-allowed`, `withdrawal-end`.
        DataFault: `field-…`, `encoded-bytes` for words that are none.
    """
    with work_on(registry, id_) as work:
        end = -hour_of(-until)
        _restrict(work, Ground.RETENTION, law, reference, tuple(kept), end, by)
        access = Access("process", "withdrawal", id_.hex(), "withdrawal", consent=work.subject)
        note(registry, work.session, Reader.of_actor(registry, by), access)


def waiting(session: Session, dispute_id: str) -> tuple[bytes, ...]:
    """The withdrawals whose destruction waits for a dispute, ascending: what its release lets go on (R39)."""
    named = select(DisputeSubject.subject).where(
        DisputeSubject.dispute_id == dispute_id, DisputeSubject.kind == "consent"
    )
    subjects = session.exec(named).all()
    query = select(Withdrawal.id).where(
        col(Withdrawal.consent).in_(subjects) | col(Withdrawal.id).in_(subjects),
        Withdrawal.state == State.RESTRICTED.value,
    )
    return tuple(sorted(session.exec(query)))


def resume(registry: Registry, dispute_id: str) -> tuple[bytes, ...]:
    """Let go on what waited for a dispute that is released (R39), and say so; gives what resumed.

    A restriction that rested on the hold now ends within the next two hours, or when a retention ends that
    the hold had covered. What another dispute holds goes on waiting. Repeated, it finds nothing to do.
    """
    with registry.store.reading() as session:
        found = waiting(session, dispute_id)
    return tuple(id_ for id_ in found if _resume(registry, id_))


def tick(registry: Registry) -> Ticked:
    """Do what time alone calls for: ended restrictions, renewals, holds that came or went, reminders.

    Idempotent: a second round at the same time finds nothing to do. One that cannot be done, whose rows were
    altered say, keeps no other from being done: what is wrong with the first such is raised in the end.
    """
    now = registry.clock()
    with registry.store.reading() as session:
        open_ = overview(session)
    done = Ticked()
    trouble: YinzhengError | None = None
    for one in open_:
        try:
            done += _tick_one(registry, one, now)
        except (DataFault, UsageFault) as fault:
            trouble = trouble or fault
    if trouble is not None:
        raise trouble
    return done


def _tick_one(registry: Registry, one: Overview, now: int) -> Ticked:
    if one.outlived(now) and _resume(registry, one.id):
        return Ticked(resumed=(one.id,))
    if not _has_end(one.situation, now):
        return Ticked(reminded=remind(registry, one, now))
    with work_on(registry, one.id) as work:
        if is_held_past_us(work):
            return Ticked()
        state = conclude(work)
    return Ticked(completed=(one.id,)) if state is State.COMPLETED else Ticked(restricted=(one.id,))


def _has_end(situation: Situation, now: int) -> bool:
    """Whether `conclude` would do something."""
    if situation.state not in (State.FROZEN, State.RESTRICTED):
        return False
    if situation.holds:
        return situation.state is State.FROZEN or situation.restricted_until - now < RENEW
    return not situation.owing and now >= situation.restricted_until


def _resume(registry: Registry, id_: bytes) -> bool:
    with work_on(registry, id_) as work:
        situation, said = work.situation, [s.body for s in work.said if isinstance(s.body, Restricted)]
        soon = soon_after(work.now)
        if (
            not said
            or said[-1].ground != Ground.HOLD
            or situation.holds
            or situation.restricted_until <= soon
        ):
            return False
        retained = [s for s in said if s.ground == Ground.RETENTION and s.until > soon]
        if retained:
            last = retained[-1]
            _restrict(work, Ground.RETENTION, last.law, last.reference, last.kept, last.until)
        else:
            kept = (Kept(_HELD.what, _AFTER_HOLD),)
            _restrict(work, Ground.HOLD, DESTROY_LAW, said[-1].reference, kept, soon)
            for code in sorted(situation.owing):
                notices.tell_duty(work, code)
    return True


def _hold(work: ConsentThread) -> None:
    held_for = ", ".join(disputes_on(work.session, work.row))
    until = hour_of(work.now) + HOLD_TERM
    _restrict(work, Ground.HOLD, HOLD_LAW, held_for[:200] or None, (_HELD,), until)


def _restrict(
    work: ConsentThread,
    ground: Ground,
    law: str,
    reference: str | None,
    kept: tuple[Kept, ...],
    until: int,
    by: Actor | Capacity = Capacity.REGISTRY,
) -> None:
    request, _ = work.request
    times = sum(isinstance(one.body, Restricted) for one in work.said)
    body = Restricted(
        withdrawal=work.row.id,
        request=request,
        ground=ground.value,
        law=law,
        reference=reference,
        kept=kept,
        exempt=_exempt(work),
        restricted_at=work.now,
        until=until,
    )
    leaf = work.move(Move.RESTRICT, by, body, ground=ground, until=until)
    for code in work.recipients:  # what still waits to be sent would have it destroyed
        notices.withhold(work, code, (notices.DESTROY, notices.HELD))
    call = work.registry.client.restrict(work.row.id, leaf, until)
    work.ask(calls.RESTRICTED, call, str(times))
    notices.tell_conclusion(work, leaf, until)


def _complete(work: ConsentThread) -> None:
    request, _ = work.request
    body = Completed(
        withdrawal=work.row.id,
        request=request,
        law=DESTROY_LAW,
        receipts=tuple(sorted(one.leaf for one in work.said if isinstance(one.body, Received))),
        exempt=_exempt(work),
        late=was_late(work),
        completed_at=work.now,
    )
    leaf = work.move(Move.COMPLETE, Capacity.REGISTRY, body)
    work.row.ended_at = work.now
    work.ask(calls.COMPLETED, work.registry.client.complete(work.row.id, leaf))
    notices.tell_conclusion(work, leaf, None)


def was_late(work: ConsentThread) -> bool:
    """Whether any duty was overdue when something was done about it, as the chain's `late` has it (S5.12)."""
    until, frozen = 0, False
    for one in work.said:
        due = (until or work.row.received_at) + DESTRUCTION
        match one.body:
            case Frozen(frozen_at=at):
                due, frozen = work.row.received_at + FREEZE if work.row.minor else due, True
            case Received(received_at=at) | Restricted(restricted_at=at):
                if work.row.minor and not frozen:
                    due = work.row.received_at + FREEZE
            case _:
                continue
        if at > due:
            return True
        if isinstance(one.body, Restricted):
            until = one.body.until
    return work.now > (until or work.row.received_at) + DESTRUCTION


def _exempt(work: ConsentThread) -> tuple[Exempt, ...]:
    return tuple(Exempt(code) for code in sorted(work.recipients) if work.recipients[code].duty == EXEMPT)
