"""A report as the page shows it: the verdict first, then the fields, the obligations, the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.http.language import Language
from yinzheng.api.web.checking import Checked
from yinzheng.api.web.event_words import CAPACITIES, EVENTS
from yinzheng.api.web.fields import Row, rows
from yinzheng.api.web.ports import BasisLine, HistoryLine
from yinzheng.api.web.times import Instant, age, duration, instant
from yinzheng.api.web.words import ATTENTION, ESTABLISHED, VERDICTS, say
from yinzheng.ledger.rules.terms import Label
from yinzheng.verifier.judge.report import Authentic, Block, Finding, Outcome, Report, Status
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.judge.verdict import KEY_UNKNOWN, never_registered
from yinzheng.verifier.words import moved, phrases
from yinzheng.verifier.words.fingerprint import fingerprint
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.receipt import CHANGES
from yinzheng.verifier.words.verdict import verdict

TONES: Final = {
    Outcome.VALID: "good",
    Outcome.INVALID: "bad",
    Outcome.SKIPPED: "unknown",
    Outcome.ERROR: "unknown",
}
_NOT_YOURS: Final = (
    ("您的信任策略", "核验策略"),
    ("您信任策略", "核验策略"),
    ("您信任的", "核验策略认可的"),
    ("Your policy", "The policy"),
    ("your policy", "the policy"),
    ("No key you trust", "No key of the policy"),
    ("a registry you trust", "that registry"),
)
_LEDGER: Final = range(5, 10)
"""Obligations that together establish the record itself, whatever the certificate shown says."""


@dataclass(frozen=True, slots=True)
class Step:
    """One obligation, in words."""

    number: int
    tone: str
    title: str
    outcome: str
    reason: str
    code: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history, in words."""

    at: Instant
    title: str
    by: str
    leaf: str
    index: int | None
    block: int | None
    notice: str | None
    """Address of the notice's own page, where this opened one (R24)."""


@dataclass(frozen=True, slots=True)
class Basis:
    """One notice that a certificate names, and what became of consents to it (R27)."""

    controller: str
    version: int
    published: Instant
    leaf: str
    pending: str
    overdue: str
    any_overdue: bool
    not_told: str
    beyond: tuple[str, ...]
    """In what consents to earlier versions do not count for it, in words (R28)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The block an answer is about, or the time of asking alone."""

    number: int | None
    time: Instant
    age: str
    sealed_by: str = ""
    """Whose validators sealed it; empty where the policy names none."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """The policy a report was made under, so that a reader can compare it with another."""

    own: bool
    origin: str
    chain_id: int
    genesis: str
    issuers: tuple[str, ...]
    contracts: tuple[str, ...]
    max_age: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything the result page shows."""

    tone: str
    title: str
    meaning: str
    next: tuple[str, ...]
    attention: tuple[str, ...]
    number: str | None
    block: Moment | None
    checked_at: Instant
    confirmed: bool
    """Whether the ledger confirms the fields shown."""
    rows: tuple[Row, ...]
    steps: tuple[Step, ...]
    moved: tuple[str, ...]
    """What became of it, a line each."""
    history: tuple[Event, ...]
    basis: tuple[Basis, ...]
    notes: tuple[str, ...]
    policy: Pinned
    demonstration: bool


def verdict_name(report: Report) -> str:
    """Which of `VERDICTS` a report calls for."""
    if never_registered(report.findings):
        return "unregistered"
    if report.authentic is Authentic.NOT_OURS:
        return "malformed" if report.finding(1).outcome is Outcome.INVALID else "foreign"
    if report.authentic is Authentic.FORGED:
        return "differs" if report.differences else "forged"
    if report.authentic is Authentic.UNDETERMINED:
        return "key_unknown" if report.finding(2).code == KEY_UNKNOWN else "undetermined"
    return "status_unknown" if report.status is Status.UNDETERMINED else report.standing


def confirmed(report: Report) -> bool:
    """Whether the record shown is the ledger's own, even where the certificate shown is not."""
    if report.authentic is Authentic.GENUINE:
        return True
    ledger = all(report.finding(number).outcome is Outcome.VALID for number in _LEDGER)
    return report.record is not None and ledger and report.finding(4).code in ("ok", "record-differs")


