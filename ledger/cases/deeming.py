"""The clock of a case (R11, R24): what is due when, and acceptance by silence.

Only dates and types of events are looked at, so that anyone who may read the case's history can compute the
same deadlines without opening a dossier.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, select

from yinzheng.ledger.cases.asked import silent_procedure
from yinzheng.ledger.cases.protests import against_case
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.calendar import WorkingCalendar
from yinzheng.ledger.rules.deadlines import DatedMove, Deadlines, deadlines
from yinzheng.ledger.rules.profiles import profile_for
from yinzheng.ledger.rules.states import COURSES, Capacity, Move, State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Objection
from yinzheng.verifier.bytes.canonical import JSON

_MOVES: Final[dict[str, Move]] = {
    "application.received": Move.APPLY,
    "application.accepted": Move.ACCEPT,
    "supplement.requested": Move.REQUEST_SUPPLEMENT,
    "supplement.given": Move.GIVE_SUPPLEMENT,
    "publicity.opened": Move.PUBLISH,
    "application.refused": Move.REFUSE,
    **{
        rule.statement.value: Move.DEPOSIT
        for course in COURSES.values()
        for rule in course.rules
        if rule.move is Move.DEPOSIT and rule.statement is not None
    },
}


def deadlines_of(session: Session, case: Case, calendar: WorkingCalendar, now: int) -> Deadlines:
    """What is due in a case, as far as the calendar reaches."""
    moves = [
        DatedMove(_MOVES[event.type], event.at, until=case.publicity_end)
        for event in repository.events_of_case(session, case.id)
        if event.type in _MOVES
    ]
    for objection in session.exec(select(Objection).where(*against_case(case.id))):
        name = objection.leaf.hex()
        moves.append(DatedMove(Move.OBJECT, objection.raised_at, objection=name))
        if objection.concluded_at is not None:
            ended = Move.UPHOLD if objection.upheld else Move.DISMISS
            moves.append(DatedMove(ended, objection.concluded_at, objection=name))
    moves.sort(key=lambda move: move.at)
    return deadlines(calendar, profile_for(case.profile), moves, now)


def deem_accepted(registry: Registry) -> list[str]:
    """Record acceptance by silence for each application unanswered too long (R11); returns the cases."""
    with registry.store.reading() as session:
        waiting = session.exec(select(Case.id).where(Case.state == State.APPLIED.value)).all()
    return [case_id for case_id in waiting if _deem(registry, case_id)]


def _deem(registry: Registry, case_id: str) -> bool:
    with work_on(registry, case_id) as work:
        due = deadlines_of(work.session, work.case, registry.calendar, work.now)
        since = due.deemed_accepted_at
        if since is None or work.now < since:
            return False
        rule = work.allow(Move.DEEM_ACCEPTED, Capacity.REGISTRY)
        procedure = silent_procedure(work)
        work.case.procedure = procedure.value
        body: dict[str, JSON] = {"v": 1, "deemed": True, "since": since, "procedure": procedure.value}
        work.write(rule, work.compose(rule, body))
        return True
