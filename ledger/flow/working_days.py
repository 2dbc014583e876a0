"""The years of working days an operator has handed in, beside those the program knows (R11, S5.7).

STATE/calendar/2027.json             one published year, as `ledger.rules.calendar.parse_year` reads it
STATE/calendar/corrected/2027.begun  days that a correction under way changes, on the chain already or not
STATE/calendar/corrected/2027.json   the same year as the State Council changed it later, which counts
"""

from __future__ import annotations

import time
from pathlib import Path

from yinzheng.ledger.chain.configuration import configure, corrections
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.people.acting import Actor, admit, key_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.calendar import (
    WorkingCalendar,
    YearDays,
    date_of,
    day_of,
    official_calendar,
    parse_year,
)
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.rules.profiles import PROFILES
from yinzheng.ledger.state.files import make_folder, write_durably
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_BYTES = 64 * 1024
_DAYS = canonical.list_of(canonical.integer(0, 2**32 - 1), 0, 366)
PATIENCE = 60.0
"""Seconds that the network has for each transaction."""


def calendar_of(paths: Paths) -> WorkingCalendar:
    """The calendar of this registry. Raises `DataFault` (`calendar-file`, `calendar-year-conflict`)."""
    return official_calendar(_years(paths.calendar), _years(_corrected(paths)))


def add_year(registry: Registry, published: bytes, by: Actor) -> int:
    """Take in a published year, the bytes of its file, and put its days on the chain's calendar, by an
    administrator; the year.

    Repeating it finishes what was interrupted. Raises `DataFault` (`calendar-file`,
    `calendar-year-conflict`), `UsageFault` as `admit`.
    """
    keeper = _keeper(registry, by)
    added = _parsed(published)
    calendar = registry.calendar.plus(added)
    _write(registry.paths.calendar, added, published)
    _extend(registry, keeper, calendar)
    return added.year


def correct_year(registry: Registry, published: bytes, by: Actor) -> int:
    """Correct a known year by the bytes of its file as it was published anew, by an administrator; the year.

    Days that have begun stay, on the chain as here, and periods that are over with them; publicity under way
    keeps its end (S5.7). The chain comes first and the file last: what was interrupted is repeated, and sends
    only what the chain lacks; until then all here count with the days that they knew.

    Raises:
        DataFault: `calendar-file`; `calendar-day-begun`, a day that has begun would change.
        EnvironmentFault: `calendar-year-unknown`, there is nothing to correct.
        UsageFault: as `admit`.
    """
    keeper = _keeper(registry, by)
    year = _parsed(published)
    today = day_of(registry.clock())
    _require_ahead(registry, year, today)
    calendar = registry.calendar.corrected_by(year)
    touched = _touched(registry, year)
    _extend(registry, keeper, calendar)
    ahead = [day for day in touched if day > today]
    keeper.send_all(list(corrections(registry.client, calendar, ahead)), PATIENCE)
    registry.faults.hit("calendar.corrected.before")
    _write(_corrected(registry.paths), year, published)
    _begun(registry, year).unlink()
    return year.year


def _require_ahead(registry: Registry, year: YearDays, today: int) -> None:
    """Refuse to change what has begun, unless the chain has it so: a correction that was interrupted then."""
    first, end = registry.client.calendar_range()
    late = [
        date_of(day).isoformat()
        for day in registry.calendar.changed_by(year)
        if day <= today
        and not (first <= day < end and registry.client.is_working_day(day) == year.is_working(date_of(day)))
    ]
    if late:
        raise DataFault(
            f"Days that have begun cannot be corrected: {', '.join(late)}.",
            code="calendar-day-begun",
            hint="Periods were counted with them. Write them in the file as they were known, then repeat "
            f"`yinzheng calendar {year.year}.json --correct --as ADMINISTRATOR`; nothing was recorded.",
        )


def _touched(registry: Registry, year: YearDays) -> list[int]:
    """The days that this correction changes, and interrupted ones before it: the chain may have any of them.

    Written down before anything is sent: one that is given up half way leaves no other trace.
    """
    begun = _begun(registry, year)
    before = _DAYS(canonical.loads(_bytes(begun), max_bytes=MAX_BYTES), "$") if begun.is_file() else []
    touched = sorted({*before, *registry.calendar.changed_by(year)})
    make_folder(begun.parent)
    write_durably(begun, canonical.dumps([*touched]))
    return touched


def _begun(registry: Registry, year: YearDays) -> Path:
    return _corrected(registry.paths) / f"{year.year}.begun"


def _keeper(registry: Registry, by: Actor) -> Sender:
    with registry.store.reading() as session:
        admit(session, by, Office.ADMINISTRATOR)
        return Sender(registry.w3, key_of(session, by).account(), time.sleep)


def _extend(registry: Registry, keeper: Sender, calendar: WorkingCalendar) -> None:
    profiles = [p for p in PROFILES.values() if registry.instance.demonstration or not p.demonstration]
    configure(registry.client, keeper, profiles, calendar, day_of(registry.clock()))


def _write(folder: Path, year: YearDays, published: bytes) -> None:
    make_folder(folder)
    write_durably(folder / f"{year.year}.json", published)


def _corrected(paths: Paths) -> Path:
    return paths.calendar / "corrected"


def _years(folder: Path) -> list[YearDays]:
    return [_parsed(_bytes(path)) for path in sorted(folder.glob("*.json"))]


def read_year(file: Path) -> tuple[YearDays, bytes]:
    """A published year, and the bytes it was read from: what is shown to a person is what is taken in.

    Raises `UsageFault` `calendar-missing`, `DataFault` `calendar-file`.
    """
    if not file.is_file():
        raise UsageFault(f"there is no calendar file {file}", code="calendar-missing", hint="Check the path.")
    published = _bytes(file)
    return _parsed(published), published


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _parsed(published: bytes) -> YearDays:
    return parse_year(canonical.loads(canonical.saved(published), max_bytes=MAX_BYTES))
