"""Codes as people paste them: wrapped by mail, quoted, with a full stop behind, without their last part."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import Final

from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.formats.receipt import decode_receipt, is_receipt_text
from yinzheng.verifier.formats.shortcode import (
    decode_short,
    is_short_text,
    require_agreeing,
    without_bound,
)
from yinzheng.verifier.formats.voucher import decode_voucher, is_voucher_text

MAX_PASTED: Final = 16 * 1024
"""Characters of a text in which a code is looked for."""

_DIGIT: Final = "[A-Za-z2-7]"  # both cases named: folding the case of a thousand characters takes longer
_CODE: Final = rf"(?i:https)://[^/?#\s]{{1,255}}/(?:[VvLl]/{_DIGIT}+|[Cc]#{_DIGIT}+\.{_DIGIT}+)"
_SHORT: Final = (
    rf"(?i:https://[^/?#\s]{{1,255}}/(?:V/SJ[0-9]{{13}}|L/L-[0-9]{{4}}-[0-9]{{6}}))\.{_DIGIT}{{26}}"
)
_ALONE: Final = re.compile(f"{_CODE}|{_SHORT}", re.A)
_BEGINS: Final = re.compile(r"https://[^/?#\s:]{1,255}(?::[0-9]{1,5})?/(?:[vl]/|c#)", re.I | re.A)
_DIGITS: Final = re.compile(r"[a-z2-7.]+", re.I | re.A)
_OF_SHORT: Final = re.compile(r"[a-z0-9.-]+", re.I | re.A)
"""What a short code is made of, whose number has other digits than base 32."""
_BARE: Final = re.compile(r"https://[^/?#\s]{1,255}/c#?", re.I | re.A)
_QUOTED: Final = re.compile(r"(?m)^[ \t]*[>|]+[ \t]?")
"""What mail programs put before each line that they quote."""

_ENCODED: Final = re.compile(r"https%3a%2f%2f", re.I)
"""How an address begins within another one: so mail and chat programs lead to their warnings."""

_PERCENT: Final = re.compile("%([0-7][0-9a-f])", re.I)
"""A letter of ASCII as an address holds it; a code has no others."""

_TRIES: Final = 64
"""Ends of a code that are tried in a longer text; mail wraps ours into fewer lines."""

_AROUND: Final = "\"'`<>()[]{}.,;:!?。．，、；：！？「」『』《》〈〉（）【】“”‘’…*_="
"""What stands around a code in a sentence; none of it ends one of ours."""


def find_code(text: str) -> str:
    """The code in a pasted text, or the text as it is where no code of ours can be found in it.

    Raises `DataFault` `text-several`, as `require_agreeing`, and `qr-fragment-missing` for the address of a
    receipt's code without what stands after `#`, which holds the receipt itself.
    """
    if len(text) > MAX_PASTED:
        return text
    if _ALONE.fullmatch(alone := text.strip()):
        return alone
    plain = _visible(_QUOTED.sub("", _unwrapped(text)))
    if _ALONE.fullmatch(alone := plain.strip(_AROUND)):
        return alone
    joined = re.sub(r"\s+", "", re.sub(r"=\r?\n", "", plain)).strip(_AROUND)  # quoted-printable ends with `=`
    if _BARE.fullmatch(joined):
        raise DataFault(
            "this is the address of a receipt's code without the part behind it",
            code="qr-fragment-missing",
            hint="Copy the whole code: what stands after the sign # is the receipt itself. Or give its PDF, "
            "or a photo of the code.",
        )
    # Joined, a code may have words behind it that look like more of it: only its own form tells its end.
    whole = set(filter(_is_whole, (joined, *islice(_within(plain), _TRIES))))
    whole = without_bound(one.upper() for one in whole)
    if len(whole) > 1:
        require_agreeing(whole)
        raise DataFault(
            "the text holds the codes of several documents", code="text-several", hint="Give one of them."
        )
    return whole.pop() if whole else joined if _ALONE.fullmatch(joined) else text


def _unwrapped(text: str) -> str:
    """The text with addresses as they were before a mail or chat program put them into one of its own."""
    return _PERCENT.sub(lambda found: chr(int(found[1], 16)), text) if _ENCODED.search(text) else text


def _within(plain: str) -> Iterator[str]:
    """What may be the code in a longer text: from its address to the end of that line, of the next, …"""
    lines = [re.sub(r"=$", "", line.strip()) for line in plain.splitlines()]
    for number, line in enumerate(lines):
        for begun in _BEGINS.finditer(line):
            found = begun[0]
            for piece in (line[begun.end() :], *lines[number + 1 :]):
                digits, longer = _DIGITS.match(piece), _OF_SHORT.match(piece)
                yield (found + (digits[0] if digits else "")).rstrip(".")
                if longer is None:
                    break
                found += longer[0]
                if digits is None or longer[0] != digits[0]:
                    yield found.rstrip(".-")


def _is_whole(text: str) -> bool:
    """Whether a text is a code to its last character: its form has no other end."""
    try:
        if is_short_text(text):
            decode_short(text)
        elif is_receipt_text(text):
            decode_receipt(text)
        elif is_voucher_text(text):
            decode_voucher(text)
        else:
            decode_qr(text)
    except DataFault:
        return False
    return True


def _visible(text: str) -> str:
    """The text without marks that no eye sees (zero-width spaces, joiners, byte-order marks, soft hyphens),
    and with full-width letters as plain ones.
    """
    shown = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", shown)
