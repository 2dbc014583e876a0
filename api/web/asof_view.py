"""A certificate at some instants as the page shows it (S9.3a): a table, each cell with its block."""

from __future__ import annotations

from dataclasses import dataclass

from yinzheng.api.http.language import Language
from yinzheng.api.web.checking import CheckedAsOf
from yinzheng.api.web.report_view import Pinned, pinned
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import Tone
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.judge.asof.look import AsOf
from yinzheng.verifier.judge.asof.table import UNKNOWN, Column, Row
from yinzheng.verifier.judge.report import Authentic, Report
from yinzheng.verifier.words import asof as words
from yinzheng.verifier.words.verdict import verdict


@dataclass(frozen=True, slots=True)
class Heading:
    """One instant, and the block that proves what is said of it."""

    text: str
    block: int | None
    block_hash: str
    block_time: Instant | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What is said of one instant."""

    heading: str
    text: str
    changed: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One question and its answers."""

    title: str
    tone: Tone
    mark: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class AsOfView:
    """Everything the page shows."""

    tone: Tone
    titles: tuple[str, ...]
    number: str
    asset: str
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]
    policy: Pinned
    demonstration: bool


def asof_view(checked: CheckedAsOf, language: Language, *, own_policy: bool) -> AsOfView:
    """The page's content in one language."""
    view, body = checked.view, checked.view.reports[0].body
    headings = tuple(_heading(column, language) for column in view.columns)
    return AsOfView(
        tone=asof_tone(view),
        titles=tuple(verdict(report).headline.said(language) for report in view.reports),
        number=checked.number,
        asset=body.asset if body else "",
        headings=headings,
        lines=() if body is None else tuple(_line(row, view, body, headings, language) for row in view.rows),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=view.reports[0].demonstration,
    )


def asof_tone(view: AsOf) -> Tone:
    """Colour and icon of the answer: of the worst."""
    tones: tuple[Tone, ...] = tuple(report_tone(report) for report in view.reports)
    order: tuple[Tone, ...] = ("bad", "unknown", "warn", "good")
    return next(tone for tone in order if tone in tones)


def report_tone(report: Report) -> Tone:
    """Of one instant."""
    if report.authentic is Authentic.FORGED:
        return "bad"
    if report.authentic is not Authentic.GENUINE or report.holds is None:
        return "unknown"
    return "good" if report.holds else "warn"


def _heading(column: Column, language: Language) -> Heading:
    block = column.block
    said = (words.why(column), words.short_of_licences(column))
    return Heading(
        text=words.heading(column).said(language),
        block=None if block is None else block.number,
        block_hash="" if block is None else block.hash.hex(),
        block_time=None if block is None else instant(block.time, language),
        why=tuple(one.said(language) for one in said if one is not None),
    )


def _line(row: Row, view: AsOf, body: Body, headings: tuple[Heading, ...], language: Language) -> Line:
    same = row.same
    mark = words.CHANGED if same is False else words.SAME if same else words.UNDETERMINED
    return Line(
        title=words.title(row, view, body).said(language),
        tone="warn" if same is False else "good" if same else "unknown",
        mark=mark.said(language),
        cells=tuple(
            Cell(heading.text, words.cell(row, value).said(language), changed, value != UNKNOWN)
            for heading, value, changed in zip(headings, row.cells, row.changes, strict=True)
        ),
    )
