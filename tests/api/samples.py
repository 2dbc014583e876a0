"""Things people submit: pictures and PDF files, good and bad."""

from __future__ import annotations

import io
import struct
import zlib

import qrcode
from PIL import Image
from pypdf import PdfWriter

from tests.verifier.world import NUMBER
from yinzheng.ledger.document.qr import qr_png


def picture(text: str) -> bytes:
    """A QR code as PNG."""
    return qr_png(text)


def foreign_picture(text: str) -> bytes:
    """A QR code of any other system as PNG."""
    buffer = io.BytesIO()
    qrcode.make(text).save(buffer)
    return buffer.getvalue()


def pdf(file: bytes | None, *, password: str | None = None, name: str = f"{NUMBER}.json") -> bytes:
    """One blank page, a certificate file attached."""
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    if file is not None:
        writer.add_attachment(name, file)
    if password is not None:
        writer.encrypt(password, algorithm="AES-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG of a few hundred bytes that announces 40 000 × 40 000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(40_001 * 100), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def large_photo(text: str) -> bytes:
    """A JPEG of 60 megapixels with a code in it."""
    code = Image.open(io.BytesIO(qr_png(text, module=20))).convert("L")
    page = Image.new("L", (9000, 6700), 255)
    page.paste(code, (1000, 1000))
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def blank_picture() -> bytes:
    """A PNG without any code."""
    buffer = io.BytesIO()
    Image.new("L", (200, 200), 255).save(buffer, "PNG")
    return buffer.getvalue()


def transparent_picture() -> bytes:
    """A PNG of 25 megapixels with transparency, which takes some 180 MiB to look at."""
    buffer = io.BytesIO()
    Image.new("RGBA", (5000, 5000)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
