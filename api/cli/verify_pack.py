"""How `yinzheng verify` checks an evidence pack, with the verifier alone, and says what it found (S14)."""

from __future__ import annotations

import time
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from yinzheng.api.cli.files import write_new
from yinzheng.api.cli.findings import china_time, print_findings
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, err, out, tell
from yinzheng.verifier.bytes.algorithms import DigestPair, PairHasher
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.judge.pack.report import Answer, ItemReport, PackReport
from yinzheng.verifier.judge.pack.report_json import report_json
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words import pack as phrases
from yinzheng.verifier.words.court import words as court_words
from yinzheng.verifier.words.court.html import render_html
from yinzheng.verifier.words.fingerprint import FROM_PACK
from yinzheng.verifier.words.phrases import Language, Phrase
from yinzheng.verifier.words.verdict import verdict

_LARGE: Final = 64 * 1024 * 1024
"""Bytes from which on progress is shown."""

_STYLES: Final = {
    Answer.CONSISTENT: "green",
    Answer.INCONSISTENT: "red",
    Answer.UNDETERMINED: "yellow",
}
_WORDS: Final = {
    "item": Phrase("证据项", "item"),
    "withheld": Phrase("未披露", "withheld"),
    "ledger": Phrase("上链时间", "on the ledger"),
    "captured": Phrase("采集时间（陈述）", "captured (claimed)"),
    "limits": Phrase("未能判定或未披露", "Not determined, or withheld"),
    "operators": Phrase("节点运营者", "operators of the chain"),
    "party": Phrase("当事人", "a party"),
    "block": Phrase("区块", "block"),
    "file": Phrase("证据包文件", "the pack"),
    "stamp": Phrase("时间戳", "time stamp"),
}


def check_pack(
    target: str | bytes, trust: TrustPolicy, language: Language, *, as_json: bool, html: Path | None = None
) -> int:
    """Verify a pack, a file of that name or the bytes of one, and print the report; returns the exit code.

    With `html`, write the report to that new file too. Raises `UsageFault` (`report-exists`).
    """
    if html is not None and html.exists():
        raise UsageFault(f"{html} exists already", code="report-exists", hint="Name a new file.")
    report = judge_pack(target, trust)
    if html is not None:
        write_new(html, render_html(report).encode())
    tell(as_json, pack_json(report), lambda: print_pack(report, language))
    return report.exit_code


def judge_pack(target: str | bytes, trust: TrustPolicy) -> PackReport:
    """Verify a pack, a file of that name or the bytes of one, with a bar where that takes long."""
    with _opened(target) as file:
        digest = _digest(file)
        size = file.seek(0, SEEK_END)
        file.seek(0)
        with _progress(size) as bar:
            task = bar.add_task("", total=size)
            return verify_pack(
                file,
                trust,
                now=int(time.time()),
                progress=lambda read: bar.advance(task, read),
                render=render_html,
                name="" if isinstance(target, bytes) else Path(target).name,
                digest=digest,
            )


def pack_json(report: PackReport) -> dict[str, Any]:
    """What `--json` says of a pack."""
    return {"verdict": verdict(report).to_json(), **report_json(report)}


def _digest(file: BinaryIO) -> DigestPair:
    hasher = PairHasher()
    while chunk := file.read(1 << 20):
        hasher.update(chunk)
    return hasher.digest()


def _opened(target: str | bytes) -> BinaryIO:
    return BytesIO(target) if isinstance(target, bytes) else Path(target).open("rb")


def _progress(size: int) -> Progress:
    return Progress(
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=err,
        transient=True,
        disable=size < _LARGE or not err.is_terminal,
    )


def print_pack(report: PackReport, language: Language) -> None:
    """Print the report in the order of the court's questions (R40)."""
    if report.demonstration:
        out.print(court_words.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    for question in report.questions:
        answer = phrases.ANSWERS[question.answer].said(language)
        title = phrases.QUESTIONS[question.rule].said(language)
        out.print(f"\n {question.rule} {title}", style="bold", markup=False)
        out.print(f"     {answer}", style=_STYLES[question.answer], markup=False)
        for reason in question.reasons:
            number = f" ({reason.obligation})" if reason.obligation else ""
            out.print(f"     {reason.where}{number}: {phrases.reason(reason).said(language)}", markup=False)
    _print_obligations(report, language)
    for item in report.items:
        _print_item(item, language)
    _print_rest(report, language)
    if report.inputs.from_pack:
        out.print(f"\n {FROM_PACK.said(language)}", style="bold yellow", markup=False)
    if report.inputs.pack is not None:
        out.print(f"\n {_said('file', language)} SHA-256 {report.inputs.pack.sha256.hex()}", markup=False)


def _print_obligations(report: PackReport, language: Language) -> None:
    out.print()
    print_findings(report.findings, phrases.OBLIGATIONS, phrases.reason, language)


def _print_item(report: ItemReport, language: Language) -> None:
    title = report.item.title if report.item else _said("withheld", language)
    answer = phrases.ANSWERS[report.unchanged].said(language)
    out.print(f"\n {_said('item', language)} {report.number}  {title}  {answer}", style="bold", markup=False)
    if report.anchored_at is not None:
        out.print(f"   {_said('ledger', language)} {_time(report.anchored_at)}", markup=False)
    if report.item is not None:
        collector = report.item.collector.name
        captured = f"{_time(report.item.captured_at)} · {collector} · {report.item.tool}"
        out.print(f"   {_said('captured', language)} {captured}", markup=False)
        for witness in report.witnesses:
            out.print(f"   {'✓' if witness.holds else '✗'} {witness.name}", markup=False)


def _print_rest(report: PackReport, language: Language) -> None:
    out.print()
    for stamp in report.timestamps:
        if stamp.finding.stamp is not None:
            said = f"{stamp.finding.stamp.authority} {_time(stamp.finding.stamp.at)}"
            out.print(f" {_said('stamp', language)} {said}", markup=False)
    for operator in report.operators:
        party = f" ← {_said('party', language)}" if operator.is_party else ""
        said = f"{operator.name} ({operator.code}){party}"
        out.print(f" {_said('operators', language)}: {said}", markup=False)
    if report.block is not None:
        when = _time(report.block.time)
        out.print(f" {_said('block', language)} {report.block.number} · {when}", markup=False)
    if report.limits:
        out.print(f"\n {_said('limits', language)}", style="bold", markup=False)
        for limit in report.limits:
            out.print(f"   {limit.where}: {phrases.reason(limit).said(language)}", markup=False)


def _said(word: str, language: Language) -> str:
    return _WORDS[word].said(language)


def _time(at: int) -> str:
    return china_time(at).isoformat(" ")
