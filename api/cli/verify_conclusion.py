"""How `yinzheng verify` says what it found about the end of a withdrawal (S10.9)."""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.findings import print_findings
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, out
from yinzheng.verifier.formats.withdrawal_steps import Completed
from yinzheng.verifier.judge.conclusion.report import ConclusionReport
from yinzheng.verifier.words import conclusion as words
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.phrase import Language, Phrase
from yinzheng.verifier.words.times import moment
from yinzheng.verifier.words.verdict import verdict

_WORDS: Final = {
    "completed": Phrase("办结时间", "carried out"),
    "confirmed": Phrase("各方确认", "confirmed by"),
    "until": Phrase("依法保存至", "kept by law until"),
    "law": Phrase("依据", "ground of law"),
    "signed": Phrase("签署时间", "signed"),
}


def print_conclusion(report: ConclusionReport, language: Language) -> None:
    """Print the report."""
    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    if report.demonstration:
        out.print(words.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    out.print(words.advice(report).said(language), markup=False)
    out.print()
    for name, said in _content(report):
        out.print(f" {_WORDS[name].said(language)} {said.said(language)}", markup=False)
    print_findings(report.findings, words.OBLIGATIONS, phrases.reason, language)
    for note in report.notes:
        out.print(f" · {words.NOTES[note.code].said(language)}", markup=False)


def _content(report: ConclusionReport) -> list[tuple[str, Phrase]]:
    shown = report.conclusion
    if shown is None:
        return []
    body = shown.body
    if isinstance(body, Completed):
        count = str(len(body.receipts))
        told = [("completed", moment(body.completed_at)), ("confirmed", Phrase(count, count))]
    else:
        told = [("until", moment(body.until))]
    return [*told, ("law", Phrase(body.law, body.law)), ("signed", moment(shown.signed_at))]
