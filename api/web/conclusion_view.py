"""The report on the end of a withdrawal as the page shows it (S10.9): the answer, what it says, then why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.http.language import Language
from yinzheng.api.web.checking import CheckedConclusion
from yinzheng.api.web.report_view import TONES, Moment, Pinned, Step, not_yours, pinned
from yinzheng.api.web.times import Instant, age, instant
from yinzheng.api.web.words import ESTABLISHED, Tone, say
from yinzheng.verifier.formats.withdrawal_steps import Completed
from yinzheng.verifier.judge.conclusion.report import ConclusionReport, Standing
from yinzheng.verifier.judge.report import Authentic, Finding, Outcome
from yinzheng.verifier.words import conclusion as words
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.verdict import verdict

_STANDING_TONES: Final[dict[Standing, Tone]] = {
    Standing.COMPLETED: "good",
    Standing.RESTRICTED: "good",
    Standing.UNDETERMINED: "unknown",
    Standing.NOT_YET: "unknown",
}


@dataclass(frozen=True, slots=True)
class ConclusionView:
    """Everything the page shows."""

    tone: Tone
    title: str
    meaning: str
    block: Moment | None
    checked_at: Instant
    law: str | None
    completed: Instant | None
    until: Instant | None
    signed: Instant | None
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    policy: Pinned
    demonstration: bool


def conclusion_tone(report: ConclusionReport) -> Tone:
    """Colour and icon of the answer."""
    if report.authentic is Authentic.FORGED:
        return "bad"
    if report.authentic is not Authentic.GENUINE:
        return "unknown"
    return _STANDING_TONES.get(report.standing, "warn")


def conclusion_view(checked: CheckedConclusion, language: Language, *, own_policy: bool) -> ConclusionView:
    """The page's content in one language."""
    report = checked.report
    shown, block = report.conclusion, report.block
    body = shown.body if shown else None
    completed = body.completed_at if isinstance(body, Completed) else None
    until = body.until if body is not None and not isinstance(body, Completed) else None
    return ConclusionView(
        tone=conclusion_tone(report),
        title=verdict(report).headline.said(language),
        meaning=words.advice(report).said(language),
        block=None
        if block is None
        else Moment(block.number, instant(block.time, language), age(block.age, language)),
        checked_at=instant(report.checked_at, language),
        law=body.law if body else None,
        completed=None if completed is None else instant(completed, language),
        until=None if until is None else instant(until, language, day_only=True),
        signed=None if shown is None else instant(shown.signed_at, language),
        steps=tuple(_step(finding, language) for finding in report.findings),
        notes=tuple(words.NOTES[note.code].said(language) for note in report.notes),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=report.demonstration,
    )


def _step(finding: Finding, language: Language) -> Step:
    return Step(
        number=finding.number,
        tone=TONES[finding.outcome],
        title=words.OBLIGATIONS[finding.number].said(language),
        outcome=phrases.OUTCOMES[finding.outcome].said(language),
        reason=_reason(finding, language),
        code=finding.code,
    )


def _reason(finding: Finding, language: Language) -> str:
    if finding.outcome is Outcome.VALID:
        general = words.OBLIGATIONS if finding.number in (1, 3, 4, 5, 9) else None
        return (
            general[finding.number].said(language) if general else say(ESTABLISHED[finding.number], language)
        )
    if finding.outcome is Outcome.ERROR and finding.code != "live-refused":
        return say(FAULTS["ledger-unavailable"].message, language)
    return not_yours(phrases.reason(finding).said(language))
