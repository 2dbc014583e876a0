"""The clauses of a contract about data (R56, S21.7), each with its terms.

A clause applies, with its terms, or does not; never both, never nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    boolean,
    integer,
    nullable,
    one_of,
    read_object,
)
from yinzheng.verifier.bytes.lists import some_of
from yinzheng.verifier.bytes.shape import Codec, Shaped, shape
from yinzheng.verifier.bytes.wording import check_name, check_words, set_of
from yinzheng.verifier.chain.terms import ACTS, TERRITORY
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.tombstone import METHODS

TERMS: Final = ("from_delivery", "from_acceptance", "until_purpose")
"""How long a share lasts: so many days from delivery or from acceptance, or until the purpose is met."""

MAX_DAYS: Final = 5 * 366
MAX_FEN: Final = 10**13

_DAYS: Final = integer(1, MAX_DAYS)
_FEN: Final = integer(0, MAX_FEN)
_SAID: Final = check_words(1, 400)


@dataclass(frozen=True, slots=True)
class TermClause(Shaped):
    """How long the buyer may use it."""

    kind: Annotated[str, one_of(*TERMS)]
    days: Annotated[int | None, nullable(_DAYS)]
    """Null exactly where it lasts until the purpose is met."""


@dataclass(frozen=True, slots=True)
class Exclusive(Shaped):
    """Manners that the buyer alone has."""

    acts: Annotated[tuple[str, ...], some_of(*ACTS)]
    territory: Annotated[tuple[str, ...], some_of(*TERRITORY)]


@dataclass(frozen=True, slots=True)
class Price(Shaped):
    """The price, in hundredths of a yuan."""

    fen: Annotated[int, _FEN]
    payment: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class QualityDeposit(Shaped):
    """What is kept back until the warranty ends."""

    fen: Annotated[int, _FEN]
    warranty_days: Annotated[int, _DAYS]


@dataclass(frozen=True, slots=True)
class RiskAssessment(Shaped):
    """The assessment that important data needs, and who approved the trade."""

    by: Annotated[str, check_name(1, 100)]
    report: Annotated[DigestPair, DigestPair.from_json]
    passed: Annotated[bool, boolean]
    approved_by: Annotated[str, check_name(1, 100)]
    at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class ProtectionGrade(Shaped):
    """Grade-of-protection reports (等级保护) of both."""

    seller_grade: Annotated[int, integer(1, 5)]
    seller_report: Annotated[DigestPair, DigestPair.from_json]
    buyer_grade: Annotated[int, integer(1, 5)]
    buyer_report: Annotated[DigestPair, DigestPair.from_json]


@dataclass(frozen=True, slots=True)
class Delivery(Shaped):
    """As a package or through an interface."""

    way: Annotated[str, one_of("package", "api")]
    within_days: Annotated[int, _DAYS]
    detail: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class Acceptance(Shaped):
    """How the buyer accepts, and until when it objects."""

    within_days: Annotated[int, _DAYS]
    objection_days: Annotated[int, _DAYS]
    standard: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class SecurityAfter(Shaped):
    """Who bears security after delivery."""

    bearer: Annotated[str, one_of("seller", "buyer", "each")]


@dataclass(frozen=True, slots=True)
class Worded(Shaped):
    """A clause in words: similar data the seller goes on with, change, confidentiality's matter."""

    words: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class Destruction(Shaped):
    """Who destroys, within how many days, counted from what, and how."""

    within_days: Annotated[int, _DAYS]
    since: Annotated[str, one_of("acceptance", "warranty_end", "ending")]
    method: Annotated[str, one_of(*METHODS)]


@dataclass(frozen=True, slots=True)
class Derivatives(Shaped):
    """Whose what is made of it is."""

    owner: Annotated[str, one_of("seller", "buyer", "both")]
    words: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class Confidentiality(Shaped):
    """What is kept secret, and for how long."""

    years: Annotated[int, integer(1, 50)]
    words: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class Tracking(Shaped):
    """How the seller sees what becomes of it."""

    ways: Annotated[tuple[str, ...], set_of(one_of("audit", "sampling", "spot_check"), 1, 3)]
    every_days: Annotated[int, _DAYS]


