"""What a report on paper is made of, whoever sets it: HTML here, PDF at the registry. Content, no layout.

A text is a `Phrase`, said in both languages, or a string that is shown as it is: names, hashes, times.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from yinzheng.verifier.judge.pack.report import Answer
from yinzheng.verifier.words.phrases import Phrase

Text: TypeAlias = Phrase | str


class Look(StrEnum):
    """How a line is to be read."""

    PLAIN = "plain"
    STRONG = "strong"
    SOFT = "soft"
    MONO = "mono"
    """Hashes and paths, for machines and for comparing."""
    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    """Not determined."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cell."""

    text: Text
    look: Look = Look.PLAIN


Cell: TypeAlias = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A paragraph; `boxed` ones must not be overlooked."""

    text: Text
    boxed: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Label and value, row by row."""

    rows: tuple[tuple[Phrase, Cell], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; `widths` are shares of the line."""

    head: tuple[Phrase, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One evidence item with what is claimed of it."""

    title: Text
    said: Cell
    """The verdict on it, and why, each a line of its own under the title."""
    facts: Facts


@dataclass(frozen=True, slots=True)
class Step:
    """Something a reader does, and the commands for it."""

    number: int
    text: Phrase
    commands: tuple[str, ...]


Block: TypeAlias = Notice | Facts | Table | Card | Step


@dataclass(frozen=True, slots=True)
class Section:
    """One of the court's questions, or what belongs to none."""

    mark: str
    """`C16` to `C19`, or empty."""
    title: Phrase
    answer: Answer | None
    blocks: tuple[Block, ...]
    before: tuple[Block, ...] = ()
    """What is to be known before the answer is read."""


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole report."""

    title: Phrase
    reference: str
    """Of the footer: the case number, or the dispute's identifier."""
    demonstration: bool
    """Whether it is about a demonstration, and has no effect whatever (S2.5)."""
    origin: Phrase
    """Who made it, and what that is worth."""
    verdict: Phrase
    answer: Answer
    dated: int
    """UTC seconds; the document's own date, so that the same report gives the same bytes."""
    cover: Facts
    sections: tuple[Section, ...]


def paper_json(value: Any) -> Any:
    """JSON values: objects with their `kind` for the classes above, a list of two for a `Phrase`."""
    if is_dataclass(value):
        members = {field.name: paper_json(getattr(value, field.name)) for field in fields(value)}
        return {"kind": type(value).__name__.lower(), **members}
    if isinstance(value, tuple):
        return [paper_json(member) for member in value]
    return value
