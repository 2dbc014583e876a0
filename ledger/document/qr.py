"""QR codes of our texts (S6.3, S13.2): alphanumeric mode, the smallest version, error correction M.

Alphanumeric mode takes 5.5 bits a character instead of 8, which is why the text is upper case and base32. It
lacks the `#` before a receipt's fragment, which travels as one byte between two alphanumeric segments.
Texts too long for level M fall back to level L: a code that corrects less still beats none.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PIL import Image
from qrcode import constants, exceptions, util
from qrcode.main import QRCode

from yinzheng.verifier.errors import DataFault

QUIET_ZONE: Final = 4
"""Modules of white that ISO/IEC 18004 asks for on each side."""

SHORT_VERSION: Final = 5
"""The least version of a short code (S6.11, S13.9), 37 modules a side: of those measured the weakest reader
reads more of these than of the next smaller (`scripts/bench_parts/codes.py`), in which most would fit.
"""

MAX_TEXT: Final = 4096
"""Characters of a text (S6.3)."""

_ALPHANUMERIC: Final = re.compile(r"[0-9A-Z $%*+\-./:]+(?:#[0-9A-Z $%*+\-./:]+)?", re.ASCII)
_LEVELS: Final = (("M", constants.ERROR_CORRECT_M), ("L", constants.ERROR_CORRECT_L))


@dataclass(frozen=True)
class Symbol:
    """A drawn QR code without its quiet zone."""

    version: int
    level: str
    modules: tuple[tuple[bool, ...], ...]
    """Square, row by row from the top; true is dark."""

    @property
    def size(self) -> int:
        """Modules a side, quiet zone included."""
        return len(self.modules) + 2 * QUIET_ZONE


@lru_cache(maxsize=16)  # a page asks for its code's size and drawing, then comes the picture: 0.2 s each
def qr_symbol(text: str, least: int = 1) -> Symbol:
    """Encode `text` as one alphanumeric segment, or two around a `#`, in a version from `least` on.

    Raises DataFault `qr-not-alphanumeric` for another character outside the 45 of alphanumeric mode or no
    text, and `qr-too-long` over 4096 characters.
    """
    if not _ALPHANUMERIC.fullmatch(text):
        raise DataFault(
            "the QR text is empty or holds a character outside the alphanumeric mode of QR codes",
            code="qr-not-alphanumeric",
            hint="use an upper-case host name of letters, digits, '-' and '.'",
        )
    if len(text) > MAX_TEXT:
        raise DataFault(
            f"the QR text has {len(text)} characters, more than {MAX_TEXT}",
            code="qr-too-long",
            length=len(text),
        )
    for name, level in _LEVELS:
        code = QRCode(version=least, error_correction=level, border=0)
        # Segments of the stated mode: the library would otherwise split off runs of digits.
        for part in re.split("(#)", text):
            mode = util.MODE_8BIT_BYTE if part == "#" else util.MODE_ALPHA_NUM
            code.add_data(util.QRData(part, mode=mode), optimize=0)
        try:
            code.make(fit=True)
        except (exceptions.DataOverflowError, ValueError):
            continue
        rows = tuple(tuple(bool(cell) for cell in row) for row in code.modules)
        return Symbol(version=code.version, level=name, modules=rows)
    raise AssertionError("4096 alphanumeric characters fit version 40-L")


def qr_png(text: str, *, module: int = 6, least: int = 1) -> bytes:
    """A black and white PNG of `text`, `module` pixels a module, quiet zone included; `least` as for
    `qr_symbol`.
    """
    if module < 1:
        raise ValueError("a module is at least one pixel")
    symbol = qr_symbol(text, least)
    image = Image.new("1", (symbol.size, symbol.size), 1)
    for y, row in enumerate(symbol.modules):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + QUIET_ZONE, y + QUIET_ZONE), 0)
    side = symbol.size * module
    buffer = io.BytesIO()
    image.resize((side, side), Image.Resampling.NEAREST).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def qr_svg(text: str, least: int = 1) -> str:
    """An SVG of `text`, one unit a module, quiet zone included; `least` as for `qr_symbol`.

    All dark modules are one path, so that no viewer shows seams between them.
    """
    symbol = qr_symbol(text, least)
    runs = "".join(_row_path(y + QUIET_ZONE, row) for y, row in enumerate(symbol.modules))
    side = symbol.size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{runs}"/></svg>'
    )


def _row_path(y: int, row: tuple[bool, ...]) -> str:
    """Path data of one row's runs of dark modules."""
    path = []
    start: int | None = None
    for x, dark in enumerate((*row, False)):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            path.append(f"M{start + QUIET_ZONE} {y}h{x - start}v1h-{x - start}z")
            start = None
    return "".join(path)
