"""People's approvals: EIP-712 messages that registry, committee, forums and parties sign (S5.5, S5.6, S5.14).

The message is all that binds: a signature holds for one contract on one chain and for exactly these fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from yinzheng.ledger.chain.eip712 import message_digest
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records import OpeningKind, Procedure
from yinzheng.verifier.bytes.algorithms import recover_address
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault


class SigningKey(Protocol):
    """A secp256k1 key, wherever it lies."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign 32 bytes: `r || s || v`, 65 bytes, v 0 or 1."""


@runtime_checkable
class TypedSigningKey(Protocol):
    """A key whose owner is shown the message, not its digest."""

    def sign_typed(self, message: Mapping[str, Any]) -> bytes:
        """Sign a full EIP-712 message: `r || s || v`, 65 bytes, v 27 or 28."""


SIGNATURE_BYTES = 65
"""`r || s || v`, v being 27 or 28."""

RIGHTS_NAME, PRESERVATION_NAME = "Yinzheng RightsRegistry", "Yinzheng Preservation"
"""Names of the contracts' domains."""

_DOMAIN = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)


@dataclass(frozen=True, slots=True)
class Domain:
    """Where an approval holds: one contract (20 bytes) on one chain."""

    chain_id: int
    registry: bytes
    name: str = RIGHTS_NAME


@dataclass(frozen=True, slots=True)
class Publication(Message):
    """Open publicity with this notice; `waived` says that it ends at once."""

    FIELDS: ClassVar = "bytes32 caseId,bytes32 profile,uint8 procedure,bytes32 notice,bool waived"
    case_id: bytes
    profile: str
    procedure: Procedure
    notice: bytes
    waived: bool


@dataclass(frozen=True, slots=True)
class Conclusion(Message):
    """Conclude an objection; `upheld` closes the case."""

    FIELDS: ClassVar = "bytes32 caseId,bytes32 objection,bytes32 conclusion,bool upheld"
    case_id: bytes
    objection: bytes
    conclusion: bytes
    upheld: bool


@dataclass(frozen=True, slots=True)
class Closure(Message):
    """Close a case without a certificate."""

    FIELDS: ClassVar = "bytes32 caseId,bytes32 refusal"
    case_id: bytes
    refusal: bytes


@dataclass(frozen=True, slots=True)
class Deposit(Message):
    """Deposit the certificate `id` with this content.

    Times are UTC seconds, `remarks` the bits of S5.3, `holdings` the digest of who holds what (S5.17).
    """

    FIELDS: ClassVar = (
        "bytes32 id,bytes32 caseId,bytes32 content,uint64 registeredAt,uint64 validUntil,"
        "uint8 remarks,bytes32 holdings"
    )
    id: bytes
    case_id: bytes
    content: bytes
    registered_at: int
    valid_until: int
    holdings: bytes
    remarks: int = 0


@dataclass(frozen=True, slots=True)
class Opening(Message):
    """Open a dispute and hold its subjects (R37, R38); for the domain of `Preservation`.

    Parties are addresses of 20 bytes, everything else 32 bytes; every list ascends, each entry once. `root`
    is 32 zero bytes if there is no evidence yet, which only a forum may say.
    """

    FIELDS: ClassVar = (
        "bytes32 caseId,bytes32 root,uint8 kind,address[] parties,bytes32[] records,"
        "bytes32[] cases,bytes32[] consents,bytes32 statement"
    )
    case_id: bytes
    root: bytes
    kind: OpeningKind
    parties: tuple[bytes, ...]
    statement: bytes
    records: tuple[bytes, ...] = ()
    cases: tuple[bytes, ...] = ()
    consents: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Release(Message):
    """End a dispute and its holds (R39); for the domain of `Preservation`.

    `outcome` is the leaf hash of the statement on the settlement or the effective document.
    """

    FIELDS: ClassVar = "bytes32 caseId,bytes32 outcome"
    case_id: bytes
    outcome: bytes


def typed_data(decision: Message, domain: Domain) -> dict[str, Any]:
    """Give the full EIP-712 message, as any wallet takes it."""
    name = type(decision).__name__
    return {
        "types": {
            "EIP712Domain": [{"name": n, "type": t} for n, t in _DOMAIN],
            name: [{"name": n, "type": t} for n, t in decision.types()],
        },
        "primaryType": name,
        "domain": {
            "name": domain.name,
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": "0x" + domain.registry.hex(),
        },
        "message": dict(zip((n for n, _ in decision.types()), decision.values(), strict=True)),
    }


def plain(value: Any) -> JSON:
    """A message of `typed_data` as JSON: bytes are `0x` and lower-case hex."""
    match value:
        case bytes():
            return "0x" + value.hex()
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case bool() | int() | str() | None:
            return value
    raise TypeError(type(value).__name__)


def sign(decision: Message, domain: Domain, key: SigningKey) -> bytes:
    """Sign with `key`; 65 bytes, the same every time unless the key lies in a token, or elsewhere."""
    if isinstance(key, TypedSigningKey):
        return key.sign_typed(typed_data(decision, domain))
    made = key.sign_digest(digest(decision, domain))
    return made[:64] + bytes([made[64] + 27])


def recover(decision: Message, domain: Domain, signature: bytes) -> bytes:
    """Give the address (20 bytes) that made `signature`. Whoever signed something else shows as a stranger.

    Raises:
        DataFault: `approval-malformed`, the signature is none.
    """
    if len(signature) != SIGNATURE_BYTES or signature[-1] not in (27, 28):
        raise _malformed()
    try:
        return recover_address(digest(decision, domain), signature[:64] + bytes([signature[64] - 27]))
    except DataFault:
        raise _malformed() from None


def _malformed() -> DataFault:
    return DataFault(
        "This is not a secp256k1 signature r || s || v of 65 bytes.",
        code="approval-malformed",
        hint="Ask the approver to sign the decision again.",
    )


def digest(decision: Message, domain: Domain) -> bytes:
    """Give the 32 bytes that are signed: the EIP-712 hash of the decision in its domain."""
    return message_digest(typed_data(decision, domain))
