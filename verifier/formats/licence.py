"""Licences (R4): the public bodies of what was given and of its end (S6.6, S6.7).

The voucher, which shows what was given, is in `voucher`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import (
    boolean,
    hex_bytes,
    integer,
    nullable,
    one_of,
)
from yinzheng.verifier.bytes.lists import some_of
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape
from yinzheng.verifier.bytes.wording import PARTY, check_words
from yinzheng.verifier.chain.layout_moves import ChainLicence
from yinzheng.verifier.chain.terms import ACTS, RIGHTS, TERRITORY, bits_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import LONGEST_TERM, Party, check_number
from yinzheng.verifier.log.statement import (
    LICENCE_ENDED,
    LICENCE_GIVEN,
    PROFILE_TAG,
    Statement,
    certificate_subject,
    commit_public,
    licence_subject,
    organisation_subject,
)

BACKDATE: Final = 86_400
"""Seconds before its registration that a licence may begin."""

RECORDING: Final = 86_400
"""Seconds between registration and the chain's knowing, at most."""

GROUNDS: Final = ("agreed", "document")
"""Why a licence ended before its term: both parties agreed, or a forum's effective document (S5.21)."""

_NUMBER = re.compile(r"L-20[0-9]{2}-(?!000000)[0-9]{6}")
_UNREGISTERED: Final = "NDA-2026"
"""Profile under which a licence is recorded, and is none of the registration types (R1)."""


def is_licence_number(value: str) -> bool:
    """Whether this is the form of a licence's number: `L-`, year, six digits from 000001 on."""
    return _NUMBER.fullmatch(value) is not None


def check_licence_number(value: object, path: str) -> str:
    """Check for a licence's number."""
    if type(value) is not str or not is_licence_number(value):
        raise DataFault(f"{path} is not a licence's number", code="licence-number", path=path)
    return value


@dataclass(frozen=True, slots=True)
class Licensed(Shaped):
    """The certificate under which a licence is given: its number, and its deposit's leaf hash, 32 bytes."""

    number: Annotated[str, check_number]
    leaf: Annotated[bytes, hex_bytes(32)]


@dataclass(frozen=True, slots=True)
class Licence(Versioned):
    """Body of `licence.given` (S6.6). `parse_licence` makes one that is known to be well formed."""

    number: Annotated[str, check_licence_number]
    profile: Annotated[str, PROFILE_TAG]
    registration: Annotated[bool, boolean]
    """Whether a licence is a registration type of the profile (R1); else it is recorded."""
    certificate: Licensed
    licensor: Annotated[Party, PARTY]
    licensee: Annotated[Party, PARTY]
    rights: Annotated[tuple[str, ...], some_of(*RIGHTS)]
    acts: Annotated[tuple[str, ...], some_of(*ACTS)]
    territory: Annotated[tuple[str, ...], some_of(*TERRITORY)]
    """Province-level codes of GB/T 2260; all 34: everywhere."""
    purposes: Annotated[str, check_words(1, 200)]
    exclusive: Annotated[bool, boolean]
    begins: Annotated[int, integer()]
    ends: Annotated[int, integer()]
    """The last second."""
    registry: Annotated[Party, PARTY]
    registered_at: Annotated[int, integer()]
    request: Annotated[DigestPair, DigestPair.from_json]
    """Of the joint request (R5)."""
    prev: Annotated[bytes, hex_bytes(32)]
    """Leaf hash, 32 bytes, of the last statement of the case."""

    @property
    def subject(self) -> bytes:
        """The licence's identifier, 32 bytes (S2.4)."""
        return licence_subject(self.number)

    @property
    def everywhere(self) -> bool:
        """Whether its territory is all there is."""
        return self.territory == TERRITORY

    def commitment(self) -> DigestPair:
        """The digest pair of the canonical body (S2.2)."""
        return commit_public(self.canonical())


