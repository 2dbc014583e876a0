"""Unified social credit codes (R17): GB 32100-2015 with its amendment of 2016, 18 characters.

The first character is the registering authority, the second the class of body, then come six digits of the
region, nine characters of the body itself, and the check character (GB/T 17710, modulus 31). `stdnum` knows
only codes that begin with eight digits, which leaves out bodies of the armed forces (`A`), rural collectives
(`N`) and others. A right code is no proof that the body exists.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

AUTHORITIES: Final = frozenset("123456789ANY")
"""1 establishments, 2 foreign affairs, 3 justice, 4 culture, 5 civil affairs, 6 tourism, 7 religion, 8 trade
unions, 9 market regulation, A the Central Military Commission's office, N agriculture, Y others."""

_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_FORM: Final = re.compile(rf"[{''.join(sorted(AUTHORITIES))}][1-9][0-9]{{6}}[{_ALPHABET}]{{10}}")

_RESIDENT: Final = re.compile(r"([1-9][0-9])[0-9]{4}((?:18|19|20)[0-9]{2})([0-9]{2})([0-9]{2})[0-9]{3}[0-9X]")
_PROVINCES: Final = frozenset(
    f"{tens}{unit}"
    for tens, units in (
        *((1, "12345"), (2, "123"), (3, "1234567"), (4, "123456")),
        *((5, "01234"), (6, "12345"), (7, "1"), (8, "123"), (9, "1")),
    )
    for unit in units
)
_RESIDENT_CHECKS: Final = "10X98765432"


def check_character(code: str) -> str:
    """The check character of a code's first 17 characters, which are of the alphabet."""
    total = sum(_ALPHABET.index(char) * weight for char, weight in zip(code, _WEIGHTS, strict=False))
    return _ALPHABET[-total % 31]


def has_form(value: str) -> bool:
    """Whether it is written like a credit code, whatever its check character."""
    return _FORM.fullmatch(value) is not None


def is_resident_number(value: str) -> bool:
    """Whether it is a resident's identity number (GB 11643): region, a date of the calendar, right check.

    Of the numbers in which both checks hold, most are people's: none of them passes as a credit code.
    """
    found = _RESIDENT.fullmatch(value)
    if found is None or found[1] not in _PROVINCES:
        return False
    try:
        date(int(found[2]), int(found[3]), int(found[4]))
    except ValueError:
        return False
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(value[:17]))
    return _RESIDENT_CHECKS[total % 11] == value[17]


@lru_cache(maxsize=1024)
def is_credit_code(value: str) -> bool:
    """Whether this is a unified social credit code with a right check character, and nobody's number.

    It says nothing about whether such a body exists. Separators and lower case are not accepted.
    """
    return has_form(value) and check_character(value) == value[17] and not is_resident_number(value)
