"""Notices that the registry signs to organisations (S11.4): a withdrawal to obey, a dispute that holds, a
consent notice that was widened, events of certificates that are watched.

Sent by HTTP POST: the body is the canonical object, the header `Yinzheng-Notice` carries `kid "." signature`.
They name subjects, scopes and deadlines, and no person. One that arrives twice has the same `id`.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    list_of,
    loads,
    nullable,
    object_of,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.bytes.cose import IssuerSigner
from yinzheng.verifier.bytes.wording import set_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_credit_code, check_number
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.notice import CHANGES, MAX_RECIPIENTS, ROUTES, SCOPED_CHANGES, SCOPES
from yinzheng.verifier.formats.watched import read_event
from yinzheng.verifier.formats.withdrawal import DUTIES
from yinzheng.verifier.judge.trust import Issuer

HEADER: Final = "Yinzheng-Notice"
MAX_BODY: Final = 32_768
"""Canonical bytes of a body; the fields' sizes keep it below."""
CLOCK_SKEW: Final = 300
"""Seconds by which the registry's clock may be ahead of the reader's. How old a notice is matters not: it is
sent again until it is taken, and its deadline runs from elsewhere."""
ID_BYTES: Final = 16

_PREFIX: Final = b"yinzheng/webhook/1\n"
_HEADER = re.compile(r"([0-9a-f]{16})\.([A-Za-z0-9_-]{86})")

_SUBJECT: Final = text(64, 64, r"[0-9a-f]{64}")
_SUBJECTS: Final = set_of(_SUBJECT, 0, 64)
_SCOPES: Final = set_of(one_of(*SCOPES), 0, len(SCOPES))
_CODES: Final = set_of(check_credit_code, 0, MAX_RECIPIENTS)
_OF: Final[dict[str, Check[Any]]] = {"withdrawal": _SUBJECT, "consent": _SUBJECT, "request": _SUBJECT}
_HELD: Final[dict[str, Check[Any]]] = {
    "dispute": _SUBJECT,
    "statement": _SUBJECT,
    "records": _SUBJECTS,
    "cases": _SUBJECTS,
    "consents": _SUBJECTS,
}
REMINDERS: Final = ("half", "last", "overdue")
"""Why a duty is told once more: half of its time is over, its end is near, its end has passed."""
_REMINDER: Final = nullable(one_of(*REMINDERS))
_PART: Final = object_of({"scope": one_of(*SCOPES), "route": one_of(*ROUTES)})

_DUTY: Final[dict[str, Check[Any]]] = {
    **_OF,
    "duty": one_of(*DUTIES),
    "scopes": _SCOPES,
    "parts": list_of(_PART, 0, MAX_RECIPIENTS),
}

MAX_UNCOVERED: Final = 250
"""Consents that a notice of a widened version names; the rest is asked for (S15.1)."""
MAX_UNCOVERED_VERSIONS: Final = 8
PLACE: Final = r"([1-9][0-9]{0,3})-(0|[1-9][0-9]{0,14})-([0-9a-f]{64})"
"""Where the list goes on: after the consent to that version that was recorded then, under that subject."""
_MAX_WIDER: Final = len(CHANGES) + len(SCOPED_CHANGES) * (len(SCOPES) - 1)
_WIDER: Final = list_of(
    object_of({"change": one_of(*CHANGES), "scope": nullable(one_of(*SCOPES))}), 1, _MAX_WIDER
)
_VERSION: Final = integer(1, 9999)
_UNCOVERED: Final = object_of(
    {"version": _VERSION, "wider": _WIDER, "consents": set_of(_SUBJECT, 1, MAX_UNCOVERED)}
)

MAX_EVENTS: Final = 16
"""Events of one letter: more would not fit beside their certificates."""

RECORDED: Final = (
    "publicity.opened",
    "remark.entered",
    "remark.lifted",
    "certificate.lapsed",
    "certificate.cancelled",
    "reservation.made",
    "reservation.released",
)
"""Types of statements about a certificate of which its holders are told."""

