"""Working days on the mainland, make-up days included, counted at +08:00.

A *day* is the number of days since 1970-01-01 at +08:00 (S5.7). The years the state has published come
from `chinesecalendar`; later years are handed in by the operator. A year nobody has published is an error,
never a guess: weekends alone would give wrong deadlines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from yinzheng.verifier.bytes.china_time import OFFSET
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

DAY_SECONDS = 86_400
_EPOCH = date(1970, 1, 1)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day_of(instant: int) -> int:
    """Give the day at +08:00 that a UTC instant falls in."""
    return (instant + OFFSET) // DAY_SECONDS


def start_of(day: int) -> int:
    """Give the UTC instant of 00:00 at +08:00 of a day."""
    return day * DAY_SECONDS - OFFSET


def end_of(day: int) -> int:
    """Give the UTC instant of 24:00 at +08:00 of a day, the first instant that no longer belongs to it."""
    return start_of(day + 1)


def date_of(day: int) -> date:
    """Give the date of a day."""
    return _EPOCH + timedelta(days=day)


def day_number(when: date) -> int:
    """Give the day of a date."""
    return (when - _EPOCH).days


@dataclass(frozen=True, slots=True)
class YearDays:
    """One published year: weekdays off, and weekend days worked to make up for them."""

    year: int
    holidays: frozenset[date]
    make_up: frozenset[date]

    def is_working(self, when: date) -> bool:
        """Tell whether people work on `when`, a date of this year."""
        return when in self.make_up or (when.weekday() < 5 and when not in self.holidays)

    @property
    def days(self) -> range:
        """Its days, as numbers (S5.7)."""
        return range(day_number(date(self.year, 1, 1)), day_number(date(self.year + 1, 1, 1)))

    @property
    def working(self) -> int:
        """How many working days it has."""
        return sum(self.is_working(date_of(day)) for day in self.days)


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The years that are known. All methods raise `EnvironmentFault` `calendar-year-unknown` outside them."""

    years: Mapping[int, YearDays]

    def is_working(self, day: int) -> bool:
        """Tell whether `day` is a working day."""
        when = date_of(day)
        try:
            return self.years[when.year].is_working(when)
        except KeyError:
            raise EnvironmentFault(
                f"The working days of {when.year} are not known.",
                code="calendar-year-unknown",
                hint=f"Hand in the State Council's holidays and make-up days of {when.year}: "
                f"`yinzheng calendar {when.year}.json --as ADMINISTRATOR`; nothing was recorded.",
                year=when.year,
            ) from None

    def add_working_days(self, start: int, count: int) -> int:
        """Give 24:00 at +08:00 of the `count`-th working day after the day of the UTC instant `start`.

        The period is over at the returned instant and not before (S5.7).

        Raises:
            UsageFault: `calendar-span`, unless 1 <= count <= 1000.
        """
        if not 1 <= count <= 1000:
            raise UsageFault("A period is 1 to 1000 working days.", code="calendar-span")
        day = day_of(start)
        while count:
            day += 1
            count -= self.is_working(day)
        return end_of(day)

    def left(self, now: int, until: int) -> int:
        """Give how many working days are left after the day of `now`, up to the instant `until` (both UTC).

        On the day on which a period of working days ends none is left: it ends at 24:00.
        """
        return sum(self.is_working(day) for day in range(day_of(now) + 1, day_of(until - 1) + 1))

    def next_working_day(self, day: int) -> int:
        """Give the first working day after `day`."""
        return day_of(self.add_working_days(start_of(day), 1) - 1)

    def bitmap(self, first_day: int, count: int) -> int:
        """Give the days from `first_day` as bits: bit i, from the least significant, is day `first_day + i`.

        1 is a working day. This is what the calendar on chain is fed with (S5.7).
        """
        return sum(self.is_working(first_day + i) << i for i in range(count))

    def plus(self, year: YearDays) -> WorkingCalendar:
        """The same with one more year.

        Raises:
            DataFault: `calendar-year-conflict`, when it is known already and the days differ.
        """
        if self.years.get(year.year, year) != year:
            raise DataFault(
                f"The working days of {year.year} are known already, and differ.",
                code="calendar-year-conflict",
                hint="If the State Council moved days after it had published them: "
                f"`yinzheng calendar {year.year}.json --correct --as ADMINISTRATOR`; nothing was recorded.",
            )
        return self.corrected_by(year)

    def corrected_by(self, year: YearDays) -> WorkingCalendar:
        """The same with that year, whatever it was before."""
        return WorkingCalendar(MappingProxyType({**self.years, year.year: year}))

    def changed_by(self, year: YearDays) -> list[int]:
        """Give the days that are otherwise in `year`, a year that is known."""
        return [day for day in year.days if self.is_working(day) != year.is_working(date_of(day))]

    @property
    def last_day(self) -> int:
        """Give the last day of the unbroken run of known years."""
        year = min(self.years)
        while year + 1 in self.years:
            year += 1
        return day_number(date(year, 12, 31))


