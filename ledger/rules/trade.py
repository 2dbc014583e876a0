"""The check before a trade (R45) as a pure rule: what is asked and what is known give every reason.

Nothing that is missing is taken for granted: it leaves the trade to a person. What no registry can see (what
the data holds, how it was treated, whether a person read the limits) rests on the exchange's own declaration
and is told apart from what was found. Heuristics over names and words only ever add a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yinzheng.ledger.rules.licences import EVERYWHERE, Act, Terms
from yinzheng.ledger.rules.moves import Bar, Circumstances, bars
from yinzheng.ledger.rules.prescribers import prescriber_statistics
from yinzheng.ledger.rules.terms import Right
from yinzheng.ledger.rules.trade_words import forbidden, personal_fields
from yinzheng.verifier.chain.terms import ACTS
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.creditcode import is_credit_code
from yinzheng.verifier.formats.trade import (
    DECLARED,
    FAILED,
    LICENCE,
    MET,
    OBLIGATIONS,
    OPEN,
    REASONS,
    SHARE,
    TRANSFER,
    UNMET,
    Reason,
    Settled,
    Trade,
    answer_of,
)
from yinzheng.verifier.words.levels import LEVELS


class Known(StrEnum):
    """What the registry knows of the certificate that is shown or named."""

    OURS = "ours"
    FOREIGN = "certificate-foreign"
    UNKNOWN = "certificate-unknown"
    ALTERED = "certificate-altered"


@dataclass(frozen=True, slots=True)
class Awaited:
    """What was recorded about a certificate and is on its way to the chain."""

    what: str
    """`hold`, `remark`, `objection`, `reservation`, `licence`, or `end`: cancellation, lapse, succession."""
    exchange: bytes | None = None
    """Of a reservation the account that it is for, 20 bytes."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the ledger knows of a certificate of ours. Times are UTC seconds, accounts 20 bytes."""

    body: Body
    status: str
    """In words of the chain's states, such as `superseded`."""
    circumstances: Circumstances
    controlled: bool
    pledged: bool
    remarked: bool
    """Whether a remark stands on chain whose words a person reads: `agreed`, or `other`."""
    exclusives: tuple[Terms, ...]
    """Exclusive licences on the seller's rights that have neither ended nor run out."""
    overdue: str
    """How many withdrawals have a duty overdue under the notices it rests on (R35), as shown: `0`, `<5`, …"""
    awaited: tuple[Awaited, ...] = ()
    """What the chain does not tell yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an exchange is told."""

    answer: str
    reasons: tuple[Reason, ...]
    obligations: tuple[Settled, ...]


def is_guess(trade: Trade, known: Known, found: Found | None) -> bool:
    """Whether who asks named what nobody who deals with a holder names (R14, R50): a number or code that is
    none of ours though it says so, or a number alone under which the seller holds nothing.
    """
    if found is None:
        return known is not Known.FOREIGN
    by_number = "/" not in trade.certificate
    return by_number and all(holder.code != trade.seller.code for holder in found.body.holders)


def check_trade(trade: Trade, known: Known, found: Found | None, exchange: bytes | None, now: int) -> Answer:
    """Answer whether a trade may go ahead at `now` (R45).

    `found` is given exactly for a certificate that is `Known.OURS`; `exchange` is the account of who asks,
    whose own reservation bars nothing (R46).
    """
    given = [*_of_the_certificate(known), *_of_the_trade(trade, now)]
    if found is not None:
        given += [*_of_standing(found, exchange, now), *_of_terms(trade, found, now)]
    told = {reason.code: reason for reason in given}
    reasons = tuple(told[code] for code in REASONS if code in told) if told else ()
    refuses: dict[str, bool] = {}
    for meaning in (reason.meaning for reason in reasons):
        refuses[meaning.obligation] = refuses.get(meaning.obligation, False) or meaning.refuses
    limited = found is not None and _limited(found)
    obligations = tuple(
        _OUTCOMES[name, _outcome(name, refuses.get(name), found, limited=limited)] for name in OBLIGATIONS
    )
    return Answer(answer_of(obligations), reasons, obligations)


