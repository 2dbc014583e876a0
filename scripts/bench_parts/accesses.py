"""Access lines: many in one transaction until durable and committed, and one in a transaction of its own."""

from __future__ import annotations

import hmac
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scripts.bench_parts.measure import Figure, Say, Times, seconds
from scripts.bench_parts.site import OFFICER, make_site, opened
from yinzheng.ledger.accesses.batching import commit
from yinzheng.ledger.accesses.noting import Access, note, note_many
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.registry import Registry

_PART = "accesses"
BATCH: Final = 10_000
"""Lines of one transaction, as the import of consents has them."""
ROW_BYTES: Final = 1_400
"""About what one line takes in its row."""
GOAL: Final = 5_000
_FLOOR: Final = "HMAC-SHA-256 over a row of the same size, and its insertion into a bare SQLite table"


def measure_accesses(folder: Path, lines: int, single: int, say: Say) -> list[Figure]:
    """Write `lines` in bulk, then `single` one by one."""
    site = make_site(folder)
    floor = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
        floor.execute(f"PRAGMA {pragma}")
    floor.execute("CREATE TABLE line (number INTEGER PRIMARY KEY, link BLOB, row BLOB)")
    with opened(site) as registry:
        reader = Reader.of_actor(registry, acting_as(registry, OFFICER))
        say(f"writing {lines} access lines")
        figures = _many(registry, reader, floor, lines)
        say(f"writing {single} access lines one by one")
        figures += _one_by_one(registry, reader, floor, single)
    floor.close()
    return figures


def _many(registry: Registry, reader: Reader, floor: sqlite3.Connection, lines: int) -> list[Figure]:
    taken = bare = committed = 0.0
    for first in range(0, lines, BATCH):
        count = min(BATCH, lines - first)
        taken += seconds(lambda: _write(registry, reader, count))  # noqa: B023
        bare += seconds(lambda: _bare(floor, first, count))  # noqa: B023
        committed += seconds(lambda: commit(registry, everything=True))
    rate = lines / taken
    return [
        Figure(
            _PART,
            f"{lines:,} lines in transactions of {BATCH:,}",
            rate,
            "1/s",
            _FLOOR,
            lines / bare,
            bare / taken,
            f"≥ {GOAL:,} a second",
            rate >= GOAL,
        ),
        Figure(_PART, "the same, their batches' roots stated too", lines / (taken + committed), "1/s"),
    ]


def _one_by_one(registry: Registry, reader: Reader, floor: sqlite3.Connection, lines: int) -> list[Figure]:
    times = Times()
    for number in range(lines):
        times.ours.append(seconds(lambda: _write_one(registry, reader)))
        times.floor.append(seconds(lambda: _bare(floor, -1 - number, 1)))  # noqa: B023
    return times.figures(_PART, "one line in a transaction of its own", _FLOOR)


def _accesses(count: int) -> Iterator[Access]:
    for _ in range(count):
        subject = os.urandom(32)
        yield Access("process", "consent", subject.hex(), "withdrawal", consent=subject)


def _write(registry: Registry, reader: Reader, count: int) -> None:
    with registry.store.transaction() as session:
        note_many(registry, session, reader, _accesses(count))


def _write_one(registry: Registry, reader: Reader) -> None:
    with registry.store.transaction() as session:
        note(registry, session, reader, next(_accesses(1)))


def _bare(floor: sqlite3.Connection, first: int, count: int) -> None:
    key, row = os.urandom(32), os.urandom(ROW_BYTES)
    rows = [(first + number, hmac.digest(key, row, "sha256"), row) for number in range(count)]
    floor.execute("BEGIN IMMEDIATE")
    floor.executemany("INSERT INTO line VALUES (?,?,?)", rows)
    floor.execute("COMMIT")