@lru_cache(maxsize=1)
def _published() -> Mapping[int, YearDays]:
    import chinese_calendar  # the registry alone has it: who signs at home counts no working days

    holidays, make_up = chinese_calendar.constants.holidays, chinese_calendar.constants.workdays
    years = range(min(holidays).year, max(holidays).year + 1)
    return MappingProxyType(
        {
            year: YearDays(
                year,
                frozenset(d for d in holidays if d.year == year and d.weekday() < 5),
                frozenset(d for d in make_up if d.year == year and d.weekday() >= 5),
            )
            for year in years
        }
    )


def official_calendar(extra: Iterable[YearDays] = (), corrected: Iterable[YearDays] = ()) -> WorkingCalendar:
    """Build the calendar of the published years and the operator's `extra` ones; a `corrected` year wins.

    Raises:
        DataFault: `calendar-year-conflict`, when a year is known already and the days differ.
    """
    right = {year.year: year for year in corrected}
    calendar = WorkingCalendar(MappingProxyType({**_published(), **right}))
    for given in extra:
        if given.year not in right:
            calendar = calendar.plus(given)
    return calendar


def parse_year(value: Any) -> YearDays:
    """Read one operator's year, JSON already parsed: `{"year", "holidays": [...], "make_up": [...]}`.

    Dates are `YYYY-MM-DD` of that year; holidays on weekends are allowed and mean nothing; make-up days
    are Saturdays or Sundays.

    Raises:
        DataFault: `calendar-file`, naming what is wrong.
    """
    if not isinstance(value, dict) or value.keys() != {"year", "holidays", "make_up"}:
        raise _bad_year("it must hold exactly year, holidays and make_up")
    year = value["year"]
    if type(year) is not int or not 1970 <= year <= 9999:
        raise _bad_year("year is not a year")
    holidays = _dates(value["holidays"], year, "holidays")
    make_up = _dates(value["make_up"], year, "make_up")
    if not any(d.weekday() < 5 for d in holidays):
        raise _bad_year("holidays has no weekday; no year is without one")
    if any(d.weekday() < 5 for d in make_up):
        raise _bad_year("make_up has a day that is no Saturday or Sunday")
    if make_up & holidays:
        raise _bad_year("a day is both a holiday and a make-up day")
    return YearDays(year, frozenset(d for d in holidays if d.weekday() < 5), make_up)


FEASTS: Final = ((1, 1), (5, 1), (10, 1))
"""New Year, Labour Day and the National Day: nobody works on them in any year."""

FREE: Final = range(9, 17)
"""Weekdays off less weekends worked: moving days changes neither side, so that it is about the number of
statutory holidays. It was 9 to 13 in every year since 2004."""


def require_plausible(year: YearDays, today: date) -> None:
    """Refuse a year that cannot be what was published.

    Raises:
        DataFault: `calendar-implausible`, saying why.
    """
    free = len(year.holidays) - len(year.make_up)
    worked = [f"{month}-{day}" for month, day in FEASTS if year.is_working(date(year.year, month, day))]
    why = ""
    if not today.year - 1 <= year.year <= today.year + 2:
        why = f"it is {today.year}, and nobody publishes {year.year} now"
    elif worked:
        why = f"people would work on {', '.join(worked)}"
    elif free not in FREE:
        why = f"weekdays off less weekends worked are {free}, and were 9 to 13 in every year"
    if why:
        raise DataFault(
            f"The calendar of {year.year} cannot be right: {why}.",
            code="calendar-implausible",
            hint="Compare it with the State Council's notice; nothing was recorded.",
        )


def _dates(value: Any, year: int, field: str) -> frozenset[date]:
    if not isinstance(value, list) or len(value) > 366:
        raise _bad_year(f"{field} is not a list of dates")
    try:
        dates = [
            date.fromisoformat(text) for text in value if isinstance(text, str) and _DATE.fullmatch(text)
        ]
    except ValueError:
        raise _bad_year(f"{field} has something that is no date") from None
    if len(dates) != len(value) or len(set(dates)) != len(dates) or any(d.year != year for d in dates):
        raise _bad_year(f"{field} has something twice, of another year, or that is no YYYY-MM-DD")
    return frozenset(dates)


def _bad_year(what: str) -> DataFault:
    return DataFault(
        f"The calendar of a year is wrong: {what}.",
        code="calendar-file",
        hint='Write {"year": 2027, "holidays": ["2027-01-01", …], "make_up": […]} as announced.',
    )
