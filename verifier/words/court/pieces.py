"""Small pieces that a report on paper is written with."""

from __future__ import annotations

from typing import Final

from yinzheng.verifier.bytes.china_time import LAST_INSTANT, OFFSET
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.judge.pack.report import Answer
from yinzheng.verifier.words import pack as phrases
from yinzheng.verifier.words.court import words
from yinzheng.verifier.words.court.blocks import Cell, Line, Look
from yinzheng.verifier.words.phrases import Phrase

_LOOKS: Final = {
    Answer.CONSISTENT: Look.GOOD,
    Answer.INCONSISTENT: Look.BAD,
    Answer.UNDETERMINED: Look.OPEN,
}
"""The last second of 9999 at +08:00; a claimed time may lie beyond what calendars print."""


def instant(at: int) -> str:
    """UTC seconds as a time at +08:00, `2026-11-21 15:00:00 +08:00`; beyond the year 9999 as seconds."""
    if not 0 <= at <= LAST_INSTANT:
        return f"{at} s"
    days, seconds = divmod(at + OFFSET, 86_400)
    year, month, day = _date(days)
    hour, minute, second = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} +08:00"


def _date(days: int) -> tuple[int, int, int]:
    """The Gregorian date that many days after 1970-01-01; the verifier has no clock to ask (D8).

    Years are counted from March, so that the day a leap year has more is its last. 400 years have 146,097
    days, 100 of them 36,524, four of them 1,461, five months from March on 153.
    """
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    from_march = (5 * of_year + 2) // 153
    month = (from_march + 2) % 12 + 1
    day = of_year - (153 * from_march + 2) // 5 + 1
    return 400 * era + year + (month <= 2), month, day


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


def place(where: str) -> Cell:
    """A place within a pack, in words; its path besides, where it has one."""
    kind, _, rest = where.partition("/")
    said = words.PLACES.get(kind)
    if said is None:
        return (mono(where),)
    number = rest.partition("/")[0].lstrip("0")
    named = Line(Phrase(said.zh.format(number), said.en.format(number)))
    return (named, mono(where)) if rest or "." in where else (named,)
