"""Looking into PDF files: their text, fonts, and glyphs."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, cast

from pypdf import PdfReader
from pypdf.generic import ContentStream, DictionaryObject

# Between the halves of a paragraph that runs on to the next page.
FOOTER: Final = re.compile(r"SJ\d{13}第\d+页，共\d+页Page\d+of\d+")


def reader(pdf: bytes) -> PdfReader:
    """A PDF, opened strictly."""
    return PdfReader(io.BytesIO(pdf), strict=True)


@cache
def text_of(pdf: bytes) -> str:
    """The text of all pages without white space, whose place depends on the layout, and without footers."""
    pages = ("".join(page.extract_text().split()) for page in reader(pdf).pages)
    return "".join(FOOTER.sub("", page) for page in pages)


def fonts_of(pdf: bytes) -> dict[str, Any]:
    """Descendant fonts by their PostScript name."""
    found: dict[str, Any] = {}
    for page in reader(pdf).pages:
        for font in cast(DictionaryObject, page["/Resources"]).get("/Font", {}).values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            found[str(descendant["/BaseFont"])] = descendant
    return found


def glyphs_of(pdf: bytes) -> Iterator[int]:
    """Every glyph shown, as two-byte codes of Identity-H fonts; 0 is .notdef, the box."""
    source = reader(pdf)
    for page in source.pages:
        for operands, operator in ContentStream(page.get_contents(), source).operations:
            if operator not in (b"Tj", b"TJ"):
                continue
            shown = operands[0] if operator == b"TJ" else [operands[0]]
            for piece in shown:
                if isinstance(piece, (str, bytes)):
                    yield from _codes(piece)


def _codes(piece: Any) -> Iterator[int]:
    raw = piece if isinstance(piece, bytes) else piece.original_bytes
    assert len(raw) % 2 == 0
    yield from (int.from_bytes(raw[i : i + 2]) for i in range(0, len(raw), 2))
