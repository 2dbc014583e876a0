"""The report on the receipt of a trade check as the page shows it (S20.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.http.language import Language
from yinzheng.api.web.checking import CheckedTrade
from yinzheng.api.web.established import TRADE
from yinzheng.api.web.report_view import TONES, Moment, Pinned, Step, block_of, not_yours, pinned
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import Tone, say
from yinzheng.verifier.formats.trade import DECLARED, MET, OPEN, UNMET
from yinzheng.verifier.judge.report import Authentic, Finding, Outcome
from yinzheng.verifier.judge.trade_check.report import Told, TradeCheckReport
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words import trade as words
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.verdict import verdict

_TOLD_TONES: Final[dict[Told, Tone]] = {
    Told.ALLOW: "good",
    Told.NEEDS_PERSON: "warn",
    Told.REFUSE: "no",
    Told.NOT_YET: "unknown",
    Told.UNDETERMINED: "unknown",
}


_OUTCOME_TONES: Final[dict[str, Tone]] = {MET: "good", DECLARED: "unknown", UNMET: "bad", OPEN: "warn"}


@dataclass(frozen=True, slots=True)
class TradeView:
    """Everything the page shows."""

    tone: Tone
    title: str
    meaning: str
    block: Moment | None
    """Of the evidence."""
    checked_at: Instant
    fields: tuple[tuple[str, str], ...]
    """What the receipt says, once it can be read."""
    reasons: tuple[str, ...]
    looked_at: tuple[tuple[str, str, Tone], ...]
    """Each obligation of the check with what became of it, and its colour."""
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    policy: Pinned
    demonstration: bool


def trade_tone(report: TradeCheckReport) -> Tone:
    """Colour and icon of the answer."""
    if report.authentic is Authentic.FORGED:
        return "bad"
    return _TOLD_TONES[report.standing] if report.authentic is Authentic.GENUINE else "unknown"


def trade_view(checked: CheckedTrade, language: Language, *, own_policy: bool) -> TradeView:
    """The page's content in one language."""
    report = checked.report
    body = None if report.receipt is None else report.receipt.body
    return TradeView(
        tone=trade_tone(report),
        title=verdict(report).headline.said(language),
        meaning=words.advice(report).said(language),
        block=block_of(report.block, language),
        checked_at=instant(report.checked_at, language),
        fields=_fields(report, language),
        reasons=() if body is None else tuple(words.said_of(one).said(language) for one in body.reasons),
        looked_at=()
        if body is None
        else tuple(
            (
                words.CHECKED[one.name].said(language),
                words.OUTCOMES[one.outcome].said(language),
                _OUTCOME_TONES[one.outcome],
            )
            for one in body.obligations
        ),
        steps=tuple(_step(finding, language) for finding in report.findings),
        notes=tuple(phrases.NOTES[note.code].said(language) for note in report.notes),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=report.demonstration,
    )


_LABELS: Final = (
    Phrase("证书编号", "Certificate"),
    Phrase("卖方", "Seller"),
    Phrase("买方", "Buyer"),
    Phrase("交易所", "Exchange"),
    Phrase("答复时间", "Answered"),
    Phrase("所依据的区块", "Block it speaks of"),
)


def _fields(report: TradeCheckReport, language: Language) -> tuple[tuple[str, str], ...]:
    if report.receipt is None:
        return ()
    body = report.receipt.body
    asked = body.asked
    told = (
        asked.certificate[:60] if body.record is None else body.record.number,
        f"{asked.seller.name} ({asked.seller.code})",
        f"{asked.buyer.name} ({asked.buyer.code})",
        f"{body.exchange.name} ({body.exchange.code})",
        instant(body.checked_at, language).text,
        f"{body.block.number} · {instant(body.block.time, language).text}",
    )
    return tuple((label.said(language), said) for label, said in zip(_LABELS, told, strict=True))


def _step(finding: Finding, language: Language) -> Step:
    return Step(
        number=finding.number,
        tone=TONES[finding.outcome],
        title=words.TITLES[finding.number].said(language),
        outcome=phrases.OUTCOMES[finding.outcome].said(language),
        reason=_reason(finding, language),
        code=finding.code,
    )


def _reason(finding: Finding, language: Language) -> str:
    if finding.outcome is Outcome.VALID:
        return say(TRADE[finding.number], language)
    if finding.outcome is Outcome.ERROR and finding.code != "live-refused":
        return say(FAULTS["ledger-unavailable"].message, language)
    return not_yours(phrases.reason(finding).said(language))
