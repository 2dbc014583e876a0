"""A decision signed elsewhere (S18): a person signs on a machine of their own, the registry carries it out.

Whoever runs unattended, the desk above all, holds nobody's key. Its file says what is decided, by whom and
for which registry; the person's signature covers all of it, with the approvals that the contracts ask for.

    {"format", "origin", "chain", "person", "action", "case", "arguments", "at", "nonce",
     "prepared": hex or null, "approvals": [130 hex, …], "signature": 130 hex}
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from sqlmodel import Session

from yinzheng.ledger.chain.eip712 import message_digest
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.store.models import TakenDecision
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import COMMITMENT_KEY_BYTES, keccak256, recover_address
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    hex_bytes,
    integer,
    list_of,
    nullable,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.statement import Statement

FORMAT: Final = "yinzheng/decision/1"
PREFIX: Final = b"yinzheng/decision/1\n"
MAX_BYTES: Final = 256 * 1024
LASTS: Final = 86_400
"""Seconds after which a decision is signed anew."""
AHEAD: Final = 300
"""Seconds a signer's clock may be fast."""
SIGNATURE_BYTES: Final = 65

MESSAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": (),
    "request-supplement": (),
    "review": (),
    "approve": (),
    "publish": ("Publication",),
    "resolve": ("Conclusion", "LaterConclusion"),
    "refuse": ("Closure",),
    "issue": ("Deposit", "Licence", "LicenceEnd", "Transfer", "Change", "Renewal", "Cancellation"),
    "remark": ("RemarkEntry",),
    "lift": ("RemarkLifting",),
}
"""What may be decided elsewhere, and the approvals (S5.5, S5.20 to S5.25) that the contracts may ask for: of
`issue` one, by the type of the case, and of `resolve` by whether it is a case or a certificate."""


def _anything(value: object, _path: str) -> object:
    """Leave the arguments to the action."""
    return value


_FIELDS: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "origin": text(1, 200),
    "chain": integer(1),
    "person": text(1, 64),
    "action": one_of(*MESSAGES),
    "case": text(1, 40),
    "arguments": _anything,
    "at": integer(0),
    "nonce": hex_bytes(16),
    "prepared": nullable(hex_bytes(1, 256)),
    "approvals": list_of(hex_bytes(SIGNATURE_BYTES), 0, 4),
    "signature": hex_bytes(SIGNATURE_BYTES),
}


