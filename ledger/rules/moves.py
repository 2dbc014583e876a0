"""What may become of a registered certificate: what bars a move, what follows it, when, on which ground.

R4 (transfer), R6 (change), R7 (cancellation), R10 (renewal), R12, R16, R38, R46. The contracts hold the same
(S5.20 to S5.25).
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from yinzheng.ledger.rules.calendar import date_of, day_number, day_of, start_of
from yinzheng.ledger.rules.terms import Label, RemarkKind, Right
from yinzheng.verifier.errors import UsageFault

RESERVATION: Final = 72 * 3600
"""Seconds that a certificate is reserved at most (R46)."""

RESERVATION_PAUSE: Final = 24 * 3600
"""Seconds that an exchange waits after a reservation of it that settled nothing."""

CARRIED: Final = frozenset({RemarkKind.CONTROL, RemarkKind.PLEDGE})
"""Remarks that stand on whatever follows a certificate (R16, R55). A seizure lets nothing follow."""

_RENEWAL_MONTHS: Final = 6


class Ground(StrEnum):
    """Why a certificate is cancelled (R7), in the order (a) to (f)."""

    ASKED = "asked"
    DATA_GONE = "data_gone"
    DOCUMENT = "document"
    RECTIFICATION_REFUSED = "rectification_refused"
    PUBLIC_INTEREST = "public_interest"
    LAW = "law"


class Initiator(StrEnum):
    """Who has it cancelled (R7)."""

    HOLDERS = "holders"
    REGISTRY = "registry"
    FORUM = "forum"


GROUNDS: Final[Mapping[Ground, Label]] = MappingProxyType(
    {
        Ground.ASKED: Label("权利人申请或主体资格丧失", "the holders ask, or lost their standing"),
        Ground.DATA_GONE: Label("数据灭失或丧失价值", "the data is gone or worthless"),
        Ground.DOCUMENT: Label("生效法律文书", "an effective court or arbitral document"),
        Ground.RECTIFICATION_REFUSED: Label("拒不改正", "rectification was refused"),
        Ground.PUBLIC_INTEREST: Label("国家或公共利益", "public or state interest"),
        Ground.LAW: Label("法律法规或登记规则", "law or registry rules"),
    }
)

_ON: Final[Mapping[Initiator, frozenset[Ground]]] = MappingProxyType(
    {
        Initiator.HOLDERS: frozenset({Ground.ASKED, Ground.DATA_GONE}),
        Initiator.REGISTRY: frozenset(Ground) - {Ground.DOCUMENT},
        Initiator.FORUM: frozenset({Ground.DOCUMENT}),
    }
)


def check_ground(ground: Ground, initiator: Initiator) -> None:
    """Check that whoever asks may name this ground.

    Raises:
        UsageFault: `cancellation-ground`.
    """
    if ground not in _ON[initiator]:
        raise UsageFault(
            f"The {initiator} may not name the ground {ground} (R7).",
            code="cancellation-ground",
            hint=f"Possible: {', '.join(one for one in Ground if one in _ON[initiator])}.",
        )


class Bar(StrEnum):
    """What keeps a certificate as it is."""

    OVER = "over"
    HELD = "held"
    OBJECTED = "objected"
    SEIZED = "seized"
    RESERVED = "reserved"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How a certificate stands, as the chain tells it (S5.3). Times are UTC seconds."""

    in_force: bool
    valid_until: int
    holds: int
    objections: int
    seized: bool
    reserved_until: int
    reserved_by: bytes
    """Account of the exchange, 20 bytes."""


def bars(now: Circumstances, at: int, exchange: bytes | None = None) -> frozenset[Bar]:
    """List what bars a licence, transfer, change, renewal or cancellation at an instant.

    `exchange` is whose reservation the move settles; one that settles none that runs is barred too. A
    forum's cancellation asks for no more than `in_force` and no holds.
    """
    reserved = now.reserved_by if now.reserved_until > at else None
    found = {
        Bar.OVER: not now.in_force or at > now.valid_until,
        Bar.HELD: now.holds > 0,
        Bar.OBJECTED: now.objections > 0,
        Bar.SEIZED: now.seized,
        Bar.RESERVED: reserved != exchange,
    }
    return frozenset(bar for bar, holds in found.items() if holds)


_WORDS: Final[Mapping[Bar, str]] = MappingProxyType(
    {
        Bar.OVER: "it is no longer in force",
        Bar.HELD: "it is held for a dispute (R38)",
        Bar.OBJECTED: "an objection to it is open (R25)",
        Bar.SEIZED: "it is seized (R16)",
        Bar.RESERVED: "it is reserved for a trade (R46)",
    }
)


def require_free(found: frozenset[Bar]) -> None:
    """Refuse a move that something bars.

    Raises:
        UsageFault: `move-barred`; `bars` lists all that bars it.
    """
    if found:
        named = [bar for bar in Bar if bar in found]
        raise UsageFault(
            f"The certificate is not free: {', '.join(_WORDS[bar] for bar in named)}.",
            code="move-barred",
            hint="What is over stays over: ask about the certificate that follows it, if one does (R12)."
            if Bar.OVER in found
            else "Wait until that has ended (R16, R25, R38, R46); nothing was recorded.",
            bars=[bar.value for bar in named],
        )


def remainder(
    holdings: Mapping[str, frozenset[Right]], transferor: str, rights: Iterable[Right]
) -> Mapping[str, frozenset[Right]]:
    """Give who holds what after a transfer, of what stays under the transferor's certificate (R4).

    Empty where nothing stays. Other holders' rights are not affected (R3).
    """
    moved = frozenset(rights)
    kept = {one: had - moved if one == transferor else had for one, had in holdings.items()}
    return {one: rest for one, rest in kept.items() if rest}


def renewal_window(valid_until: int) -> tuple[int, int]:
    """Give the first instant of renewal and the first that is too late (R10).

    From six months before the day of expiry to the end of the day before it, at +08:00; where the month has
    no such day, from its last.
    """
    last = date_of(day_of(valid_until))
    year, month = last.year, last.month - _RENEWAL_MONTHS
    if month < 1:
        year, month = year - 1, month + 12
    first = date(year, month, min(last.day, monthrange(year, month)[1]))
    return start_of(day_number(first)), start_of(day_number(last))


def require_window(valid_until: int, now: int) -> None:
    """Refuse a renewal outside its window (R10).

    Raises:
        UsageFault: `renewal-outside`.
    """
    first, end = renewal_window(valid_until)
    if not first <= now < end:
        raise UsageFault(
            f"It is renewed from {date_of(day_of(first))} to the end of the day before"
            f" {date_of(day_of(end))} (R10).",
            code="renewal-outside",
            hint="Too early: come back then. Too late: register anew.",
        )
