"""What a certificate's validity and remarks mean (R9, R16)."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from yinzheng.ledger.rules.calendar import date_of, day_number, day_of, start_of
from yinzheng.ledger.rules.profiles import Profile
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.verifier.errors import UsageFault

REMARK_BITS: Mapping[RemarkKind, int] = MappingProxyType(
    {
        RemarkKind.AGREED: 1,
        RemarkKind.SEIZURE: 2,
        RemarkKind.CONTROL: 4,
        RemarkKind.OTHER: 8,
        RemarkKind.PLEDGE: 16,
    }
)
"""Bits of the record's `remarks` on chain (S5.3)."""


def valid_until(registered_at: int, years: int, profile: Profile) -> int:
    """Give the last second of validity: that of the day before the anniversary, at +08:00 (R9).

    A registration on 29 February has its anniversary on 1 March in a year without that day, so that
    28 February still belongs to it.

    Raises:
        UsageFault: `validity-years`, unless 1 <= years <= the profile's maximum.
    """
    if not 1 <= years <= profile.max_validity_years:
        raise UsageFault(
            f"Validity is 1 to {profile.max_validity_years} whole years (R9).", code="validity-years"
        )
    start = date_of(day_of(registered_at))
    try:
        anniversary = start.replace(year=start.year + years)
    except ValueError:
        anniversary = date(start.year + years, 3, 1)
    return start_of(day_number(anniversary)) - 1


def renewed_until(before: int, registered_at: int, years: int, profile: Profile) -> int:
    """Give the last second of validity after a renewal by `years`, from the day after the present end.

    No certificate is valid for more than the profile's maximum from its registration (R9), so that what goes
    beyond is cut.

    Raises:
        UsageFault: `validity-years`.
    """
    latest = valid_until(registered_at, profile.max_validity_years, profile)
    return min(valid_until(before + 1, years, profile), latest)


def remark_bits(kinds: Iterable[RemarkKind]) -> int:
    """Pack kinds of remarks as the chain keeps them (S5.3)."""
    bits = 0
    for kind in kinds:
        bits |= REMARK_BITS[kind]
    return bits
