"""How long records must be kept (R42), and when one may be destroyed at all (R39).

A period is counted by date at +08:00 and ends with the day before its anniversary; from 00:00 of that day on
the record may be destroyed. An anniversary that the month does not have falls on the first of the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from yinzheng.ledger.rules.calendar import date_of, day_number, day_of, start_of
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault


class RecordKind(StrEnum):
    """Kinds of records with a period of their own."""

    REGISTRATION_FILE = "registration_file"
    ACCESS_LOG = "access_log"
    OUTPATIENT_RECORD = "outpatient_record"
    INPATIENT_RECORD = "inpatient_record"


@dataclass(frozen=True, slots=True)
class Period:
    """A period in months, what the law asks at least, and what it counts from."""

    months: int
    least: int
    counted_from: str


PERIODS: Mapping[RecordKind, Period] = MappingProxyType(
    {
        RecordKind.REGISTRATION_FILE: Period(30 * 12, 20 * 12, "the end of the registration"),
        RecordKind.ACCESS_LOG: Period(6, 6, "the entry"),
        RecordKind.OUTPATIENT_RECORD: Period(15 * 12, 15 * 12, "the last visit"),
        RecordKind.INPATIENT_RECORD: Period(30 * 12, 30 * 12, "discharge"),
    }
)
"""The default table (R42)."""

LONGEST = 100 * 12
"""Months; a longer period is a slip of the pen."""


def read_periods(value: JSON) -> Mapping[RecordKind, Period]:
    """The table with the periods a registry sets itself, `{"registration_file": 360, …}` in months (R42).

    What is not named keeps its default. Raises `DataFault`: `retention-kind`, `retention-period` for one that
    is shorter than the law asks, or longer than a hundred years.
    """
    if not isinstance(value, dict):
        raise DataFault("the periods are not a JSON object", code="retention-kind")
    table = dict(PERIODS)
    for name, months in value.items():
        if name not in {kind.value for kind in RecordKind}:
            raise DataFault(
                "a period is of no kind of record there is",
                code="retention-kind",
                hint=f"One of: {', '.join(RecordKind)}.",
            )
        kind = RecordKind(name)
        least = PERIODS[kind].least
        if type(months) is not int or not least <= months <= LONGEST:
            raise DataFault(
                f"the period of {kind} is not a whole number of months from {least} to {LONGEST}",
                code="retention-period",
                hint="The law asks for no less (R42).",
            )
        table[kind] = replace(PERIODS[kind], months=months)
    return MappingProxyType(table)


def months_after(instant: int, months: int) -> int:
    """Give the UTC instant of 00:00 at +08:00 of the day `months` after the day `instant` falls in."""
    return _months_after_day(day_of(instant), months)


@lru_cache(maxsize=4096)  # a million consents are given on few days
def _months_after_day(day: int, months: int) -> int:
    start = date_of(day)
    years, month = divmod(start.month - 1 + months, 12)
    try:
        anniversary = date(start.year + years, month + 1, start.day)
    except ValueError:
        # The month is too short. It is never December, so the next one is in the same year.
        anniversary = date(start.year + years, month + 2, 1)
    return start_of(day_number(anniversary))


def kept_until(kind: RecordKind, since: int, table: Mapping[RecordKind, Period] = PERIODS) -> int:
    """Give the first UTC instant at which a record of this kind may be destroyed."""
    return months_after(since, table[kind].months)


class Blocker(StrEnum):
    """What keeps a record from being destroyed."""

    HOLD = "hold"
    RETENTION = "retention"


def blockers(*, holds: int, kept_until: int | None, now: int) -> frozenset[Blocker]:
    """Tell what keeps a record from being destroyed at `now`; a hold outranks the end of retention (R39).

    Args:
        holds: disputes that hold the record.
        kept_until: the end of its statutory retention, or None where there is none.
        now: UTC seconds.
    """
    found = set()
    if holds:
        found.add(Blocker.HOLD)
    if kept_until is not None and now < kept_until:
        found.add(Blocker.RETENTION)
    return frozenset(found)