@dataclass(frozen=True, slots=True)
class EmergencyPlan(Shaped):
    """The plan for incidents, and who is called."""

    plan: Annotated[DigestPair, DigestPair.from_json]
    contact: Annotated[str, check_words(1, 200)]


@dataclass(frozen=True, slots=True)
class NegativeData(Shaped):
    """Personal information is found in it (负面数据): the persons are asked, else it is destroyed."""

    told_within_hours: Annotated[int, integer(1, 72)]
    ask_persons: Annotated[bool, boolean]
    else_destroy: Annotated[bool, boolean]


@dataclass(frozen=True, slots=True)
class Ending(Shaped):
    """How it ends before its time."""

    notice_days: Annotated[int, integer(0, MAX_DAYS)]
    words: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class Forum(Shaped):
    """Who decides disputes."""

    kind: Annotated[str, one_of("court", "arbitration")]
    name: Annotated[str, check_name(1, 100)]


def clause(kind: type[Shaped]) -> Codec:
    """Codec of a clause: `{"applies": false}`, or `{"applies": true, "terms": …}`; None does not apply.

    Raises `DataFault` `clause-both` (terms of one that does not apply), `clause-neither` (none of one that
    does).
    """

    def check(value: object, path: str) -> Shaped | None:
        terms = shape(kind)
        said = value if isinstance(value, dict) else {}
        if said.get("applies") is False and "terms" in said:
            raise DataFault(
                f"{path} does not apply, and has terms all the same (R56)",
                code="clause-both",
                hint="A clause applies, with its terms, or does not.",
                path=path,
            )
        if said.get("applies") is True and "terms" not in said:
            raise DataFault(
                f"{path} applies, and has no terms (R56)",
                code="clause-neither",
                hint="A clause applies, with its terms, or does not.",
                path=path,
            )
        more: dict[str, Check[Any]] = {"terms": terms} if said.get("applies") is True else {}
        read = read_object(value, {"applies": boolean, **more}, path)
        found: Shaped | None = read.get("terms")
        return found

    return Codec(check, _write_clause)


def _write_clause(terms: Any) -> JSON:
    return {"applies": False} if terms is None else {"applies": True, "terms": terms.to_json()}


@dataclass(frozen=True, slots=True)
class Clauses(Shaped):
    """Every clause of the model contract; None does not apply."""

    term: Annotated[TermClause | None, clause(TermClause)]
    exclusive: Annotated[Exclusive | None, clause(Exclusive)]
    price: Annotated[Price | None, clause(Price)]
    quality_deposit: Annotated[QualityDeposit | None, clause(QualityDeposit)]
    risk_assessment: Annotated[RiskAssessment | None, clause(RiskAssessment)]
    protection_grade: Annotated[ProtectionGrade | None, clause(ProtectionGrade)]
    delivery: Annotated[Delivery | None, clause(Delivery)]
    acceptance: Annotated[Acceptance | None, clause(Acceptance)]
    security_after_delivery: Annotated[SecurityAfter | None, clause(SecurityAfter)]
    similar_data: Annotated[Worded | None, clause(Worded)]
    seller_destroys: Annotated[Destruction | None, clause(Destruction)]
    buyer_destroys: Annotated[Destruction | None, clause(Destruction)]
    derivatives: Annotated[Derivatives | None, clause(Derivatives)]
    confidentiality: Annotated[Confidentiality | None, clause(Confidentiality)]
    tracking: Annotated[Tracking | None, clause(Tracking)]
    emergency_plan: Annotated[EmergencyPlan | None, clause(EmergencyPlan)]
    negative_data: Annotated[NegativeData | None, clause(NegativeData)]
    change: Annotated[Worded | None, clause(Worded)]
    ending: Annotated[Ending | None, clause(Ending)]
    forum: Annotated[Forum | None, clause(Forum)]


CLAUSES: Final = tuple(one.name for one in fields(Clauses))
"""Their names, in the order of the model contract."""
