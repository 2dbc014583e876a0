"""Instants and ages as people read them, at +08:00."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from yinzheng.api.http.language import Language
from yinzheng.ledger.document.labels import date_en, date_zh
from yinzheng.verifier.bytes.china_time import CHINA, LAST_INSTANT
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.words.times import ago, deadline

"""31 December 9999 at +08:00; nothing later can be written as a date."""


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant to be shown: ISO 8601 for programs, words for people."""

    iso: str
    text: str


def instant(seconds: int, language: Language, *, day_only: bool = False) -> Instant:
    """UTC seconds since 1970 as an `Instant`; seconds beyond the year 9999 stay a number."""
    if not 0 <= seconds <= LAST_INSTANT:
        return Instant(str(seconds), str(seconds))
    at = datetime.fromtimestamp(seconds, CHINA)
    day = date_zh(seconds) if language == "zh" else date_en(seconds)
    if day_only:
        return Instant(f"{at:%Y-%m-%d}", day)
    return Instant(at.isoformat(), f"{day} {at:%H:%M:%S}")


def ending(seconds: int, language: Language) -> Instant:
    """The end of a period as an `Instant`: 24:00 of its last day, where it ends at midnight."""
    return Instant(instant(seconds, language).iso, deadline(seconds).said(language))


def age(seconds: int, language: Language) -> str:
    """How long ago: 3 分钟前, 3 minutes ago."""
    said = ago(seconds)
    return said.zh if language == "zh" else said.en


def duration(seconds: int, language: Language) -> str:
    """Positive seconds, in the largest unit that fits, rounded down."""
    for size, zh, en in _UNITS:
        count = seconds // size
        if count:
            return f"{count} {zh}" if language == "zh" else counted(count, en)
    return "0 秒" if language == "zh" else "0 seconds"


def hours(seconds: int, language: Language) -> str:
    """Positive seconds of a period that counts hours (R32, R33): in whole hours, below one as `duration`."""
    count = seconds // 3600
    if not count:
        return duration(seconds, language)
    return f"{count} 小时" if language == "zh" else counted(count, "hour")


_UNITS: Final = ((86_400, "天", "day"), (3600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))
