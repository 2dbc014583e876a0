"""Bulk openings (R47): more than ten persons in ten minutes by one actor need a second person's word first.

A person is told by what is opened of them: a consent's subject, for the ledger knows no persons (R49); two
consents of one person therefore count as two. Whoever approves is never who opens, and signs for this actor,
purpose, number of persons and time. What lies within the free limit needs no approval and uses none up.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.errors import UsageFault

WINDOW: Final = 600
"""Seconds in which openings are counted together."""

FREE: Final = 10
"""Persons of that time that one actor opens on its own word."""

FRESH: Final = 3600
"""Seconds after a consent was recorded in which its controller is shown nothing that it did not just send."""

MAX_PERSONS: Final = 100_000
"""Persons of one approval."""

MAX_SECONDS: Final = 7 * 86_400
"""How long one approval lasts at most."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A second person's word for one actor: up to `persons` from `since` until `until`, UTC seconds."""

    id: int
    persons: int
    used: int
    since: int
    until: int

    def left(self, now: int) -> int:
        """How many persons it still lets open; none before or after its time."""
        return self.persons - self.used if self.since <= now <= self.until else 0


@dataclass(frozen=True, slots=True)
class Charge:
    """What an opening uses up: this many persons of that approval."""

    approval: int
    persons: int


def charge_for(
    opened: Set[bytes], wanted: Set[bytes], approvals: Iterable[Approval], now: int
) -> Charge | None:
    """What opening `wanted` uses up; None within the free limit, or of who was just opened anyway.

    `opened` are those the actor opened within `WINDOW` before `now`. Nothing is opened in part: where one
    approval does not cover all the new ones, none is. Raises `UsageFault` `bulk-approval`.
    """
    fresh = len(wanted - opened)
    if not fresh or len(opened) + fresh <= FREE:
        return None
    for approval in sorted(approvals, key=lambda one: one.until):
        if approval.left(now) >= fresh:
            return Charge(approval.id, fresh)
    raise UsageFault(
        f"more than {FREE} persons within {WINDOW // 60} minutes need a second person's approval beforehand "
        "(R47); nothing was opened",
        code="bulk-approval",
        hint="Have a second person approve it: `yinzheng approve-bulk`.",
        opened=len(opened),
        wanted=fresh,
    )


def check_terms(persons: int, since: int, until: int) -> None:
    """Check what an approval is for. Raises `UsageFault` `bulk-terms`."""
    if not FREE < persons <= MAX_PERSONS or not 0 < until - since <= MAX_SECONDS:
        raise UsageFault(
            f"an approval is for {FREE + 1} to {MAX_PERSONS} persons, {MAX_SECONDS // 86_400} days at most",
            code="bulk-terms",
            hint="Name how many persons are opened, and until when.",
        )