_NEED_THE_CERTIFICATE: Final = frozenset(
    {
        "in_force",
        "held",
        "seized",
        "reserved",
        "objections",
        "seller",
        "term",
        "limits",
        "exclusive",
        "level",
        "importance",
        "withdrawals",
    }
)
_BY_DECLARATION: Final = frozenset({"may_sell", "prescribers", "security", "personal", "documents"})


_OUTCOMES: Final = {
    (name, outcome): Settled(name, outcome)
    for name in OBLIGATIONS
    for outcome in (UNMET, OPEN, DECLARED, MET)
}


def _outcome(name: str, refuses: bool | None, found: Found | None, *, limited: bool) -> str:
    """What became of an obligation. `refuses`: whether a reason against it does, None where there is none."""
    if refuses:
        return UNMET
    if refuses is not None or (found is None and name in _NEED_THE_CERTIFICATE):
        return OPEN
    declared = name in _BY_DECLARATION
    if found is not None:
        declared |= name == "limits" and limited
        declared |= name == "importance" and bool(found.body.importance)
    return DECLARED if declared else MET


def _of_the_certificate(known: Known) -> Iterator[Reason]:
    if known is not Known.OURS:
        yield Reason(known.value)


def _of_standing(found: Found, exchange: bytes | None, now: int) -> Iterator[Reason]:
    """How the certificate stands on chain."""
    bar = bars(found.circumstances, now, None)
    if not found.circumstances.in_force:
        yield Reason("not-in-force", found.status)
    elif Bar.OVER in bar:
        yield Reason("expired")
    if awaited := sorted(
        {one.what for one in found.awaited if one.exchange is None or one.exchange != exchange}
    ):
        yield Reason("recorded-since", ", ".join(awaited))
    if Bar.HELD in bar:
        yield Reason("held")
    if Bar.SEIZED in bar:
        yield Reason("seized")
    if found.controlled:
        yield Reason("controlled")
    if found.pledged:
        yield Reason("pledged")
    if Bar.RESERVED in bar and found.circumstances.reserved_by != exchange:
        yield Reason("reserved")
    if Bar.OBJECTED in bar:
        yield Reason("objection-open")
    if found.overdue != "0":
        yield Reason("withdrawals-overdue", found.overdue)


def _of_the_trade(trade: Trade, now: int) -> Iterator[Reason]:
    """What the trade says of itself, whatever the certificate."""
    for party, code in ((trade.seller, "seller-code"), (trade.buyer, "buyer-code")):
        if not is_credit_code(party.code):
            yield Reason(code)
    if trade.seller.code == trade.buyer.code:
        yield Reason("same-organisation")
    if not trade.rights:
        yield Reason("rights-missing")
    yield from _of_kind(trade)
    if trade.purpose is None:
        yield Reason("purpose-missing")
    if not trade.acts:
        yield Reason("acts-missing")
    elif trade.kind == SHARE and (beyond := _beyond(trade)):
        yield Reason("acts-beyond-rights", ", ".join(beyond))
    if trade.term is None and trade.kind == SHARE:
        yield Reason("term-missing")
    elif trade.term is not None and not now <= trade.term.ends >= trade.term.begins:
        yield Reason("term-outside")
    yield from _of_declarations(trade)
    if trade.price is None:
        yield Reason("price-missing")
    if trade.contract is None:
        yield Reason("contract-missing")


def _of_kind(trade: Trade) -> Iterator[Reason]:
    if trade.registration is None:
        yield Reason("registration-missing")
    elif trade.registration != (LICENCE if trade.kind == SHARE else TRANSFER):
        yield Reason("kind-mismatch", trade.registration)
    # A transferor keeps nothing of what it transferred (R4): neither a rest of the time nor of the acts.
    if trade.kind == TRANSFER:
        partly = trade.acts and trade.acts != ACTS
        if trade.term is not None or partly or trade.exclusive or trade.territory is not None:
            yield Reason("transfer-limited")


