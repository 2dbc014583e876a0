"""Telling once more who still owes (R32, R33, R35): at half time, 12 hours before the end, and after it.

What is called for follows from the duty's clock, and whether it was done from the notices in the queue. So
each reminder comes once, a crash loses none, and one whose duty was done in between is not sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.withdrawal import Reminder, State
from yinzheng.ledger.withdrawals import duty_notices as notices
from yinzheng.ledger.withdrawals.overview import Overview
from yinzheng.ledger.withdrawals.work import ConsentThread, work_on


def remind(registry: Registry, one: Overview, now: int) -> int:
    """Tell who still owes what is called for at `now`; gives how many notices were queued."""
    if not any(called_for(one, now)):
        return 0
    with work_on(registry, one.id) as work:
        # Between the look and the lock someone may have answered.
        mine = [due for due in called_for(one, now) if _still_owes(work, *due)]
        return sum(_tell(work, *due) for due in mine)


def called_for(one: Overview, now: int) -> Iterator[tuple[str, str, Reminder | None]]:
    """Who is to be told what, and why: credit code, kind of notice, reminder."""
    situation = one.situation
    if situation.state is State.NOTIFIED:
        due = situation.freeze_by or situation.destroy_by
        yield from _unless_told(one, situation.controller, notices.FREEZE, *situation.reminder(now, due))
    if situation.holds:
        if situation.state is State.NOTIFIED:
            for code in sorted(situation.owing):
                if not one.told_last(code, notices.HELD, notices.DESTROY):
                    yield code, notices.HELD, None
        return
    restricted = situation.state is State.RESTRICTED and now < situation.restricted_until
    if situation.state in (State.NOTIFIED, State.FROZEN, State.RESTRICTED) and not restricted:
        since, reminder = situation.reminder(now, situation.destroy_by)
        for code in sorted(situation.owing):
            if (code, notices.HELD) in one.told and not one.told_last(code, notices.DESTROY, notices.HELD):
                yield code, notices.DESTROY, None
            else:
                yield from _unless_told(one, code, notices.DESTROY, since, reminder)


def _unless_told(
    one: Overview, code: str, kind: str, since: int, reminder: Reminder | None
) -> Iterator[tuple[str, str, Reminder | None]]:
    told = one.told.get((code, kind))
    if told is None:
        # It is told for the first time, as when it was enrolled since.
        yield code, kind, None
    elif told < since:
        yield code, kind, reminder


def _still_owes(work: ConsentThread, code: str, kind: str, _: Reminder | None) -> bool:
    situation = work.situation
    if kind == notices.FREEZE:
        return situation.state is State.NOTIFIED
    return code in situation.owing and bool(situation.holds) == (kind == notices.HELD)


def _tell(work: ConsentThread, code: str, kind: str, reminder: Reminder | None) -> bool:
    if kind == notices.FREEZE:
        return notices.tell_controller(work, reminder)
    other = notices.DESTROY if kind == notices.HELD else notices.HELD
    notices.withhold(work, code, (other,))
    return notices.tell_duty(work, code, reminder)
