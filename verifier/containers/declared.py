"""How many pixels a picture says it has, read from its header alone, before any library sees it.

PNG (IHDR), JPEG (the frame's header), WebP (VP8, VP8L, VP8X), and each image of a PDF, whose streams' entries
stand outside of whatever is compressed. What declares nothing legible is left to the libraries.
"""

from __future__ import annotations

import re
from typing import Final

from yinzheng.verifier.errors import DataFault

MAX_PIXELS: Final = 89_478_485
"""Pixels of a picture. Pillow's own limit for a warning; a phone's largest photos have some 60 million."""

MAX_WHOLE: Final = 40_000_000
"""Pixels of a picture in a format that is only decoded whole; A4 at 600 dots an inch has 35 million. A JPEG
is decoded at a half, a quarter or an eighth.
"""

_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG markers that begin a frame."""

_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG markers without a length."""

_DICTIONARY: Final = re.compile(rb"<<[^<>]{0,4000}/Subtype\s{0,8}/Image\b[^<>]{0,4000}>>")
_WIDTH: Final = re.compile(rb"/Width\s{1,8}(\d{1,9})\b(?!\s+\d+\s+R)")
_HEIGHT: Final = re.compile(rb"/Height\s{1,8}(\d{1,9})\b(?!\s+\d+\s+R)")


def check_pixels(data: bytes) -> None:
    """Raise `DataFault` `image-too-large` where a picture, or an image in a PDF, declares too many pixels."""
    if data.startswith(b"\xff\xd8\xff"):
        sizes, most = [_jpeg(data)], MAX_PIXELS
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        sizes, most = [_png(data)], MAX_WHOLE
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        sizes, most = [_webp(data)], MAX_WHOLE
    else:
        sizes, most = [_in_pdf(found[0]) for found in _DICTIONARY.finditer(data)], MAX_PIXELS
    if any(width * height > most for width, height in sizes):
        raise too_many_pixels()


def too_many_pixels() -> DataFault:
    """What is told of such a picture."""
    return DataFault(
        "the picture has more pixels than can be needed to read a code",
        code="image-too-large",
        hint="Take a photo of the code alone, or scale the picture down.",
    )


def _png(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _jpeg(data: bytes) -> tuple[int, int]:
    """Of the largest frame before the first scan: more than one is no lawful JPEG."""
    at, found = 2, (0, 0)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker == 0xDA:
            break
        else:
            if marker in _FRAMES:
                size = (
                    int.from_bytes(data[at + 7 : at + 9], "big"),
                    int.from_bytes(data[at + 5 : at + 7], "big"),
                )
                found = max(found, size, key=lambda one: one[0] * one[1])
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


def _webp(data: bytes) -> tuple[int, int]:
    kind, bits = data[12:16], data[20:30]
    if kind == b"VP8 ":
        return int.from_bytes(bits[6:8], "little") & 0x3FFF, int.from_bytes(bits[8:10], "little") & 0x3FFF
    if kind == b"VP8L":
        packed = int.from_bytes(bits[1:5], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return int.from_bytes(bits[4:7], "little") + 1, int.from_bytes(bits[7:10], "little") + 1
    return 0, 0


def _in_pdf(dictionary: bytes) -> tuple[int, int]:
    width, height = _WIDTH.search(dictionary), _HEIGHT.search(dictionary)
    return (int(width[1]), int(height[1])) if width and height else (0, 0)
