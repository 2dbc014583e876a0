"""How `yinzheng verify` says what it found about a proof for one reader (S21.6)."""

from __future__ import annotations

from yinzheng.api.cli.findings import print_findings
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, out
from yinzheng.verifier.judge.purpose_proof import PurposeReport
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words import purpose_proof as words
from yinzheng.verifier.words.phrases import Language
from yinzheng.verifier.words.verdict import verdict


def print_purpose(report: PurposeReport, language: Language) -> None:
    """Print the report: of the certificate what the holder disclosed."""
    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    if report.demonstration:
        out.print(phrases.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    out.print(words.advice(report).said(language), markup=False)
    out.print()
    for name, value in report.disclosed().items():
        said = words.value(name, value).said(language)
        out.print(f" {phrases.FIELDS[name].said(language)}: {said}", markup=False)
    print_findings(report.findings, words.OBLIGATIONS, phrases.reason, language)
    for note in report.notes:
        out.print(f" · {phrases.NOTES[note.code].said(language)}", markup=False)
