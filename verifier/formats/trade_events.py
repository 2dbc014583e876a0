"""What happens under a contract about data (R56, S21.9): private bodies of `contract.…` statements.

Delivery, acceptance or objection, settlement, tracking, the end, and destruction, whose receipt is signed.
Each names the contract by its subject, who told it, and when the ledger recorded it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey, Sm2PublicKey
from yinzheng.verifier.bytes.canonical import (
    Check,
    boolean,
    hex_bytes,
    integer,
    nullable,
    one_of,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import Shaped, Versioned, names_of, shape
from yinzheng.verifier.bytes.wording import check_words, set_of
from yinzheng.verifier.formats.body import check_credit_code
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.tombstone import METHODS
from yinzheng.verifier.formats.trade_contract import PartySignature, TradeContract, parse_contract

_SAID: Final = check_words(1, 400)
_PREFIX: Final = b"yinzheng/trade-destruction/1\n"
_DIGEST: Final = nullable(DigestPair.from_json)


@dataclass(frozen=True, slots=True)
class Concluded(Versioned):
    """`contract.concluded`: the contract with both signatures."""

    TYPE: ClassVar = "contract.concluded"

    contract: Annotated[TradeContract, parse_contract]
    signatures: Annotated[tuple[PartySignature, ...], tuple_of(shape(PartySignature), 2, 2)]
    digest: Annotated[DigestPair, DigestPair.from_json]
    to_look_at: Annotated[tuple[str, ...], set_of(check_words(1, 60), 0, 64)]
    """Reasons of the trade check that leave it to a person (S20.1)."""
    by: Annotated[str, check_credit_code]
    concluded_at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Event(Versioned):
    """What every later body begins with."""

    contract: Annotated[bytes, hex_bytes(32)]
    """Subject of the contract's statements."""
    by: Annotated[str, check_credit_code]
    at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Delivered(Event):
    """`contract.delivered`, by the seller."""

    TYPE: ClassVar = "contract.delivered"

    way: Annotated[str, one_of("package", "api")]
    content: Annotated[DigestPair | None, _DIGEST]
    """Of the package; null for an interface."""
    words: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class Accepted(Event):
    """`contract.accepted`, by the buyer."""

    TYPE: ClassVar = "contract.accepted"

    words: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class Objected(Event):
    """`contract.objected`, by the buyer: it is delivered anew."""

    TYPE: ClassVar = "contract.objected"

    words: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class Settled(Event):
    """`contract.settled`: the exchange that reserved reported it, and the licence or transfer is recorded."""

    TYPE: ClassVar = "contract.settled"

    reservation: Annotated[bytes, hex_bytes(32)]
    """Leaf hash of the reservation that it consumes."""
    move: Annotated[bytes, hex_bytes(32)]
    """Leaf hash of `licence.given` or `right.transferred`, recorded with it."""


@dataclass(frozen=True, slots=True)
class Tracked(Event):
    """`contract.tracked`: an audit, spot check or sampling, and whether personal information was found."""

    TYPE: ClassVar = "contract.tracked"

    way: Annotated[str, one_of("audit", "sampling", "spot_check")]
    personal_found: Annotated[bool, boolean]
    report: Annotated[DigestPair | None, _DIGEST]
    words: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class Ended(Event):
    """`contract.ended`, by either."""

    TYPE: ClassVar = "contract.ended"

    ground: Annotated[str, one_of("agreed", "breach", "document", "purpose_met", "term")]
    words: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class TradeDestruction(Versioned):
    """What a party signs that destroyed its copies."""

    contract: Annotated[bytes, hex_bytes(32)]
    by: Annotated[str, check_credit_code]
    kid: Annotated[bytes, hex_bytes(8)]
    method: Annotated[str, one_of(*METHODS)]
    copies: Annotated[int, integer(0, 10**9)]
    operator: Annotated[str, check_words(1, 100)]
    destroyed_at: Annotated[int, integer()]

    @property
    def message(self) -> bytes:
        """What is signed."""
        return _PREFIX + self.canonical()


@dataclass(frozen=True, slots=True)
class SignedDestruction(Shaped):
    """A receipt of destruction and its signature, raw `r || s`."""

    receipt: Annotated[TradeDestruction, shape(TradeDestruction)]
    signature: Annotated[bytes, hex_bytes(64)]

    def is_signed_by(self, key: Sm2PublicKey) -> bool:
        """Whether that key signed it."""
        return key_id(key.point) == self.receipt.kid and key.verify(self.receipt.message, self.signature)


@dataclass(frozen=True, slots=True)
class Destroyed(Event):
    """`contract.destroyed`: a party's signed receipt, and whether it came late."""

    TYPE: ClassVar = "contract.destroyed"

    signed: Annotated[SignedDestruction, shape(SignedDestruction)]
    late: Annotated[bool, boolean]


def sign_destruction(receipt: TradeDestruction, key: Sm2PrivateKey) -> SignedDestruction:
    """Sign a receipt."""
    return SignedDestruction(receipt, key.sign(receipt.message))


def told_by_party(kind: type[Event]) -> Mapping[str, Check[Any]]:
    """What a party tells of an event; contract, teller and time the ledger adds itself."""
    added = ("v", "contract", "by", "at", "late")
    return {name: check for name, check in names_of(kind).items() if name not in added}
