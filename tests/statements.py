"""Which tests together give a database every statement that tests of the ledger give it.

`pytest --postgresql --record tests/ledger` hears what each test sends to the server, also while it is set up,
and writes to `tests/on_postgresql.txt` the cheapest that leave next to none out. `scripts/test` runs those on
PostgreSQL: all of them there would take as long as on SQLite once more, for the same few hundred statements.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.seconds import PROPERTY as SECONDS

FILE: Final = Path(__file__).with_name("on_postgresql.txt")
_PROPERTY: Final = "statements"
_NAMED: Final = re.compile(r"%\(\w+\)s(::[A-Z]+)?")
_LISTS: Final = re.compile(r"\(\?(, \?)*\)(, \(\?(, \?)*\))*")
_LEAST: Final = 0.02
"""Seconds that a test costs at least, however few were measured."""
DEAREST: Final = 0.5
"""Seconds of processor that one further statement may cost."""


class Statements:
    """What was sent to a server between one report and the next, in this process."""

    def __init__(self) -> None:
        self._sent: set[str] = set()

    def listen(self) -> None:
        """Hear every statement from now on."""
        event.listen(Engine, "before_cursor_execute", self._hear)

    def _hear(self, connection: Any, _cursor: object, statement: str, *_more: object) -> None:
        if connection.dialect.name == "postgresql" and " DATABASE " not in statement:  # the tests' own
            self._sent.add(hashlib.sha256(shape_of(statement).encode()).hexdigest()[:16])

    def tell(self, report: pytest.TestReport) -> None:
        """Write on a report what was heard since the one before."""
        report.user_properties.append((_PROPERTY, ",".join(sorted(self._sent))))
        self._sent.clear()


class Cover:
    """What the reports of a run told."""

    def __init__(self) -> None:
        self._sent: defaultdict[str, set[str]] = defaultdict(set)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._not_run: set[str] = set()

    def hear(self, report: pytest.TestReport) -> None:
        """Add one report, of setting up, of the test or of tearing down."""
        told = dict(report.user_properties)
        self._sent[report.nodeid] |= set(str(told.get(_PROPERTY, "")).split(",")) - {""}
        self._seconds[report.nodeid] += float(str(told.get(SECONDS, 0)))
        if not report.passed:
            self._not_run.add(report.nodeid)

    def write(self) -> None:
        """Replace what is kept."""
        sent = {test: found for test, found in self._sent.items() if test not in self._not_run}
        FILE.write_text("".join(f"{test}\n" for test in cheapest(sent, self._seconds)), encoding="utf-8")


def shape_of(statement: str) -> str:
    """A statement without its spacing, and however many values it is given."""
    return _LISTS.sub("(?)", _NAMED.sub("?", " ".join(statement.split())))


def cheapest(
    sent: Mapping[str, Iterable[str]], seconds: Mapping[str, float], dearest: float = DEAREST
) -> list[str]:
    """Tests that send each statement that any of them sends, but those that are dear to send; by name.

    Always the one that brings most of what is still missing for its seconds: at most a few times the least.
    """
    found = {test: set(statements) for test, statements in sent.items()}
    missing: set[str] = set().union(*found.values())
    chosen = []
    while missing:
        best = max(found, key=lambda test: (len(found[test] & missing) / max(seconds[test], _LEAST), test))
        if seconds[best] > dearest * len(found[best] & missing):
            break
        chosen.append(best)
        missing -= found.pop(best)
    return sorted(chosen)
