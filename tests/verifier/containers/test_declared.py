"""Pixels are counted in the header, before any library decodes one."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest
from PIL import Image

from yinzheng.verifier.containers.declared import (
    MAX_PIXELS,
    MAX_WHOLE,
    _jpeg,
    _png,
    _webp,
    check_pixels,
)
from yinzheng.verifier.errors import DataFault

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def saved(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA" if options.pop("clear", False) else "RGB", (321, 123)).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (_png, saved("PNG")),
        (_jpeg, saved("JPEG")),
        (_jpeg, saved("JPEG", progressive=True, exif=b"Exif\0\0" + bytes(200), comment=b"\xff\xc0" * 50)),
        (_webp, saved("WEBP")),
        (_webp, saved("WEBP", lossless=True)),
        (_webp, saved("WEBP", clear=True, exif=b"Exif\0\0" + bytes(20))),
    ],
)
def test_headers_say_what_the_library_says(read: object, data: bytes) -> None:
    assert read(data) == (321, 123)  # type: ignore[operator]
    check_pixels(data)
    for cut in range(0, min(len(data), 700), 7):
        check_pixels(data[:cut])


def refused(data: bytes) -> bool:
    with suppress(DataFault):
        check_pixels(data)
        return False
    return True


def png(width: int, height: int) -> bytes:
    return PNG + width.to_bytes(4, "big") + height.to_bytes(4, "big")


def jpeg(width: int, height: int, frame: int = 0xC0) -> bytes:
    return (
        b"\xff\xd8\xff\xe0\0\x04ab\xff"
        + bytes([frame])
        + b"\0\x11\x08"
        + height.to_bytes(2, "big")
        + width.to_bytes(2, "big")
        + bytes(20)
    )


def image(entries: bytes) -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Type /XObject /Subtype /Image " + entries + b" >>\nstream\n"


def test_what_declares_more_than_is_read_is_refused() -> None:
    assert refused(png(9400, 9400)), "a costly picture of the seen kind"
    assert refused(png(2**31, 1))
    assert not refused(png(5000, MAX_WHOLE // 5000))
    assert not refused(jpeg(9000, 6700)), "a phone's largest photo"
    assert refused(jpeg(65000, 65000))
    assert refused(jpeg(65000, 65000, frame=0xC2))
    assert refused(b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\xff\xff\x3f\xff\xff\x3f")


@pytest.mark.parametrize(
    ("entries", "too_large"),
    [
        (b"/Width 30000 /Height 30000", True),
        (b"/Height 30000\n/ColorSpace /DeviceGray\n/Width 30000", True),
        (b"/Width 2480 /Height 3508", False),
        (b"/Width 30000 /Height 5 0 R", False),
        (b"/Width 1", False),
    ],
)
def test_images_of_a_pdf_are_counted(entries: bytes, too_large: bool) -> None:
    assert refused(image(b"/Width 10 /Height 10") + image(entries)) is too_large
    assert MAX_PIXELS < 30000 * 30000


def test_what_is_no_picture_declares_nothing() -> None:
    for data in (b"", b"{}", b"SJ4412026110001", b"%PDF-1.7", b"\xff\xd8\xff", PNG[:8], b"RIFF....WEBP"):
        assert not refused(data)
