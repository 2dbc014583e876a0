"""What a contract about data may say (R56), against its certificate and the check before a trade (R45).

Pure: contract and what is known in, every problem out. A contract with one that refuses is not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from yinzheng.ledger.rules.trade import Found, Known, check_trade
from yinzheng.verifier.chain.terms import ACTS
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.trade import (
    FAILED,
    LICENCE,
    PASSED,
    SHARE,
    TRANSFER,
    Assessment,
    Attachment,
    Declarations,
    NamedParty,
    Term,
    Trade,
)
from yinzheng.verifier.formats.trade_contract import TradeContract

DAY: Final = 86_400
OFF_THE_MAINLAND: Final = frozenset({"71", "81", "82"})

_ALWAYS: Final = (
    "price",
    "protection_grade",
    "delivery",
    "acceptance",
    "security_after_delivery",
    "derivatives",
    "confidentiality",
    "tracking",
    "emergency_plan",
    "negative_data",
    "ending",
    "forum",
)
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    SHARE: ("term", *_ALWAYS, "buyer_destroys"),
    TRANSFER: (*_ALWAYS, "seller_destroys"),
}
"""Clauses that apply in every contract of that kind."""

BARRED: Final[Mapping[str, tuple[str, ...]]] = {
    SHARE: ("seller_destroys",),
    TRANSFER: ("term", "exclusive", "buyer_destroys"),
}
"""Clauses that apply in none of that kind: a transferor keeps nothing, a sharer everything (R4)."""

SELLER_DESTROYS: Final = 3
"""Days in which the seller of a transfer destroys what it transferred, from acceptance or warranty's end."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a contract may not say, and the rule; or, where it refuses nothing, what a person looks at."""

    code: str
    rule: str = "R56"
    about: str | None = None
    refuses: bool = True


def check_contract(
    contract: TradeContract,
    known: Known,
    found: Found | None,
    leaf: bytes | None,
    now: int,
    exchange: bytes | None = None,
) -> tuple[Problem, ...]:
    """List what is wrong with a contract at `now`; nothing where it may be recorded.

    `found` is given exactly for a certificate of ours; `leaf` is the one its record on chain has. `exchange`
    is the account of the one that hands it in, whose own reservation bars nothing (R46).
    """
    own = [*_of_parties(contract), *_of_clauses(contract)]
    if found is not None:
        own += _of_certificate(contract, found.body, leaf, now)
    answer = check_trade(trade_of(contract, found, now), known, found, exchange, now)
    traded = (Problem(one.code, one.meaning.rule, one.about, one.meaning.refuses) for one in answer.reasons)
    return tuple({problem.code + (problem.about or ""): problem for problem in (*own, *traded)}.values())


def trade_of(contract: TradeContract, found: Found | None, now: int) -> Trade:
    """The trade that a contract is about, as an exchange asks for it (R45)."""
    clauses, share = contract.clauses, contract.kind == SHARE
    assessment = clauses.risk_assessment
    until = found.body.valid_until if found is not None else now
    return Trade(
        certificate=contract.certificate.number,
        seller=NamedParty(contract.seller.name, contract.seller.code),
        buyer=NamedParty(contract.buyer.name, contract.buyer.code),
        kind=contract.kind,
        registration=LICENCE if share else TRANSFER,
        rights=contract.rights,
        purpose=contract.purpose,
        acts=contract.manner,
        term=Term(now, last_day(contract, now, until)) if share else None,
        territory=clauses.exclusive.territory if clauses.exclusive else None,
        exclusive=clauses.exclusive is not None,
        price=contract.digest,
        contract=contract.digest,
        declarations=Declarations(
            assessment=None
            if assessment is None
            else Assessment(PASSED if assessment.passed else FAILED, assessment.by, assessment.at),
            fields=contract.subject.fields,
            limits_kept=contract.subject.limits_kept,
            may_sell=not (contract.standing.public_hospital and contract.standing.for_profit),
            route=contract.subject.route,
            touches_secrets=contract.subject.touches_secrets,
        ),
        attachments=() if assessment is None else (Attachment("assessment", assessment.report),),
    )


def last_day(contract: TradeContract, now: int, until: int) -> int:
    """The latest second at which the buyer may use it, were everything as late as the contract lets it be.

    Until the purpose is met means: at most until the certificate's end, ``until``.
    """
    term, delivery, acceptance = (
        contract.clauses.term,
        contract.clauses.delivery,
        contract.clauses.acceptance,
    )
    if term is None or term.days is None:
        return max(until, now)
    days = term.days + (delivery.within_days if delivery else 0)
    if term.kind == "from_acceptance" and acceptance is not None:
        days += acceptance.within_days
    return now + days * DAY


def _of_parties(contract: TradeContract) -> Iterator[Problem]:
    for side, party in (("seller", contract.seller), ("buyer", contract.buyer)):
        if party.region in OFF_THE_MAINLAND:
            yield Problem("party-off-mainland", about=side)


def _of_clauses(contract: TradeContract) -> Iterator[Problem]:
    clauses = contract.clauses
    for name in NEEDED[contract.kind]:
        if getattr(clauses, name) is None:
            yield Problem("clause-needed", about=name)
    for name in BARRED[contract.kind]:
        if getattr(clauses, name) is not None:
            yield Problem("clause-barred", "R4", name)
    if contract.subject.importance is not None and clauses.risk_assessment is None:
        yield Problem("clause-needed", "R23", "risk_assessment")
    if clauses.exclusive is not None and not set(clauses.exclusive.acts) <= set(contract.manner):
        yield Problem("exclusive-beyond-manner")
    if contract.kind == TRANSFER and contract.manner != ACTS:
        yield Problem("transfer-limited", "R4")
    yield from _of_destruction(contract)
    negative = clauses.negative_data
    if negative is not None and not (negative.ask_persons and negative.else_destroy):
        yield Problem("negative-data-kept")


def _of_destruction(contract: TradeContract) -> Iterator[Problem]:
    clauses = contract.clauses
    seller, buyer = clauses.seller_destroys, clauses.buyer_destroys
    if seller is not None:
        if seller.within_days > SELLER_DESTROYS:
            yield Problem("seller-destroys-late", about=str(seller.within_days))
        if seller.since == "ending":
            yield Problem("seller-destroys-since", about=seller.since)
        if seller.since == "warranty_end" and clauses.quality_deposit is None:
            yield Problem("clause-needed", about="quality_deposit")
    if buyer is not None and buyer.since != "ending":
        yield Problem("buyer-destroys-since", about=buyer.since)


def _of_certificate(contract: TradeContract, body: Body, leaf: bytes | None, now: int) -> Iterator[Problem]:
    if leaf is not None and contract.certificate.leaf != leaf:
        yield Problem("certificate-leaf", "R9")
    if (contract.subject.importance or "") != body.importance:
        yield Problem("importance-differs", "R23", body.importance or None)
    if body.source == "derived" and contract.subject.kind == "raw":
        yield Problem("subject-derived", "R18")
    if contract.kind == SHARE and last_day(contract, now, body.valid_until) > body.valid_until:
        yield Problem("term-outside", "R45")
