"""A right's history as the page shows it (S23): the answer, the certificates, the timeline, then why."""

from __future__ import annotations

from dataclasses import dataclass

from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.http.language import Language
from yinzheng.api.web.checking import CheckedHistory
from yinzheng.api.web.established import HISTORY
from yinzheng.api.web.event_words import CAPACITIES
from yinzheng.api.web.report_view import TONES, Moment, Pinned, Step, block_of, not_yours, pinned
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import Tone, say
from yinzheng.verifier.judge.history.report import HistoryReport, Holding, Line, Whole
from yinzheng.verifier.judge.report import Authentic, Finding, Outcome, Status
from yinzheng.verifier.words import history as words
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.verdict import verdict


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline, in words."""

    at: Instant
    on_chain: Instant | None
    title: str
    told: str
    number: str
    by: str
    leaf: str
    index: int


@dataclass(frozen=True, slots=True)
class Held:
    """One certificate of the history, in words."""

    number: str
    state: str
    tone: Tone
    licences: int


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Everything the page shows."""

    tone: Tone
    title: str
    meaning: str
    number: str | None
    asset: str
    block: Moment | None
    checked_at: Instant
    certificates: tuple[Held, ...]
    events: tuple[Event, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    policy: Pinned
    demonstration: bool


def history_tone(report: HistoryReport) -> Tone:
    """Colour and icon of the answer."""
    if report.authentic is Authentic.FORGED:
        return "bad"
    if report.authentic is not Authentic.GENUINE or report.standing is Whole.UNDETERMINED:
        return "unknown"
    return "good" if report.standing is Whole.WHOLE else "warn"


def history_view(checked: CheckedHistory, language: Language, *, own_policy: bool) -> HistoryView:
    """The page's content in one language."""
    report = checked.report
    return HistoryView(
        tone=history_tone(report),
        title=verdict(report).headline.said(language),
        meaning=words.advice(report).said(language),
        number=report.history.number if report.history else None,
        asset=report.history.asked.record.asset if report.history else "",
        block=block_of(report.block, language),
        checked_at=instant(report.checked_at, language),
        certificates=tuple(_held(one, language) for one in report.holdings) if report.lines else (),
        events=tuple(_event(line, language) for line in report.lines),
        steps=tuple(_step(finding, language) for finding in report.findings),
        notes=tuple(words.note(note).said(language) for note in report.notes),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=report.demonstration,
    )


def _held(holding: Holding, language: Language) -> Held:
    tone: Tone = "good" if holding.standing is Status.IN_FORCE else "unknown"
    return Held(holding.number, words.state(holding).said(language), tone, holding.licences)


def _event(line: Line, language: Language) -> Event:
    by = CAPACITIES.get(line.by)
    return Event(
        at=instant(line.at, language),
        on_chain=None if line.on_chain_at is None else instant(line.on_chain_at, language),
        title=words.title(line).said(language),
        told=words.told(line).said(language),
        number=line.certificate,
        by="" if by is None else say(by, language),
        leaf=line.leaf.hex(),
        index=line.index,
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
        return say(HISTORY[finding.number], language)
    if finding.outcome is Outcome.ERROR and finding.code != "live-refused":
        return say(FAULTS["ledger-unavailable"].message, language)
    return not_yours(words.reason(finding).said(language))
