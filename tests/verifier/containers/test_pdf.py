"""The file attached to a PDF, and PDFs that have none, several, or do harm."""

from __future__ import annotations

import io
import json
import sys
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject, TextStringObject

from tests.verifier.world import NOW, NUMBER, genuine_file, trust
from yinzheng.verifier import DataFault, read_target
from yinzheng.verifier.containers import pdf as module
from yinzheng.verifier.containers.pdf import MAX_ATTACHED, MAX_ATTACHMENTS, MAX_OBJECTS, MAX_PDF, extract_file
from yinzheng.verifier.judge.certificate.verify import verify

CONTENT = json.dumps(genuine_file(), ensure_ascii=False).encode()


def pdf(*attachments: tuple[str, bytes], password: str | None = None, algorithm: str = "RC4-128") -> bytes:
    writer: Any = PdfWriter()
    writer.add_blank_page(100, 100)
    for name, data in attachments:
        writer.add_attachment(name, data)
    if password is not None:
        writer.encrypt(password, algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def code_of(data: bytes) -> str:
    with pytest.raises(DataFault) as caught:
        extract_file(data)
    assert caught.value.hint or caught.value.code == "pdf-malformed"
    return caught.value.code


def found_or_code(data: bytes) -> bytes | str | None:
    try:
        return extract_file(data)
    except DataFault as fault:
        return fault.code


def test_a_pdf_proves_itself() -> None:
    presented = read_target(pdf((f"{NUMBER}.json", CONTENT)))
    assert (presented.kind, presented.file) == ("pdf", CONTENT)
    assert verify(presented, trust(), now=NOW).in_force


def test_other_attachments_are_left_alone() -> None:
    others = [("readme.json", b"{}"), ("image.png", b"x"), (f"{NUMBER}.xml", b"<x/>"), (NUMBER, b"x")]
    assert extract_file(pdf(*others, (f"{NUMBER}.json", CONTENT))) == CONTENT
    assert extract_file(pdf(*others)) is None
    assert extract_file(pdf()) is None


def test_several_certificates() -> None:
    other = CONTENT.replace(b"11", b"12")
    assert code_of(pdf((f"{NUMBER}.json", CONTENT), ("SJ4412026110002.json", other))) == "pdf-several"
    assert extract_file(pdf((f"{NUMBER}.json", CONTENT), ("again.json", CONTENT))) == CONTENT
    assert code_of(pdf((f"{NUMBER}.json", CONTENT), (f"{NUMBER}.json", b"{}"))) == "pdf-several"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_an_encrypted_pdf(algorithm: str) -> None:
    data = pdf((f"{NUMBER}.json", CONTENT), password="secret", algorithm=algorithm)
    assert code_of(data) == "pdf-encrypted"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_pdf_that_only_its_owner_may_change(algorithm: str) -> None:
    """Offices protect what they send; who has no password may read it all the same."""
    assert extract_file(pdf((f"{NUMBER}.json", CONTENT), password="", algorithm=algorithm)) == CONTENT


@pytest.mark.parametrize("name", ["附件.json", "certificate (1).JSON", "SJ4412026110001", "data.bin"])
def test_an_attachment_under_another_name(name: str) -> None:
    assert extract_file(pdf((name, CONTENT))) == CONTENT


@pytest.mark.parametrize("place", ["/AF", "page /AF", "/Annots"])
def test_an_attachment_in_another_lawful_place(place: str) -> None:
    assert extract_file(moved(place)) == CONTENT


def moved(place: str) -> bytes:
    """A PDF whose attachment is an associated file of document or page, or an annotation on a page."""
    writer: Any = PdfWriter()
    page = writer.add_blank_page(100, 100)
    stream = StreamObject()
    stream.set_data(CONTENT)
    embedded = DictionaryObject({NameObject("/F"): writer._add_object(stream.flate_encode())})
    specification = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Filespec"),
            NameObject("/F"): TextStringObject("a.json"),
            NameObject("/EF"): embedded,
        }
    )
    if place == "/AF":
        writer._root_object[NameObject("/AF")] = ArrayObject([writer._add_object(specification)])
    elif place == "page /AF":
        page[NameObject("/AF")] = ArrayObject([specification])
    else:
        note = {NameObject("/Subtype"): NameObject("/FileAttachment"), NameObject("/FS"): specification}
        page[NameObject("/Annots")] = ArrayObject([writer._add_object(DictionaryObject(note))])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_sound_file_needs_no_mending(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module._found_as_written(pdf((f"{NUMBER}.json", CONTENT))) == {CONTENT}
    assert module._found_as_written(moved("/Annots")) == {CONTENT}
    monkeypatch.setattr(module, "_found_as_written", lambda _: set())
    assert extract_file(pdf((f"{NUMBER}.json", CONTENT))) == CONTENT


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(["/AF", "/Annots", "/Names"]), st.data())
def test_whatever_is_damaged_the_same_is_found_as_in_what_is_mended(place: str, draw: st.DataObject) -> None:
    """Nobody can show one attachment to a strict reader and another one to all who mend."""
    whole = pdf((f"{NUMBER}.json", CONTENT)) if place == "/Names" else moved(place)
    table = whole.rfind(b"xref\n", 0, whole.rfind(b"startxref"))
    changed = bytearray(whole)
    for _ in range(draw.draw(st.integers(1, 3))):
        at = draw.draw(st.integers(table, len(whole) - 1) | st.integers(0, len(whole) - 1))
        changed[at] = draw.draw(st.sampled_from(b"0123456789 \n<>/[]()Rf"))
    found = found_or_code(bytes(changed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_found_as_written", lambda _: set())
        assert found_or_code(bytes(changed)) == found


def test_a_pdf_that_nests_without_end() -> None:
    # Also where a library has raised the recursion limit, as py-evm does.
    limit = sys.getrecursionlimit()
    whole = pdf((f"{NUMBER}.json", CONTENT))
    sys.setrecursionlimit(100_000)
    try:
        for bracket in (b"[", b"<</A "):
            nested = whole.replace(b"/Names", b"/X " + bracket * 2_000 + b"/Names")
            assert found_or_code(nested) in {None, "pdf-malformed"}
    finally:
        sys.setrecursionlimit(limit)


def test_sizes() -> None:
    assert code_of(b"%PDF-" + bytes(MAX_PDF)) == "pdf-too-large"
    assert code_of(pdf(*((f"{at}.txt", b"") for at in range(MAX_ATTACHMENTS + 1)))) == "pdf-malformed"


def test_a_decompression_bomb() -> None:
    bomb = zlib.compress(bytes(100_000_000), 9)
    small = pdf((f"{NUMBER}.json", b"{}"))
    reader = PdfReader(io.BytesIO(small))
    assert list(reader.attachments) == [f"{NUMBER}.json"]
    at = small.index(b"stream\n{}\nendstream")
    start = small.rindex(b"<<", 0, small.rindex(b"/Length", 0, at))
    stream = b"<< /Type /EmbeddedFile /Filter /FlateDecode /Length %d >>\nstream\n" % len(bomb) + bomb
    found = extract_file(small[:start] + stream + small[at + len(b"stream\n{}") :])
    assert found is not None
    assert len(found) == MAX_ATTACHED + 1, "no further than it takes to refuse it"


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_pdf(keep: float) -> None:
    whole = pdf((f"{NUMBER}.json", CONTENT))
    try:
        found = extract_file(whole[: int(len(whole) * keep)])
    except DataFault as fault:
        assert fault.code == "pdf-malformed"  # noqa: PT017
    else:
        assert found in (None, CONTENT)  # enough of it was left


def test_a_pdf_that_refers_to_itself() -> None:
    whole = pdf((f"{NUMBER}.json", CONTENT))
    for old, new in (
        (b"/EmbeddedFiles 6 0 R", b"/EmbeddedFiles 1 0 R"),
        (b"/Names", b"/Nmaes"),
        (b"/EF", b"/FE"),
    ):
        changed = whole.replace(old, new)
        try:
            extract_file(changed)
        except DataFault as fault:
            assert fault.code.startswith("pdf-")  # noqa: PT017


def test_a_pdf_with_more_objects_than_are_searched() -> None:
    writer: Any = PdfWriter()
    writer.add_blank_page(100, 100)
    many = [DictionaryObject() for _ in range(MAX_OBJECTS + 1)]
    writer._root_object[NameObject("/Many")] = ArrayObject(many)
    out = io.BytesIO()
    writer.write(out)
    assert code_of(out.getvalue()) == "pdf-too-large"


def test_an_attachment_without_content() -> None:
    assert (
        extract_file(pdf(("a.json", CONTENT)).replace(b"/Type /EmbeddedFile", b"/Typo /EmbeddedFile"))
        == CONTENT
    )
    assert extract_file(moved("/AF").replace(b"/F ", b"/G ")) is None