_DATA: Final[Mapping[str, Mapping[str, Check[Any]]]] = MappingProxyType(
    {
        "withdrawal.freeze": {
            **_OF,
            "scopes": _SCOPES,
            "recipients": _CODES,
            "deadline": integer(),
            "reminder": _REMINDER,
        },
        "withdrawal.destroy": {**_DUTY, "deadline": integer(), "reminder": _REMINDER},
        "withdrawal.held": _DUTY,
        "withdrawal.ethics": {**_OF, "scopes": _SCOPES},
        "withdrawal.concluded": {
            **_OF,
            "outcome": one_of("completed", "restricted"),
            "statement": _SUBJECT,
            "until": nullable(integer()),
        },
        "dispute.hold": _HELD,
        "dispute.released": _HELD,
        "certificate.objection": {
            "certificate": check_number,
            "objection": _SUBJECT,
            "due": nullable(integer()),
        },
        "certificate.recorded": {
            "certificate": check_number,
            "type": one_of(*RECORDED),
            "statement": _SUBJECT,
        },
        "notice.widened": {
            "notice": _SUBJECT,
            "version": _VERSION,
            "wider": _WIDER,
            "at_most": integer(),
            "uncovered": list_of(_UNCOVERED, 0, MAX_UNCOVERED_VERSIONS),
            "next": nullable(text(68, 85, PLACE)),
        },
        "certificate.events": {
            "subscription": hex_bytes(ID_BYTES),
            "begin": integer(),
            "end": integer(),
            "events": list_of(read_event, 1, MAX_EVENTS),
        },
    }
)
KINDS: Final = tuple(_DATA)
"""What there is to be told."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A notice to one organisation. Raises `DataFault` (`field-…`, `credit-code`, `webhook-data`)."""

    id: bytes
    """16 random bytes: the same each time it is sent."""
    kind: str
    to: str
    """Credit code of the organisation."""
    at: int
    """When it was made, UTC seconds."""
    data: Mapping[str, JSON] = field(hash=False)
    """By kind, as in S11.4."""

    def __post_init__(self) -> None:
        read_object(self.to_json(), _FIELDS)
        _check_data(self.kind, self.data)

    def to_json(self) -> dict[str, JSON]:
        """The object of S11.4."""
        return {
            "v": 1,
            "id": self.id.hex(),
            "kind": self.kind,
            "to": self.to,
            "at": self.at,
            "data": {**self.data},
        }

    def canonical(self) -> bytes:
        """The body as it is sent."""
        return dumps(self.to_json())


def sign_webhook(webhook: Webhook, issuer: IssuerSigner) -> tuple[bytes, str]:
    """Give the body and the value of the header `Yinzheng-Notice`."""
    body = webhook.canonical()
    signature = base64.urlsafe_b64encode(issuer.sign(_PREFIX + body)).rstrip(b"=").decode()
    return body, f"{key_id(issuer.public_key.point).hex()}.{signature}"


def parse_webhook(body: bytes) -> Webhook:
    """Read a body, which must be canonical. Raises `DataFault` (`json-…`, or as `Webhook`)."""
    fields = read_object(loads(body, max_bytes=MAX_BODY, canonical=True), _FIELDS)
    del fields["v"]
    return Webhook(**fields)


def verify_webhook(
    body: bytes, header: str, issuers: Mapping[bytes, Issuer] | Sm2PublicKey, *, to: str, now: int
) -> Webhook:
    """Check that the registry told this to the organisation ``to`` (credit code); ``now`` is its clock.

    ``issuers`` are a policy's (`TrustPolicy.issuers`), or one key that is believed whatever the time. A key
    must hold by the reader's own clock: a thief would claim a time before the theft.

    Raises `DataFault`: `webhook-malformed` (the header), `issuer-unknown`, `webhook-signature`,
    `before-key`, `after-key`, `key-compromised`, as `parse_webhook`, `webhook-recipient` (for another
    organisation), or `webhook-future`.
    """
    kid, signature = _parse_header(header)
    if not _key(kid, issuers, now).verify(_PREFIX + body, signature):
        raise DataFault("the notice's signature is wrong", code="webhook-signature")
    webhook = parse_webhook(body)
    if webhook.to != to:
        raise DataFault("the notice is for another organisation", code="webhook-recipient")
    if webhook.at > now + CLOCK_SKEW:
        raise DataFault("the notice claims a time yet to come", code="webhook-future", hint="Set the clock.")
    return webhook


