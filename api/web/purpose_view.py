"""The report on a proof for one reader as the page shows it (S21.6): the answer, what was disclosed, why."""

from __future__ import annotations

from dataclasses import dataclass

from yinzheng.api.http.language import Language
from yinzheng.api.web.challenge_view import reason_of
from yinzheng.api.web.checking import CheckedPurpose
from yinzheng.api.web.report_view import TONES, Pinned, Step, pinned
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import Tone
from yinzheng.verifier.judge.purpose_proof import PurposeReport
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words import purpose_proof as words
from yinzheng.verifier.words.verdict import verdict


@dataclass(frozen=True, slots=True)
class PurposeView:
    """Everything the page shows."""

    tone: Tone
    title: str
    meaning: str
    untold: bool
    """Whether it waits for who reads it, and for what."""
    purposes: tuple[tuple[str, str], ...]
    checked_at: Instant
    made_for: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    policy: Pinned
    demonstration: bool


def purpose_tone(report: PurposeReport) -> Tone:
    """Colour and icon of the answer."""
    if report.exit_code == 0:
        return "warn" if report.standing == "valid_attention" else "good"
    return "bad" if report.exit_code == 1 else "unknown"


def purpose_view(checked: CheckedPurpose, language: Language, *, own_policy: bool) -> PurposeView:
    """The page's content in one language."""
    report = checked.report
    return PurposeView(
        tone=purpose_tone(report),
        title=verdict(report).headline.said(language),
        meaning=words.advice(report).said(language),
        untold=report.standing == "untold",
        purposes=tuple((name, said.said(language)) for name, said in words.PURPOSES.items()),
        checked_at=instant(report.checked_at, language),
        made_for=_made_for(report, language),
        rows=tuple(
            (phrases.FIELDS[name].said(language), words.value(name, value).said(language))
            for name, value in report.disclosed().items()
        ),
        steps=tuple(
            Step(
                number=finding.number,
                tone=TONES[finding.outcome],
                title=words.OBLIGATIONS[finding.number].said(language),
                outcome=phrases.OUTCOMES[finding.outcome].said(language),
                reason=reason_of(finding, words.OBLIGATIONS, language),
                code=finding.code,
            )
            for finding in report.findings
        ),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=report.demonstration,
    )


def _made_for(report: PurposeReport, language: Language) -> tuple[tuple[str, str], ...]:
    """For whom it is made; nothing of it to a reader whose it is not."""
    proof = report.proof
    if proof is None or not report.holds:
        return ()
    named = (
        ("读者", "用途", "出具人", "截止") if language == "zh" else ("Reader", "Purpose", "Made by", "Until")
    )
    purpose = words.PURPOSES[proof.purpose].said(language)
    until = instant(proof.not_after, language).text
    values = (proof.reader.name, f"{purpose} · {proof.words}", proof.holder.name, until)
    return tuple(zip(named, values, strict=True))
