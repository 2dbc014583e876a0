"""The report on an answer as the page shows it: the verdict, who answered, then each step (S21.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.http.language import Language
from yinzheng.api.web.report_view import TONES, Pinned, Step, not_yours, pinned
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import ESTABLISHED, Tone, say
from yinzheng.verifier.judge.challenge import AnswerReport
from yinzheng.verifier.judge.report import Finding, Outcome
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words import challenge as words
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.verdict import verdict


@dataclass(frozen=True, slots=True)
class AnswerView:
    """Everything the page shows."""

    tone: Tone
    title: str
    meaning: str
    number: str
    asker: str | None
    holder: str | None
    rights: str
    others: tuple[str, ...]
    certificate: str
    checked_at: Instant
    steps: tuple[Step, ...]
    policy: Pinned
    demonstration: bool


def answer_tone(report: AnswerReport) -> Tone:
    """Colour and icon of the answer."""
    if report.exit_code == 0:
        return "warn" if report.standing == "answered_attention" else "good"
    return "bad" if report.exit_code == 1 else "unknown"


def answer_view(
    report: AnswerReport, trust: TrustPolicy, language: Language, *, own_policy: bool
) -> AnswerView:
    """The page's content in one language."""
    holder = report.holder
    return AnswerView(
        tone=answer_tone(report),
        title=verdict(report).headline.said(language),
        meaning=words.advice(report).said(language),
        number=report.challenge.certificate,
        asker=report.challenge.asker,
        holder=None if holder is None else f"{holder.name} ({holder.code})",
        rights=" ".join(phrases.RIGHTS[one].said(language) for one in (holder.rights if holder else ())),
        others=tuple(f"{one.name} ({one.code})" for one in report.others),
        certificate=verdict(report.certificate).headline.said(language),
        checked_at=instant(report.checked_at, language),
        steps=tuple(_step(finding, language) for finding in (*report.certificate.findings, *report.findings)),
        policy=pinned(trust, language, own=own_policy),
        demonstration=report.demonstration,
    )


def _step(finding: Finding, language: Language) -> Step:
    return Step(
        number=finding.number,
        tone=TONES[finding.outcome],
        title=words.OBLIGATIONS[finding.number].said(language),
        outcome=phrases.OUTCOMES[finding.outcome].said(language),
        reason=reason_of(finding, words.OBLIGATIONS, language),
        code=finding.code,
    )


def reason_of(finding: Finding, titles: Mapping[int, phrases.Phrase], language: Language) -> str:
    """Why it came out so; of what holds and has no words of its own, its title."""
    if finding.outcome is Outcome.VALID:
        known = ESTABLISHED.get(finding.number)
        return titles[finding.number].said(language) if known is None else say(known, language)
    if finding.outcome is Outcome.ERROR and finding.code != "live-refused":
        return say(FAULTS["ledger-unavailable"].message, language)
    return not_yours(phrases.reason(finding).said(language))
