"""How `yinzheng verify` says what it found about a contract about data (S21.12)."""

from __future__ import annotations

from yinzheng.api.cli.findings import print_findings
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, out
from yinzheng.verifier.formats.trade_contract import SignedContract
from yinzheng.verifier.judge.contract.report import ContractReport
from yinzheng.verifier.words import contract as words
from yinzheng.verifier.words import phrases, trade_contract
from yinzheng.verifier.words.phrase import Language
from yinzheng.verifier.words.times import moment
from yinzheng.verifier.words.verdict import verdict


def print_contract(report: ContractReport, language: Language) -> None:
    """Print the report."""
    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    if report.demonstration:
        out.print(words.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    out.print(words.advice(report).said(language), markup=False)
    out.print()
    if report.signed is not None:
        _print_content(report.signed, language)
    if report.told is not None:
        out.print(f" {moment(report.told.body.concluded_at).said(language)}", markup=False)
    print_findings(report.findings, words.TITLES, phrases.reason, language)
    for note in report.notes:
        out.print(f" · {phrases.NOTES[note.code].said(language)}", markup=False)


def _print_content(signed: SignedContract, language: Language) -> None:
    contract, kids = signed.contract, {one.code: one.kid.hex() for one in signed.signatures}
    out.print(
        f" {contract.number}  {contract.seller.name} → {contract.buyer.name}", style="bold", markup=False
    )
    for side in ("seller", "buyer"):
        party = getattr(contract, side)
        said = trade_contract.SIDES[side].said(language)
        out.print(f" {said} {party.name} ({party.code})  {kids.get(party.code, '—')}", markup=False)
    for name, value in trade_contract.facts(contract).items():
        out.print(f" {trade_contract.FACTS[name].said(language)}: {value.said(language)}", markup=False)
    for one in trade_contract.described(contract):
        applies = trade_contract.APPLIES[one.applies].said(language)
        told = "; ".join(f"{what.said(language)} {value.said(language)}" for what, value in one.said)
        out.print(f" {one.number:>2} {one.title.said(language)}: {applies}  {told}".rstrip(), markup=False)
    out.print(f" SM3 {contract.digest.sm3.hex()}", markup=False)
