"""Instants as people write them: one reader for every command."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final

from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import UsageFault

_SECONDS: Final = re.compile(r"0|[0-9]{9,12}")
_WRITTEN: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_DIGITS: Final = re.compile("[0-9]+")
_LAST_SECOND: Final = timedelta(days=1, seconds=-1)


class Day(Enum):
    """What a date without a time of day means, where one is given."""

    BEGINS = "begins"
    """Its first second: from when on."""
    ENDS = "ends"
    """Its last second: until when, or how things stood that day."""
    TOO_LITTLE = "too little"
    """Nothing: something happened at an instant, and a guess would be written down as one."""


def parse_instant(written: str, day: Day = Day.TOO_LITTLE) -> int:
    """UTC seconds of `2026-11-22T10:00` (at +08:00 unless it says otherwise), or of a number of them.

    A number of eight digits is refused: to one reader it is a date, to another a day in 1970.
    Raises `UsageFault` `instant`.
    """
    if _SECONDS.fullmatch(written):
        return int(written)
    if (form := _WRITTEN.fullmatch(written)) is None:
        raise _refused(written, "is no date and time", day)
    try:
        found = datetime.fromisoformat(written)
        if form[1] is None and day is Day.ENDS:
            found += _LAST_SECOND
        instant = int((found if found.tzinfo else found.replace(tzinfo=CHINA)).timestamp())
    except (ValueError, OverflowError):
        raise _refused(written, "is no date and time", day) from None
    if form[1] is None and day is Day.TOO_LITTLE:
        raise _refused(written, "lacks the time of day", day)
    return instant


def birth_date(written: str) -> str:
    """A date as people write it, as `YYYY-MM-DD`: 1980-2-29, 19800229, 1980年2月29日, in any width.

    Raises `UsageFault` `born-malformed`.
    """
    parts = _DIGITS.findall(unicodedata.normalize("NFKC", written))
    if len(parts) == 1 and len(parts[0]) == 8:
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    try:
        year, month, day = (int(part) for part in parts if len(part) <= 4)
        found = date(year, month, day)
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year <= 2099:
        raise UsageFault("this is not a date of birth", code="born-malformed", hint="Write 1980-02-29.")
    return found.isoformat()


def _refused(written: str, why: str, day: Day) -> UsageFault:
    date = "" if day is Day.TOO_LITTLE else "2026-11-22, "
    hint = f"Write {date}2026-11-22T15:00 (+08:00), 2026-11-22T07:00:00Z, or UTC seconds."
    return UsageFault(f"{written} {why}", code="instant", hint=hint)
