"""What an exchange asks before a trade, and what it can be told (R45, S20.1, S20.2).

The table of reasons stands here, for writer and reader alike: which obligation each is about, under which
rule, and whether it refuses the trade or leaves it to a person. An answer follows from its reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import (
    boolean,
    integer,
    nullable,
    one_of,
    tuple_of,
)
from yinzheng.verifier.bytes.cose import MAX_QR
from yinzheng.verifier.bytes.shape import Shaped, read_shape, shape
from yinzheng.verifier.bytes.wording import check_name, check_words, set_of
from yinzheng.verifier.chain.terms import ACTS, TERRITORY
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import RIGHTS, check_plain
from yinzheng.verifier.formats.creditcode import is_resident_number

SHARE: Final = "share"
TRANSFER: Final = "transfer"
KINDS: Final = (SHARE, TRANSFER)
"""Sharing 共享 leads to a licence, transfer 转让 to a transfer (R45, R56)."""

LICENCE: Final = "licence"
REGISTRATIONS: Final = (LICENCE, TRANSFER)

ROUTES: Final = ("anonymised", "deidentified", "identifiable")
ATTACHMENTS: Final = ("assessment", "authorisation", "contract", "other", "price", "sample")
PASSED: Final = "passed"
FAILED: Final = "failed"

ALLOW: Final = "allow"
REFUSE: Final = "refuse"
NEEDS_PERSON: Final = "needs_person"
ANSWERS: Final = (ALLOW, NEEDS_PERSON, REFUSE)

MET: Final = "met"
DECLARED: Final = "declared"
UNMET: Final = "unmet"
OPEN: Final = "open"
OUTCOMES: Final = (MET, DECLARED, UNMET, OPEN)
"""Found to be so; so by the exchange's word; not so; it cannot be told, or was not looked at."""

OBLIGATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "certificate": "R9",
        "in_force": "R45",
        "held": "R38",
        "seized": "R16",
        "reserved": "R46",
        "objections": "R25",
        "parties": "R17",
        "seller": "R45",
        "may_sell": "R56",
        "kind": "R45",
        "purpose": "R45",
        "manner": "R45",
        "term": "R45",
        "limits": "R45",
        "exclusive": "R4",
        "level": "R22",
        "importance": "R23",
        "prescribers": "R20",
        "security": "R20",
        "personal": "R45",
        "withdrawals": "R35",
        "documents": "R45",
    }
)
"""What is checked, in this order, each with its rule."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason is about, and what follows from it."""

    obligation: str
    refuses: bool
    rule: str


def _table(*rows: tuple[str, str, bool, str]) -> Mapping[str, Meaning]:
    return MappingProxyType(
        {code: Meaning(about, refuses, rule or OBLIGATIONS[about]) for code, about, refuses, rule in rows}
    )


REASONS: Final[Mapping[str, Meaning]] = _table(
    ("certificate-foreign", "certificate", True, "R14"),
    ("certificate-unknown", "certificate", True, "R14"),
    ("certificate-altered", "certificate", True, "R9"),
    ("not-in-force", "in_force", True, "R12"),
    ("expired", "in_force", True, "R12"),
    ("recorded-since", "in_force", False, "R9"),
    ("held", "held", True, ""),
    ("seized", "seized", True, ""),
    ("controlled", "seized", False, ""),
    ("pledged", "seized", False, "R55"),
    ("reserved", "reserved", True, ""),
    ("objection-open", "objections", True, ""),
    ("seller-code", "parties", True, ""),
    ("buyer-code", "parties", True, ""),
    ("same-organisation", "parties", True, "R5"),
    ("rights-missing", "seller", False, ""),
    ("seller-not-holder", "seller", True, ""),
    ("seller-not-operator", "seller", True, ""),
    ("seller-name", "seller", True, "R9"),
    ("seller-may-not-sell", "may_sell", True, ""),
    ("may-sell-undeclared", "may_sell", False, ""),
    ("kind-mismatch", "kind", True, ""),
    ("registration-missing", "kind", False, ""),
    ("transfer-limited", "kind", True, "R4"),
    ("purpose-missing", "purpose", False, ""),
    ("acts-missing", "manner", False, ""),
    ("acts-beyond-rights", "manner", False, ""),
    ("term-missing", "term", False, ""),
    ("term-outside", "term", True, ""),
    ("limits-forbid", "limits", True, ""),
    ("limits-broken", "limits", True, ""),
    ("limits-unread", "limits", False, ""),
    ("exclusive-overlaps", "exclusive", True, ""),
    ("level-unknown", "level", False, ""),
    ("core-data", "importance", True, ""),
    ("assessment-missing", "importance", False, ""),
    ("assessment-failed", "importance", True, ""),
    ("prescriber-statistics", "prescribers", True, ""),
    ("fields-missing", "prescribers", False, ""),
    ("secrets-touched", "security", True, ""),
    ("secrets-undeclared", "security", False, ""),
    ("personal-information", "personal", True, ""),
    ("personal-fields", "personal", True, ""),
    ("route-missing", "personal", False, ""),
    ("withdrawals-overdue", "withdrawals", True, ""),
    ("price-missing", "documents", False, ""),
    ("contract-missing", "documents", False, ""),
)
"""Every reason, in the order in which an answer lists them."""


