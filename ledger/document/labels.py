"""The words and dates a certificate is printed with; the words by value from `ledger.rules.terms`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from yinzheng.ledger.rules.terms import (
    DataClass,
    Importance,
    Label,
    Procedure,
    RegistrationType,
    RemarkKind,
    Right,
    SourceKind,
    label,
)
from yinzheng.verifier.bytes.china_time import CHINA

# Written out, because `calendar.month_name` follows the locale of whoever runs this.
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _headed(terms: type[StrEnum]) -> Mapping[str, Label]:
    """Labels of all terms of an enumeration, the English beginning with a capital."""
    return {
        term.value: Label(label(term).zh, label(term).en[:1].upper() + label(term).en[1:]) for term in terms
    }


TYPES: Final = _headed(RegistrationType)
PROCEDURES: Final = _headed(Procedure)
RIGHTS: Final = _headed(Right)
CLASSES: Final = _headed(DataClass)
SOURCES: Final = _headed(SourceKind)
REMARKS: Final = _headed(RemarkKind)
IMPORTANCES: Final = _headed(Importance)


def date_zh(seconds: int) -> str:
    """The day, at +08:00, of UTC seconds since 1970: 2026年11月21日."""
    day = datetime.fromtimestamp(seconds, CHINA)
    return f"{day.year}年{day.month}月{day.day}日"


def date_en(seconds: int) -> str:
    """The same day as 21 November 2026."""
    day = datetime.fromtimestamp(seconds, CHINA)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
