"""Working days against days looked up by hand in the State Council's notices for 2024 to 2026."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.rules.times import at, local
from yinzheng.ledger.rules.calendar import (
    YearDays,
    date_of,
    day_number,
    day_of,
    end_of,
    official_calendar,
    parse_year,
    start_of,
)
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

CALENDAR = official_calendar()


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2024-02-04", True),  # Sunday, worked for the Spring Festival
        ("2024-02-09", True),  # New Year's Eve was not yet a holiday
        ("2024-02-12", False),
        ("2025-01-26", True),  # Sunday, worked
        ("2025-01-28", False),
        ("2025-10-08", False),
        ("2025-10-11", True),  # Saturday, worked
        ("2026-02-14", True),  # Saturday, worked
        ("2026-02-16", False),
        ("2026-02-28", True),  # Saturday, worked
        ("2026-10-10", True),  # Saturday, worked
        ("2026-10-11", False),
        ("2026-11-23", True),
    ],
)
def test_known_days(day: str, working: bool) -> None:
    assert CALENDAR.is_working(day_number(date.fromisoformat(day))) is working


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-11-21 12:00", 5, "2026-11-28 00:00:00"),  # from a Saturday: Monday to Friday
        ("2026-11-20 23:59", 1, "2026-11-24 00:00:00"),  # Friday's own day does not count
        ("2026-11-20 00:00", 5, "2026-11-28 00:00:00"),
        ("2026-09-30 09:00", 5, "2026-10-14 00:00:00"),  # 8, 9, 10 (make-up), 12, 13 October
        ("2026-02-13 09:00", 3, "2026-02-26 00:00:00"),  # 14 (make-up), 24, 25 February
    ],
)
def test_periods(start: str, count: int, end: str) -> None:
    assert local(CALENDAR.add_working_days(at(start), count)) == end


def test_what_is_left_of_a_period() -> None:
    """A notice of five working days, opened on a Friday before a make-up Saturday and a long holiday."""
    opened = at("2026-02-13 10:00")
    ends = CALENDAR.add_working_days(opened, 5)
    days = ["2026-02-13 10:00", "2026-02-14 23:59", "2026-02-23 12:00", "2026-02-24 00:00"]
    assert [CALENDAR.left(at(day), ends) for day in days] == [5, 4, 4, 3]
    assert CALENDAR.left(ends - 1, ends) == 0
    assert CALENDAR.left(ends + 86_400, ends) == 0


def test_days_begin_at_midnight_in_china() -> None:
    assert day_of(at("1970-01-01 00:00")) == 0
    assert day_of(at("1970-01-02 00:00") - 1) == 0
    assert local(start_of(1)) == "1970-01-02 00:00:00"
    assert end_of(0) == start_of(1)


@given(st.integers(at("2004-01-01 00:00"), at("2026-11-01 00:00")), st.integers(1, 30))
def test_adding_and_counting_agree(start: int, count: int) -> None:
    end = CALENDAR.add_working_days(start, count)
    days = range(day_of(start) + 1, day_of(end - 1) + 1)
    assert sum(map(CALENDAR.is_working, days)) == count
    assert CALENDAR.is_working(day_of(end - 1))
    assert (end + 8 * 3600) % 86_400 == 0


@given(st.integers(12_418, 20_400), st.integers(0, 256))
def test_bitmap_has_a_bit_a_day(first: int, count: int) -> None:
    bits = CALENDAR.bitmap(first, count)
    assert bits < 1 << count
    assert all((bits >> i & 1) == CALENDAR.is_working(first + i) for i in range(count))


@pytest.mark.parametrize("count", [0, -1, 1001])
def test_senseless_periods(count: int) -> None:
    with pytest.raises(UsageFault):
        CALENDAR.add_working_days(0, count)


def test_an_unknown_year_is_an_error_with_a_hint() -> None:
    with pytest.raises(EnvironmentFault, match="2027") as refused:
        CALENDAR.add_working_days(at("2026-12-30 09:00"), 3)
    assert refused.value.code == "calendar-year-unknown"
    assert "2027" in refused.value.hint
    assert date_of(CALENDAR.last_day) == date(2026, 12, 31)


YEAR = {"year": 2027, "holidays": ["2027-01-01", "2027-02-08"], "make_up": ["2027-01-02"]}


def test_the_operators_year_continues_the_calendar() -> None:
    calendar = official_calendar([parse_year(YEAR)])
    assert local(calendar.add_working_days(at("2026-12-30 09:00"), 3)) == "2027-01-05 00:00:00"
    assert date_of(calendar.last_day) == date(2027, 12, 31)
    official_calendar([parse_year(YEAR), parse_year(YEAR)])


def test_a_known_year_is_not_replaced() -> None:
    with pytest.raises(DataFault) as refused:
        official_calendar([YearDays(2026, frozenset(), frozenset())])
    assert refused.value.code == "calendar-year-conflict"


@pytest.mark.parametrize(
    "change",
    [
        {"year": "2027"},
        {"year": True},
        {"extra": 1},
        {"holidays": "2027-01-01"},
        {"holidays": ["2026-01-01"]},
        {"holidays": ["2027-02-30"]},
        {"holidays": ["20270101"]},
        {"holidays": ["2027-W01-1"]},
        {"holidays": ["2027-01-01", "2027-01-01"]},
        {"holidays": [1]},
        {"holidays": []},
        {"holidays": ["2027-01-02"], "make_up": []},
        {"make_up": ["2027-01-04"]},
        {"holidays": ["2027-01-01", "2027-01-02"]},
    ],
)
def test_bad_calendar_files(change: dict[str, object]) -> None:
    with pytest.raises(DataFault) as refused:
        parse_year({**YEAR, **change})
    assert refused.value.code == "calendar-file"
