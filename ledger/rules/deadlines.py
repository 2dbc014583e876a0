"""Deadlines of a first registration as a pure function over its dated moves (R11, R24).

Acceptance is told within 3 working days; otherwise the case counts as accepted from the next working day.
A supplement given starts that period afresh. The decision falls within 10 working days of acceptance (10 more
once extended), and the clock stands still while a supplement is awaited, during publicity, and while an
objection is open. A working day counts when the clock ran the whole of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from yinzheng.ledger.rules.calendar import WorkingCalendar, day_of, end_of, start_of
from yinzheng.ledger.rules.profiles import Profile
from yinzheng.ledger.rules.states import Move
from yinzheng.verifier.errors import EnvironmentFault, UsageFault


@dataclass(frozen=True, slots=True)
class DatedMove:
    """One move of a case and when it was made (UTC seconds).

    `until`: for a publication, when publicity ends. `objection`: for objections and their ends, which one.
    """

    move: Move
    at: int
    until: int | None = None
    objection: str = ""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What is due when; every instant is 24:00 at +08:00 of the last day, in UTC seconds, or None.

    `deemed_accepted_at` is the 00:00 from which a case not yet answered counts as accepted. `decision_due`
    and `decision_due_extended` are None before acceptance, after the end, and while `stopped` with the end
    of the standstill not yet known. `objections_due` pairs each open objection with its own limit.
    `unknown_years` are years of the calendar that nobody has handed in, though some deadline reaches into
    them: that deadline alone is None.
    """

    acceptance_due: int | None = None
    deemed_accepted_at: int | None = None
    decision_due: int | None = None
    decision_due_extended: int | None = None
    stopped: bool = False
    objections_due: tuple[tuple[str, int | None], ...] = ()
    unknown_years: frozenset[int] = frozenset()

    def overdue(self, now: int) -> bool:
        """Tell whether the decision, or the investigation of an objection, is late at `now`."""
        limits = [due for _, due in self.objections_due if due is not None]
        if self.decision_due_extended is not None:
            limits.append(self.decision_due_extended)
        return any(now >= due for due in limits)


@dataclass(slots=True)
class _Clock:
    """What the moves so far have set running or stopped."""

    waiting_since: int | None = None
    accepted_at: int | None = None
    finished: bool = False
    supplement_since: int | None = None
    objections: dict[str, int] = field(default_factory=dict)
    pauses: list[tuple[int, int]] = field(default_factory=list)

    def take(self, event: DatedMove) -> None:
        match event.move:
            case Move.APPLY:
                self.waiting_since = event.at
            case Move.ACCEPT | Move.DEEM_ACCEPTED:
                self.waiting_since, self.accepted_at = None, event.at
            case Move.REQUEST_SUPPLEMENT:
                self.waiting_since, self.supplement_since = None, event.at
            case Move.GIVE_SUPPLEMENT:
                self._supplemented(event.at)
            case Move.PUBLISH | Move.PUBLISH_WAIVED:
                self.pauses.append((event.at, event.at if event.until is None else event.until))
            case Move.OBJECT:
                self.objections[event.objection] = event.at
            case Move.DISMISS | Move.UPHOLD:
                raised = self.objections.pop(event.objection, event.at)
                self.pauses.append((raised, event.at))
                self.finished |= event.move is Move.UPHOLD
            case Move.REFUSE | Move.DEPOSIT:
                self.finished, self.waiting_since = True, None
            case _:
                pass

    def _supplemented(self, at: int) -> None:
        if self.supplement_since is not None:
            self.pauses.append((self.supplement_since, at))
            self.supplement_since = None
        if self.accepted_at is None:
            self.waiting_since = at

    @property
    def open_pause(self) -> int | None:
        """Give the earliest instant since which the clock stands still with no known end."""
        since = [*self.objections.values()]
        if self.supplement_since is not None:
            since.append(self.supplement_since)
        return min(since, default=None)


def deadlines(calendar: WorkingCalendar, profile: Profile, moves: Sequence[DatedMove], now: int) -> Deadlines:
    """Compute what is due in a case at `now` from its moves in order, as far as the calendar goes.

    Raises:
        UsageFault: `moves-out-of-order`.
    """
    clock = _Clock()
    last = moves[0].at if moves else 0
    for event in moves:
        if event.at < last:
            raise UsageFault("The moves of a case are not in order of time.", code="moves-out-of-order")
        last = event.at
        clock.take(event)
    if clock.finished:
        return Deadlines()
    horizon = _Horizon()
    acceptance = deemed = decision = extended = None
    if clock.waiting_since is not None:
        since = clock.waiting_since
        acceptance = horizon.see(lambda: calendar.add_working_days(since, profile.acceptance_days))
    if acceptance is not None:
        last_day = day_of(acceptance - 1)
        deemed = horizon.see(lambda: start_of(calendar.next_working_day(last_day)))
    running = clock.open_pause is not None or any(start <= now < end for start, end in clock.pauses)
    if clock.accepted_at is not None:
        days, more = profile.decision_days, profile.decision_extension_days
        decision = horizon.see(lambda: _decision(calendar, clock, days))
        extended = horizon.see(lambda: _decision(calendar, clock, days + more))
    return Deadlines(
        acceptance_due=acceptance,
        deemed_accepted_at=deemed,
        decision_due=decision,
        decision_due_extended=extended,
        stopped=clock.accepted_at is not None and running,
        objections_due=tuple(
            (name, horizon.see(partial(calendar.add_working_days, at, profile.objection_days)))
            for name, at in clock.objections.items()
        ),
        unknown_years=frozenset(horizon.beyond),
    )


@dataclass(slots=True)
class _Horizon:
    """How far the calendar reaches: what lies beyond is None, and its year noted."""

    beyond: set[int] = field(default_factory=set)

    def see(self, deadline: Callable[[], int | None]) -> int | None:
        try:
            return deadline()
        except EnvironmentFault as fault:
            if fault.code != "calendar-year-unknown":
                raise
            self.beyond.add(fault.data["year"])
            return None


def _decision(calendar: WorkingCalendar, clock: _Clock, count: int) -> int | None:
    assert clock.accepted_at is not None
    paused = _days(clock.pauses)
    stop = None if clock.open_pause is None else day_of(clock.open_pause)
    day = day_of(clock.accepted_at)
    while count:
        day += 1
        if stop is not None and day >= stop:
            return None
        count -= calendar.is_working(day) and day not in paused
    return end_of(day)


def _days(pauses: Iterable[tuple[int, int]]) -> frozenset[int]:
    """Give the days a pause touches; one that ends at 00:00 leaves the day it ends on untouched."""
    return frozenset(
        day for start, end in pauses if end > start for day in range(day_of(start), day_of(end - 1) + 1)
    )
