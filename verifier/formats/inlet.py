"""Body of `chain.found` (S24): what somebody told the contracts past the registry, and where it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.bytes.canonical import hex_bytes, integer, one_of
from yinzheng.verifier.bytes.shape import Versioned, read_shape, shape
from yinzheng.verifier.formats.trade_check import Block

FOUND: Final = "chain.found"

MAX_FOUND: Final = 1024
"""Canonical bytes of a body; its fields' sizes keep it below."""

EVENTS: Final = {
    "objection": ("rights", "ObjectionRaised", "caseId", "objection"),
    "later-objection": ("standing", "LaterObjectionRaised", "id", "objection"),
    "dispute-opening": ("preservation", "DisputeOpened", "caseId", "statement"),
    "dispute-release": ("preservation", "DisputeReleased", "caseId", "outcome"),
    "reservation": ("standing", "Reserved", "id", "statement"),
    "reservation-release": ("standing", "ReservationReleased", "id", "statement"),
    "remark": ("standing", "RemarkEntered", "id", "statement"),
    "lifting": ("standing", "RemarkLifted", "id", "statement"),
    "cancellation": ("standing", "CertificateCancelled", "id", "statement"),
    "licence-end": ("moves", "LicenceEnded", "id", "outcome"),
    "receipt": ("consents", "ReceiptAnnounced", "id", "receipt"),
}
"""By inlet: the contract, the event by which it tells, and which of its fields say what it is about and by
what name: the leaf hash of a statement, or what whoever told it calls an objection or a receipt.
"""

STATED: Final = {
    "objection": "objection.raised",
    "later-objection": "certificate.objected",
    "dispute-opening": "dispute.opened",
    "dispute-release": "dispute.released",
    "reservation": "reservation.made",
    "reservation-release": "reservation.released",
    "remark": "remark.entered",
    "lifting": "remark.lifted",
    "cancellation": "certificate.cancelled",
    "licence-end": "licence.ended",
    "receipt": "withdrawal.receipt",
}
"""By inlet: the type of the statement by which a registry says the same itself."""


@dataclass(frozen=True, slots=True)
class Found(Versioned):
    """Body of `chain.found`."""

    inlet: Annotated[str, one_of(*EVENTS)]
    about: Annotated[bytes, hex_bytes(32)]
    """The identifier on chain of the case, certificate, dispute, licence or withdrawal."""
    name: Annotated[bytes, hex_bytes(32)]
    """Of an objection or a receipt what it is called by who told it; else the leaf hash of the statement
    that is said to decide it, which this log may not have."""
    account: Annotated[bytes, hex_bytes(20)]
    """Whose transaction it was."""
    transaction: Annotated[bytes, hex_bytes(32)]
    log: Annotated[int, integer()]
    """Which of the block's events, from 0."""
    block: Annotated[Block, shape(Block)]
    at: Annotated[int, integer()]
    """When the registry found it."""


def inlets_subject(origin: str) -> bytes:
    """Subject of the one thread of `chain.found` of a registry, 32 bytes (S2.4), by its log's origin."""
    return sha256(b"yinzheng/inlets/1:" + origin.encode())


def parse_found(value: object) -> Found:
    """Read one. Raises `DataFault`: a code of `read_object`."""
    return read_shape(Found, value)
