"""Instants and ages as people read them, at +08:00, Chinese and English."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from yinzheng.verifier.bytes.china_time import CHINA, LAST_INSTANT
from yinzheng.verifier.judge.obligations import CLOCK_SKEW
from yinzheng.verifier.words.phrase import Phrase

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_UNITS: Final = ((86_400, "天", "day"), (3600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))


def moment(seconds: int) -> Phrase:
    """UTC seconds as day and time of day: 21 November 2026 23:59:59. Past the year 9999 it stays a number."""
    at = _local(seconds)
    if at is None:
        return Phrase(str(seconds), str(seconds))
    return Phrase(
        f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}",
        f"{at.day} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M:%S}",
    )


def deadline(seconds: int) -> Phrase:
    """The end of a period: what ends at midnight ends with its last day, 4 December 2026 24:00 (S5.7)."""
    at = _local(seconds)
    if at is None or (at.hour, at.minute, at.second) != (0, 0, 0):
        return moment(seconds)
    last = at - timedelta(days=1)
    return Phrase(
        f"{last.year}年{last.month}月{last.day}日 24:00",
        f"{last.day} {_MONTHS[last.month - 1]} {last.year} 24:00",
    )


def lately(seconds: int, now: int) -> Phrase:
    """An instant as it is said at ``now``: 02:47 today, or the day and time of day."""
    at, here = _local(seconds), _local(now)
    if at is None or here is None or at.date() != here.date():
        return moment(seconds)
    return Phrase(f"今天 {at:%H:%M}", f"{at:%H:%M} today")


def ago(seconds: int) -> Phrase:
    """How long ago: 3 minutes ago, in the largest unit that fits, rounded down. A clock may lag a little."""
    if seconds < -CLOCK_SKEW:
        return Phrase("时间在未来", "in the future")
    if seconds <= 0:
        return Phrase("刚刚", "just now")
    said = duration(seconds)
    return Phrase(f"{said.zh}前", f"{said.en} ago")


def duration(seconds: int) -> Phrase:
    """Seconds in the largest unit that fits, rounded down: 3 minutes."""
    for size, zh, en in _UNITS:
        count = seconds // size
        if count > 0:
            return Phrase(f"{count} {zh}", f"{count} {en}{'' if count == 1 else 's'}")
    return Phrase("0 秒", "0 seconds")


def _local(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, CHINA) if 0 <= seconds <= LAST_INSTANT else None
