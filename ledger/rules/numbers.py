"""Certificate numbers (R14): `SJ` + region 2 digits + registry 1 digit + YYYYMM + serial 0001-9999.

Here are the form and the succession; that no number is given twice is the store's transaction.
A number has no check digit and is guessable: alone it proves nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.body import is_number

_PREFIX = re.compile(r"SJ[0-9]{3}")
LAST_SERIAL = 9999
WARN_FROM = 9000
"""From this serial on, a month is about to run out of numbers."""


@dataclass(frozen=True, slots=True, order=True)
class CertificateNumber:
    """One certificate number (R14). `prefix` is its first 5 characters (S8.1), `month` is YYYYMM."""

    prefix: str
    month: str
    serial: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number of exactly 15 characters.

        Raises:
            DataFault: `number-malformed`, also for month 13 and serial 0000.
        """
        if not is_number(text):
            raise DataFault(
                "This is not a certificate number.",
                code="number-malformed",
                hint="SJ, 3 digits, year and month, and a serial from 0001 to 9999: 15 characters.",
            )
        return cls(text[:5], text[5:11], int(text[11:]))

    def __str__(self) -> str:
        return f"{self.prefix}{self.month}{self.serial:04d}"


@dataclass(frozen=True, slots=True)
class NextNumber:
    """The number that follows; `remaining` are left in its month after it."""

    number: CertificateNumber
    remaining: int

    @property
    def running_out(self) -> bool:
        """Tell whether the operator must be warned that the month runs out of numbers (R14)."""
        return self.number.serial >= WARN_FROM


def month_of(instant: int) -> str:
    """Give the month YYYYMM at +08:00 that a UTC instant falls in."""
    return datetime.fromtimestamp(instant, CHINA).strftime("%Y%m")


def next_number(prefix: str, month: str, last_serial: int) -> NextNumber:
    """Give the number after `last_serial` (0 when the month has none yet).

    Raises:
        UsageFault: `number-prefix`, for a prefix that is not SJ and 3 digits, or a last serial out of range.
        EnvironmentFault: `numbers-exhausted`, after 9999.
    """
    if _PREFIX.fullmatch(prefix) is None or not 0 <= last_serial <= LAST_SERIAL:
        raise UsageFault(
            "The registry's number prefix or last serial is wrong.",
            code="number-prefix",
            hint="The prefix is SJ, 2 digits of the region and 1 of the registry; serials go from 1 to 9999.",
        )
    if last_serial == LAST_SERIAL:
        raise EnvironmentFault(
            f"All 9999 certificate numbers of {month} are used (R14).",
            code="numbers-exhausted",
            hint="Nothing was issued. Issue again next month; the case keeps its state.",
        )
    number = CertificateNumber.parse(f"{prefix}{month}{last_serial + 1:04d}")
    return NextNumber(number, LAST_SERIAL - number.serial)
