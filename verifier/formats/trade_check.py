"""The receipt of a trade check (S20.3): what an exchange asked, what it was told, and proof of both.

It discloses the private body of `trade.checked` with its secret. The issuer signs prefix and leaf hash: the
statement commits to the body, so the signature covers all that was asked and answered, and when. Proof and
evidence are added once the statement is under an anchored head. `judge.trade_check` judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    loads,
    names_format,
    nullable,
    one_of,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.cose import IssuerSigner
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape, shape, written
from yinzheng.verifier.bytes.wording import PARTY
from yinzheng.verifier.chain.evidence import Evidence, parse_evidence
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, is_number
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.trade import (
    ANSWERS,
    OBLIGATIONS,
    OPEN,
    REASONS,
    UNMET,
    Reason,
    Settled,
    Trade,
    answer_of,
)
from yinzheng.verifier.log.statement import Statement, verify_body
from yinzheng.verifier.log.tlogproof import TlogProof, check_proof

FORMAT: Final = "yinzheng/trade-check/1"
TYPE: Final = "trade.checked"

MAX_BODY: Final = 65_536
"""Canonical bytes of a body."""

MAX_FILE: Final = 1024 * 1024
"""Bytes of a receipt."""

_PREFIX: Final = b"yinzheng/trade-check/1\n"

STATUSES: Final = ("in_force", "superseded", "cancelled", "lapsed")
"""What the chain says of a record, in words (S5.3)."""


def _number(value: object, path: str) -> str:
    if type(value) is not str or not is_number(value):
        raise DataFault(f"{path} is not a certificate number", code="number-malformed", path=path)
    return value


@dataclass(frozen=True, slots=True)
class Block(Shaped):
    """The block an answer speaks of."""

    number: Annotated[int, integer()]
    hash: Annotated[bytes, hex_bytes(32)]
    time: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Record(Shaped):
    """How the certificate stood in that block, as far as the answer rests on it (S5.3)."""

    number: Annotated[str, _number]
    content: Annotated[bytes, hex_bytes(32)]
    """Leaf hash of its deposit."""
    status: Annotated[str, one_of(*STATUSES)]
    remarks: Annotated[int, integer(0, 255)]
    holds: Annotated[int, integer(0, 65_535)]
    objections: Annotated[int, integer(0, 65_535)]
    reserved_until: Annotated[int, integer()]
    reserved_by: Annotated[bytes, hex_bytes(20)]
    valid_until: Annotated[int, integer()]
    changed_at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class TradeChecked(Versioned):
    """Body of `trade.checked` (S20.2), private."""

    exchange: Annotated[Party, PARTY]
    key: Annotated[bytes, hex_bytes(8)]
    """`kid` of the key that signed the request."""
    asked: Trade
    answer: Annotated[str, one_of(*ANSWERS)]
    reasons: Annotated[tuple[Reason, ...], tuple_of(shape(Reason), 0, len(REASONS))]
    obligations: Annotated[tuple[Settled, ...], tuple_of(shape(Settled), len(OBLIGATIONS), len(OBLIGATIONS))]
    block: Block
    record: Annotated[Record | None, nullable(shape(Record))]
    """Null where there is no such certificate here."""
    checked_at: Annotated[int, integer()]

    def canonical(self) -> bytes:
        """As `Shaped.canonical`, in half its time: its names stand here in order, and what is the same in
        one answer as in the next is written once.
        """
        return (
            b'{"answer":"%b","asked":%b,"block":%b,"checked_at":%d,"exchange":%b,"key":"%b",'
            b'"obligations":%b,"reasons":%b,"record":%b,"v":1}'
        ) % (
            self.answer.encode(),
            self.asked.canonical(),
            _written(self.block),
            self.checked_at,
            _written(self.exchange),
            self.key.hex().encode(),
            _written(self.obligations),
            _written(self.reasons),
            _written(self.record),
        )


@lru_cache(maxsize=1024)
def _written(part: Block | Party | Record | tuple[Settled | Reason, ...] | None) -> bytes:
    """Canonical bytes of a part, which has nothing that could change."""
    return dumps(written(part))


def parse_checked(value: object) -> TradeChecked:
    """Read a body.

    Raises `DataFault`: as `read_shape`, or `trade-answer` where answer, reasons and obligations do not follow
    from each other.
    """
    body = read_shape(TradeChecked, value)
    outcomes = {one.name: one.outcome for one in body.obligations}
    places = [tuple(REASONS).index(reason.code) for reason in body.reasons]
    told = {reason.meaning.obligation: UNMET for reason in body.reasons if reason.meaning.refuses}
    open_ = {reason.meaning.obligation for reason in body.reasons if not reason.meaning.refuses}
    follows = (
        [one.name for one in body.obligations] == list(OBLIGATIONS)
        and places == sorted(set(places))
        and all((outcome == UNMET) == (name in told) for name, outcome in outcomes.items())
        and all(outcomes[name] in (OPEN, UNMET) for name in open_)
        and body.answer == answer_of(body.obligations)
        and (body.record is not None or outcomes["certificate"] == UNMET)
    )
    if not follows:
        raise DataFault("the answer does not follow from its reasons", code="trade-answer", path="$.answer")
    return body


@dataclass(frozen=True, slots=True)
class TradeReceipt:
    """A receipt, well formed; nothing is verified yet."""

    statement: Statement
    body: TradeChecked
    secret: bytes
    """32 bytes: the key of the statement's commitment (S2.3)."""
    kid: bytes
    signature: bytes
    """Of the issuer over `message`, raw `r || s`."""
    proof: TlogProof | None
    chain: Evidence | None

    @property
    def message(self) -> bytes:
        """What is signed."""
        return signed_message(self.statement)


