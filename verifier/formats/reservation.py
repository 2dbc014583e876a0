"""Public bodies of a certificate kept for a trade (R46, S20.5): an exchange reserves it, and lets it go.

They name the exchange and nobody else: who is to buy is no matter of the public log.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from yinzheng.verifier.bytes.canonical import hex_bytes, integer
from yinzheng.verifier.bytes.shape import Versioned, read_shape
from yinzheng.verifier.bytes.wording import PARTY
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_number

LONGEST: Final = 72 * 3600
"""Seconds that a certificate is reserved at most (R46)."""


@dataclass(frozen=True, slots=True)
class Reserved(Versioned):
    """Body of `reservation.made`."""

    certificate: Annotated[str, check_number]
    until: Annotated[int, integer()]
    """UTC seconds: from then on it is free again."""
    by: Annotated[Party, PARTY]
    """The exchange."""
    at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Released(Versioned):
    """Body of `reservation.released`."""

    certificate: Annotated[str, check_number]
    reservation: Annotated[bytes, hex_bytes(32)]
    """Leaf hash of the statement that reserved it."""
    by: Annotated[Party, PARTY]
    """The exchange, or a forum."""
    at: Annotated[int, integer()]


def parse_reserved(value: object) -> Reserved:
    """Read a reservation.

    Raises `DataFault`: a code of `read_object`, `credit-code`, or `reservation-long` (over 72 h, or past).
    """
    body = read_shape(Reserved, value)
    if not body.at < body.until <= body.at + LONGEST:
        raise too_long()
    return body


def seconds_of(hours: float) -> int:
    """How long a certificate is kept. Raises `DataFault` `reservation-long`, also for what is no number."""
    if not 0 < hours * 3600 <= LONGEST:
        raise too_long()
    return int(hours * 3600)


def too_long() -> DataFault:
    """The fault of an end that no reservation has."""
    return DataFault(
        "a reservation ends after it is made, and at most 72 hours after (R46)",
        code="reservation-long",
        hint="Reserve for at most 72 hours; settle or release it by then.",
        path="$.until",
    )


def parse_released(value: object) -> Released:
    """Read a release. Raises `DataFault`: a code of `read_object`, or `credit-code`."""
    return read_shape(Released, value)
