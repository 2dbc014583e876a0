"""An order about a registered certificate (S16.8, S20.5): a forum seizes, lifts a seizure, or cancels, an
exchange reserves, either lets go, on its own signature alone (D16).

Whoever orders writes the statement itself, body and all, and signs with its account what the chain is told.
The registry adds nothing: it records what was signed, or refuses it. So anybody may carry an order, to the
registry or to the chain, and whoever has it checks it for ever.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import JSON, Check, constant, hex_bytes, read_object
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.reservation import Released, Reserved, parse_released, parse_reserved
from yinzheng.verifier.formats.standing import (
    Cancellation,
    Lifting,
    Remark,
    parse_cancellation,
    parse_lifting,
    parse_remark,
)
from yinzheng.verifier.log.statement import Statement, certificate_subject, commit_public, verify_body

FORMAT: Final = "yinzheng/order/1"
MAX_ORDER: Final = 16_384
"""Bytes of an order, however it is written."""
SIGNATURE_BYTES: Final = 65

Ordered = Remark | Lifting | Cancellation | Reserved | Released
"""What is ordered."""

_FORUM: Final = "forum"
_EXCHANGE: Final = "exchange"
_TYPES: Final[dict[type[Ordered], str]] = {
    Remark: "remark.entered",
    Lifting: "remark.lifted",
    Cancellation: "certificate.cancelled",
    Reserved: "reservation.made",
    Released: "reservation.released",
}
_ORDERERS: Final[Mapping[str, tuple[str, ...]]] = {
    "remark.entered": (_FORUM,),
    "remark.lifted": (_FORUM,),
    "certificate.cancelled": (_FORUM,),
    "reservation.made": (_EXCHANGE,),
    "reservation.released": (_EXCHANGE, _FORUM),
}
"""In what capacity each may be ordered."""
_READERS: Final[Mapping[str, Callable[[object], Ordered]]] = {
    "remark.entered": parse_remark,
    "remark.lifted": parse_lifting,
    "certificate.cancelled": parse_cancellation,
    "reservation.made": parse_reserved,
    "reservation.released": parse_released,
}


@dataclass(frozen=True, slots=True)
class Order:
    """An order; `parse_order` makes one whose body is what its statement says."""

    statement: Statement
    body: Ordered
    signature: bytes
    """65 bytes: the account's of who orders, of the message that follows from both (S5.24, S5.25)."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S16.8."""
        return {
            "format": FORMAT,
            "statement": self.statement.to_json(),
            "body": self.body.to_json(),
            "signature": self.signature.hex(),
        }


def statement_of(body: Ordered, *, profile: str, prev: bytes, by: str = _FORUM) -> Statement:
    """The statement of what is ordered in a capacity; `prev` is the certificate's latest leaf hash."""
    return Statement(
        type=_TYPES[type(body)],
        profile=profile,
        subject=certificate_subject(body.certificate),
        at=body.at,
        commitment=commit_public(body.canonical()),
        prev=prev,
        by=by,
    )


def parse_order(value: object) -> Order:
    """Read an order.

    Raises `DataFault`: a code of `read_object`, whatever the body's reader says, `commitment` (the body is
    another's), or `order-malformed` (no order of theirs: another type, capacity, certificate or time).
    """
    found = read_object(value, _FIELDS)
    statement: Statement = found["statement"]
    reader = _READERS.get(statement.type)
    if reader is None or statement.by not in _ORDERERS[statement.type]:
        raise _malformed()
    body = reader(found["body"])
    verify_body(statement, body.canonical())
    own = certificate_subject(body.certificate), body.at
    foreign = isinstance(body, Cancellation) and body.initiator != _FORUM
    if own != (statement.subject, statement.at) or statement.prev is None or foreign:
        raise _malformed()
    if isinstance(body, Remark | Lifting) and body.kind != "seizure":
        raise _malformed()
    return Order(statement, body, found["signature"])


def _malformed() -> DataFault:
    return DataFault(
        "this is no order: a forum seizes, lifts a seizure, or cancels, an exchange reserves and lets go",
        code="order-malformed",
        hint="Have a forum make it with `yinzheng org order`, an exchange with `yinzheng org trade`.",
    )


def _as_given(value: object, _path: str) -> object:
    """Leave the body to the reader of its type."""
    return value


_FIELDS: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "statement": Statement.from_json,
    "body": _as_given,
    "signature": hex_bytes(SIGNATURE_BYTES),
}