def report_view(checked: Checked, language: Language, *, own_policy: bool) -> ReportView:
    """The page's content in one language."""
    report = checked.report
    explained = VERDICTS[verdict_name(report)]
    return ReportView(
        tone=explained.tone,
        title=verdict(report).headline.said(language),
        meaning=say(explained.meaning, language),
        next=tuple(say(label, language) for label in explained.next),
        attention=_shown_attention(report, language),
        number=report.number,
        block=block_of(report.block, language),
        checked_at=instant(report.checked_at, language),
        confirmed=confirmed(report),
        rows=rows(report, language),
        steps=tuple(step_of(finding, language) for finding in report.findings),
        moved=tuple(line.said(language) for line in moved.lines(report)),
        history=_history(checked.history, language),
        basis=tuple(_basis(line, language) for line in checked.basis),
        notes=tuple(
            phrases.NOTES[note.code].said(language) for note in report.notes if note.code in phrases.NOTES
        ),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=report.demonstration,
    )


def _shown_attention(report: Report, language: Language) -> tuple[str, ...]:
    demonstration = (phrases.DEMONSTRATION.said(language),) if report.demonstration else ()
    return (*demonstration, *(say(label, language) for label in map(ATTENTION.__getitem__, report.attention)))


def block_of(block: Block | None, language: Language) -> Moment | None:
    """The block that an answer is about, in words."""
    if block is None:
        return None
    sealed = phrases.sealed_by(block.sealed_by).said(language) if block.sealed_by else ""
    return Moment(block.number, instant(block.time, language), age(block.age, language), sealed)


def step_of(
    finding: Finding,
    language: Language,
    titles: Mapping[int, Phrase] = phrases.OBLIGATIONS,
    established: Mapping[int, tuple[str, str]] = ESTABLISHED,
    reason: Callable[[Finding], Phrase] = phrases.reason,
) -> Step:
    """An obligation in words. The verifier speaks to someone with a policy of their own; here it is the
    server's. ``established``: what is said of one that holds, Chinese and English.
    """
    if finding.outcome is Outcome.VALID:
        why = established[finding.number][0 if language == "zh" else 1]
    elif finding.outcome is Outcome.ERROR and finding.code != "live-refused":
        why = say(FAULTS["ledger-unavailable"].message, language)
    else:
        why = not_yours(reason(finding).said(language))
    if (cosigned := phrases.cosigned(finding)) is not None:
        why = f"{why} {cosigned.said(language)}"
    return Step(
        number=finding.number,
        tone=TONES[finding.outcome],
        title=titles[finding.number].said(language),
        outcome=phrases.OUTCOMES[finding.outcome].said(language),
        reason=why,
        code=finding.code,
    )


def not_yours(said: str) -> str:
    """The verifier's words, where the policy is not the reader's."""
    for theirs, ours in _NOT_YOURS:
        said = said.replace(theirs, ours)
    return said


def _basis(line: BasisLine, language: Language) -> Basis:
    return Basis(
        controller=line.controller,
        version=line.version,
        published=instant(line.published_at, language, day_only=True),
        leaf=line.leaf,
        pending=line.counts.pending,
        overdue=line.counts.overdue,
        any_overdue=line.counts.overdue != "0",
        not_told=line.counts.not_told,
        beyond=tuple(CHANGES[change].said(language) for change in line.not_counted_for),
    )


def _history(lines: Sequence[HistoryLine], language: Language) -> tuple[Event, ...]:
    return tuple(
        Event(
            at=instant(line.at, language),
            title=_known(EVENTS.get(line.type), line.type, language),
            by=_known(CAPACITIES.get(str(line.statement.get("by"))), "", language),
            leaf=line.leaf,
            index=line.index,
            block=line.anchored_block,
            notice=f"/publicity/{line.leaf}" if line.type == "publicity.opened" else None,
        )
        for line in lines
    )


def _known(label: Label | None, otherwise: str, language: Language) -> str:
    return otherwise if label is None else say(label, language)


def pinned(trust: TrustPolicy, language: Language, *, own: bool) -> Pinned:
    """The policy in words."""
    return Pinned(
        own=own,
        origin=trust.origin,
        chain_id=trust.chain_id,
        genesis=trust.genesis.hex(),
        issuers=tuple(f"{issuer.registry.name} · {kid.hex()}" for kid, issuer in trust.issuers.items()),
        contracts=(trust.anchor.address.hex(), trust.rights.address.hex()),
        max_age=duration(trust.max_age, language),
        fingerprint=fingerprint(trust).said.said(language),
    )