@dataclass(frozen=True, slots=True)
class LicenceEnd(Versioned):
    """Body of `licence.ended` (S6.7). `parse_licence_end` makes one that is known to be well formed."""

    number: Annotated[str, check_licence_number]
    profile: Annotated[str, PROFILE_TAG]
    given: Annotated[bytes, hex_bytes(32)]
    """Leaf hash, 32 bytes, of the statement that gave it."""
    ground: Annotated[str, one_of(*GROUNDS)]
    request: Annotated[DigestPair | None, nullable(DigestPair.from_json)]
    """Of the joint request; exactly where both agreed."""
    forum: Annotated[Party | None, nullable(PARTY)]
    """Whose document it is; exactly where there is one."""
    document: Annotated[DigestPair | None, nullable(DigestPair.from_json)]
    registry: Annotated[Party, PARTY]
    ended_at: Annotated[int, integer()]
    prev: Annotated[bytes, hex_bytes(32)]
    """Leaf hash, 32 bytes, of the last statement of the case."""

    @property
    def subject(self) -> bytes:
        """The licence's identifier, 32 bytes (S2.4)."""
        return licence_subject(self.number)


def parse_licence(value: object) -> Licence:
    """Read the body of a licence from its JSON value.

    Raises `DataFault`: a code of `canonical.read_object`, `credit-code`, `number-malformed`,
    `licence-number`, `licence-self`, `licence-term`, `licence-registration`, `name-spelling`,
    `encoded-bytes`.
    """
    body = read_shape(Licence, value)
    if body.licensor.code == body.licensee.code:
        raise DataFault("$.licensee is the licensor", code="licence-self", path="$.licensee")
    first, last = body.registered_at - BACKDATE, body.registered_at + LONGEST_TERM
    if not first <= body.begins <= body.ends <= last or body.ends < body.registered_at:
        raise DataFault(
            "$.ends: the term does not begin about registration and end within five years of it",
            code="licence-term",
            path="$.ends",
        )
    if body.registration and body.profile.startswith(f"{_UNREGISTERED}/"):
        raise DataFault(
            f"$.registration: under {_UNREGISTERED} a licence is recorded, and no registration",
            code="licence-registration",
            path="$.registration",
        )
    return body


def parse_licence_end(value: object) -> LicenceEnd:
    """Read the body of a licence's end from its JSON value.

    Raises `DataFault`: a code of `canonical.read_object`, `credit-code`, `licence-number`, `licence-ground`.
    """
    body = read_shape(LicenceEnd, value)
    agreed = body.ground == "agreed"
    if (body.request is not None, body.forum is not None, body.document is not None) != (
        agreed,
        not agreed,
        not agreed,
    ):
        raise DataFault(
            "$.ground: what both agreed to names their request, and what a forum decided its document",
            code="licence-ground",
            path="$.ground",
        )
    return body


def given_statement(body: Licence, commitment: DigestPair | None = None) -> Statement:
    """The statement that follows from the body of a licence (S6.6).

    ``commitment``: as declared for a body of which a text is not at hand.
    """
    return Statement(
        type=LICENCE_GIVEN,
        profile=body.profile,
        subject=body.subject,
        at=body.registered_at,
        commitment=commitment or body.commitment(),
        prev=body.prev,
        by="registry",
    )


def ended_statement(body: LicenceEnd) -> Statement:
    """The statement that follows from the body of a licence's end (S6.7)."""
    return Statement(
        type=LICENCE_ENDED,
        profile=body.profile,
        subject=body.subject,
        at=body.ended_at,
        commitment=commit_public(body.canonical()),
        prev=body.prev,
        by="registry" if body.ground == "agreed" else "forum",
    )


def differing_terms(body: Licence, chain: ChainLicence) -> tuple[str, ...]:
    """The names of S6.6 in which the chain's licence (S5.21) is another than the body says, in that order."""
    same = {
        "certificate": chain.certificate == certificate_subject(body.certificate.number),
        "licensor": chain.licensor == organisation_subject(body.licensor.code),
        "licensee": chain.licensee == organisation_subject(body.licensee.code),
        "rights": chain.rights == bits_of(body.rights, RIGHTS),
        "acts": chain.acts == bits_of(body.acts, ACTS),
        "territory": chain.territory == bits_of(body.territory, TERRITORY),
        "exclusive": chain.exclusive == body.exclusive,
        "begins": chain.valid_from == body.begins,
        "ends": chain.valid_until == body.ends,
        "registered_at": 0 <= chain.given_at - body.registered_at <= RECORDING,
    }
    return tuple(name for name, holds in same.items() if not holds)
