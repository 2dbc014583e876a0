"""Uploaded files are taken apart in a process of their own."""

from __future__ import annotations

import json
import os

import pytest

from tests.api import samples
from tests.api.fake import FakeReader
from yinzheng.api.http.limits import MIB
from yinzheng.api.web.extract import extract
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault


def test_it_finds_what_the_verifier_would(reader: FakeReader) -> None:
    qr = reader.world.qr
    file = json.dumps(reader.world.file()).encode()
    for content in (samples.picture(qr), samples.pdf(file), file, qr.encode(), b"SJ4412026110001"):
        assert extract(content) == read_target(content)


@pytest.mark.parametrize("content", [b"\xff\x00", samples.blank_picture(), samples.pdf(None), b"%PDF-1.7"])
def test_it_refuses_what_the_verifier_would(content: bytes) -> None:
    with pytest.raises(DataFault) as there:
        read_target(content)
    with pytest.raises(DataFault) as here:
        extract(content)
    assert (here.value.code, here.value.message, here.value.hint) == (
        there.value.code,
        there.value.message,
        there.value.hint,
    )


def test_a_file_that_takes_too_long_is_given_up(reader: FakeReader) -> None:
    with pytest.raises(DataFault) as caught:
        extract(samples.picture(reader.world.qr), seconds=0.01)
    assert caught.value.code == "target-too-hard"


def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    assert refusal(samples.blank_picture(), memory=400 * MIB) == "image-no-code"
    assert refusal(samples.transparent_picture(), memory=400 * MIB) in ("target-too-hard", "image-malformed")


def refusal(content: bytes, memory: int) -> str:
    with pytest.raises(DataFault) as caught:
        extract(content, memory=memory)
    return caught.value.code


def test_an_attachment_beyond_its_format_is_cut(reader: FakeReader) -> None:
    found = extract(samples.pdf(b"{" + b" " * (3 << 20)))
    assert found.file is not None
    assert len(found.file) == (1 << 20) + 1


def test_the_process_inherits_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONSTARTUP", os.devnull)
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert extract(b"SJ4412026110001").number == "SJ4412026110001"
