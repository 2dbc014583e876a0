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
    return official_calendar(_parsed(_bytes(path)) for path in sorted(paths.calendar.glob("*.json")))


def add_year(registry: Registry, published: bytes, by: Actor) -> int:
    """Take in a published year, the bytes of its file, and put its days on the chain's calendar, by an
    administrator; the year.

    Repeating it finishes what was interrupted. Raises `DataFault` (`calendar-file`,
    `calendar-year-conflict`), `UsageFault` as `admit`.
    """
    with registry.store.reading() as session:
        admit(session, by, Office.ADMINISTRATOR)
        key = key_of(session, by)
    added = _parsed(published)
    calendar = official_calendar([*registry.calendar.years.values(), added])
    make_folder(registry.paths.calendar)
    write_durably(registry.paths.calendar / f"{added.year}.json", published)
    keeper = Sender(registry.w3, key.account(), time.sleep)
    profiles = [p for p in PROFILES.values() if registry.instance.demonstration or not p.demonstration]
    configure(registry.client, keeper, profiles, calendar, day_of(registry.clock()))
    return added.year


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
    return parse_year(canonical.loads(published, max_bytes=MAX_BYTES))