def _of_declarations(trade: Trade) -> Iterator[Reason]:
    told = trade.declarations
    if told.may_sell is not True:
        yield Reason("may-sell-undeclared" if told.may_sell is None else "seller-may-not-sell")
    if told.fields is None:
        yield Reason("fields-missing")
    else:
        if named := prescriber_statistics(told.fields):
            yield Reason("prescriber-statistics", _short(named))
        if named := personal_fields(told.fields):
            yield Reason("personal-fields", _short(named))
    if told.touches_secrets is not False:
        yield Reason("secrets-undeclared" if told.touches_secrets is None else "secrets-touched")
    if told.route is None:
        yield Reason("route-missing")
    elif told.route != "anonymised":
        # De-identified data is personal information still (R19); in what is traded there is none (R45).
        yield Reason("personal-information", told.route)


def _of_terms(trade: Trade, found: Found, now: int) -> Iterator[Reason]:
    """What the certificate lets its holder sell."""
    body = found.body
    held = {right for holder in body.holders if holder.code == trade.seller.code for right in holder.rights}
    if lacking := [right for right in trade.rights if right not in held]:
        yield Reason("seller-not-holder", ", ".join(lacking))
    if Right.OPERATE not in held:
        yield Reason("seller-not-operator")
    named = {holder.code: holder.name for holder in body.holders}.get(trade.seller.code)
    if named is not None and named != trade.seller.name:
        yield Reason("seller-name", named)
    term = trade.term
    if term is not None and (term.begins < body.registered_at or term.ends > body.valid_until):
        yield Reason("term-outside")
    yield from _of_limits(trade, found)
    wanted = _terms(trade, body, now)
    if wanted is not None and any(wanted.overlaps(other) for other in found.exclusives):
        yield Reason("exclusive-overlaps")
    if body.level.value not in LEVELS.get(body.level.scheme, {}):
        yield Reason("level-unknown", f"{body.level.value} ({body.level.scheme})")
    yield from _of_importance(trade, body, now)


def _of_limits(trade: Trade, found: Found) -> Iterator[Reason]:
    body = found.body
    words = [body.limits, *(remark.text for remark in body.remarks)]
    told = (trade.kind, trade.acts or (), trade.purpose)
    if barred := sorted({one for text in words for one in forbidden(text, *told)}):
        yield Reason("limits-forbid", ", ".join(barred))
    if not _limited(found):
        return
    kept = trade.declarations.limits_kept
    if kept is not True:
        yield Reason("limits-unread" if kept is None else "limits-broken")


def _limited(found: Found) -> bool:
    deposited = any(one.kind in ("agreed", "other") for one in found.body.remarks)
    return bool(found.body.limits.strip()) or deposited or found.remarked


def _of_importance(trade: Trade, body: Body, now: int) -> Iterator[Reason]:
    if body.importance == "core":
        yield Reason("core-data")
    if not body.importance:
        return
    told = trade.declarations.assessment
    if told is not None and told.result == FAILED:
        yield Reason("assessment-failed", told.by)
    elif told is None or told.at > now or not any(one.kind == "assessment" for one in trade.attachments):
        yield Reason("assessment-missing")


def _beyond(trade: Trade) -> list[str]:
    """Acts that a right other than those sold stands for: using, and handing on."""
    carried: set[str] = {Act.STORE, Act.TRANSMIT}
    if {Right.USE, Right.OPERATE}.intersection(trade.rights):
        carried |= {Act.PROCESS, Act.USE}
    if Right.OPERATE in trade.rights:
        carried |= {Act.PROVIDE, Act.PUBLISH}
    return [act for act in trade.acts or () if act not in carried] if trade.rights else []


def _terms(trade: Trade, body: Body, now: int) -> Terms | None:
    """What the trade covers, for comparison with exclusive licences; what is not said is everything."""
    if not trade.rights:
        return None
    begins = now if trade.term is None else trade.term.begins
    ends = body.valid_until if trade.term is None else trade.term.ends
    return Terms(
        rights=frozenset(map(Right, trade.rights)),
        acts=frozenset(map(Act, trade.acts or ACTS)),
        territory=EVERYWHERE if trade.territory is None else frozenset(trade.territory),
        begins=begins,
        ends=max(ends, begins),
    )


def _short(named: tuple[str, ...]) -> str:
    told = ", ".join(named)
    return told if len(told) <= 200 else told[:199] + "…"
