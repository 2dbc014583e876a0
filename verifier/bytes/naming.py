"""One spelling of a name (S10.1): who reads two names alike can tell by their bytes whether they are one.

People paste names from forms, cards and other systems, with what cannot be seen in them and with one of the
many dots. `spell` gives the one spelling where names come in; formats take no other (`check_spelled`).
"""

import re
import unicodedata
from typing import Final

from yinzheng.verifier.bytes.canonical import JSON, Check
from yinzheng.verifier.errors import DataFault

DOT: Final = "\N{MIDDLE DOT}"
"""The dot between the parts of a name, as in 买买提·艾力."""

# What looks like it and is typed in its place. U+0387 is it already, by NFC.
_DOT_LIKE: Final = re.compile("[\u2022\u2027\u2219\u22c5\u2e31\u30fb\uff65]")

# Shown as nothing, or as a gap, though their categories do not tell: joiners of graphemes, fillers,
# selectors of variants and the blank of Braille.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_SPACED_DOT: Final = re.compile(f" ?{DOT} ?")

# Most names by far, told at once: words of what can be seen and has one form (Han characters of the basic
# block, ASCII, brackets of full width, dots), one blank between two of them and none beside a dot.
_PLAIN: Final = f"[\u4e00-\u9fff!-~\uff08\uff09{DOT}]+"
_SIMPLE: Final = re.compile(f"(?:{_PLAIN}(?:(?<!{DOT}) (?!{DOT}){_PLAIN})*)?")


def spell(name: str) -> str:
    """Give a name's one spelling; whatever is no white space, no dot and can be seen stays as it is.

    Unicode NFC; nothing that cannot be seen; one blank between words, none at the ends or beside a dot; the
    dot U+00B7 for those that look like it. Spelling twice changes nothing. Control and private characters
    are left for a format to refuse.
    """
    if _SIMPLE.fullmatch(name):
        return name
    seen = "".join(c for c in unicodedata.normalize("NFC", name) if not _is_unseen(c))
    spaced = " ".join(_DOT_LIKE.sub(DOT, seen).split())
    return unicodedata.normalize("NFC", _SPACED_DOT.sub(DOT, spaced))


def spell_names(value: JSON) -> JSON:
    """Give a value as people hand it in with every text called `name` in its one spelling, at any depth."""
    if isinstance(value, list):
        return [spell_names(one) for one in value]
    if isinstance(value, dict):
        return {
            key: spell(one) if key == "name" and isinstance(one, str) else spell_names(one)
            for key, one in value.items()
        }
    return value


def check_spelled(inner: Check[str]) -> Check[str]:
    """Check for a text that `inner` takes, in the one spelling of a name.

    Raises `DataFault`: what `inner` raises, else `name-spelling`, which says what is wrong, not the name.
    """

    def check(value: object, path: str) -> str:
        name = inner(value, path)
        wrong = _wrong(name)
        if wrong is not None:
            raise DataFault(
                f"{path} {wrong}",
                code="name-spelling",
                hint="Type the name anew: Unicode NFC, nothing invisible, one blank between words and none at"
                " the ends or beside a dot, and no dot but \u00b7 (U+00B7).",
                path=path,
            )
        return name

    return check


def _wrong(name: str) -> str | None:
    """What is wrong with a name's spelling, or None."""
    if _SIMPLE.fullmatch(name):
        return None
    for character in name:
        if _is_unseen(character) or unicodedata.category(character) in ("Cc", "Co", "Cs"):
            return f"has the invisible character U+{ord(character):04X}"
        if _DOT_LIKE.match(character):
            return f"has the dot U+{ord(character):04X}, not U+00B7"
    if unicodedata.normalize("NFC", name) != name:
        return "is not in Unicode form NFC"
    return None if spell(name) == name else "has a blank at an end, beside a dot or beside another"


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or _UNSEEN.match(character) is not None
