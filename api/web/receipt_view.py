"""A receipt's report as the page shows it (S13.4, S13.5): the answer, then what was agreed, then why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yinzheng.api.http.language import Language
from yinzheng.api.web.checking import CheckedReceipt
from yinzheng.api.web.report_view import Moment, Pinned, Step, block_of, not_yours, pinned, step_of
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import ESTABLISHED, RECEIPT_ESTABLISHED, Tone
from yinzheng.verifier.formats.notice import SCOPES
from yinzheng.verifier.judge.receipt.report import ReceiptReport, ReceiptStatus
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.words import receipt as phrases_receipt
from yinzheng.verifier.words.verdict import verdict

_STATUS_TONES: Final[dict[ReceiptStatus, Tone]] = {
    ReceiptStatus.IN_FORCE: "good",
    ReceiptStatus.UNDETERMINED: "unknown",
    ReceiptStatus.NOT_YET: "unknown",
    ReceiptStatus.OVERDUE: "bad",
}


_ESTABLISHED: Final = {**ESTABLISHED, **RECEIPT_ESTABLISHED}


@dataclass(frozen=True, slots=True)
class Agreed:
    """One question of the consent: what was answered, and whether it is in force now."""

    title: str
    answer: str
    tone: str


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Everything the page of a receipt shows."""

    tone: Tone
    title: str
    meaning: str
    why: str | None
    block: Moment | None
    checked_at: Instant
    registry: str | None
    given: Instant | None
    controller: str | None
    person: str | None
    until: Instant | None
    agreed: tuple[Agreed, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    policy: Pinned
    demonstration: bool


def receipt_tone(report: ReceiptReport) -> Tone:
    """Colour and icon of the answer."""
    if report.authentic is Authentic.FORGED:
        return "bad"
    if report.authentic is not Authentic.GENUINE:
        return "unknown"
    return _STATUS_TONES.get(report.status, "warn")


def receipt_view(checked: CheckedReceipt, language: Language, *, own_policy: bool) -> ReceiptView:
    """The page's content in one language."""
    report = checked.report
    core, consent = report.core, report.consent
    genuine = report.authentic is Authentic.GENUINE
    untold = genuine and report.status is ReceiptStatus.UNDETERMINED
    return ReceiptView(
        tone=receipt_tone(report),
        title=verdict(report).headline.said(language),
        meaning=phrases_receipt.advice(report).said(language),
        why=not_yours(phrases_receipt.why(report.status_code).said(language)) if untold else None,
        block=block_of(report.block, language),
        checked_at=instant(report.checked_at, language),
        registry=None if core is None else core.registry.name,
        given=None if core is None else instant(core.at, language, day_only=True),
        controller=None if consent is None else consent.controller.name,
        person=None if consent is None else consent.person.name,
        until=None if consent is None else instant(consent.until, language, day_only=True),
        agreed=_agreed(report, language),
        steps=tuple(
            step_of(finding, language, phrases_receipt.OBLIGATIONS, _ESTABLISHED, phrases_receipt.reason)
            for finding in report.findings
        ),
        notes=tuple(
            phrases_receipt.NOTES[note.code].said(language)
            for note in report.notes
            if note.code in phrases_receipt.NOTES
        ),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=report.demonstration,
    )


def _agreed(report: ReceiptReport, language: Language) -> tuple[Agreed, ...]:
    consent, left = report.consent, report.remaining
    if consent is None:
        return ()
    scopes = None if left is None else set(left.scopes)
    codes = None if left is None else {(grant.code, grant.scope) for grant in left.grants}
    asked = [
        (phrases_receipt.SCOPES[scope].said(language), answer, scopes is None or scope in scopes)
        for scope, answer in zip(SCOPES, consent.scopes, strict=True)
    ]
    asked += [
        (
            f"{one.name} · {phrases_receipt.SCOPES[one.scope].said(language)}",
            one.answer,
            codes is None or (one.code, one.scope) in codes,
        )
        for one in consent.recipients
    ]
    return tuple(_one(title, answer, language, holds=holds) for title, answer, holds in asked)


def _one(title: str, answer: bool | None, language: Language, *, holds: bool) -> Agreed:
    said = phrases_receipt.ANSWERS[answer].said(language)
    if answer is True and not holds:
        return Agreed(title, "已撤回或已到期" if language == "zh" else "withdrawn or ended", "warn")
    return Agreed(title, said, "good" if answer is True else "none")
