"""`yinzheng verify … --at T`: how a certificate stood then, and what has changed since (S9.3a)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NoReturn

import typer

from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, out, tell
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.judge.asof.look import AsOf, AsOfReader, as_of
from yinzheng.verifier.judge.report import Report
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words import asof as words
from yinzheng.verifier.words.phrase import Language, Phrase
from yinzheng.verifier.words.verdict import verdict


def check_as_of(
    presented: Presented,
    trust: TrustPolicy,
    instants: Sequence[int],
    live: AsOfReader | None,
    language: Language,
    show: Callable[[Report, Language], None],
    *,
    allow_attached: bool,
    as_json: bool,
) -> NoReturn:
    """Verify as of each instant and print them beside each other; it ends in `typer.Exit`.

    ``show`` prints the report of one. The JSON of one instant is its report, of several a list of them, and
    `as_of` beside.
    """
    view = as_of(
        presented, trust, now=int(time.time()), instants=instants, live=live, allow_attached=allow_attached
    )
    reports = [{"verdict": verdict(report).to_json(), **report.to_json()} for report in view.reports]
    value = {**reports[0], "as_of": view.to_json()}
    if len(reports) > 1:
        value = {"reports": reports, "as_of": view.to_json(), "exit_code": view.exit_code}
    tell(as_json, value, lambda: _print(view, language, show))
    raise typer.Exit(view.exit_code)


def _print(view: AsOf, language: Language, show: Callable[[Report, Language], None]) -> None:
    for report in view.reports[:-1]:
        colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
        out.print(verdict(report).headline.said(language), style=colour, markup=False)
    show(view.reports[-1], language)
    body = view.reports[-1].body
    if not view.columns or body is None:
        return
    out.print()
    for column in view.columns:
        block = column.block
        proof = f"{_BLOCK.said(language)} {block.number} {block.hash.hex()[:16]}…" if block else "–"
        out.print(f" {words.heading(column).said(language)}  {proof}", markup=False)
        for more in (words.why(column), words.short_of_licences(column)):
            if more is not None:
                out.print(f"     {more.said(language)}", style="yellow", markup=False)
    for row in view.rows:
        cells = [words.cell(row, value).said(language) for value in row.cells]
        changed = row.same is False
        said = " → ".join(cells) if changed or row.same is None else cells[0]
        mark, style = ("≠", "bold") if changed else ("=", "") if row.same else ("?", "yellow")
        title = words.title(row, view, body).said(language)
        out.print(f" {mark} {title}: {said}", style=style, markup=False)


_BLOCK = Phrase("区块", "block")
