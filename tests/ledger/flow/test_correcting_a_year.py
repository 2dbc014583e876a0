"""A year that the State Council changes after it was taken in: chain first, file last (S5.7)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.world import World, actor_of
from yinzheng.ledger.flow.working_days import add_year, correct_year
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.calendar import YearDays, date_of, day_of
from yinzheng.ledger.rules.profiles import GD_HEALTH
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault


def as_file(year: YearDays) -> bytes:
    listed = {name: [day.isoformat() for day in getattr(year, name)] for name in ("holidays", "make_up")}
    return json.dumps({"year": year.year, **listed}).encode()


def off(registry: Registry, *days: int) -> bytes:
    """This year's file with these working days off."""
    year = registry.calendar.years[date_of(registry_day(registry)).year]
    return as_file(YearDays(year.year, year.holidays | {date_of(day) for day in days}, year.make_up))


def registry_day(registry: Registry) -> int:
    return day_of(registry.clock())


def next_days(registry: Registry, count: int) -> list[int]:
    """The next working days, which publicity would count."""
    days = [registry_day(registry)]
    for _ in range(count):
        days.append(registry.calendar.next_working_day(days[-1]))
    return days[1:]


def test_publicity_to_come_follows_and_what_is_under_way_keeps_its_end(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier", profile=GD_HEALTH.tag)
        end, now = w.publicity_end(registry, case), registry.clock()
        day = next_days(registry, 1)[0]
        corrected = off(registry, day)
        assert correct_year(registry, corrected, actor_of(registry, w.KEEPER)) == date_of(day).year
    with world.open() as registry:
        assert not registry.calendar.is_working(day)
        assert not registry.client.is_working_day(day)
        assert w.publicity_end(registry, case) == end
        later = registry.client.publicity_end_at(GD_HEALTH.tag, now)
        assert later == registry.calendar.add_working_days(now, 5) > end
        head = registry.w3.eth.block_number
        correct_year(registry, corrected, actor_of(registry, w.KEEPER))
        assert registry.w3.eth.block_number == head, "there is nothing left to send"
        with pytest.raises(DataFault) as known:
            add_year(registry, off_nothing_of_2026(registry, day), actor_of(registry, w.KEEPER))
        assert known.value.code == "calendar-year-conflict"
        add_year(registry, corrected, actor_of(registry, w.KEEPER))
    with world.open() as registry:
        assert not registry.calendar.is_working(day), (
            "what was corrected is not undone by handing it in plainly"
        )
    assert world.audit() == []


def off_nothing_of_2026(registry: Registry, day: int) -> bytes:
    """The year as it was before `day` was taken off."""
    year = registry.calendar.years[date_of(day).year]
    return as_file(YearDays(year.year, year.holidays - {date_of(day)}, year.make_up))


@pytest.mark.parametrize(
    ("point", "nth"),
    [("chain.commit.before", 1), ("chain.commit.after", 1), ("calendar.corrected.before", 1)],
)
def test_what_was_interrupted_is_repeated(world: World, point: str, nth: int) -> None:
    with world.open() as registry:
        days = next_days(registry, 2)
        corrected = off(registry, *days)
    with world.open(RaiseAt(point, nth)) as registry, pytest.raises(InjectedFault):
        correct_year(registry, corrected, actor_of(registry, w.KEEPER))
    with world.open() as registry:
        assert all(registry.calendar.is_working(day) for day in days), "the file comes last"
        correct_year(registry, corrected, actor_of(registry, w.KEEPER))
    with world.open() as registry:
        for day in days:
            assert (registry.calendar.is_working(day), registry.client.is_working_day(day)) == (False, False)


def test_a_correction_interrupted_before_midnight_is_finished_after_it(world: World) -> None:
    with world.open() as registry:
        day = next_days(registry, 1)[0]
        corrected = off(registry, day)
    with world.open(RaiseAt("calendar.corrected.before")) as registry, pytest.raises(InjectedFault):
        correct_year(registry, corrected, actor_of(registry, w.KEEPER))
    world.clock.advance(round(timedelta(days=day - day_of(world.clock()), hours=1).total_seconds()))
    with world.open() as registry:
        correct_year(registry, corrected, actor_of(registry, w.KEEPER))
    with world.open() as registry:
        assert not registry.calendar.is_working(day)


def test_what_cannot_be_corrected_changes_nothing(registry: Registry) -> None:
    keeper = actor_of(registry, w.KEEPER)
    today = registry_day(registry)
    unknown = b'{"year": 2099, "holidays": ["2099-01-01"], "make_up": []}'
    before = next(day for day in range(today, 0, -1) if registry.calendar.is_working(day))
    with w.unchanged(registry):
        with pytest.raises(DataFault) as begun:
            correct_year(registry, off(registry, before, *next_days(registry, 1)), keeper)
        with pytest.raises(EnvironmentFault) as nothing:
            correct_year(registry, unknown, keeper)
        with pytest.raises(UsageFault) as refused:
            correct_year(registry, off(registry, *next_days(registry, 1)), actor_of(registry, w.OFFICER))
    assert (begun.value.code, date_of(before).isoformat() in str(begun.value)) == ("calendar-day-begun", True)
    assert nothing.value.code == "calendar-year-unknown"
    assert refused.value.code == "administrator-needed"
    assert not registry.paths.calendar.exists()


def test_what_is_given_up_half_way_leaves_no_day_behind(world: World) -> None:
    with world.open() as registry:
        wrong, right = next_days(registry, 2)
        first, second = off(registry, wrong), off(registry, right)
    with world.open(RaiseAt("calendar.corrected.before")) as registry, pytest.raises(InjectedFault):
        correct_year(registry, first, actor_of(registry, w.KEEPER))
    with world.open() as registry:
        correct_year(registry, second, actor_of(registry, w.KEEPER))
    with world.open() as registry:
        for day, working in ((wrong, True), (right, False)):
            assert (registry.calendar.is_working(day), registry.client.is_working_day(day)) == (working,) * 2
