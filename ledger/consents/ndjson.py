"""What a file of consents is, on every way in: UTF-8, one JSON object a line (S15.3).

A byte-order mark before the first line, lines that are blank, a blank end, and CR before LF mean nothing: an
office program puts them there. Lines are counted as an editor counts them, blank ones too. A file in another
encoding is refused as a whole: read half, it would leave the names that happen to be ASCII recorded.
"""

from __future__ import annotations

import codecs
from typing import Final

from yinzheng.verifier.errors import DataFault

MARK: Final = codecs.BOM_UTF8

BLANK: Final = "line-blank"
"""The code of a line that is none: it is neither recorded nor refused."""

_OTHERS: Final = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class EncodingCheck:
    """Looks through a file piece by piece, from its beginning to its end, for what is no UTF-8."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = 1
        self._begun = False

    def take(self, piece: bytes, *, final: bool = False) -> None:
        """Look at the next piece. Raises `DataFault` `import-encoding`, with the `line` where it shows."""
        if not self._begun and piece:
            self._begun = True
            if piece.startswith(_OTHERS):
                raise _encoding(1)
        pending = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            bad = max(error.start - pending, 0)
            raise _encoding(self._line + piece[:bad].count(b"\n")) from None
        self._line += piece.count(b"\n")


def content(line: bytes, *, first: bool) -> bytes:
    """A line without its end and, if it is the file's `first`, without the mark before it."""
    if first:
        line = line.removeprefix(MARK)
    return line.removesuffix(b"\n").removesuffix(b"\r")


def is_blank(line: bytes) -> bool:
    """Whether nothing is on the line."""
    return not line.strip(b" \t\r\n\v\f")


def _encoding(line: int) -> DataFault:
    return DataFault(
        f"the file is not UTF-8: line {line} shows another encoding",
        code="import-encoding",
        hint="Nothing of it was recorded. Save it as UTF-8, as with `iconv -f GB18030 -t UTF-8 FILE`.",
        line=line,
    )
