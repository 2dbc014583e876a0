"""The order to destroy one record: what every approver and witness signs (R43). It identifies nobody.

message = "yinzheng/erasure/1\\n" || canonical JSON of the order
signature = secp256k1 over SHA-256(message), r || s || v, 65 bytes, v 0 or 1

{"v": 1, "id": "E-2026-000001", "target": "consent" | "case" | "dispute", "subject": 64 hex,
 "ground", "method": words of S10.5, "medical": bool, "statements": [64 hex, ascending],
 "files": count, "proposed_by": short name, "proposed_at": UTC seconds}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.rules.destruction import TargetKind
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import recover_address, sha256
from yinzheng.verifier.bytes.canonical import (
    Check,
    boolean,
    constant,
    hex_bytes,
    integer,
    list_of,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.tombstone import GROUNDS, METHODS

PREFIX: Final = b"yinzheng/erasure/1\n"
MAX_STATEMENTS: Final = 10_000
MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """One order, as proposed; it never changes."""

    id: str
    target: TargetKind
    subject: bytes
    ground: str
    method: str
    medical: bool
    """Medical data: the ethics committee approves too."""
    statements: tuple[bytes, ...]
    """Leaf hashes whose private bodies go, ascending."""
    files: int
    proposed_by: str
    """The officer; whoever signs sees on whose word, and that person does nothing further (R43)."""
    proposed_at: int

    def canonical(self) -> bytes:
        """The bytes of the order."""
        return canonical.dumps(
            {
                "v": 1,
                "id": self.id,
                "target": self.target.value,
                "subject": self.subject.hex(),
                "ground": self.ground,
                "method": self.method,
                "medical": self.medical,
                "statements": [leaf.hex() for leaf in self.statements],
                "files": self.files,
                "proposed_by": self.proposed_by,
                "proposed_at": self.proposed_at,
            }
        )

    @classmethod
    def parse(cls, wording: bytes) -> Self:
        """Read an order strictly. Raises `DataFault`: a code of `canonical`, `order-altered`."""
        fields = read_object(canonical.loads(wording, max_bytes=MAX_BYTES), _FIELDS)
        del fields["v"]
        statements = tuple(fields.pop("statements"))
        order = cls(target=TargetKind(fields.pop("target")), statements=statements, **fields)
        if statements != tuple(sorted(set(statements))) or order.canonical() != wording:
            raise DataFault("an order is not in its one form", code="order-altered")
        return order


_FIELDS: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "id": text(13, 13, r"E-[0-9]{4}-[0-9]{6}"),
    "target": one_of(*TargetKind),
    "subject": hex_bytes(32),
    "ground": one_of(*GROUNDS),
    "method": one_of(*METHODS),
    "medical": boolean,
    "statements": list_of(hex_bytes(32), 1, MAX_STATEMENTS),
    "files": integer(),
    "proposed_by": text(1, 64),
    "proposed_at": integer(),
}


def digest(wording: bytes) -> bytes:
    """The 32 bytes that are signed."""
    return sha256(PREFIX + wording)


def sign(wording: bytes, key: EthereumKey) -> bytes:
    """Sign an order; 65 bytes."""
    return key.sign_digest(digest(wording))


def signer(wording: bytes, signature: bytes) -> bytes:
    """The address (20) that signed; a stranger's if the order is another. Raises as `recover_address`."""
    return recover_address(digest(wording), signature)
