"""The statement: one entry of the log, saying that a decision was made, without saying about whom (S3)."""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from yinzheng.verifier.bytes.algorithms import (
    COMMITMENT_KEY_BYTES,
    DigestPair,
    digest_pair,
    hmac_pair,
    sha256,
)
from yinzheng.verifier.bytes.canonical import (
    Check,
    constant,
    hex_bytes,
    integer,
    loads,
    nullable,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.merkle import hash_leaf

MAX_STATEMENT_BYTES = 4096
CERTIFICATE_DEPOSITED = "certificate.deposited"
CERTIFICATE_CANCELLED = "certificate.cancelled"
LICENCE_GIVEN = "licence.given"
LICENCE_ENDED = "licence.ended"

PROFILE_TAG = text(3, 32, r"[A-Z][A-Z0-9-]*/[1-9][0-9]*")
"""Check for a profile tag (S2.5): `ID/VERSION`, ASCII, at most the 32 bytes it has on chain."""


class Body(Enum):
    """How the body a statement commits to is kept, and so how it is committed."""

    PUBLIC = "public"
    PRIVATE = "private"


STATEMENT_TYPES = MappingProxyType(
    {
        "application.received": Body.PRIVATE,
        "application.accepted": Body.PRIVATE,
        "supplement.requested": Body.PRIVATE,
        "supplement.given": Body.PRIVATE,
        "procedure.changed": Body.PRIVATE,
        "inspection.recorded": Body.PRIVATE,
        "review.recorded": Body.PRIVATE,
        "committee.decided": Body.PRIVATE,
        "publicity.opened": Body.PUBLIC,
        "objection.raised": Body.PRIVATE,
        "objection.concluded": Body.PRIVATE,
        "application.refused": Body.PRIVATE,
        CERTIFICATE_DEPOSITED: Body.PUBLIC,
        LICENCE_GIVEN: Body.PUBLIC,
        LICENCE_ENDED: Body.PUBLIC,
        "right.transferred": Body.PUBLIC,
        "certificate.changed": Body.PUBLIC,
        "certificate.renewed": Body.PUBLIC,
        "organisation.enrolled": Body.PUBLIC,
        "organisation.key-rotated": Body.PUBLIC,
        "organisation.key-revoked": Body.PUBLIC,
        "notice.published": Body.PUBLIC,
        "consent.granted": Body.PRIVATE,
        "withdrawal.requested": Body.PRIVATE,
        "withdrawal.verified": Body.PRIVATE,
        "withdrawal.frozen": Body.PRIVATE,
        "withdrawal.notified": Body.PRIVATE,
        "withdrawal.receipt": Body.PRIVATE,
        "withdrawal.completed": Body.PRIVATE,
        "withdrawal.restricted": Body.PRIVATE,
        "erasure.tombstone": Body.PUBLIC,
        "dispute.opened": Body.PRIVATE,
        "dispute.evidence": Body.PRIVATE,
        "dispute.released": Body.PRIVATE,
        "remark.entered": Body.PUBLIC,
        "remark.lifted": Body.PUBLIC,
        "certificate.lapsed": Body.PUBLIC,
        CERTIFICATE_CANCELLED: Body.PUBLIC,
        "certificate.objected": Body.PRIVATE,
        "certificate.objection-told": Body.PRIVATE,
        "certificate.objection-answered": Body.PRIVATE,
        "certificate.objection-concluded": Body.PRIVATE,
        "supervision.opened": Body.PRIVATE,
        "supervision.measure": Body.PRIVATE,
        "supervision.reported": Body.PRIVATE,
        "supervision.closed": Body.PRIVATE,
        "accesses.noted": Body.PUBLIC,
        "chain.found": Body.PUBLIC,
        "trade.checked": Body.PRIVATE,
        "reservation.made": Body.PUBLIC,
        "reservation.released": Body.PUBLIC,
        "contract.concluded": Body.PRIVATE,
        "contract.delivered": Body.PRIVATE,
        "contract.accepted": Body.PRIVATE,
        "contract.objected": Body.PRIVATE,
        "contract.settled": Body.PRIVATE,
        "contract.tracked": Body.PRIVATE,
        "contract.destroyed": Body.PRIVATE,
        "contract.ended": Body.PRIVATE,
    }
)
"""The types of S3.2, in the order a case, an organisation, a consent, a dispute, a certificate meets them."""

CAPACITIES = (
    "registry",
    "committee",
    "applicant",
    "public",
    "controller",
    "recipient",
    "subject",
    "forum",
    "party",
    "holder",
    "exchange",
)

_TYPE = one_of(*STATEMENT_TYPES)
_AT = integer()
_BY = one_of(*CAPACITIES)
_FIELDS: dict[str, Check[Any]] = {
    "v": constant(1),
    "type": _TYPE,
    "profile": PROFILE_TAG,
    "subject": hex_bytes(32),
    "at": _AT,
    "commitment": DigestPair.from_json,
    "prev": nullable(hex_bytes(32)),
    "by": _BY,
}


@dataclass(frozen=True)
class Statement:
    """One event (S3.1). Raises `DataFault` (`field-…`) if a field is out of its range."""

    type: str
    profile: str
    subject: bytes
    """32 bytes, S2.4."""
    at: int
    """When it was decided, UTC seconds."""
    commitment: DigestPair
    prev: bytes | None
    """Leaf hash of the case's previous statement."""
    by: str

    def __post_init__(self) -> None:
        _TYPE(self.type, "$.type")
        PROFILE_TAG(self.profile, "$.profile")
        _AT(self.at, "$.at")
        _BY(self.by, "$.by")
        _require_hash(self.subject, "subject")
        _require_hash(self.commitment.sm3, "commitment.sm3")
        _require_hash(self.commitment.sha256, "commitment.sha256")
        if self.prev is not None:
            _require_hash(self.prev, "prev")

    def to_json(self) -> dict[str, Any]:
        """The JSON object of S3.1."""
        return {
            "v": 1,
            "type": self.type,
            "profile": self.profile,
            "subject": self.subject.hex(),
            "at": self.at,
            "commitment": self.commitment.to_json(),
            "prev": None if self.prev is None else self.prev.hex(),
            "by": self.by,
        }

    @staticmethod
    def from_json(value: object, path: str = "$") -> "Statement":
        """Strict reading; usable as a `Check`. Raises `DataFault` (`field-…`)."""
        fields = read_object(value, _FIELDS, path)
        del fields["v"]
        return Statement(**fields)

    @staticmethod
    def from_bytes(data: bytes) -> "Statement":
        """Read a log entry, which must be canonical. Raises `DataFault` (`json-…`, `field-…`)."""
        return Statement.from_json(loads(data, max_bytes=MAX_STATEMENT_BYTES, canonical=True))

    @cached_property
    def canonical(self) -> bytes:
        """The bytes in the log. Bounded by the fields' sizes, always under `MAX_STATEMENT_BYTES`.

        Names are in order and no value needs escaping, so that this is `dumps(self.to_json())` in a tenth of
        its time: a log of a million statements is written statement by statement.
        """
        prev = "null" if self.prev is None else f'"{self.prev.hex()}"'
        sha256, sm3 = self.commitment.sha256.hex(), self.commitment.sm3.hex()
        return (
            f'{{"at":{self.at},"by":"{self.by}","commitment":{{"sha256":"{sha256}","sm3":"{sm3}"}},'
            f'"prev":{prev},"profile":"{self.profile}","subject":"{self.subject.hex()}",'
            f'"type":"{self.type}","v":1}}'
        ).encode()

    @cached_property
    def leaf_hash(self) -> bytes:
        """`SHA-256(0x00 || canonical)` (S3.3)."""
        return hash_leaf(self.canonical)

    @property
    def body_kind(self) -> Body:
        """Whether the body is public or private (S3.2)."""
        return STATEMENT_TYPES[self.type]


def _require_hash(value: bytes, name: str) -> None:
    if len(value) != 32:
        raise DataFault(f"$.{name} is not of 32 bytes", code="field-value", path=f"$.{name}")


def commit_public(body: bytes) -> DigestPair:
    """Commitment to a public body, given in canonical bytes (S2.2)."""
    return digest_pair(body)


def commit_private(key: bytes, body: bytes) -> DigestPair:
    """Commitment to a private body, given in canonical bytes, under its own 32 random bytes (S2.3).

    Raises `UsageFault` (`commitment-key`) for a key of another length.
    """
    if len(key) != COMMITMENT_KEY_BYTES:
        raise UsageFault("a commitment key has 32 bytes", code="commitment-key")
    return hmac_pair(key, body)


def verify_body(statement: Statement, body: bytes, key: bytes | None = None) -> None:
    """Check that `body` is what the statement commits to; private bodies need their `key`.

    Raises `DataFault` (`commitment`), `UsageFault` (`commitment-key`) if the key is missing or superfluous.
    """
    if (key is not None) != (statement.body_kind is Body.PRIVATE):
        raise UsageFault("private bodies, and they alone, are opened with a key", code="commitment-key")
    commitment = commit_public(body) if key is None else commit_private(key, body)
    if not commitment.matches(statement.commitment):
        raise DataFault("the body is not the one the statement commits to", code="commitment")


def certificate_subject(number: str) -> bytes:
    """Subject of a certificate, 32 bytes: `SHA-256("yinzheng/certificate/1:" || number)` (S2.4).

    Raises `DataFault` (`certificate-number`) unless the number is ASCII.
    """
    if not number.isascii():
        raise DataFault("a certificate number is ASCII", code="certificate-number")
    return sha256(b"yinzheng/certificate/1:" + number.encode())


def licence_subject(number: str) -> bytes:
    """Subject of a licence, 32 bytes: `SHA-256("yinzheng/licence/1:" || number)` (S2.4).

    Raises `DataFault` (`licence-number`) unless the number is ASCII.
    """
    if not number.isascii():
        raise DataFault("a licence's number is ASCII", code="licence-number")
    return sha256(b"yinzheng/licence/1:" + number.encode())


def organisation_subject(code: str) -> bytes:
    """Subject of an organisation, 32 bytes: `SHA-256("yinzheng/organisation/1:" || credit code)` (S2.4).

    Raises `DataFault` (`credit-code`) unless the code is ASCII.
    """
    if not code.isascii():
        raise DataFault("a credit code is ASCII", code="credit-code")
    return sha256(b"yinzheng/organisation/1:" + code.encode())


def profile_bytes(tag: str) -> bytes:
    """A profile tag as it stands on chain: ASCII, zero-padded to 32 bytes (S2.5). Raises `DataFault`."""
    return PROFILE_TAG(tag, "$.profile").encode().ljust(32, b"\0")


def deposit_statement(
    *, number: str, profile: str, registered_at: int, body: bytes, prev: bytes | None
) -> Statement:
    """The deposit statement that follows from a certificate's canonical `body` and its fields (S3.4)."""
    return Statement(
        type=CERTIFICATE_DEPOSITED,
        profile=profile,
        subject=certificate_subject(number),
        at=registered_at,
        commitment=commit_public(body),
        prev=prev,
        by="registry",
    )
