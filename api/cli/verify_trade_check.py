"""How `yinzheng verify` says what it found about the receipt of a trade check (S20.3)."""

from __future__ import annotations

from yinzheng.api.cli.findings import print_findings
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, out
from yinzheng.verifier.judge.trade_check.report import TradeCheckReport
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words import trade as words
from yinzheng.verifier.words.phrase import Language
from yinzheng.verifier.words.times import moment
from yinzheng.verifier.words.verdict import verdict


def print_trade_check(report: TradeCheckReport, language: Language) -> None:
    """Print the report."""
    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    if report.demonstration:
        out.print(words.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    out.print(words.advice(report).said(language), markup=False)
    out.print()
    _print_content(report, language)
    print_findings(report.findings, words.TITLES, phrases.reason, language)
    for note in report.notes:
        out.print(f" · {phrases.NOTES[note.code].said(language)}", markup=False)


def _print_content(report: TradeCheckReport, language: Language) -> None:
    if report.receipt is None:
        return
    body = report.receipt.body
    asked, block = body.asked, body.block
    number = asked.certificate if body.record is None else body.record.number
    out.print(f" {number[:60]}  {asked.seller.name} → {asked.buyer.name}", style="bold", markup=False)
    out.print(f" {body.exchange.name} ({body.exchange.code})", markup=False)
    out.print(f" {moment(block.time).said(language)} · {block.number} {block.hash.hex()[:16]}…", markup=False)
    for reason in body.reasons:
        out.print(f" ✗ {words.said_of(reason).said(language)}", markup=False)
    for one in body.obligations:
        title, outcome = words.CHECKED[one.name], words.OUTCOMES[one.outcome]
        out.print(f"   {title.said(language)}: {outcome.said(language)}", markup=False)
    out.print()