def _key(kid: bytes, issuers: Mapping[bytes, Issuer] | Sm2PublicKey, now: int) -> Sm2PublicKey:
    if isinstance(issuers, Sm2PublicKey):
        if key_id(issuers.point) != kid:
            raise _unknown(kid)
        return issuers
    issuer = issuers.get(kid)
    if issuer is None:
        raise _unknown(kid)
    reason = issuer.entitled_at(now, issuer.registry)
    if reason is not None:
        raise DataFault("the registry's key does not hold now", code=reason, kid=kid.hex())
    return issuer.key


def _unknown(kid: bytes) -> DataFault:
    return DataFault("no pinned registry has that key", code="issuer-unknown", kid=kid.hex())


def _parse_header(header: str) -> tuple[bytes, bytes]:
    match = _HEADER.fullmatch(header)
    if match is not None:
        signature = base64.urlsafe_b64decode(match[2] + "==")
        # Bits after the last byte would be a second spelling of the same signature.
        if base64.urlsafe_b64encode(signature).rstrip(b"=").decode() == match[2]:
            return bytes.fromhex(match[1]), signature
    raise DataFault(
        "not the header of a signed notice",
        code="webhook-malformed",
        hint="kid.base64url(signature), without padding (S11.4).",
    )


def _check_data(kind: str, data: Mapping[str, JSON]) -> None:
    found = read_object({**data}, _DATA[kind], "$.data")
    if kind in ("withdrawal.destroy", "withdrawal.held"):
        parts = [(part["scope"], part["route"]) for part in found["parts"]]
        coherent = parts == sorted(set(parts))
    elif kind == "withdrawal.concluded":
        coherent = (found["outcome"] == "restricted") == (found["until"] is not None)
    elif kind in ("dispute.hold", "dispute.released"):
        coherent = any(found[name] for name in ("records", "cases", "consents"))
    elif kind == "notice.widened":
        coherent = _widened_is_coherent(found)
    elif kind == "certificate.events":
        numbers = [event.number for event in found["events"]]
        coherent = (
            numbers == sorted(set(numbers)) and found["begin"] <= numbers[0] <= numbers[-1] < found["end"]
        )
    else:
        coherent = True
    if not coherent:
        raise DataFault("the notice's data contradicts itself", code="webhook-data", path="$.data")


def _widened_is_coherent(found: Mapping[str, Any]) -> bool:
    """Earlier versions, the latest first; each field once, in order; consents within what there are."""
    groups = found["uncovered"]
    versions = [group["version"] for group in groups]
    fields = [
        [(one["change"], one["scope"] or "") for one in wider]
        for wider in (found["wider"], *(group["wider"] for group in groups))
    ]
    named = sum(len(group["consents"]) for group in groups)
    return (
        versions == sorted(set(versions), reverse=True)
        and all(version < found["version"] for version in versions)
        and all(pairs == sorted(set(pairs)) for pairs in fields)
        and all((change in SCOPED_CHANGES) is bool(scope) for pairs in fields for change, scope in pairs)
        and named <= min(found["at_most"], MAX_UNCOVERED)
    )


def _mapping(value: object, path: str) -> Mapping[str, JSON]:
    if type(value) is not dict:
        raise DataFault(f"{path} is not an object", code="field-type", path=path)
    return MappingProxyType(value)


_FIELDS: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "id": hex_bytes(ID_BYTES),
    "kind": one_of(*KINDS),
    "to": check_credit_code,
    "at": integer(),
    "data": _mapping,
}
