"""Body of `consent.granted` (S10.3): what one person answered to one version of a notice (R26, R28, R29).

Private: it is committed under a key of its own (S2.3). The verifier reads it from the patient's copy, or
from a pack in which it was disclosed. What makes a consent lawful is the ledger's to decide; here is its
form, which leaves no place for a face, a fingerprint or a file.
"""

from dataclasses import dataclass, field
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
from yinzheng.verifier.bytes.wording import PARTY, check_date, check_words
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_credit_code
from yinzheng.verifier.formats.notice import MAX_RECIPIENTS, RECIPIENT_FIELDS, SCOPES, check_recipients

MAX_CONSENT: Final = 24_576
"""Canonical bytes of a consent."""

METHODS: Final = ("electronic", "paper", "counter")
"""How consent was expressed. Conduct, such as going on using a service, is none of them (R26)."""

RELATIONS: Final = ("parent", "appointed", "relative", "institution")
IDENTITY_PROOFS: Final = ("identity_card", "passport", "household_register", "other_official")
GUARDIANSHIP_PROOFS: Final = ("birth_certificate", "household_register", "court_document", "appointment")


@dataclass(frozen=True, slots=True)
class NoticeReference:
    """Which notice was shown: leaf hash of its statement, and its digest pair."""

    leaf: bytes
    digest: DigestPair

    def to_json(self) -> dict[str, JSON]:
        """As in S10.3."""
        return {"leaf": self.leaf.hex(), "digest": {**self.digest.to_json()}}


@dataclass(frozen=True, slots=True)
class Person:
    """The data subject as the controller knows it. None of it is in `repr`, logs or messages."""

    name: str = field(repr=False)
    reference: str = field(repr=False)
    """The controller's own number for this person; no number of an identity document."""
    born: str = field(repr=False)
    """`YYYY-MM-DD`."""

    def to_json(self) -> dict[str, JSON]:
        """As in S10.3."""
        return {"name": self.name, "reference": self.reference, "born": self.born}


@dataclass(frozen=True, slots=True)
class Proof:
    """A document that was seen: its kind, its digests, who checked it, when. Itself it stays elsewhere."""

    kind: str
    digest: DigestPair
    checked_by: str
    """Credit code of the organisation that checked it."""
    checked_at: int

    def to_json(self) -> dict[str, JSON]:
        """As in S10.3."""
        return {
            "kind": self.kind,
            "digest": {**self.digest.to_json()},
            "checked_by": self.checked_by,
            "checked_at": self.checked_at,
        }


@dataclass(frozen=True, slots=True)
class LiveFace:
    """Result of a live-face comparison: that it was passed, with whom, when. Never the face (R29, R48)."""

    passed: bool
    checked_by: str
    checked_at: int

    def to_json(self) -> dict[str, JSON]:
        """As in S10.3."""
        return {"passed": self.passed, "checked_by": self.checked_by, "checked_at": self.checked_at}


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who acts for a minor, and what shows it (R29)."""

    name: str = field(repr=False)
    relation: str
    identity: Proof
    live_face: LiveFace | None
    guardianship: Proof | None

    def to_json(self) -> dict[str, JSON]:
        """As in S10.3."""
        return {
            "name": self.name,
            "relation": self.relation,
            "identity": self.identity.to_json(),
            "live_face": None if self.live_face is None else self.live_face.to_json(),
            "guardianship": None if self.guardianship is None else self.guardianship.to_json(),
        }


@dataclass(frozen=True, slots=True)
class RecipientAnswer:
    """A recipient by name, scope, use and form of the data, and the answer; None is unset, so no (R26)."""

    name: str
    code: str
    scope: str
    use: str
    route: str
    answer: bool | None

    def to_json(self) -> dict[str, JSON]:
        """As in S10.3."""
        return {
            "name": self.name,
            "code": self.code,
            "scope": self.scope,
            "use": self.use,
            "route": self.route,
            "answer": self.answer,
        }


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent. `parse_consent` makes one that is known to be well formed."""

    controller: Party
    notice: NoticeReference
    person: Person
    guardian: Guardian | None
    method: str
    scopes: tuple[bool | None, ...]
    """The answers in the order of `SCOPES`; None is unset, so no."""
    recipients: tuple[RecipientAnswer, ...]
    genetic: bool
    """Whether genetic information is among the data (R34)."""
    given_at: int
    until: int
    """The instant at which it ends by itself."""

    @property
    def granted(self) -> frozenset[str]:
        """The scopes answered yes."""
        return frozenset(scope for scope, answer in zip(SCOPES, self.scopes, strict=True) if answer is True)

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.3."""
        return {
            "v": 1,
            "controller": self.controller.to_json(),
            "notice": self.notice.to_json(),
            "person": self.person.to_json(),
            "guardian": None if self.guardian is None else self.guardian.to_json(),
            "method": self.method,
            "scopes": {**dict(zip(SCOPES, self.scopes, strict=True))},
            "recipients": [recipient.to_json() for recipient in self.recipients],
            "genetic": self.genetic,
            "given_at": self.given_at,
            "until": self.until,
        }

    def canonical(self) -> bytes:
        """The canonical bytes (S1.1) that are committed to."""
        return dumps(self.to_json())


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
    fields = read_object(value, _FIELDS, path)
    del fields["v"]
    consent = Consent(**fields)
    if consent.until <= consent.given_at:
        raise DataFault(f"{path}.until is not after {path}.given_at", code="term", path=f"{path}.until")
    check_recipients(consent.recipients, f"{path}.recipients")
    return consent


_ANSWER: Final = nullable(boolean)


def _scopes(value: object, path: str) -> tuple[bool | None, ...]:
    answers = read_object(value, _SCOPES, path)
    return tuple(answers[scope] for scope in SCOPES)


def _passed(value: object, path: str) -> bool:
    if boolean(value, path) is False:
        raise DataFault(f"{path} is false: the comparison was not passed", code="field-value", path=path)
    return True


def _proof(kinds: tuple[str, ...]) -> Check[Any]:
    return made_of(Proof, {"kind": one_of(*kinds), "digest": DigestPair.from_json, **_CHECKED})


_SCOPES: Final[dict[str, Check[Any]]] = dict.fromkeys(SCOPES, _ANSWER)
_CHECKED: Final[dict[str, Check[Any]]] = {"checked_by": check_credit_code, "checked_at": integer()}
_GUARDIAN: Final[dict[str, Check[Any]]] = {
    "name": check_words(1, 60),
    "relation": one_of(*RELATIONS),
    "identity": _proof(IDENTITY_PROOFS),
    "live_face": nullable(made_of(LiveFace, {"passed": _passed, **_CHECKED})),
    "guardianship": nullable(_proof(GUARDIANSHIP_PROOFS)),
}
check_person: Final[Check[Person]] = made_of(
    Person, {"name": check_words(1, 60), "reference": check_words(1, 60), "born": check_date}
)
"""Check for the data subject."""

check_guardian: Final[Check[Guardian | None]] = nullable(made_of(Guardian, _GUARDIAN))
"""Check for the guardian, or null."""

_FIELDS: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "controller": PARTY,
    "notice": made_of(NoticeReference, {"leaf": hex_bytes(32), "digest": DigestPair.from_json}),
    "person": check_person,
    "guardian": check_guardian,
    "method": one_of(*METHODS),
    "scopes": _scopes,
    "recipients": tuple_of(
        made_of(RecipientAnswer, {**RECIPIENT_FIELDS, "answer": _ANSWER}), 0, MAX_RECIPIENTS
    ),
    "genetic": boolean,
    "given_at": integer(),
    "until": integer(),
}
