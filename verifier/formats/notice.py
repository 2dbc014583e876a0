"""Body of `notice.published` (S10.2): what a data subject is told before consenting, in versions (R28).

Public: it names organisations and kinds of data, and no person.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import boolean, hex_bytes, integer, nullable, one_of, tuple_of
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape, shape
from yinzheng.verifier.bytes.wording import PARTY, check_name, check_words
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_credit_code
from yinzheng.verifier.log.statement import commit_public

BASE_SCOPE: Final = "base"
"""Medical research and clinical reference together, one yes or no (R26)."""

EXTENDED_SCOPES: Final = (
    "third_party_research",
    "commercial_use",
    "public_health_statistics",
    "diagnostic_ai",
    "professional_training",
    "insurance",
)
SCOPES: Final = (BASE_SCOPE, *EXTENDED_SCOPES)
"""What a consent can be given for (R26), in the order it is asked."""

ROUTES: Final = ("anonymised", "deidentified", "identifiable")
"""In what form data is used or handed over, the least revealing first."""

CHANGES: Final = ("controller", "kinds", "method", "period", "protection", "purpose", "recipients")
"""Fields in which a version may go beyond another, so that consents to that one do not cover it (R28)."""

SCOPED_CHANGES: Final = ("method", "purpose", "recipients")
"""Those that concern the uses of one scope; the others concern every use."""

MAX_RECIPIENTS: Final = 31
"""With the controller, no more than the 32 whose receipts a withdrawal awaits on chain."""

MAX_NOTICE: Final = 65_536
"""Canonical bytes of a notice."""


@dataclass(frozen=True, slots=True)
class Purpose(Shaped):
    """One purpose, the scope of consent it falls under, how data is processed for it, and in what form."""

    scope: Annotated[str, one_of(*SCOPES)]
    purpose: Annotated[str, check_words(1, 200)]
    method: Annotated[str, check_words(1, 200)]
    route: Annotated[str, one_of(*ROUTES)]


@dataclass(frozen=True, slots=True)
class Recipient(Shaped):
    """Someone the controller would share with: name, credit code, scope, use, and form of the data (R26)."""

    name: Annotated[str, check_name(1, 100)]
    code: Annotated[str, check_credit_code]
    scope: Annotated[str, one_of(*SCOPES)]
    use: Annotated[str, check_words(1, 200)]
    route: Annotated[str, one_of(*ROUTES)]


@dataclass(frozen=True, slots=True)
class Notice(Versioned):
    """One version of a notice (S10.2). `parse_notice` makes one that is known to be well formed."""

    version: Annotated[int, integer(1, 9999)]
    """From 1, without gaps."""
    replaces: Annotated[bytes | None, nullable(hex_bytes(32))]
    """Leaf hash of the version before; None for version 1."""
    controller: Annotated[Party, PARTY]
    purposes: Annotated[tuple[Purpose, ...], tuple_of(shape(Purpose), 1, 32)]
    kinds: Annotated[tuple[str, ...], tuple_of(check_words(1, 100), 1, 64)]
    """Kinds of data, in words."""
    genetic: Annotated[bool, boolean]
    held_at: Annotated[str, check_words(1, 200)]
    """Where the data is held."""
    retention_months: Annotated[int, integer(1, 1200)]
    recipients: Annotated[tuple[Recipient, ...], tuple_of(shape(Recipient), 0, MAX_RECIPIENTS)]
    safeguards: Annotated[tuple[str, ...], tuple_of(check_words(1, 200), 1, 32)]
    term_months: Annotated[int, integer(1, 1200)]
    """How long a consent lasts; nothing renews itself (R26)."""
    withdraw: Annotated[str, check_words(1, 400)]
    """How to withdraw."""
    refusal: Annotated[str, check_words(1, 400)]
    """What refusing means: no service that does not depend on the data is lost (P16)."""
    published_at: Annotated[int, integer()]

    def digest(self) -> DigestPair:
        """The digest pair (S2.2): the statement's commitment, and what a consent names."""
        return commit_public(self.canonical())


def parse_notice(value: object) -> Notice:
    """Read a notice from its JSON value.

    Raises `DataFault`: a code of `canonical.read_object`, `encoded-bytes`, `credit-code`, `notice-version`,
    `recipient-twice` or `body-too-large`.
    """
    notice = read_shape(Notice, value)
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
