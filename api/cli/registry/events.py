"""`yinzheng events`: the events of certificates in a period, with their proofs, and checking them (S22.5)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.files import writing_new
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State
from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.bytes.counting import counted

if TYPE_CHECKING:
    from yinzheng.verifier.judge.events.report import EventReport, EventsReport
    from yinzheng.verifier.words.phrases import Language
from yinzheng.verifier.errors import UsageFault

SHOWN = 1000
"""Events in JSON that are not proved, at most; text has every one."""

Since = Annotated[str, typer.Option(help="Decided from then on: 2026-11-01, or UTC seconds. 起。")]
Until = Annotated[str | None, typer.Option(help="Until the end of that day, or before that time. 止。")]


def period_of(since: str, until: str | None) -> tuple[int, int]:
    """From when to before when, UTC seconds; without an end, all there is."""
    begin = parse_instant(since, Day.BEGINS)
    return begin, 2**53 - 1 if until is None else parse_instant(until, Day.ENDS) + 1


def export(
    out_file: Annotated[Path, typer.Option("--out", help="File to write, a line an event. 输出文件。")],
    since: Since = "0",
    until: Until = None,
    certificate: Annotated[
        list[str] | None, typer.Option(help="Its number; repeat; default: all. 证书编号。")
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Export the events of certificates in a period, with proofs and the blocks that anchor them. 导出。"""
    from yinzheng.ledger.reading import open_reader
    from yinzheng.ledger.registry import wall_clock

    count = 0
    with open_reader(state, wall_clock) as reader, writing_new(out_file) as file:
        for line in reader.events(certificate, *period_of(since, until)):
            file.write(line)
            count += line.startswith(b'{"body"')
    tell(json_, {"events": count, "file": str(out_file)}, f"{counted(count, 'event')} in {out_file} 条动态")


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of events; - for standard input.")],
    trust: Annotated[Path, typer.Option(help="Your own pinned policy. 您信任的策略文件。")],
    lang: Annotated[str, typer.Option(help="zh or en. 语言。")] = "",
    json_: Json = False,
) -> None:
    """Check exported events offline: each in the log, each head on the chain. 核验导出的动态。

    That none was left out is not proved. Exit code 0 all proved, 1 something is wrong, 3 undetermined.
    """
    from yinzheng.api.cli.policy import language_in, read_policy
    from yinzheng.verifier.judge.events.verify import EventsJudge

    language, judge = language_in(lang), EventsJudge(read_policy(trust))
    unproved: list[dict[str, Any]] = []
    with _lines(file) as lines:
        for report in judge.judge(lines):
            if not json_:
                _print(report, language)
            elif report.outcome.value != "VALID" and len(unproved) < SHOWN:
                unproved.append(report.to_json())
    found = judge.whole()
    tell(json_, {**found.to_json(), "unproved": unproved}, _said(found, language))
    raise typer.Exit(found.exit_code)


@contextmanager
def _lines(file: Path) -> Iterator[Iterable[bytes]]:
    """The lines without their ends; one that is too long is cut, and so malformed."""
    from yinzheng.verifier.containers.eventsfile import MAX_LINE

    def cut(opened: Any) -> Iterator[bytes]:
        while line := opened.readline(MAX_LINE + 2):
            yield line.removesuffix(b"\n")

    if str(file) == "-":
        yield cut(sys.stdin.buffer)
        return
    try:
        with file.open("rb") as opened:
            yield cut(opened)
    except (FileNotFoundError, IsADirectoryError):
        raise UsageFault(f"there is no file {file}", code="file-missing", hint="Check the path.") from None


def _print(report: EventReport, language: Language) -> None:
    from yinzheng.api.cli.findings import china_time
    from yinzheng.api.cli.output import out
    from yinzheng.verifier.judge.report import Outcome
    from yinzheng.verifier.words.events import CLAIMED, anchored, line_of
    from yinzheng.verifier.words.phrases import reason

    mark = {Outcome.VALID: "✓", Outcome.INVALID: "✗"}.get(report.outcome, "?")
    event = report.event
    if event is None:
        out.print(f" {mark} {line_of(report.line).said(language)}", markup=False)
    else:
        when = china_time(event.statement.at).isoformat(" ")
        numbers = " ".join(f"({one})" if one in report.claimed else one for one in event.certificates)
        by = "" if report.time is None else anchored(report.block, china_time(report.time)).said(language)
        out.print(f" {mark} {event.number}  {when}  {event.statement.type}  {numbers}  {by}", markup=False)
    for finding in report.findings:
        if report.outcome is not Outcome.VALID and finding.outcome is not Outcome.VALID:
            out.print(f"      {reason(finding).said(language)}", markup=False)
    if report.claimed:
        out.print(f"      {CLAIMED.said(language)}", markup=False)


def _said(found: EventsReport, language: Language) -> str:
    from yinzheng.verifier.words.events import summary

    return summary(found).said(language)
