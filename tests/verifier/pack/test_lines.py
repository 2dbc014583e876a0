"""Times in a report are worked out by the verifier itself; Python's calendar says the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.verifier.words.court.pieces import instant

BEIJING = timezone(timedelta(hours=8))
LAST = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=BEIJING).timestamp())


def by_calendar(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S +08:00")


@given(st.integers(0, LAST))
def test_any_time_is_what_the_calendar_says(at: int) -> None:
    assert instant(at) == by_calendar(at)


@pytest.mark.parametrize("year", [1972, 1999, 2000, 2026, 2100, 2400, 9999])
def test_ends_and_leap_days_are_what_the_calendar_says(year: int) -> None:
    for month in (1, 2, 3, 12):
        first = int(datetime(year, month, 1, tzinfo=BEIJING).timestamp())
        for at in (first - 1, first, first + 27 * 86_400, first + 28 * 86_400):
            assert instant(at) == by_calendar(at)


def test_what_lies_outside_the_calendar_is_given_in_seconds() -> None:
    assert instant(LAST).startswith("9999-12-31 23:59:59")
    assert instant(LAST + 1) == f"{LAST + 1} s"
    assert instant(-1) == "-1 s"
