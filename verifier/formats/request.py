"""A request that an organisation signs with its key (S11): no shared passwords, nothing to replay.

What is signed is the canonical body {v, registry, org, key, method, path, body, at, nonce} after a prefix
that no other signed object begins with, so that a signature made for a request is good for nothing else, and
at no other registry where the same key is enrolled. It travels as
`base64url(body) "." base64url(signature)`, both without padding, in the header `Yinzheng-Request`.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from yinzheng.verifier.bytes.algorithms import (
    DigestPair,
    Sm2PrivateKey,
    Sm2PublicKey,
    constant_time_equal,
    sha256,
)
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    loads,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import check_credit_code
from yinzheng.verifier.formats.certificate import key_id

HEADER: Final = "Yinzheng-Request"
PREFIX: Final = b"yinzheng/request/2\n"
WINDOW: Final = 300
"""Seconds a request's time may lie before or after the reader's clock."""
MAX_TOKEN: Final = 2048
"""Characters of an encoded request; the fields' sizes keep it below."""
METHODS: Final = ("GET", "POST", "PUT", "DELETE")
NONCE_BYTES: Final = 16

_TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")
# A target as it stands in the request line: absolute path and query, printable ASCII, no fragment.
_PATH = text(1, 512, r"/[!-\"$-~]*")

