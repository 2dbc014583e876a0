"""A contract about data (R56, S21.7): every clause of the model contract as a typed record.

Each clause says that it applies, with its terms, or that it does not; never both, never nothing. What both
parties sign is the canonical bytes after a prefix of their own. Offline: `yinzheng holder contract`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey, Sm2PublicKey, digest_pair
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    boolean,
    constant,
    dumps,
    hex_bytes,
    integer,
    loads,
    nullable,
    one_of,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.lists import some_of
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape, shape
from yinzheng.verifier.bytes.wording import check_name, check_words
from yinzheng.verifier.chain.terms import ACTS, RIGHTS, TERRITORY
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import IMPORTANCES, check_credit_code
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.licence import Licensed
from yinzheng.verifier.formats.notice import ROUTES
from yinzheng.verifier.formats.trade import KINDS
from yinzheng.verifier.formats.trade_clauses import Clauses

FORMAT: Final = "yinzheng/trade-contract/1"

MAX_CONTRACT: Final = 96 * 1024
"""Bytes of a signed contract; its fields' sizes keep it below."""

_PREFIX: Final = b"yinzheng/trade-contract/1\n"
_SAID: Final = check_words(1, 400)


@dataclass(frozen=True, slots=True)
class ContractParty(Shaped):
    """A party, and the province it sits in (GB/T 2260): both are on the mainland (R56)."""

    name: Annotated[str, check_name(1, 100)]
    code: Annotated[str, check_credit_code]
    region: Annotated[str, one_of(*TERRITORY)]


@dataclass(frozen=True, slots=True)
class SellerStanding(Shaped):
    """Whether the seller may sell: what its scope of business says, and that no public hospital profits."""

    business_scope: Annotated[str, _SAID]
    public_hospital: Annotated[bool, boolean]
    for_profit: Annotated[bool, boolean]


@dataclass(frozen=True, slots=True)
class Subject(Shaped):
    """What is handed over."""

    kind: Annotated[str, one_of("raw", "processed", "derived")]
    fields: Annotated[tuple[str, ...], tuple_of(check_words(1, 100), 1, 100)]
    """Names of its fields (R20)."""
    route: Annotated[str, one_of(*ROUTES)]
    """How personal information in it was treated."""
    importance: Annotated[str | None, nullable(one_of(*IMPORTANCES))]
    """What it was decided to be (R23); null where neither."""
    limits_kept: Annotated[bool, boolean]
    """Both read the certificate's limits and remarks, and the contract lies within them."""
    touches_secrets: Annotated[bool, boolean]


@dataclass(frozen=True, slots=True)
class TradeContract(Versioned):
    """What both parties sign. `parse_contract` makes one that is well formed; a rule says what it may say."""

    number: Annotated[str, check_words(1, 60)]
    """The parties' own."""
    certificate: Licensed
    kind: Annotated[str, one_of(*KINDS)]
    """`share` 共享 or `transfer` 转让."""
    seller: ContractParty
    buyer: ContractParty
    standing: SellerStanding
    subject: Subject
    rights: Annotated[tuple[str, ...], some_of(*RIGHTS)]
    purpose: Annotated[str, check_words(1, 200)]
    manner: Annotated[tuple[str, ...], some_of(*ACTS)]
    """What the buyer may do with it; all of `ACTS` is everything."""
    clauses: Clauses
    made_at: Annotated[int, integer()]

    @property
    def digest(self) -> DigestPair:
        """By which a trade check names it (S20.1)."""
        return digest_pair(self.canonical())

    @property
    def message(self) -> bytes:
        """What each party signs."""
        return _PREFIX + self.canonical()

    def side_of(self, code: str) -> str | None:
        """`seller` or `buyer`, or None for somebody else."""
        return {self.buyer.code: "buyer", self.seller.code: "seller"}.get(code)


@dataclass(frozen=True, slots=True)
class PartySignature(Shaped):
    """A party's signature, raw `r || s`, with the key that made it."""

    code: Annotated[str, check_credit_code]
    kid: Annotated[bytes, hex_bytes(8)]
    signature: Annotated[bytes, hex_bytes(64)]


@dataclass(frozen=True, slots=True)
class SignedContract:
    """A contract with the signatures it has so far, one a party at most; none is verified."""

    contract: TradeContract
    signatures: tuple[PartySignature, ...]

    @property
    def complete(self) -> bool:
        """Whether both have signed."""
        return len(self.signatures) == 2

    def to_json(self) -> dict[str, JSON]:
        """The file (S21.7)."""
        return {
            "format": FORMAT,
            "contract": self.contract.to_json(),
            "signatures": [one.to_json() for one in self.signatures],
        }


def parse_contract(value: object, path: str = "$") -> TradeContract:
    """Read a contract. Raises `DataFault`: as `read_shape`, and `clause-both`, `-neither`, `-term`."""
    found = read_shape(TradeContract, value, path)
    term = found.clauses.term
    if term is not None and (term.days is None) is not (term.kind == "until_purpose"):
        raise DataFault(
            "a term has days, or lasts until the purpose is met",
            code="clause-term",
            path=f"{path}.clauses.term",
        )
    return found


def parse_signed(data: bytes) -> SignedContract:
    """Read a contract's file. Raises `DataFault`: as `parse_contract`, `contract-signatures`."""
    read = read_object(loads(data, max_bytes=MAX_CONTRACT), _FILE)
    found = SignedContract(read["contract"], read["signatures"])
    codes = [one.code for one in found.signatures]
    if codes != sorted(set(codes)) or any(found.contract.side_of(code) is None for code in codes):
        raise DataFault(
            "each party signs once, in ascending order of codes, and nobody else",
            code="contract-signatures",
            path="$.signatures",
        )
    return found


def sign_contract(signed: SignedContract, code: str, key: Sm2PrivateKey) -> SignedContract:
    """Add a party's signature, or replace its own. Raises `UsageFault` `contract-stranger`."""
    if signed.contract.side_of(code) is None:
        raise UsageFault(
            "this organisation is no party to the contract",
            code="contract-stranger",
            hint="Seller and buyer sign, nobody else.",
        )
    own = PartySignature(code, key_id(key.public_key.point), key.sign(signed.contract.message))
    others: Iterable[PartySignature] = (one for one in signed.signatures if one.code != code)
    made = SignedContract(signed.contract, tuple(sorted((*others, own), key=lambda one: one.code)))
    return parse_signed(dumps(made.to_json()))


def is_signed_by(signed: SignedContract, signature: PartySignature, key: Sm2PublicKey) -> bool:
    """Whether that key made a party's signature."""
    return key_id(key.point) == signature.kid and key.verify(signed.contract.message, signature.signature)


_FILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "contract": parse_contract,
    "signatures": tuple_of(shape(PartySignature), 0, 2),
}
