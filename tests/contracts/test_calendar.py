"""Working days on the chain against the rules' calendar, at their edges (S5.7)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contracts.world import World, b32
from yinzheng.ledger.chain.reverts import CalendarShort, NotEntitled, ValueRefused, WrongState
from yinzheng.ledger.rules.calendar import (
    WorkingCalendar,
    date_of,
    day_of,
    end_of,
    official_calendar,
    start_of,
)
from yinzheng.verifier.errors import EnvironmentFault

CALENDAR = official_calendar()
TAG = "GD-HEALTH/1"


def test_the_chain_knows_the_published_days(world: World) -> None:
    first, end = world.client.calendar_range()
    assert end == CALENDAR.last_day + 1
    for day in range(first, end):
        assert world.client.is_working_day(day) == CALENDAR.is_working(day)


def test_year_end(world: World) -> None:
    """From the last days of December publicity runs into a year with its own holidays, or is refused."""
    first, end = world.client.calendar_range()
    year_ends = [day for day in range(first, end) if date_of(day).month == 12 and date_of(day).day > 26]
    assert year_ends
    for day in year_ends:
        try:
            wanted = CALENDAR.add_working_days(start_of(day), 5)
        except EnvironmentFault:
            with pytest.raises(CalendarShort):
                world.client.publicity_end_at(TAG, start_of(day))
        else:
            assert world.client.publicity_end_at(TAG, start_of(day)) == wanted


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_ends_agree_with_the_rules(world: World, data: st.DataObject) -> None:
    first, end = world.client.calendar_range()
    instant = data.draw(st.integers(start_of(first), end_of(end - 20)))
    assert world.client.publicity_end_at(TAG, instant) == CALENDAR.add_working_days(instant, 5)


def test_midnight_at_plus_eight(world: World) -> None:
    """A second before midnight in China still counts as the day that ends, whatever the date in UTC."""
    monday = next(d for d in range(world.client.calendar_range()[0], CALENDAR.last_day) if week_of_work(d))
    midnight = start_of(monday)
    assert world.client.publicity_end_at(TAG, midnight) == end_of(next_working(monday, 5))
    assert world.client.publicity_end_at(TAG, midnight - 1) == end_of(next_working(monday - 1, 5))
    assert next_working(monday, 5) != next_working(monday - 1, 5)


def week_of_work(monday: int) -> bool:
    return date_of(monday).weekday() == 0 and CALENDAR.is_working(monday)


def next_working(day: int, count: int) -> int:
    for _ in range(count):
        day = CALENDAR.next_working_day(day)
    return day


def test_publicity_is_fixed_at_publication(world: World) -> None:
    world.send(world.publish(b32(1), profile=TAG))
    case = world.client.case(b32(1))
    assert case is not None
    assert case.publicity_end == CALENDAR.add_working_days(case.published_at, 5)
    tomorrow = day_of(world.now) + 1
    world.send(
        world.client.correct_calendar(tomorrow, working=not CALENDAR.is_working(tomorrow)), world.admin
    )
    assert world.client.case(b32(1)) == case
    world.send(world.publish(b32(2), profile=TAG))
    moved = world.client.case(b32(2))
    assert moved is not None
    assert moved.publicity_end != case.publicity_end


def test_unknown_days_refuse_publication(world: World) -> None:
    world.next_block_at(end_of(CALENDAR.last_day - 2))
    with pytest.raises(CalendarShort) as caught:
        world.send(world.publish(b32(1), profile=TAG))
    assert caught.value.data["day"] == CALENDAR.last_day + 1
    world.next_block_at(end_of(CALENDAR.last_day + 300))
    with pytest.raises(CalendarShort):
        world.send(world.publish(b32(1), profile=TAG))
    assert world.client.case(b32(1)) is None


def test_the_calendar_only_grows_at_its_end(world: World) -> None:
    client = world.client
    end = client.calendar_range()[1]
    for first in (end - 1, end + 1, 0):
        with pytest.raises(ValueRefused) as caught:
            world.send(client.extend_calendar(first, 1, 1), world.admin)
        assert caught.value.data["expected"] == end
    for count, bits in ((0, 0), (257, 0), (3, 0b1000), (255, 1 << 255)):
        with pytest.raises(ValueRefused) as caught:
            world.send(client.extend_calendar(end, count, bits), world.admin)
        assert caught.value.code == "calendar-extension"
    world.send(client.extend_calendar(end, 256, (1 << 256) - 1), world.admin)
    world.send(client.extend_calendar(end + 256, 3, 0b101), world.admin)
    assert [client.is_working_day(end + n) for n in (0, 255, 256, 257, 258)] == [
        True,
        True,
        True,
        False,
        True,
    ]
    with pytest.raises(CalendarShort):
        client.is_working_day(end + 259)


def test_days_that_have_begun_stay(world: World) -> None:
    today = day_of(world.now)
    for day in (today, today - 1):
        with pytest.raises(WrongState):
            world.send(world.client.correct_calendar(day, working=False), world.admin)
    with pytest.raises(CalendarShort):
        world.send(world.client.correct_calendar(CALENDAR.last_day + 1, working=True), world.admin)
    for working in (False, True, True):
        world.send(world.client.correct_calendar(today + 1, working=working), world.admin)
        assert world.client.is_working_day(today + 1) is working


def test_only_the_keeper_keeps_it(world: World) -> None:
    end = world.client.calendar_range()[1]
    for call in (
        world.client.extend_calendar(end, 1, 1),
        world.client.correct_calendar(end - 1, working=True),
        world.client.define_profile("X/1", 5, 0),
    ):
        with pytest.raises(NotEntitled):
            world.send(call)


def test_profiles_are_written_once(world: World) -> None:
    client = world.client
    with pytest.raises(WrongState):
        world.send(client.define_profile(TAG, 6, 0), world.admin)
    for tag, days, seconds in (
        ("X/1", 0, 0),
        ("X/1", 1, 1),
        ("X/1", 0, 5),
        ("DEMOS/1", 0, 5),
        ("X/1", 61, 0),
    ):
        with pytest.raises(ValueRefused):
            world.send(client.define_profile(tag, days, seconds), world.admin)
    world.send(client.define_profile("X/1", 60, 0), world.admin)
    world.send(client.define_profile("DEMO/2", 0, 5), world.admin)
    assert client.profile("X/1") == (60, 0)
    assert client.profile("DEMO/2") == (0, 5)
    assert client.profile("X/2") is None
    with pytest.raises(WrongState) as caught:
        world.send(world.publish(b32(1), profile="X/2"))
    assert caught.value.code == "profile-unknown"


def test_bitmap_is_what_the_chain_takes() -> None:
    calendar: WorkingCalendar = CALENDAR
    first = CALENDAR.last_day - 9
    bits = calendar.bitmap(first, 10)
    assert [bits >> n & 1 == 1 for n in range(10)] == [calendar.is_working(first + n) for n in range(10)]