def _party_code(value: object, path: str) -> str:
    """Check for what is meant as a credit code; a resident's number has no place here (R49)."""
    code = check_plain(1, 40)(value, path)
    if is_resident_number(code.strip().upper()):
        raise DataFault(
            f"{path} is a resident's identity number",
            code="credit-code-person",
            hint="Give the code of the organisation; numbers of persons have no place here.",
            path=path,
        )
    return code


@dataclass(frozen=True, slots=True)
class NamedParty(Shaped):
    """A party as the exchange names it; whether its code is one is for the check to say (R17)."""

    name: Annotated[str, check_name(1, 100)]
    code: Annotated[str, _party_code]


@dataclass(frozen=True, slots=True)
class Term(Shaped):
    """From when to when, UTC seconds, both included."""

    begins: Annotated[int, integer()]
    ends: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Assessment(Shaped):
    """How an assessment of important data ended (R23); its report is an attachment of that kind."""

    result: Annotated[str, one_of(FAILED, PASSED)]
    by: Annotated[str, check_name(1, 100)]
    at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Declarations(Shaped):
    """What the exchange declares because no registry can see it; null is not told, never "no"."""

    assessment: Annotated[Assessment | None, nullable(shape(Assessment))]
    fields: Annotated[tuple[str, ...] | None, nullable(tuple_of(check_words(1, 100), 1, 200))]
    """Names of the fields of what is traded (R20)."""
    limits_kept: Annotated[bool | None, nullable(boolean)]
    """Whether a person read the certificate's limits and remarks and found the trade within them."""
    may_sell: Annotated[bool | None, nullable(boolean)]
    """Whether the seller may sell: scope of business, no public hospital for profit (R56)."""
    route: Annotated[str | None, nullable(one_of(*ROUTES))]
    """How personal information was treated; only what is anonymised is none any more."""
    touches_secrets: Annotated[bool | None, nullable(boolean)]
    """Whether it touches state secrets, or national or public security (R20)."""


@dataclass(frozen=True, slots=True)
class Attachment(Shaped):
    """A document of the trade, which stays with the exchange."""

    kind: Annotated[str, one_of(*ATTACHMENTS)]
    digest: Annotated[DigestPair, DigestPair.from_json]


def _rights(value: object, path: str) -> tuple[str, ...]:
    """Check for rights in their order, perhaps none."""
    return _in_order(RIGHTS, value, path)


def _acts(value: object, path: str) -> tuple[str, ...]:
    """Check for acts in their order, perhaps none."""
    return _in_order(ACTS, value, path)


def _in_order(known: tuple[str, ...], value: object, path: str) -> tuple[str, ...]:
    found: tuple[str, ...] = tuple_of(one_of(*known), 0, len(known))(value, path)
    if found != tuple(one for one in known if one in found):
        raise DataFault(f"{path} is not in the order {', '.join(known)}", code="field-value", path=path)
    return found


def _provinces(value: object, path: str) -> tuple[str, ...]:
    return set_of(one_of(*TERRITORY), 1, len(TERRITORY))(value, path)


@dataclass(frozen=True, slots=True)
class Trade(Shaped):
    """A trade as an exchange asks about it (S20.1). Null is what it does not know."""

    certificate: Annotated[str, check_plain(1, MAX_QR)]
    """QR text or number."""
    seller: NamedParty
    buyer: NamedParty
    kind: Annotated[str, one_of(*KINDS)]
    registration: Annotated[str | None, nullable(one_of(*REGISTRATIONS))]
    """What the parties will have registered."""
    rights: Annotated[tuple[str, ...], _rights]
    purpose: Annotated[str | None, nullable(check_words(1, 200))]
    acts: Annotated[tuple[str, ...] | None, nullable(_acts)]
    term: Annotated[Term | None, nullable(shape(Term))]
    """Null of a transfer, which has no end."""
    territory: Annotated[tuple[str, ...] | None, nullable(_provinces)]
    """Province-level codes; null: everywhere."""
    exclusive: Annotated[bool, boolean]
    price: Annotated[DigestPair | None, nullable(DigestPair.from_json)]
    contract: Annotated[DigestPair | None, nullable(DigestPair.from_json)]
    declarations: Declarations
    attachments: Annotated[tuple[Attachment, ...], tuple_of(shape(Attachment), 0, 16)]


def parse_trade(value: object, path: str = "$") -> Trade:
    """Read a trade. Raises `DataFault` (`field-…`, `encoded-bytes`, `name-spelling`)."""
    return read_shape(Trade, value, path)


@dataclass(frozen=True, slots=True)
class Reason(Shaped):
    """Why a trade is refused or left to a person; `about` is what the words leave open."""

    code: Annotated[str, one_of(*REASONS)]
    about: Annotated[str | None, nullable(check_plain(1, 200))] = None

    @property
    def meaning(self) -> Meaning:
        """Its row in the table."""
        return REASONS[self.code]


@dataclass(frozen=True, slots=True)
class Settled(Shaped):
    """What became of one obligation."""

    name: Annotated[str, one_of(*OBLIGATIONS)]
    outcome: Annotated[str, one_of(*OUTCOMES)]


def answer_of(obligations: Iterable[Settled]) -> str:
    """Give the answer that follows: anything unmet refuses, anything open is a person's, else allow."""
    outcomes = {one.outcome for one in obligations}
    if UNMET in outcomes:
        return REFUSE
    return NEEDS_PERSON if OPEN in outcomes else ALLOW
