"""What the pages of a PDF show: scans, prints without their attachment, and pages of another certificate."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NumberObject, StreamObject

from tests.verifier.containers.test_pdf import CONTENT, moved, pdf
from tests.verifier.containers.test_scan import QR, code, page
from tests.verifier.receipt_world import ReceiptWorld
from tests.verifier.world import ISSUER, NUMBER, body_json
from yinzheng.verifier import DataFault, encode_qr, parse_body, read_target
from yinzheng.verifier.containers.page import PAGES, code_shown, codes_shown
from yinzheng.verifier.formats.shortcode import decode_short, short_code

OTHER = encode_qr(parse_body(body_json(number="SJ4412026110002")), ISSUER, "yz.example.org")


def scanned(*codes: str | None) -> bytes:
    """A PDF of scanned A4 pages at 150 dots an inch, each with a code or without one."""
    pages = [
        Image.new("L", (1240, 1754), 255)
        if text is None
        else page(code(text, box=3), (1240, 1754), (700, 1200))
        for text in codes
    ]
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    return out.getvalue()


def with_attachment(data: bytes) -> bytes:
    """The same with the certificate file attached."""
    writer: Any = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.add_attachment(f"{NUMBER}.json", CONTENT)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_scan_is_read_by_its_code() -> None:
    found = read_target(scanned(None, QR))
    assert (found.kind, found.file, found.qr, found.shown) == ("pdf", None, QR, (QR,))


def test_attachment_and_page_are_both_there() -> None:
    found = read_target(with_attachment(scanned(QR)))
    assert (found.file, found.qr, found.shown) == (CONTENT, None, (QR,))


def test_a_page_of_another_certificate() -> None:
    assert read_target(with_attachment(scanned(OTHER))).shown == (OTHER,)
    assert read_target(with_attachment(scanned(QR, OTHER))).shown == tuple(sorted((QR, OTHER)))


def test_a_page_with_a_short_code() -> None:
    short = short_code(QR)
    assert read_target(with_attachment(scanned(QR, short))).shown == tuple(sorted((QR, short)))
    found = read_target(scanned(short, QR))
    assert (found.qr, found.short, found.code, found.shown) == (QR, None, QR, (QR,))
    found = read_target(scanned(short))
    assert (found.qr, found.short, found.shown) == (None, decode_short(short), (short,))
    assert short.endswith(found.code or "none")


def test_a_receipts_page_with_both_codes() -> None:
    large = ReceiptWorld().qr
    short = short_code(large)
    found = read_target(scanned(short, large))
    assert (found.qr, found.shown) == (large, (large,))
    found = read_target(scanned(short))
    assert (found.qr, found.shown, found.is_receipt) == (short, (short,), True)


def test_pages_are_not_looked_at_unless_wanted() -> None:
    data = with_attachment(scanned(OTHER))
    assert read_target(data, pages=False).shown is None
    assert read_target(pdf((f"{NUMBER}.json", CONTENT))).shown == ()
    found = codes_shown(scanned(*[None] * PAGES, QR))
    assert found is not None
    assert (found.codes, found.whole) == ((), False), "the first pages are"


def test_codes_of_several_certificates() -> None:
    with pytest.raises(DataFault) as caught:
        read_target(scanned(QR, OTHER))
    assert caught.value.code == "image-several"


def test_a_pdf_without_any_code() -> None:
    with pytest.raises(DataFault) as caught:
        read_target(scanned(None))
    assert caught.value.code == "pdf-no-attachment"


def test_pages_that_cannot_be_drawn() -> None:
    for data in (b"%PDF-1.7 damaged", b""):
        assert codes_shown(data) is None
        assert code_shown(data) is None


def test_a_code_seen_only_from_near(monkeypatch: pytest.MonkeyPatch) -> None:
    from yinzheng.verifier.containers import page as module

    monkeypatch.setattr(module, "SIDE", 90)
    assert code_shown(scanned(QR)) == QR
    with pytest.raises(DataFault) as caught:
        code_shown(scanned(QR, OTHER))
    assert caught.value.code == "image-several"


@pytest.mark.parametrize("missing", ["pypdfium2", "zxingcpp", "PIL.Image"])
def test_without_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = scanned(QR)
    monkeypatch.setitem(sys.modules, missing, None)
    assert read_target(moved("/AF")).shown is None
    with pytest.raises(DataFault) as caught:
        read_target(data)
    assert caught.value.code == "pdf-no-attachment"


@pytest.mark.parametrize("flags", [4, 36], ids=["seen on screen and paper", "seen on paper alone"])
def test_what_lies_over_the_page_is_seen(flags: int) -> None:
    """An annotation that covers the page with another certificate's code, also one for the printer alone."""
    writer: Any = PdfWriter(clone_from=PdfReader(io.BytesIO(with_attachment(scanned(None)))))
    cover = PdfReader(io.BytesIO(scanned(OTHER))).pages[0]
    form = StreamObject()
    form.set_data(cover.get_contents().get_data())  # type: ignore[union-attr]
    form.update(
        {
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): ArrayObject(FloatObject(side) for side in cover.mediabox),
            NameObject("/Resources"): cover["/Resources"].clone(writer),
        }
    )
    note = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Stamp"),
            NameObject("/Rect"): ArrayObject(FloatObject(side) for side in cover.mediabox),
            NameObject("/F"): NumberObject(flags),
            NameObject("/AP"): DictionaryObject({NameObject("/N"): writer._add_object(form)}),
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])
    out = io.BytesIO()
    writer.write(out)
    assert read_target(out.getvalue()).shown == (OTHER,)
