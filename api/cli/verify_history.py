"""How `yinzheng history`, and `verify` of a history's file, say what was found (S23)."""

from __future__ import annotations

from yinzheng.api.cli.findings import china_time, print_findings
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, out
from yinzheng.verifier.judge.history.report import HistoryReport
from yinzheng.verifier.words import history as words
from yinzheng.verifier.words.phrases import Language, Phrase
from yinzheng.verifier.words.verdict import verdict


def print_history(report: HistoryReport, language: Language) -> None:
    """Print the report."""
    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    if report.demonstration:
        out.print(words.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    out.print(words.advice(report).said(language), markup=False)
    out.print()
    for holding in report.holdings:
        out.print(f" {holding.number}  {words.state(holding).said(language)}", style="bold", markup=False)
    out.print()
    for line in report.lines:
        title, told = words.title(line).said(language), words.told(line).said(language)
        when = china_time(line.at).replace(tzinfo=None).isoformat(" ")
        out.print(f" {when}  {title}  {line.certificate}  {told}".rstrip(), markup=False)
        chain = line.on_chain_at
        on_chain = f" · {_ON_CHAIN.said(language)} {china_time(chain):%Y-%m-%d %H:%M:%S}" if chain else ""
        out.print(f"     {line.leaf.hex()[:16]}… #{line.index}{on_chain}", style="dim", markup=False)
    out.print()
    print_findings(report.findings, words.OBLIGATIONS, words.reason, language)
    for note in report.notes:
        out.print(f" · {words.note(note).said(language)}", markup=False)


_ON_CHAIN = Phrase("上链", "on chain")