@dataclass(frozen=True, slots=True)
class SignedDecision:
    """One decision, as its person signed it. Times are UTC seconds."""

    origin: str
    """Of the registry's log: for which registry."""
    chain: int
    person: str
    action: str
    case: str
    arguments: dict[str, JSON]
    at: int
    nonce: bytes
    prepared: bytes | None = None
    """What the registry prepared for these approvals; its own to open."""
    approvals: tuple[bytes, ...] = ()
    """EIP-712 signatures, v 27 or 28."""
    signature: bytes = field(default=b"", repr=False)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that the person signs."""
        value = self.to_json()
        del value["signature"]
        return keccak256(PREFIX + canonical.dumps(value))

    def sign(self, key: EthereumKey) -> Self:
        """The same under a fresh nonce and the key's signature."""
        fresh = replace(self, nonce=secrets.token_bytes(16))
        return replace(fresh, signature=key.sign_digest(fresh.digest))

    def signer(self) -> bytes:
        """Address whose key signed it; `DataFault` (`secp256k1-signature`)."""
        return recover_address(self.digest, self.signature)

    def to_json(self) -> dict[str, JSON]:
        """The object of S18.1."""
        return {
            "format": FORMAT,
            "origin": self.origin,
            "chain": self.chain,
            "person": self.person,
            "action": self.action,
            "case": self.case,
            "arguments": self.arguments,
            "at": self.at,
            "nonce": self.nonce.hex(),
            "prepared": None if self.prepared is None else self.prepared.hex(),
            "approvals": [one.hex() for one in self.approvals],
            "signature": self.signature.hex(),
        }

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Decode strictly; `DataFault` (`field-…`)."""
        found = read_object(value, _FIELDS, "decision")
        if not isinstance(found["arguments"], dict):
            raise DataFault("the arguments of a decision are an object", code="field-type")
        del found["format"]
        found["approvals"] = tuple(found["approvals"])
        return cls(**found)

    def check(self, origin: str, chain: int, now: int) -> None:
        """Refuse what is another registry's, or not of today.

        Raises `DataFault` (`decision-foreign`), `UsageFault` (`decision-stale`).
        """
        if (self.origin, self.chain) != (origin, chain):
            raise DataFault("this decision is for another registry", code="decision-foreign")
        if not now - LASTS <= self.at <= now + AHEAD:
            raise UsageFault(
                "this decision was signed more than a day ago, or by a clock that is ahead",
                code="decision-stale",
                hint="Sign it anew; nothing was carried out.",
            )


class AbsentKey(EthereumKey):
    """A key that is elsewhere: it gives the signatures that came along, and says what is to be signed."""

    __slots__ = ("_given",)

    def __init__(self, address: bytes, given: Sequence[bytes]) -> None:
        """Signatures are 65 bytes, v 27 or 28."""
        self.address = address
        self._given = tuple(given)

    def sign_typed(self, message: Mapping[str, Any]) -> bytes:
        """The signature that came along for this message; raises `ToBeSigned` if none did."""
        digest = message_digest(message)
        for one in self._given:
            if (
                one[64] in (27, 28)
                and recover_address(digest, one[:64] + bytes([one[64] - 27])) == self.address
            ):
                return one
        raise ToBeSigned(message)

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign nothing: what is no message of the contracts is not decided elsewhere."""
        raise UsageFault("this is signed by who is here", code="decision-here")

    def account(self) -> Any:
        """Send nothing."""
        raise UsageFault("this is signed by who is here", code="decision-here")

    def secret_bytes(self) -> Any:
        """Have no secret."""
        raise UsageFault("this key is elsewhere", code="decision-here")

    def __repr__(self) -> str:
        return f"AbsentKey(address={self.address.hex()})"


@dataclass(frozen=True, slots=True)
class Content:
    """What an approval is about: the statement whose leaf hash it names, and what that says."""

    statement: Statement
    body: dict[str, Any]
    secret: bytes | None = field(repr=False)
    """What opens the commitment to a private body."""
    move: Mapping[str, Any] | None = None
    """Of a move: `prepared` (S16.9) and `request` (S10.12), for their own readers."""

    def to_json(self) -> dict[str, JSON]:
        """`{"statement": S3.1, "body", "secret": hex or null}`, of a move with `move`."""
        secret = None if self.secret is None else self.secret.hex()
        said: dict[str, JSON] = {"statement": self.statement.to_json(), "body": self.body, "secret": secret}
        return said if self.move is None else {**said, "move": dict(self.move)}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Decode strictly; `DataFault` (`field-…`, and as `Statement.from_json`)."""
        found = read_object(value, _CONTENT, "content", optional={"move": _anything})
        if not isinstance(found["body"], dict):
            raise DataFault("the body of a statement is an object", code="field-type")
        move = found["move"]
        if move is not None and (not isinstance(move, dict) or set(move) != {"prepared", "request"}):
            raise DataFault("a move is shown with what is prepared and what was asked", code="field-type")
        return cls(Statement.from_json(found["statement"]), found["body"], found["secret"], move)


_CONTENT: Final[dict[str, Check[Any]]] = {
    "statement": _anything,
    "body": _anything,
    "secret": nullable(hex_bytes(COMMITMENT_KEY_BYTES)),
}


class ToBeSigned(Exception):  # noqa: N818 - no fault: it asks for something
    """A message that whoever decides has to sign, and what it is about; what was begun is undone."""

    def __init__(self, message: Mapping[str, Any], content: Content | None = None) -> None:
        super().__init__("to be signed")
        self.message = message
        self.content = content


def take(session: Session, digest: bytes) -> None:
    """Take a decision once, in the transaction that carries it out; `UsageFault` (`decision-taken`)."""
    if session.info.get("decision") == digest:
        return
    if session.get(TakenDecision, digest) is not None:
        raise UsageFault(
            "this decision was carried out before", code="decision-taken", hint="Nothing is left to do."
        )
    session.add(TakenDecision(digest=digest))
    session.flush()
    session.info["decision"] = digest
