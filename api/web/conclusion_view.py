"""The report on the end of a withdrawal as the page shows it (S10.9): the answer, what it says, then why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yinzheng.api.http.language import Language
from yinzheng.api.web.checking import CheckedConclusion
from yinzheng.api.web.report_view import Moment, Pinned, Step, block_of, pinned, step_of
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import ESTABLISHED, Tone
from yinzheng.verifier.formats.withdrawal_steps import Completed
from yinzheng.verifier.judge.conclusion.report import ConclusionReport, Standing
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.words import conclusion as words
from yinzheng.verifier.words.verdict import verdict

_STANDING_TONES: Final[dict[Standing, Tone]] = {
    Standing.COMPLETED: "good",
    Standing.RESTRICTED: "good",
    Standing.UNDETERMINED: "unknown",
    Standing.NOT_YET: "unknown",
}


_OWN: Final = (1, 3, 4, 5, 9)
_ESTABLISHED: Final = {**ESTABLISHED, **{number: words.OBLIGATIONS[number] for number in _OWN}}
"""What is said of obligations that hold: for some their titles say it."""


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
    shown = report.conclusion
    body = shown.body if shown else None
    completed = body.completed_at if isinstance(body, Completed) else None
    until = body.until if body is not None and not isinstance(body, Completed) else None
    return ConclusionView(
        tone=conclusion_tone(report),
        title=verdict(report).headline.said(language),
        meaning=words.advice(report).said(language),
        block=block_of(report.block, language),
        checked_at=instant(report.checked_at, language),
        law=body.law if body else None,
        completed=None if completed is None else instant(completed, language),
        until=None if until is None else instant(until, language, day_only=True),
        signed=None if shown is None else instant(shown.signed_at, language),
        steps=tuple(
            step_of(finding, language, words.OBLIGATIONS, _ESTABLISHED) for finding in report.findings
        ),
        notes=tuple(words.NOTES[note.code].said(language) for note in report.notes),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=report.demonstration,
    )
