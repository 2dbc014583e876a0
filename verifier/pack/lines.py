"""Small pieces that a report on paper is written with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from verifier.body import Party
from verifier.pack import court_words as words
from verifier.pack import phrases
from verifier.pack.paper import Cell, Line, Look
from verifier.pack.report import Answer
from verifier.phrases import Phrase

_LOOKS: Final = {
    Answer.CONSISTENT: Look.GOOD,
    Answer.INCONSISTENT: Look.BAD,
    Answer.UNDETERMINED: Look.OPEN,
}
_BEIJING: Final = timezone(timedelta(hours=8))
_LAST: Final = 253_402_271_999
"""The last second of 9999 at +08:00; a claimed time may lie beyond what calendars print."""


def instant(at: int) -> str:
    """UTC seconds as a time at +08:00, `2026-11-21 15:00:00 +08:00`; beyond the year 9999 as seconds."""
    if not 0 <= at <= _LAST:
        return f"{at} s"
    return datetime.fromtimestamp(at, UTC).astimezone(_BEIJING).isoformat(" ").replace("+", " +")


def answered(answer: Answer) -> Line:
    """One of the three answers."""
    return Line(phrases.ANSWERS[answer], _LOOKS[answer])


def head(*names: str) -> tuple[Phrase, ...]:
    """Labels of a table's columns."""
    return tuple(words.LABELS[name] for name in names)


def party_cell(party: Party) -> Cell:
    """Name and credit code."""
    return (Line(party.name, Look.STRONG), Line(party.code, Look.SOFT))


def strong(text: str) -> Cell:
    """One line that stands out."""
    return (Line(text, Look.STRONG),)


def mono(text: str) -> Line:
    """A hash, a path: for comparing."""
    return Line(text, Look.MONO)
