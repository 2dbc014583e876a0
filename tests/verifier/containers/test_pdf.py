"""The file attached to a PDF, and PDFs that have none, several, or do harm."""

from __future__ import annotations

import io
import json
import sys
import zlib
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from tests.verifier.world import NOW, NUMBER, genuine_file, trust
from yinzheng.verifier import DataFault, read_target
from yinzheng.verifier.containers.pdf import MAX_ATTACHMENTS, MAX_PDF, extract_file
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


def test_a_pdf_proves_itself() -> None:
    presented = read_target(pdf((f"{NUMBER}.json", CONTENT)))
    assert (presented.kind, presented.file) == ("pdf", CONTENT)
    assert verify(presented, trust(), now=NOW).in_force


def test_other_attachments_are_left_alone() -> None:
    others = [("readme.json", b"{}"), ("image.png", b"x"), (f"{NUMBER}.xml", b"<x/>"), (NUMBER, b"x")]
    assert extract_file(pdf(*others, (f"{NUMBER}.json", CONTENT))) == CONTENT
    assert code_of(pdf(*others)) == "pdf-no-attachment"
    assert code_of(pdf()) == "pdf-no-attachment"


def test_several_certificates() -> None:
    assert code_of(pdf((f"{NUMBER}.json", CONTENT), ("SJ4412026110002.json", CONTENT))) == "pdf-several"
    assert code_of(pdf((f"{NUMBER}.json", CONTENT), (f"{NUMBER}.json", b"{}"))) == "pdf-several"


@pytest.mark.parametrize("password", ["secret", ""])
@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_an_encrypted_pdf(password: str, algorithm: str) -> None:
    data = pdf((f"{NUMBER}.json", CONTENT), password=password, algorithm=algorithm)
    assert code_of(data) == "pdf-encrypted"


def test_a_pdf_that_nests_without_end() -> None:
    # Also where a library has raised the recursion limit, as py-evm does.
    limit = sys.getrecursionlimit()
    whole = pdf((f"{NUMBER}.json", CONTENT))
    sys.setrecursionlimit(100_000)
    try:
        for bracket in (b"[", b"<</A "):
            assert code_of(whole.replace(b"/Names", b"/X " + bracket * 2_000 + b"/Names")).startswith("pdf-")
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
    assert code_of(small[:start] + stream + small[at + len(b"stream\n{}") :]) == "pdf-malformed"


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_pdf(keep: float) -> None:
    whole = pdf((f"{NUMBER}.json", CONTENT))
    try:
        found = extract_file(whole[: int(len(whole) * keep)])
    except DataFault as fault:
        assert fault.code in {"pdf-malformed", "pdf-no-attachment"}  # noqa: PT017
    else:
        assert found == CONTENT  # enough of it was left


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
