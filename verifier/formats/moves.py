"""What moves of a certificate say in public (S6.10): transferred, changed, renewed.

Each states what follows by number and leaf hash, and is itself what the chain calls the move's `statement`.
Its statement follows from the body alone, as a deposit's does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import hex_bytes, integer, nullable, one_of
from yinzheng.verifier.bytes.lists import some_of
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape, shape
from yinzheng.verifier.bytes.wording import PARTY
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import RIGHTS, Party, check_number
from yinzheng.verifier.log.statement import (
    PROFILE_TAG,
    Statement,
    certificate_subject,
    commit_public,
)

CHANGE_GROUNDS: Final = ("source", "description", "rights", "entry")
"""Why a certificate is changed (R6): source legality, description, rights status, or an entry was wrong."""


@dataclass(frozen=True, slots=True)
class Deposited(Shaped):
    """A certificate: its number and the leaf hash of its deposit, 32 bytes."""

    number: Annotated[str, check_number]
    leaf: Annotated[bytes, hex_bytes(32)]


@dataclass(frozen=True, slots=True)
class Succession(Versioned):
    """What all three have in common."""

    profile: Annotated[str, PROFILE_TAG]
    certificate: Deposited
    """Which ends by it."""
    successor: Deposited
    """Which follows; after a transfer that of what passed."""
    request: Annotated[DigestPair, DigestPair.from_json]
    """Of the joint request (S10.12)."""
    registry: Annotated[Party, PARTY]
    decided_at: Annotated[int, integer()]
    """The `registered_at` of what follows."""
    prev: Annotated[bytes, hex_bytes(32)]
    """Leaf hash of the last statement of the case: the deposit of what follows."""


@dataclass(frozen=True, slots=True)
class Transfer(Succession):
    """Body of `right.transferred` (R4)."""

    transferor: Annotated[Party, PARTY]
    transferee: Annotated[Party, PARTY]
    rights: Annotated[tuple[str, ...], some_of(*RIGHTS)]
    remainder: Annotated[Deposited | None, nullable(shape(Deposited))]
    """The certificate of what stayed, None if nothing did."""


@dataclass(frozen=True, slots=True)
class Change(Succession):
    """Body of `certificate.changed` (R6)."""

    ground: Annotated[str, one_of(*CHANGE_GROUNDS)]


@dataclass(frozen=True, slots=True)
class Renewal(Succession):
    """Body of `certificate.renewed` (R10)."""


SUCCESSIONS: Final[dict[str, type[Succession]]] = {
    "right.transferred": Transfer,
    "certificate.changed": Change,
    "certificate.renewed": Renewal,
}


def parse_succession(statement_type: str, value: object) -> Any:
    """Read the body of a statement of one of `SUCCESSIONS`.

    Raises `DataFault`: a code of `canonical.read_object`, `credit-code`, `number-malformed`,
    `same-organisation`.
    """
    body = read_shape(SUCCESSIONS[statement_type], value)
    if isinstance(body, Transfer) and body.transferor.code == body.transferee.code:
        raise DataFault("$.transferee is the transferor", code="same-organisation", path="$.transferee")
    return body


def succession_statement(body: Succession) -> Statement:
    """The statement that follows from the body (S6.10)."""
    (type_,) = (name for name, kind in SUCCESSIONS.items() if kind is type(body))
    return Statement(
        type=type_,
        profile=body.profile,
        subject=certificate_subject(body.certificate.number),
        at=body.decided_at,
        commitment=commit_public(body.canonical()),
        prev=body.prev,
        by="registry",
    )