_FIELDS: Final[dict[str, Check[Any]]] = {
    "v": constant(2),
    "registry": hex_bytes(32),
    "org": check_credit_code,
    "key": hex_bytes(8),
    "method": one_of(*METHODS),
    "path": _PATH,
    "body": DigestPair.from_json,
    "at": integer(),
    "nonce": hex_bytes(NONCE_BYTES),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What an organisation signs. `DataFault` (`field-…`, `credit-code`) if a field is out of its range."""

    registry: bytes
    """32 bytes: which registry is asked (`registry_id`)."""
    org: str
    """Credit code (R17)."""
    key: bytes
    """8 bytes: `kid` of the signing key (S6.2)."""
    method: str
    path: str
    """Path and query, exactly as sent."""
    body: DigestPair
    """Digest pair of the body's bytes; of no bytes where there is no body."""
    at: int
    """UTC seconds."""
    nonce: bytes
    """16 fresh random bytes."""
    _read: bytes = field(default=b"", init=False, repr=False, compare=False)
    """Its canonical bytes where it was read from them; a copy that differs has none."""

    def __post_init__(self) -> None:
        read_object(self.to_json(), _FIELDS)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Request":
        """Read a body that must be canonical; its fields are looked at once.

        Raises `DataFault` (`json-…`, `field-…`, `credit-code`).
        """
        found = read_object(loads(data, max_bytes=MAX_TOKEN, canonical=True), _FIELDS)
        del found["v"]
        made = object.__new__(cls)
        for name, value in (*found.items(), ("_read", data)):
            object.__setattr__(made, name, value)
        return made

    def to_json(self) -> dict[str, JSON]:
        """The object of S11.1."""
        return {
            "v": 2,
            "registry": self.registry.hex(),
            "org": self.org,
            "key": self.key.hex(),
            "method": self.method,
            "path": self.path,
            "body": {**self.body.to_json()},
            "at": self.at,
            "nonce": self.nonce.hex(),
        }

    @property
    def until(self) -> int:
        """UTC seconds: until then its nonce is remembered; from then on its time alone refuses it."""
        return self.at + WINDOW + 1

    def message(self) -> bytes:
        """The bytes that are signed."""
        return PREFIX + (self._read or dumps(self.to_json()))


@dataclass(frozen=True, slots=True)
class Received:
    """What actually arrived, to be compared with what was signed. `now` is the reader's clock."""

    registry: bytes
    """The reader's own (`registry_id`)."""
    method: str
    path: str
    body: DigestPair
    now: int


def registry_id(genesis: bytes, rights: bytes) -> bytes:
    """Name a registry, 32 bytes, by its chain's genesis (32 bytes) and the address of its `DataRights` (20).

    `SHA-256("yinzheng/registry/1:" || genesis || address)` (S2.4): whoever pins a policy (S8.1) pins both.
    """
    return sha256(b"yinzheng/registry/1:" + genesis + rights)


class Keys(Protocol):
    """Whose keys are believed; at which instant is the implementation's to decide (R41)."""

    def find(self, org: str, key: bytes, at: int) -> Sm2PublicKey | None:
        """The key `key` of `org` if it holds at `at` (UTC seconds), else None."""


def sign_request(request: Request, key: Sm2PrivateKey) -> str:
    """Sign and encode a request.

    Raises `UsageFault` (`request-key`) if it names another key.
    """
    if request.key != key_id(key.public_key.point):
        raise UsageFault("the request names another key than the one that signs it", code="request-key")
    body, signature = dumps(request.to_json()), key.sign(request.message())
    return f"{_encode(body)}.{_encode(signature)}"


def parse_request(token: str) -> tuple[Request, bytes]:
    """Read an encoded request and its signature, raw `r || s`, neither checked against anything.

    Raises `DataFault`: `request-malformed`, `json-…`, `field-…` or `credit-code`.
    """
    match = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if match is None:
        raise _malformed()
    return Request.from_bytes(_decode(match[1])), _decode(match[2])


def replayed() -> DataFault:
    """What is told where a nonce was used up before."""
    return DataFault(
        "this request was received before", code="request-replayed", hint="Sign again with a new nonce."
    )


def check_signed(request: Request, signature: bytes, received: Received, keys: Keys) -> Request:
    """Check that an organisation signed exactly what arrived, now; whether for the first time is still open.

    Raises `DataFault`: as `parse_request`; `request-stale` (clocks more than `WINDOW` apart),
    `request-elsewhere` (signed for another registry), `request-mismatch` (other method, path or body;
    `differs` names which), `request-key-unknown` (no such key in force), `request-signature`.
    """
    if abs(received.now - request.at) > WINDOW:
        raise DataFault(
            f"the request's time is more than {WINDOW} seconds from ours",
            code="request-stale",
            hint="Set the clock, sign again and send at once.",
        )
    if not constant_time_equal(request.registry, received.registry):
        raise DataFault(
            "the request was signed for another registry",
            code="request-elsewhere",
            hint="Pin this registry's trust.json, or ask at the desk of the one that is pinned.",
        )
    _compare(request, received)
    # By our clock: a thief would claim a time before the key was reported.
    key = keys.find(request.org, request.key, received.now)
    if key is None:
        raise DataFault(
            "this organisation has no such key in force",
            code="request-key-unknown",
            hint="Enrol the key, or sign with the one that replaced it; of one that was lost the next is "
            "made with `yinzheng org key rotate --lost --out FILE`, for an officer to take in.",
        )
    # A store of keys that looked up by `kid` alone could be led to another key with the same 8 bytes.
    if key_id(key.point) != request.key or not key.verify(request.message(), signature):
        raise DataFault("the request's signature is wrong", code="request-signature")
    return request


def _compare(request: Request, received: Received) -> None:
    differs = [
        name
        for name, same in (
            ("method", request.method == received.method),
            ("path", request.path == received.path),
            ("body", request.body.matches(received.body)),
        )
        if not same
    ]
    if differs:
        raise DataFault(
            f"what arrived is not what was signed: {', '.join(differs)}",
            code="request-mismatch",
            differs=differs,
        )


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(encoded: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        raise _malformed() from None
    if _encode(data) != encoded:
        # Bits after the last byte: a second spelling of the same request.
        raise _malformed()
    return data


def _malformed() -> DataFault:
    return DataFault(
        "not a signed request",
        code="request-malformed",
        hint="base64url(body).base64url(signature), without padding (S11.2).",
    )
