"""Body of `consent.granted` (S10.3): what one person answered to one version of a notice (R26, R28, R29).

Private: it is committed under a key of its own (S2.3). The verifier reads it from the patient's copy, or
from a pack in which it was disclosed. What makes a consent lawful is the ledger's to decide; here is its
form, which leaves no place for a face, a fingerprint or a file.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    boolean,
    hex_bytes,
    integer,
    nullable,
    one_of,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import Codec, Shaped, Versioned, read_shape, shape
from yinzheng.verifier.bytes.wording import PARTY, check_date, check_name
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_credit_code
from yinzheng.verifier.formats.notice import MAX_RECIPIENTS, SCOPES, Recipient, check_recipients

MAX_CONSENT: Final = 24_576
"""Canonical bytes of a consent."""

METHODS: Final = ("electronic", "paper", "counter")
"""How consent was expressed. Conduct, such as going on using a service, is none of them (R26)."""

RELATIONS: Final = ("parent", "appointed", "relative", "institution")
IDENTITY_PROOFS: Final = ("identity_card", "passport", "household_register", "other_official")
GUARDIANSHIP_PROOFS: Final = ("birth_certificate", "household_register", "court_document", "appointment")


def _scopes(value: object, path: str) -> tuple[bool | None, ...]:
    answers = read_object(value, _SCOPES, path)
    return tuple(answers[scope] for scope in SCOPES)


def _scopes_json(answers: tuple[bool | None, ...]) -> JSON:
    return {**dict(zip(SCOPES, answers, strict=True))}


def _passed(value: object, path: str) -> bool:
    if boolean(value, path) is False:
        raise DataFault(f"{path} is false: the comparison was not passed", code="field-value", path=path)
    return True


_ANSWER: Final = nullable(boolean)
_SCOPES: Final[dict[str, Check[Any]]] = dict.fromkeys(SCOPES, _ANSWER)


@dataclass(frozen=True, slots=True)
class NoticeReference(Shaped):
    """Which notice was shown: leaf hash of its statement, and its digest pair."""

    leaf: Annotated[bytes, hex_bytes(32)]
    digest: Annotated[DigestPair, DigestPair.from_json]


@dataclass(frozen=True, slots=True)
class Person(Shaped):
    """The data subject as the controller knows it. None of it is in `repr`, logs or messages."""

    name: Annotated[str, check_name(1, 60)] = field(repr=False)
    reference: Annotated[str, check_name(1, 60)] = field(repr=False)
    """The controller's own number for this person, spelled as a name is: two that look alike would make twins
    of one consent. No number of an identity document."""
    born: Annotated[str, check_date] = field(repr=False)
    """`YYYY-MM-DD`."""


@dataclass(frozen=True, slots=True)
class Proof(Shaped):
    """A document that was seen: its kind, its digests, who checked it, when. Itself it stays elsewhere."""

    kind: Annotated[str, one_of(*IDENTITY_PROOFS, *GUARDIANSHIP_PROOFS)]
    digest: Annotated[DigestPair, DigestPair.from_json]
    checked_by: Annotated[str, check_credit_code]
    """Credit code of the organisation that checked it."""
    checked_at: Annotated[int, integer()]


def _proof(kinds: tuple[str, ...]) -> Check[Proof]:
    allowed = one_of(*kinds)

    def check(value: object, path: str) -> Proof:
        proof = read_shape(Proof, value, path)
        allowed(proof.kind, f"{path}.kind")
        return proof

    return check


check_identity: Final = _proof(IDENTITY_PROOFS)
"""Check for the proof of who someone is."""
check_guardianship: Final = _proof(GUARDIANSHIP_PROOFS)
"""Check for the proof of whose guardian someone is."""


@dataclass(frozen=True, slots=True)
class LiveFace(Shaped):
    """Result of a live-face comparison: that it was passed, with whom, when. Never the face (R29, R48)."""

    passed: Annotated[bool, _passed]
    checked_by: Annotated[str, check_credit_code]
    checked_at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Guardian(Shaped):
    """Who acts for a minor, and what shows it (R29)."""

    name: Annotated[str, check_name(1, 60)] = field(repr=False)
    relation: Annotated[str, one_of(*RELATIONS)]
    identity: Annotated[Proof, check_identity]
    live_face: Annotated[LiveFace | None, nullable(shape(LiveFace))]
    guardianship: Annotated[Proof | None, nullable(check_guardianship)]


check_person: Final[Check[Person]] = shape(Person)
"""Check for the data subject."""

check_guardian: Final[Check[Guardian | None]] = nullable(shape(Guardian))
"""Check for the guardian, or null."""


@dataclass(frozen=True, slots=True)
class RecipientAnswer(Recipient):
    """A recipient as the notice names it, and the answer; None is unset, so no (R26)."""

    answer: Annotated[bool | None, _ANSWER]


@dataclass(frozen=True, slots=True)
class Consent(Versioned):
    """One consent (S10.3). `parse_consent` makes one that is known to be well formed."""

    controller: Annotated[Party, PARTY]
    notice: NoticeReference
    person: Person
    guardian: Annotated[Guardian | None, check_guardian]
    method: Annotated[str, one_of(*METHODS)]
    scopes: Annotated[tuple[bool | None, ...], Codec(_scopes, _scopes_json)]
    """The answers in the order of `SCOPES`; None is unset, so no."""
    recipients: Annotated[tuple[RecipientAnswer, ...], tuple_of(shape(RecipientAnswer), 0, MAX_RECIPIENTS)]
    genetic: Annotated[bool, boolean]
    """Whether genetic information is among the data (R34)."""
    given_at: Annotated[int, integer()]
    until: Annotated[int, integer()]
    """The instant at which it ends by itself."""

    @property
    def granted(self) -> frozenset[str]:
        """The scopes answered yes."""
        return frozenset(scope for scope, answer in zip(SCOPES, self.scopes, strict=True) if answer is True)


def parse_consent(value: object) -> Consent:
    """Read a consent from its JSON value.

    Raises `DataFault`: a code of `canonical.read_object`, `encoded-bytes`, `credit-code`, `recipient-twice`,
    `term` or `body-too-large`.
    """
    consent = check_consent(value)
    if len(consent.canonical()) > MAX_CONSENT:
        raise DataFault(f"a consent has more than {MAX_CONSENT} bytes", code="body-too-large")
    return consent


def check_consent(value: object, path: str = "$") -> Consent:
    """As `parse_consent`, for a value whose size its container has already bounded.

    No JSON text is shorter than its canonical form.
    """
    consent = read_shape(Consent, value, path)
    if consent.until <= consent.given_at:
        raise DataFault(f"{path}.until is not after {path}.given_at", code="term", path=f"{path}.until")
    check_recipients(consent.recipients, f"{path}.recipients")
    return consent
