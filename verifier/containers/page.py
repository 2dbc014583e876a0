"""What the pages of a PDF show: the codes a person's phone would read there, held against what is attached.

Needs the extra ``yinzheng[image]`` (pypdfium2, zxing-cpp), which is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from yinzheng.verifier.containers.scan import find_in, is_ours, read_codes, reading_installed

PAGES: Final = 4
"""Pages looked at: a certificate has two, a receipt one or two."""

SIDE: Final = 2200
"""Pixels of a page's longer side: some 190 dots an inch on A4, at which a module has four pixels."""

FINE_SIDE: Final = 4000
"""The same where the page has to be read and was not at first: a scan of a scan."""


def codes_shown(data: bytes, side: int = SIDE) -> tuple[str, ...] | None:
    """The texts of all codes of ours on the first pages, ascending; None if the pages cannot be looked at."""
    if not reading_installed():
        return None
    try:
        texts = set().union(*(read_codes(page) for page in _pages(data, side)))
    except Exception:
        # A foreign library on a stranger's file: that it draws no page says nothing about what is attached.
        return None
    return tuple(sorted(text for text in texts if is_ours(text)))


def code_shown(data: bytes) -> str | None:
    """The text of the one code of ours on a PDF that has nothing attached: scanned, or printed anew.

    None if its pages show none, or cannot be looked at. Raises `DataFault` `image-several`.
    """
    shown = codes_shown(data) or codes_shown(data, FINE_SIDE)
    return find_in([set(shown)]) if shown else None


def _pages(data: bytes, side: int) -> Iterator[Any]:
    """The first pages as arrays of grey values, 8 bits a pixel, each drawn when it is asked for."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        for number in range(min(PAGES, len(document))):
            page = document[number]
            scale = side / max(1.0, *page.get_size())
            yield page.render(scale=scale, grayscale=True).to_numpy()
    finally:
        document.close()
