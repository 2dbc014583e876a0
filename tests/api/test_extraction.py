"""Uploaded files are taken apart in a process of their own."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from io import BytesIO

import pytest
from PIL import Image

from tests.api import samples
from tests.api.fake import FakeReader
from yinzheng.api import extraction, forks
from yinzheng.api.extraction import MEMORY, extract
from yinzheng.api.http.limits import MIB
from yinzheng.verifier.containers.pdf import MAX_ATTACHED
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault, EnvironmentFault


@pytest.mark.parametrize("forked", [True, False])
def test_it_finds_what_the_verifier_would(
    reader: FakeReader, monkeypatch: pytest.MonkeyPatch, forked: bool
) -> None:
    monkeypatch.setattr(forks, "AVAILABLE", forked and forks.AVAILABLE)
    qr = reader.world.qr
    file = json.dumps(reader.world.file()).encode()
    for content in (samples.picture(qr), samples.pdf(file), file, qr.encode(), b"SJ4412026110001"):
        assert extract(content) == read_target(content)
        assert asyncio.run(extraction.extract_while_waited_for(content)) == read_target(content)


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


def test_a_busy_machine_says_nothing_of_the_file(reader: FakeReader, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = samples.picture(reader.world.qr)
    with pytest.raises(EnvironmentFault) as caught:
        extract(picture, seconds=0.0)
    assert caught.value.code == "server-busy"
    monkeypatch.setattr(extraction, "SECONDS", 0.0)
    with pytest.raises(EnvironmentFault) as caught:
        asyncio.run(extraction.extract_while_waited_for(picture))
    assert caught.value.code == "server-busy"


@pytest.mark.skipif(not forks.AVAILABLE, reason="only Linux forks")
def test_where_no_process_can_be_begun_nothing_is_said_of_the_file(
    reader: FakeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "no more")

    picture = samples.picture(reader.world.qr)
    monkeypatch.setattr(forks, "_sent", none)
    with pytest.raises(EnvironmentFault) as caught:
        extract(picture)
    assert caught.value.code == "server-busy"
    with pytest.raises(EnvironmentFault) as caught:
        asyncio.run(extraction.extract_while_waited_for(picture))
    assert caught.value.code == "server-busy"


def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    assert refusal(samples.blank_picture(), memory=200 * MIB) == "image-no-code"
    large = BytesIO()
    Image.new("L", (6000, 6000), 255).save(large, "PNG")
    assert refusal(large.getvalue(), memory=40 * MIB) in ("target-too-hard", "image-too-large")
    assert refusal(samples.transparent_picture(), memory=MEMORY) == "image-no-code"
    assert refusal(samples.transparent_picture(), memory=100 * MIB) in ("target-too-hard", "image-too-large")


def test_a_file_that_takes_too_much_work_is_given_up() -> None:
    """A PDF without its table of contents is searched for objects, and that many take long."""
    objects = b"".join(b"%d 0 obj\n<< /A [%s] >>\nendobj\n" % (at, b"[] " * 400) for at in range(1, 9000))
    with pytest.raises(DataFault) as caught:  # and no fault of the machine's
        extract(b"%PDF-1.7\n" + objects + b"trailer << /Root 1 0 R >>", processor=1)
    assert caught.value.code in ("target-too-hard", "pdf-malformed", "pdf-no-attachment")


def refusal(content: bytes, memory: int) -> str:
    with pytest.raises(DataFault) as caught:
        extract(content, memory=memory)
    return caught.value.code


def test_an_attachment_beyond_its_format_is_cut(reader: FakeReader) -> None:
    found = extract(samples.pdf(b"{" + b" " * (2 * MAX_ATTACHED)))
    assert found.file is not None
    assert len(found.file) == MAX_ATTACHED + 1


def test_the_process_inherits_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONSTARTUP", os.devnull)
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert extract(b"SJ4412026110001").number == "SJ4412026110001"
