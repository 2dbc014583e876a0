"""Telling what is handed over by its content."""

from __future__ import annotations

import json

import pytest

from tests.verifier.world import NUMBER, World, genuine_file
from yinzheng.verifier import DataFault, read_target
from yinzheng.verifier.containers.target import Presented


def test_texts() -> None:
    qr = World().qr
    assert read_target(qr) == read_target(f"{qr}\n".encode()) == Presented("qr", qr=qr)
    assert read_target(b"\xef\xbb\xbf" + qr.encode()) == Presented("qr", qr=qr)
    for number in (NUMBER, f" {NUMBER.lower()} ", NUMBER.encode()):
        assert read_target(number) == Presented("number", number=NUMBER)
    assert read_target("anything else") == Presented("qr", qr="anything else")


def test_certificate_files() -> None:
    data = json.dumps(genuine_file()).encode()
    assert read_target(data) == read_target(data.decode()) == Presented("json", file=data)
    assert read_target(b"\n " + data) == Presented("json", file=b"\n " + data)
    assert read_target('{"\ud800": 1}').kind == "json"
    assert read_target(b"\xff\xfe" + data.decode().encode("utf-16-le")) == Presented("json", file=data)


@pytest.mark.parametrize("data", [b"", "", "  \n", b" \n"])
def test_nothing(data: bytes | str) -> None:
    with pytest.raises(DataFault) as caught:
        read_target(data)
    assert caught.value.code == "target-empty"


@pytest.mark.parametrize(
    "data", [b"\x00\xff\xfe", b"GIF89a\xff", b"PK\x03\x04\xff\xff", b"RIFF\xff\xff\xff\xffWAVE"]
)
def test_other_files(data: bytes) -> None:
    with pytest.raises(DataFault) as caught:
        read_target(data)
    assert caught.value.code == "target-unknown"
    assert "PDF" in caught.value.hint


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7 damaged", "pdf-malformed"),
        (b"\n\n%PDF-1.7 damaged", "pdf-malformed"),
        (b"\x89PNG\r\n\x1a\n damaged", "image-format"),
        (b"\xff\xd8\xff damaged", "image-format"),
        (b"RIFF\0\0\0\0WEBP damaged", "image-format"),
    ],
)
def test_containers_are_opened(data: bytes, code: str) -> None:
    with pytest.raises(DataFault) as caught:
        read_target(data)
    assert caught.value.code == code
