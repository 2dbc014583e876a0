"""The mainland's one time zone: days and dates are counted, and times told, at +08:00 (S5.7)."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Final

OFFSET: Final = 8 * 3600
"""Seconds ahead of UTC; there is no daylight saving time."""

CHINA: Final = timezone(timedelta(seconds=OFFSET))

LAST_INSTANT: Final = 253_402_300_799 - OFFSET
"""UTC seconds of the end of the year 9999 there; nothing later can be written as a date."""
