"""Evidence items in a report on paper: what was deposited (C16), and what is claimed of before (C18)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.formats.evidence_items import Item
from yinzheng.verifier.judge.pack.report import ItemReport, PackReport
from yinzheng.verifier.judge.pack.report import Reason as Said
from yinzheng.verifier.words import pack as phrases
from yinzheng.verifier.words.court import words
from yinzheng.verifier.words.court.blocks import Block, Card, Cell, Facts, Line, Look, Notice, Table
from yinzheng.verifier.words.court.pieces import answered, head, instant, mono, strong
from yinzheng.verifier.words.phrases import Phrase

_TIMES: Final = ("since", "until", "at", "requested_at")
_THOUSANDS: Final = ("B", "kB", "MB", "GB", "TB")


def deposits(report: PackReport) -> Iterable[Block]:
    """What was deposited when, item by item, and whether it is unchanged since."""
    if not report.items:
        yield Notice(words.NO_ITEMS)
        return
    rows = tuple((strong(str(item.number)), _what(item), _when(item)) for item in report.items)
    yield Table(head("no", "item", "deposit"), (7, 60, 33), rows)


def _what(report: ItemReport) -> Cell:
    item = report.item
    if item is None:
        return (
            Line(words.UNKNOWN if report.disclosed else words.WITHHELD, Look.OPEN),
            mono(report.leaf.hex()),
        )
    kind = words.ITEM_KINDS[item.kind]
    size = measured(item.size)
    return (
        Line(item.title, Look.STRONG),
        Line(Phrase(f"{kind.zh}，{size}", f"{kind.en}, {size}"), Look.SOFT),
        mono(f"SHA-256 {item.digest.sha256.hex()}"),
        mono(f"SM3 {item.digest.sm3.hex()}"),
    )


def _when(report: ItemReport) -> Cell:
    lines = [answered(report.unchanged)]
    if report.anchored_at is not None:
        lines += [Line(words.ON_LEDGER, Look.SOFT), Line(instant(report.anchored_at))]
    if report.statement is not None:
        index = report.statement.proof.index
        lines += [Line(words.STATED, Look.SOFT), Line(instant(report.statement.statement.at))]
        lines.append(Line(Phrase(f"日志序号 {index}", f"index {index}"), Look.SOFT))
    return tuple(lines)


def claims(report: PackReport) -> Iterable[Block]:
    """What is claimed of the time before the deposit, marked as claimed, and who signed as a witness."""
    yield Notice(phrases.CLAIM, boxed=True)
    for item in report.items:
        if item.item is not None:
            yield Card(f"{item.number}  {item.item.title}", _said(item), _claimed(item, item.item))


def _said(report: ItemReport) -> Cell:
    said = phrases.reason(Said(report.where, None, report.provenance_code, report.provenance_code))
    return (answered(report.provenance), Line(said, Look.SOFT))


def _claimed(report: ItemReport, item: Item) -> Facts:
    collector = (Line(item.collector.name), Line(item.collector.code or words.NATURAL, Look.SOFT))
    packed = report.statement
    rows: list[tuple[str, Cell]] = [
        ("collector", collector),
        ("tool", (Line(item.tool),)),
        ("environment", (Line(item.environment),)),
        ("captured", (Line(instant(item.captured_at)), Line(words.AS_CLAIMED, Look.SOFT))),
        ("deposited", (Line(instant(packed.statement.at) if packed else words.UNKNOWN),)),
        ("provenance", (Line(item.provenance or words.NONE),)),
        ("about", _about(item)),
        ("custody", tuple(_custody(item)) or (Line(words.NONE),)),
        ("witnesses", tuple(_witnesses(report)) or (Line(words.NONE),)),
    ]
    return Facts(tuple((words.LABELS[name], cell) for name, cell in rows))


def _about(item: Item) -> Cell:
    """What the kind adds, but for lists of leaf hashes, which item.json has."""
    lines = []
    for name, value in item.about.items():
        if isinstance(value, list):
            lines.append(
                Line(Phrase(f"{len(value)} 条日志陈述", f"{counted(len(value), 'statement')} of the log"))
            )
        else:
            label = words.ABOUT[name]
            said = instant(value) if name in _TIMES and isinstance(value, int) else str(value)
            lines.append(Line(f"{label.zh} {label.en}: {said}"))
    return tuple(lines)


def _custody(item: Item) -> Iterable[Line]:
    for handover in item.custody:
        yield Line(f"{handover.giver} → {handover.taker}")
        yield Line(f"{instant(handover.at)} · {handover.reason}", Look.SOFT)


def _witnesses(report: ItemReport) -> Iterable[Line]:
    for witness in report.witnesses:
        yield Line(witness.name)
        yield Line(words.HOLDS, Look.GOOD) if witness.holds else Line(words.FAILS, Look.BAD)


def measured(size: int) -> str:
    """Bytes as people read them, with one decimal from 1000 on: `12.3 MB (12345678 B)`."""
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_THOUSANDS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{size} B" if unit == 0 else f"{value:.1f} {_THOUSANDS[unit]} ({size} B)"
