"""How `yinzheng verify` says what it found about the voucher of a licence (S9.7)."""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.findings import china_time, print_findings
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, out
from yinzheng.verifier.formats.licence import Licence
from yinzheng.verifier.judge.licence.report import VoucherReport
from yinzheng.verifier.words import licence as words
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.phrase import Language, Phrase
from yinzheng.verifier.words.times import moment
from yinzheng.verifier.words.verdict import verdict

_BLOCK: Final = (Phrase("区块", "block"), Phrase("时间", "time"), Phrase("距今", "age"), Phrase("秒", "s"))


def print_voucher(report: VoucherReport, language: Language) -> None:
    """Print the report."""
    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    if report.demonstration:
        out.print(words.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    out.print(words.advice(report).said(language), markup=False)
    for name in report.attention:
        out.print(f" ! {words.RESTRAINTS[name].said(language)}", style="yellow", markup=False)
    if report.body is not None:
        _print_licence(report.body, report, language)
    out.print()
    print_findings(report.findings, words.OBLIGATIONS, phrases.reason, language)
    if report.block is not None:
        at, said = report.block, [word.said(language) for word in _BLOCK]
        when = china_time(at.time).isoformat(" ")
        out.print(f"\n {said[0]} {at.number} · {said[1]} {when} · {said[2]} {at.age} {said[3]}", markup=False)
    for note in report.notes:
        out.print(f" · {words.NOTES[note.code].said(language)}", markup=False)


def _print_licence(body: Licence, report: VoucherReport, language: Language) -> None:
    out.print()
    if not body.registration:
        out.print(f" {words.RECORDED.said(language)}", style="yellow", markup=False)
    under = words.FIELDS["certificate"].said(language)
    out.print(f" {body.number}  {under} {body.certificate.number}", style="bold", markup=False)
    for name, party in (("licensor", body.licensor), ("licensee", body.licensee)):
        out.print(f" {words.FIELDS[name].said(language)} {party.name} ({party.code})", markup=False)
    for name, said in words.terms(body).items():
        out.print(f" {words.FIELDS[name].said(language)}: {said.said(language)}", markup=False)
    begins, ends = (moment(at).said(language) for at in (body.begins, body.ends))
    out.print(f" {begins} – {ends}  {body.registry.name}  {body.profile}", markup=False)
    if report.chain is not None and report.chain.ending:
        when = moment(report.chain.ended_at).said(language)
        how = words.ended(report.chain.ending, report.end).said(language)
        out.print(f" {words.ENDED_AT.said(language)} {when}  {how}", style="yellow", markup=False)
    for difference in report.differences:
        shown, held = difference.certificate, difference.record
        out.print(f" ≠ {difference.path}: {shown!r} → {held!r}", style="red", markup=False)
