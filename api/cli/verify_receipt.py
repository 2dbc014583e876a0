"""How `yinzheng verify` says what it found about a patient's receipt (S13)."""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.findings import china_time, print_findings
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, out
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.consent import Consent
from yinzheng.verifier.formats.notice import SCOPES
from yinzheng.verifier.formats.withdrawal import Portion
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.words import accesses as words
from yinzheng.verifier.words import receipt as phrases_receipt
from yinzheng.verifier.words.phrases import Language, Phrase
from yinzheng.verifier.words.verdict import verdict

_WORDS: Final = {
    "registry": Phrase("登记机构", "registry"),
    "controller": Phrase("向谁同意", "given to"),
    "person": Phrase("本人", "person"),
    "guardian": Phrase("监护人", "guardian"),
    "given": Phrase("同意时间", "given"),
    "until": Phrase("有效至", "until"),
    "withdraw": Phrase("如何撤回", "how to withdraw"),
    "remaining": Phrase("仍然有效", "in force"),
    "nothing": Phrase("无", "nothing"),
    "withdrawn": Phrase("已撤回", "Withdrawn"),
    "received": Phrase("收到撤回", "withdrawal received"),
    "destroy": Phrase("销毁期限", "destruction due"),
    "receipts": Phrase("已确认", "confirmed"),
    "block": Phrase("区块", "block"),
    "age": Phrase("距今", "age"),
}


def print_receipt(report: ReceiptReport, language: Language) -> None:
    """Print the report. What is private is there only if the patient's own file was given."""
    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    if report.demonstration:
        out.print(phrases_receipt.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    out.print(phrases_receipt.advice(report).said(language), markup=False)
    out.print()
    _print_content(report, language)
    _print_withdrawals(report, language)
    _print_accesses(report, language)
    print_findings(report.findings, phrases_receipt.OBLIGATIONS, phrases_receipt.reason, language)
    if report.block is not None:
        block, said = report.block, _said(language)
        out.print(
            f"\n {said['block']} {block.number} · {_moment(block.time)} · {said['age']} {block.age} s",
            markup=False,
        )
    if report.status_code != "ok" and report.status_code not in {f.code for f in report.findings}:
        out.print(f" · {phrases_receipt.why(report.status_code).said(language)}", markup=False)
    for note in report.notes:
        out.print(f" · {phrases_receipt.NOTES[note.code].said(language)}", markup=False)


def _print_content(report: ReceiptReport, language: Language) -> None:
    if report.core is None:
        return
    said = _said(language)
    if report.consent is None:
        registry: Party = report.core.registry
        out.print(f" {said['registry']} {registry.name}  {report.core.profile}", markup=False)
        out.print()
        return
    consent = report.consent
    out.print(f" {said['controller']} {consent.controller.name} ({consent.controller.code})", markup=False)
    out.print(f" {said['person']} {consent.person.name}", markup=False)
    if consent.guardian is not None:
        out.print(f" {said['guardian']} {consent.guardian.name}", markup=False)
    _print_answers(consent, report.remaining, language)
    out.print(
        f" {said['given']} {_moment(consent.given_at)} · {said['until']} {_moment(consent.until)}",
        markup=False,
    )
    if report.remaining is not None:
        scopes = [phrases_receipt.SCOPES[scope].said(language) for scope in report.remaining.scopes]
        separator = "、" if language == "zh" else "; "
        out.print(f" {said['remaining']} {separator.join(scopes) or said['nothing']}", markup=False)
    if report.notice is not None:
        out.print(f" {said['withdraw']} {report.notice.withdraw}", markup=False)
    out.print()


def _print_answers(consent: Consent, remaining: Portion | None, language: Language) -> None:
    """Each answer as given, or that it was withdrawn since."""
    withdrawn = _said(language)["withdrawn"]
    left = None if remaining is None else {(grant.code, grant.scope) for grant in remaining.grants}
    for scope, answer in zip(SCOPES, consent.scopes, strict=True):
        answered = phrases_receipt.ANSWERS[answer].said(language)
        if answer and remaining is not None and scope not in remaining.scopes:
            answered = withdrawn
        out.print(f"   {phrases_receipt.SCOPES[scope].said(language)}: {answered}", markup=False)
        for recipient in consent.recipients:
            if recipient.scope == scope:
                answered = phrases_receipt.ANSWERS[recipient.answer].said(language)
                if recipient.answer and left is not None and (recipient.code, scope) not in left:
                    answered = withdrawn
                out.print(f"     {recipient.name} ({recipient.code}): {answered}", markup=False)


def _print_withdrawals(report: ReceiptReport, language: Language) -> None:
    said = _said(language)
    for found in report.withdrawals:
        if found.received_at:
            out.print(
                f" {said['received']} {_moment(found.received_at)} · {said['destroy']} "
                f"{_moment(found.destroy_by)} · {said['receipts']} {found.receipts}/{found.recipients}",
                markup=False,
            )


def _print_accesses(report: ReceiptReport, language: Language) -> None:
    """Who used or opened what; what no consent covers stands out."""
    if report.lines is None:
        return
    known, listed = report.lines.count, len(report.accesses)
    told = words.LISTED if known else words.NONE_TOLD
    out.print(f" {told.said(language).format(known=known, listed=listed)}", markup=False)
    for one in report.accesses:
        line, said = one.proved.line, one.proved.words
        who = one.organisation or line.organisation or ""
        function = words.function_of(line).said(language)
        deed = words.deed_of(line).said(language)
        purpose = words.PURPOSES[line.purpose].said(language) if said is None else said.words.purpose
        out.print(f"   {line.number}  {_moment(line.at)}  {who} {function}  {deed}  {purpose}", markup=False)
        basis = words.BASES[line.basis].said(language)
        scope = "" if line.scope is None else f" · {phrases_receipt.SCOPES[line.scope].said(language)}"
        under = "" if one.under is None else f" · {words.UNDER_ANOTHER.said(language)} {one.under[:16]}"
        outside = f"  {words.OUTSIDE.said(language)}" if one.outside else ""
        out.print(
            f"      {basis}{scope}{under}{outside}", style="bold red" if one.outside else "", markup=False
        )
    out.print()


def _said(language: Language) -> dict[str, str]:
    return {name: phrase.said(language) for name, phrase in _WORDS.items()}


def _moment(seconds: int) -> str:
    return china_time(seconds).isoformat(" ", "minutes")[:16]
