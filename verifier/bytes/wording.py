"""Checks for what people write into consents, notices and evidence: words, dates, parties, nothing else.

No field of these formats can carry a file. Together with the closed list of names in each schema and the
bound on each length that is how raw biometrics stay out (R29, R48): there is no place to put them.
"""

import re
from typing import Final, TypeVar

from yinzheng.verifier.bytes.canonical import Check, list_of
from yinzheng.verifier.bytes.naming import check_spelled
from yinzheng.verifier.bytes.shape import made_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_credit_code, check_plain

T = TypeVar("T", bytes, str)

_LEAST: Final = 40
_RUN = re.compile(rf"[A-Za-z0-9+/=_-]{{{_LEAST},}}")
_DATA_URI = re.compile(r"data:[^\s,]*,", re.IGNORECASE)


def looks_encoded(value: str) -> bool:
    """Whether a text carries encoded bytes: a `data:` URI, or 40 characters of base64 or hex in a row.

    A run of lower-case letters alone, as in an address, is none. What is cut into shorter pieces passes, but
    the bound on the field's length leaves it no room for a picture.
    """
    if len(value) < _LEAST and ":" not in value:  # most texts: it has room for neither
        return False
    if _DATA_URI.search(value):
        return True
    return any(
        any(c.isdigit() for c in run) or not (run.islower() or run.isupper()) for run in _RUN.findall(value)
    )


def check_words(low: int, high: int) -> Check[str]:
    """Check for a plain line (S6.1) of `low`…`high` characters that carries no encoded bytes (S10.1).

    Raises `DataFault`: `field-type`, `field-value`, or `encoded-bytes`.
    """
    plain = check_plain(low, high)

    def check(value: object, path: str) -> str:
        words = plain(value, path)
        if looks_encoded(words):
            raise DataFault(
                f"{path} carries encoded bytes",
                code="encoded-bytes",
                hint="Pictures, voices, prints and templates have no place here: give the result alone.",
                path=path,
            )
        return words

    return check


def check_name(low: int, high: int) -> Check[str]:
    """Check for a name of `low`…`high` characters: words in their one spelling (S10.1).

    Raises `DataFault`: as `check_words`, and `name-spelling`.
    """
    return check_spelled(check_words(low, high))


_DATE = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def check_date(value: object, path: str) -> str:
    """Check for a date `YYYY-MM-DD` that the calendar has, from 1900 to 2099; gives it as written."""
    if type(value) is not str:
        raise DataFault(f"{path} is not a string", code="field-type", path=path)
    if _DATE.fullmatch(value) is None:
        raise DataFault(f"{path} is no date, year-month-day with hyphens", code="field-value", path=path)
    year, month, day = map(int, value.split("-"))
    # From 1901 to 2099 every fourth year has a 29 February; 1900 had none.
    leap = month == 2 and year % 4 == 0 and year != 1900
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1] + leap:
        raise DataFault(f"{path} is no date of the calendar", code="field-value", path=path)
    return value


def set_of(item: Check[T], low: int, high: int) -> Check[tuple[T, ...]]:
    """Check for a list of `low`…`high` texts or hashes, each once, ascending: a set has one form."""
    check = list_of(item, low, high)

    def sorted_once(value: object, path: str) -> tuple[T, ...]:
        members = check(value, path)
        if members != sorted(set(members)):
            raise DataFault(f"{path} is not in ascending order, each once", code="field-value", path=path)
        return tuple(members)

    return sorted_once


PARTY: Final[Check[Party]] = made_of(Party, {"name": check_name(1, 100), "code": check_credit_code})
"""Check for a legal person: `{"name", "code"}`."""
