"""The years of working days an operator has handed in, beside those the program knows (R11, S5.7).

STATE/calendar/2027.json   one published year, as `ledger.rules.calendar.parse_year` reads it
"""

from __future__ import annotations

import time
from pathlib import Path

from yinzheng.ledger.chain.configuration import configure
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.people.acting import Actor, admit, key_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.calendar import WorkingCalendar, YearDays, day_of, official_calendar, parse_year
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.rules.profiles import PROFILES
from yinzheng.ledger.state.files import make_folder, write_durably
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault

MAX_BYTES = 64 * 1024


def calendar_of(paths: Paths) -> WorkingCalendar:
    """The calendar of this registry. Raises `DataFault` (`calendar-file`, `calendar-year-conflict`)."""
    return official_calendar(_read(path) for path in sorted(paths.calendar.glob("*.json")))


def add_year(registry: Registry, file: Path, by: Actor) -> int:
    """Take in a published year and put its days on the chain's calendar, by an administrator; the year.

    Repeating it finishes what was interrupted. Raises `DataFault` (`calendar-file`,
    `calendar-year-conflict`), `UsageFault` (`calendar-missing`, and as `admit`).
    """
    with registry.store.reading() as session:
        admit(session, by, Office.ADMINISTRATOR)
        key = key_of(session, by)
    added = read_year(file)
    calendar = official_calendar([*registry.calendar.years.values(), added])
    make_folder(registry.paths.calendar)
    write_durably(registry.paths.calendar / f"{added.year}.json", file.read_bytes())
    keeper = Sender(registry.w3, key.account(), time.sleep)
    profiles = [p for p in PROFILES.values() if registry.instance.demonstration or not p.demonstration]
    configure(registry.client, keeper, profiles, calendar, day_of(registry.clock()))
    return added.year


def read_year(file: Path) -> YearDays:
    """A published year, of a file. Raises `UsageFault` `calendar-missing`, `DataFault` `calendar-file`."""
    if not file.is_file():
        raise UsageFault(f"there is no calendar file {file}", code="calendar-missing", hint="Check the path.")
    return _read(file)


def _read(path: Path) -> YearDays:
    return parse_year(canonical.loads(path.read_bytes()[: MAX_BYTES + 1], max_bytes=MAX_BYTES))
