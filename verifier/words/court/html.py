"""The report of a pack as one HTML file: no script, nothing loaded, for phone, screen and A4 paper.

Everything that comes from the pack is escaped; the content security policy in the file allows its own style
sheet and nothing else. The same paper gives the same bytes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Final

from yinzheng.verifier.judge.pack.report import PackReport
from yinzheng.verifier.words.court import words
from yinzheng.verifier.words.court.blocks import (
    Block,
    Card,
    Cell,
    Facts,
    Line,
    Notice,
    Paper,
    Section,
    Step,
    Table,
    Text,
)
from yinzheng.verifier.words.court.content import court_report
from yinzheng.verifier.words.court.html_style import STYLE
from yinzheng.verifier.words.court.pieces import answered

_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
)


EDITION: Final = "yinzheng/report/6"
"""Raised whenever the same report comes out as other bytes: two editions are not compared (S14.6)."""


def render_html(report: PackReport) -> str:
    """The report in the order of the court's questions, Chinese first, each text in English beside it."""
    return _page(court_report(report), report.inputs.program)


def _page(paper: Paper, program: str) -> str:
    title = f"{paper.title.zh} {paper.reference}"
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="zh-CN">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f'<meta name="generator" content="{EDITION} {program}">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            _header(paper),
            *(_section(section) for section in paper.sections),
            "</main>",
            "</body>",
            "</html>",
            "",
        )
    )


def _header(paper: Paper) -> str:
    verdict = f'<p class="verdict {paper.answer}">{_both(paper.verdict)}</p>'
    origin = f'<p class="origin">{_both(paper.origin)}</p>'
    demonstration = f'<p class="notice bad">{_both(words.DEMONSTRATION)}</p>' if paper.demonstration else ""
    return (
        f"<header>{demonstration}<h1>{_both(paper.title)}</h1>{verdict}{origin}{_facts(paper.cover)}</header>"
    )


def _section(section: Section) -> str:
    mark = f'<span class="mark">{section.mark}</span> ' if section.mark else ""
    answer = "" if section.answer is None else f'<p class="answer">{_line(answered(section.answer))}</p>'
    blocks = "\n".join(_block(block) for block in section.blocks)
    before = "\n".join(_block(block) for block in section.before)
    return f"<section><h2>{mark}{_both(section.title)}</h2>{before}{answer}\n{blocks}</section>"


def _block(block: Block) -> str:
    match block:
        case Notice():
            return f'<p class="{"notice" if block.boxed else "lead"}">{_both(block.text)}</p>'
        case Facts():
            return _facts(block)
        case Table():
            return _table(block)
        case Card():
            title, said = f"<h3>{_both(block.title)}</h3>", f'<p class="said">{_cell(block.said)}</p>'
            return f"<article>{title}{said}{_facts(block.facts)}</article>"
    return _step(block)


def _facts(facts: Facts) -> str:
    rows = "".join(f"<dt>{_both(label)}</dt><dd>{_cell(cell)}</dd>" for label, cell in facts.rows)
    return f"<dl>{rows}</dl>"


def _table(table: Table) -> str:
    """A table that a narrow screen shows row by row, each cell under its column's label."""
    columns = "".join(
        f'<th scope="col" class="w{width}">{_both(label)}</th>' for label, width in _headed(table)
    )
    rows = "".join(f"<tr>{''.join(_cells(table, row))}</tr>\n" for row in table.rows)
    return f"<table><thead><tr>{columns}</tr></thead><tbody>\n{rows}</tbody></table>"


def _headed(table: Table) -> Iterable[tuple[Text, int]]:
    return zip(table.head, table.widths, strict=True)


def _cells(table: Table, row: tuple[Cell, ...]) -> Iterable[str]:
    for label, cell in zip(table.head, row, strict=True):
        yield f'<td data-label="{escape(label.zh)} {escape(label.en)}">{_cell(cell)}</td>'


def _step(step: Step) -> str:
    commands = escape("\n".join(step.commands))
    shown = f"<pre><code>{commands}</code></pre>" if commands else ""
    return f'<div class="step"><p><b>{step.number}.</b> {_both(step.text)}</p>{shown}</div>'


def _cell(cell: Cell) -> str:
    return "".join(_line(line) for line in cell)


def _line(line: Line) -> str:
    return f'<span class="line {line.look}">{_both(line.text)}</span>'


def _both(text: Text) -> str:
    """Both languages of a phrase; a bare text as it is, isolated so that its direction stays its own."""
    if isinstance(text, str):
        return f"<bdi>{escape(text)}</bdi>"
    return f'<span lang="zh">{escape(text.zh)}</span> <span lang="en">{escape(text.en)}</span>'
