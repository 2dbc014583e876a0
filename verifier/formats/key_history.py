"""Which key of an organisation held when, folded from its public statements (R41, S10.4).

Enrolled, rotated, revoked: nothing is changed afterwards, and what was signed and time-stamped before a loss
or compromise stands. The ledger asks this of its own rows, a reader of the statements it was shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.organisation import (
    Enrolment,
    KeyGrant,
    Revocation,
    Rotation,
    parse_enrolment,
    parse_revocation,
    parse_rotation,
)

ENROLLED: Final = "organisation.enrolled"
ROTATED: Final = "organisation.key-rotated"
REVOKED: Final = "organisation.key-revoked"


class End(StrEnum):
    """Why a key no longer holds."""

    EXPIRED = "expired"
    ROTATED = "rotated"
    LEFT = "left"
    LOST = "lost"
    COMPROMISED = "compromised"


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key and when it held: from `begins_at` up to but without `ends_at` (UTC seconds)."""

    grant: KeyGrant
    begins_at: int
    ends_at: int
    end: End = End.EXPIRED

    @property
    def kid(self) -> bytes:
        """8 bytes (S6.2)."""
        return self.grant.kid

    def holds_at(self, instant: int) -> bool:
        """Tell whether the key held at an instant."""
        return self.begins_at <= instant < self.ends_at


Keys = tuple[HeldKey, ...]
"""The keys of one organisation, oldest first; their times do not overlap."""


def enrolled(body: Enrolment) -> Keys:
    """Give the keys of an organisation just enrolled."""
    return (HeldKey(body.grant, body.grant.not_before, body.grant.not_after),)


def rotated(keys: Keys, body: Rotation) -> Keys:
    """Give the keys after a rotation: the old one ends where the new one begins.

    A rotation that reaches the ledger after its key was to begin (a slow line, a clock that lags, a file that
    waited on a desk) begins when it was told: nothing that the old key signed in between is undone.

    A last key that still holds signs its successor itself; one that is lost, compromised or expired cannot,
    and an officer binds the new key to the credit code instead.

    Raises:
        UsageFault: `key-not-last` (not the last key is replaced), `key-code` (another organisation's),
            `key-overlap` (the new one begins before the one it replaces, or before that one's loss, or ends
            before it was told).
        DataFault: `key-succession` (not signed by the old key while that one holds), `key-known`.
    """
    last = keys[-1]
    if body.grant.code != last.grant.code:
        raise UsageFault("This key is another organisation's.", code="key-code")
    if body.replaces != last.kid:
        raise UsageFault("Only the last key can be replaced.", code="key-not-last")
    if any(key.grant.key == body.grant.key for key in keys):
        raise DataFault("This organisation had this key before; make a new one.", code="key-known")
    begins = max(body.grant.not_before, body.rotated_at)
    replaced = begins > last.begins_at and (last.end is End.EXPIRED or begins >= last.ends_at)
    if not replaced or begins >= body.grant.not_after:
        raise UsageFault("A key begins where the one before it ends.", code="key-overlap")
    signs = last.holds_at(body.rotated_at)
    if signs and not body.succeeds(Sm2PublicKey(last.grant.key)):
        raise DataFault(
            "The key that still holds did not sign its successor (R41).",
            code="key-succession",
            hint="Sign the rotation with the old key, or report that one as lost first.",
        )
    ended = replace(last, ends_at=begins, end=End.ROTATED) if begins < last.ends_at else last
    return (*keys[:-1], ended, HeldKey(body.grant, begins, body.grant.not_after))


def revoked(keys: Keys, body: Revocation) -> Keys:
    """Give the keys after one was reported lost, compromised, or left behind by who leaves.

    A key that is over may still turn out to have been compromised; an earlier end replaces a later one.

    Raises:
        UsageFault: `key-unknown`, `key-code`, or `key-ended` when the key ended before `body.since` anyway.
    """
    if body.code != keys[-1].grant.code:
        raise UsageFault("This key is another organisation's.", code="key-code")
    for index, key in enumerate(keys):
        if key.kid == body.kid:
            if body.since >= key.ends_at:
                raise UsageFault("This key had ended by then.", code="key-ended", end=key.end.value)
            since = max(body.since, key.begins_at)
            return (*keys[:index], replace(key, ends_at=since, end=End(body.reason)), *keys[index + 1 :])
    raise UsageFault("This organisation never had such a key.", code="key-unknown")


def key_at(keys: Sequence[HeldKey], instant: int) -> HeldKey | None:
    """Give the key that held at an instant, if one did; never two."""
    return next((key for key in keys if key.holds_at(instant)), None)


def fold(told: Iterable[tuple[str, object]]) -> Keys:
    """The keys that an organisation's statements tell of: their types and bodies, oldest first.

    Raises `DataFault`: as the readers of the bodies, `key-history` where it does not begin with an enrolment
    and with that alone, or does not fit together otherwise.
    """
    keys: Keys = ()
    for kind, body in told:
        if (kind == ENROLLED) is bool(keys) or kind not in (ENROLLED, ROTATED, REVOKED):
            raise DataFault("an organisation is enrolled first, and once", code="key-history")
        try:
            if kind == ENROLLED:
                keys = enrolled(parse_enrolment(body))
            elif kind == ROTATED:
                keys = rotated(keys, parse_rotation(body))
            else:
                keys = revoked(keys, parse_revocation(body))
        except UsageFault as fault:
            raise DataFault(
                f"an organisation's keys do not follow each other: {fault.message}", code="key-history"
            ) from fault
    return keys
