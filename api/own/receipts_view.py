"""Answers before trades, and certificates kept for one, as an exchange's own pages show them (S20)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from yinzheng.api.http.language import Language
from yinzheng.api.org.exchange import Listed, Reservation
from yinzheng.api.own.words import (
    ANSWER_TONES,
    ANSWERS,
    KINDS,
    RESERVATION_TONES,
    RESERVATIONS,
    ROUTES,
)
from yinzheng.api.web.checking import CheckedTrade
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.trade_view import TradeView, trade_view
from yinzheng.api.web.words import Tone, say
from yinzheng.verifier.chain.terms import ACTS
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.formats.body import RIGHTS
from yinzheng.verifier.formats.trade import ALLOW
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.judge.trade_check.report import Told, TradeCheckReport
from yinzheng.verifier.judge.trade_check.verify import verify_trade_check
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words import licence, phrases, trade

SIGNED: Final = (1, 2, 3, 4)
"""The obligations that an answer's own signature settles, before the log has it."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check in the list."""

    check: str
    certificate: str
    answer: str
    tone: Tone
    kind: str
    seller: str
    buyer: str
    at: Instant


@dataclass(frozen=True, slots=True)
class ReservationLine:
    """A reservation in the list."""

    leaf: str
    certificate: str
    state: str
    tone: Tone
    made_at: Instant
    until: Instant
    stands: bool
    """Whether it can be let go."""


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Everything the page of an answer shows."""

    report: TradeView
    check: str
    certificate: str | None
    """Its number, where the trade may go ahead and it can be kept for it."""
    waits: bool
    """Whether it is signed by the registry that is pinned, and its proofs are yet to come."""


def check_line(one: Listed, language: Language) -> CheckLine:
    """A check in one language."""
    return CheckLine(
        check=one.check,
        certificate=one.certificate or "",
        answer=say(ANSWERS[one.answer], language),
        tone=ANSWER_TONES[one.answer],
        kind=say(KINDS[one.kind], language),
        seller=one.seller,
        buyer=one.buyer,
        at=instant(one.checked_at, language),
    )


def reservation_line(one: Reservation, language: Language) -> ReservationLine:
    """A reservation in one language."""
    return ReservationLine(
        leaf=one.reservation,
        certificate=one.certificate,
        state=say(RESERVATIONS[one.state], language),
        tone=RESERVATION_TONES.get(one.state, "unknown"),
        made_at=instant(one.made_at, language),
        until=instant(one.until, language),
        stands=one.state == "reserved",
    )


def form_words(language: Language) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen in the form of a check, with its words."""
    return {
        "rights": [(name, phrases.RIGHTS[name].said(language)) for name in RIGHTS],
        "acts": [(name, licence.ACTS[name].said(language)) for name in ACTS],
        "routes": [(name, say(label, language)) for name, label in ROUTES.items()],
    }


def judged(data: bytes, policy: TrustPolicy, now: int) -> TradeCheckReport:
    """The receipt, verified offline under the policy that is pinned here."""
    return verify_trade_check(Presented("json", file=data), policy, now=now)


def receipt_view(
    report: TradeCheckReport, policy: TrustPolicy, language: Language, *, proved: bool
) -> ReceiptView:
    """The page's content in one language. `proved`: the desk handed it out with proofs."""
    view = trade_view(CheckedTrade(report, policy), language, own_policy=False)
    receipt = report.receipt
    signed = all(report.finding(number).outcome is Outcome.VALID for number in SIGNED)
    waits = signed and not proved
    answered = receipt is not None and (waits or report.authentic is Authentic.GENUINE)
    if receipt is not None and waits:
        answer = receipt.body.answer
        view = replace(
            view,
            tone=ANSWER_TONES[answer],
            title=say(ANSWERS[answer], language),
            meaning=trade.ADVICE[Told(answer)].said(language),
            steps=tuple(step for step in view.steps if step.number in SIGNED),
        )
    allowed = answered and receipt is not None and receipt.body.answer == ALLOW
    record = receipt.body.record if receipt is not None else None
    return ReceiptView(
        report=view,
        check="" if receipt is None else receipt.statement.leaf_hash.hex(),
        certificate=record.number if allowed and record is not None else None,
        waits=waits,
    )
