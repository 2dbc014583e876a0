"""What the pages of a PDF show: the codes a person's phone would read there, held against what is attached.

Needs the extra ``yinzheng[image]`` (pypdfium2, zxing-cpp), which is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.containers.scan import find_in, is_ours, read_codes, reading_installed
from yinzheng.verifier.formats.shortcode import is_any_short

PAGES: Final = 8
"""Pages looked at: a certificate has two, a receipt one or two. Of more, a report says that they were not."""

SIDE: Final = 2200
"""Pixels of a page's longer side: some 190 dots an inch on A4, at which a module has four pixels."""

FINE_SIDE: Final = 4000
"""The same where the page has to be read and was not at first: a scan of a scan."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pages of a PDF show."""

    codes: tuple[str, ...]
    """Texts of all codes of ours, ascending."""
    whole: bool
    """Whether every page was looked at."""


def codes_shown(data: bytes, side: int = SIDE) -> Shown | None:
    """What the first pages show, on screen or on paper; None if the pages cannot be looked at."""
    if not reading_installed():
        return None
    try:
        read = [(count, read_codes(picture)) for count, picture in _pages(data, side)]
        texts = set().union(*(found for _, found in read))
        whole = all(count <= PAGES for count, _ in read)
    except Exception:
        # A foreign library on a stranger's file: that it draws no page says nothing about what is attached.
        return None
    return Shown(tuple(sorted(text for text in texts if is_ours(text))), whole)


def code_shown(data: bytes) -> str | None:
    """The text of the one code of ours on a PDF that has nothing attached: scanned, or printed anew.

    None if its pages show none, or cannot be looked at. Raises `DataFault` `image-several`,
    `codes-contradict`.
    """
    found = None
    for side in (SIDE, FINE_SIDE):
        shown = codes_shown(data, side)
        if shown is not None and shown.codes:
            found = find_in([set(shown.codes)])
            if not is_any_short(found):
                break
    return found


def _pages(data: bytes, side: int) -> Iterator[tuple[int, Any]]:
    """How many pages there are, with each of the first as an array of grey values, 8 bits a pixel.

    Drawn with form fields, and where there are annotations also as a printer would: some show on paper alone.
    """
    import pypdfium2
    from pypdfium2 import raw

    document = pypdfium2.PdfDocument(data)
    try:
        document.init_forms()
        for number in range(min(PAGES, len(document))):
            page = document[number]
            scale = side / max(1.0, *page.get_size())
            for mode in ("lcd", "print")[: 1 + bool(raw.FPDFPage_GetAnnotCount(page))]:
                picture = page.render(scale=scale, grayscale=True, optimize_mode=mode)
                yield len(document), picture.to_numpy()
    finally:
        document.close()
