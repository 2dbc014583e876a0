"""Body of `notice.published` (S10.2): what a data subject is told before consenting, in versions (R28).

Public: it names organisations and kinds of data, and no person.
"""

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    boolean,
    constant,
    dumps,
    hex_bytes,
    integer,
    made_of,
    nullable,
    one_of,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.wording import PARTY, check_words
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_credit_code
from yinzheng.verifier.log.statement import commit_public

BASE_SCOPES: Final = ("research", "clinical_reference")
EXTENDED_SCOPES: Final = (
    "third_party_research",
    "commercial_use",
    "public_health_statistics",
    "diagnostic_ai",
    "professional_training",
    "insurance",
)
SCOPES: Final = BASE_SCOPES + EXTENDED_SCOPES
"""What a consent can be given for (R26), in the order it is asked."""

ROUTES: Final = ("anonymised", "deidentified", "identifiable")
"""In what form data is used or handed over, the least revealing first."""

MAX_RECIPIENTS: Final = 31
"""With the controller, no more than the 32 whose receipts a withdrawal awaits on chain."""

MAX_NOTICE: Final = 65_536
"""Canonical bytes of a notice."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose, the scope of consent it falls under, how data is processed for it, and in what form."""

    scope: str
    purpose: str
    method: str
    route: str

    def to_json(self) -> dict[str, JSON]:
        """As in S10.2."""
        return {"scope": self.scope, "purpose": self.purpose, "method": self.method, "route": self.route}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone the controller would share with: name, credit code, scope, use, and form of the data (R26)."""

    name: str
    code: str
    scope: str
    use: str
    route: str

    def to_json(self) -> dict[str, JSON]:
        """As in S10.2."""
        return {
            "name": self.name,
            "code": self.code,
            "scope": self.scope,
            "use": self.use,
            "route": self.route,
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of a notice. `parse_notice` makes one that is known to be well formed."""

    version: int
    """From 1, without gaps."""
    replaces: bytes | None
    """Leaf hash of the version before; None for version 1."""
    controller: Party
    purposes: tuple[Purpose, ...]
    kinds: tuple[str, ...]
    """Kinds of data, in words."""
    genetic: bool
    held_at: str
    """Where the data is held."""
    retention_months: int
    recipients: tuple[Recipient, ...]
    safeguards: tuple[str, ...]
    term_months: int
    """How long a consent lasts; nothing renews itself (R26)."""
    withdraw: str
    """How to withdraw."""
    refusal: str
    """What refusing means: no service that does not depend on the data is lost (P16)."""
    published_at: int

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.2."""
        return {
            "v": 1,
            "version": self.version,
            "replaces": None if self.replaces is None else self.replaces.hex(),
            "controller": self.controller.to_json(),
            "purposes": [purpose.to_json() for purpose in self.purposes],
            "kinds": list(self.kinds),
            "genetic": self.genetic,
            "held_at": self.held_at,
            "retention_months": self.retention_months,
            "recipients": [recipient.to_json() for recipient in self.recipients],
            "safeguards": list(self.safeguards),
            "term_months": self.term_months,
            "withdraw": self.withdraw,
            "refusal": self.refusal,
            "published_at": self.published_at,
        }

    def canonical(self) -> bytes:
        """The canonical bytes (S1.1) that are committed to."""
        return dumps(self.to_json())

    def digest(self) -> DigestPair:
        """The digest pair (S2.2): the statement's commitment, and what a consent names."""
        return commit_public(self.canonical())


def parse_notice(value: object) -> Notice:
    """Read a notice from its JSON value.

    Raises `DataFault`: a code of `canonical.read_object`, `encoded-bytes`, `credit-code`, `notice-version`,
    `recipient-twice` or `body-too-large`.
    """
    fields = read_object(value, _FIELDS)
    del fields["v"]
    notice = Notice(**fields)
    if (notice.replaces is None) != (notice.version == 1):
        raise DataFault(
            "a notice names the version it replaces, unless it is the first",
            code="notice-version",
            path="$.replaces",
        )
    check_recipients(notice.recipients, "$.recipients")
    if len(notice.canonical()) > MAX_NOTICE:
        raise DataFault(f"a notice has more than {MAX_NOTICE} bytes", code="body-too-large")
    return notice


def check_recipients(recipients: tuple[Any, ...], path: str) -> None:
    """Refuse a recipient listed twice for one scope (`recipient-twice`): the answers could contradict."""
    if len({(r.code, r.scope) for r in recipients}) < len(recipients):
        raise DataFault(
            f"{path} lists a recipient twice for the same scope", code="recipient-twice", path=path
        )


RECIPIENT_FIELDS: Final[dict[str, Check[Any]]] = {
    "name": check_words(1, 100),
    "code": check_credit_code,
    "scope": one_of(*SCOPES),
    "use": check_words(1, 200),
    "route": one_of(*ROUTES),
}
"""A recipient as notices and consents describe it."""

_PURPOSE: Final[dict[str, Check[Any]]] = {
    "scope": one_of(*SCOPES),
    "purpose": check_words(1, 200),
    "method": check_words(1, 200),
    "route": one_of(*ROUTES),
}
_FIELDS: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "version": integer(1, 9999),
    "replaces": nullable(hex_bytes(32)),
    "controller": PARTY,
    "purposes": tuple_of(made_of(Purpose, _PURPOSE), 1, 32),
    "kinds": tuple_of(check_words(1, 100), 1, 64),
    "genetic": boolean,
    "held_at": check_words(1, 200),
    "retention_months": integer(1, 1200),
    "recipients": tuple_of(made_of(Recipient, RECIPIENT_FIELDS), 0, MAX_RECIPIENTS),
    "safeguards": tuple_of(check_words(1, 200), 1, 32),
    "term_months": integer(1, 1200),
    "withdraw": check_words(1, 400),
    "refusal": check_words(1, 400),
    "published_at": integer(),
}
