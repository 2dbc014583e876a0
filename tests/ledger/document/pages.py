"""Looking into PDF files: their text, fonts, and glyphs."""

from __future__ import annotations

import io
import re
from collections import Counter
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


def accessible(pdf: bytes) -> dict[str, int]:
    """How often each structure role is tagged, of a PDF that says it is PDF/UA-1 and shows its title.

    The first heading is of level 1 (PDF/UA-1, ISO 14289-1, 7.4.2).
    """
    document = reader(pdf)
    assert document.xmp_metadata is not None
    assert "<pdfuaid:part>1</pdfuaid:part>" in document.xmp_metadata.stream.get_data().decode()
    catalog: Any = document.root_object
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert document.metadata is not None
    assert document.metadata.title
    found: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(str(node["/S"]).removeprefix("/"))
            if "/K" in node:
                walk(node["/K"])

    walk(catalog["/StructTreeRoot"]["/K"])
    headings = [role for role in found if role in ("H1", "H2", "H3")]
    assert headings[0] == "H1"
    return dict(Counter(found))


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