def signed_message(statement: Statement) -> bytes:
    """What the issuer signs of a check."""
    return _PREFIX + statement.leaf_hash


def sign_check(statement: Statement, issuer: IssuerSigner) -> tuple[bytes, bytes]:
    """Sign a check: `kid` of the issuer's key, and the signature, raw `r || s`."""
    return key_id(issuer.public_key.point), issuer.sign(signed_message(statement))


def is_trade_receipt(data: bytes) -> bool:
    """Whether bytes are JSON that calls itself a receipt of a trade check; its form is not read here."""
    return names_format(data, FORMAT, MAX_FILE)


def trade_receipt(
    statement: Statement,
    body: JSON,
    secret: bytes,
    signed: tuple[bytes, bytes],
    *,
    proof: TlogProof | None = None,
    chain: JSON = None,
) -> dict[str, JSON]:
    """Give the receipt as JSON values; `signed` is what `sign_check` gave."""
    kid, signature = signed
    return {
        "format": FORMAT,
        "statement": statement.to_json(),
        "body": body,
        "secret": secret.hex(),
        "kid": kid.hex(),
        "signature": signature.hex(),
        "proof": None if proof is None else proof.text,
        "chain": chain,
    }


def fresh_receipt(statement: Statement, body: bytes, secret: bytes, signed: tuple[bytes, bytes]) -> bytes:
    """Canonical bytes of `trade_receipt` without proofs, of a body in canonical bytes."""
    kid, signature = signed
    return (
        b'{"body":%b,"chain":null,"format":"%b","kid":"%b","proof":null,"secret":"%b","signature":"%b",'
        b'"statement":%b}'
    ) % (
        body,
        FORMAT.encode(),
        kid.hex().encode(),
        secret.hex().encode(),
        signature.hex().encode(),
        statement.canonical,
    )


def parse_trade_receipt(data: bytes) -> TradeReceipt:
    """Read a receipt.

    Raises `DataFault` with a code of the part that is malformed (`json-…`, `field-…`, `trade-answer`,
    `proof-malformed`, …), or `trade-statement` for a statement of something else.
    """
    fields = read_object(loads(data, max_bytes=MAX_FILE), _FILE)
    del fields["format"]
    statement: Statement = fields["statement"]
    if (statement.type, statement.by, statement.prev) != (TYPE, "registry", None):
        raise DataFault("this statement is of no trade check", code="trade-statement", type=statement.type)
    return TradeReceipt(**{**fields, "body": parse_checked(fields["body"])})


def verify_checked(receipt: TradeReceipt) -> None:
    """Raise `DataFault` `commitment` or `trade-time` unless the statement is of this body and its time."""
    verify_body(receipt.statement, dumps(receipt.body.to_json()), receipt.secret)
    if receipt.body.checked_at != receipt.statement.at:
        raise DataFault("the answer is of another time than its statement", code="trade-time")


_FILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "statement": Statement.from_json,
    # Read by `parse_checked`, once the statement's type is known.
    "body": lambda value, _path: value,
    "secret": hex_bytes(32),
    "kid": hex_bytes(8),
    "signature": hex_bytes(64),
    "proof": nullable(check_proof),
    "chain": nullable(parse_evidence),
}
