"""Whatever people and attackers send: a clear message, nothing half done, nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator
from http import HTTPStatus
from itertools import count
from pathlib import Path

import cbor2
import pytest

from tests.api import samples
from tests.api.conftest import Client, Serve
from tests.api.fake import FakeReader
from tests.api.test_pages import heading, path_of, words
from tests.verifier.world import NOW
from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.http.limits import MIB, Limits
from yinzheng.api.web.app import create_app
from yinzheng.verifier.bytes.cose import from_base32, to_base32  # the tests re-encode what a forger would

FOREIGN = "https://qr.alipay.com/fkx12345"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> FakeReader:
    return FakeReader(tmp_path_factory.mktemp("bad") / "log")


@pytest.fixture(scope="module")
def client(reader: FakeReader) -> Client:
    """One server for all of them: what is refused leaves nothing behind. Requests are a second apart."""
    seconds = count()
    return Client(create_app(reader, clock=lambda: NOW, monotonic=lambda: float(next(seconds))))


def core(qr: str) -> bytes:
    return from_base32(qr.split("/V/")[1])


def qr_of(data: bytes) -> str:
    return "HTTPS://YZ.EXAMPLE.ORG/V/" + to_base32(data)


def no_verdict(client: Client, content: bytes, code: str, word: str = "not_ours") -> None:
    page = client.post("/verify", files={"file": ("x", content)})
    assert page.status_code == 200
    assert 'class="card verdict unknown"' in page.text
    assert f"<code>{code}</code>" in page.text
    assert "forged" not in heading(page.text).lower()
    answer = client.post("/v1/verify", files={"file": ("x", content)}).json()
    assert (answer["verdict"]["word"], answer["verdict"]["exit_code"]) == (word, 3)
    assert answer["verdict"]["en"] == heading(page.text)
    assert answer["report"]["obligations"][0]["code"] == code


# The text of a code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda qr: FOREIGN, "qr-foreign"),
        (lambda qr: "wxp://f2f0abc", "qr-foreign"),
        (lambda qr: qr.replace("HTTPS", "HTTP"), "qr-scheme"),
        (lambda qr: qr_of(core(qr)[:-25]), "core-malformed"),
        (lambda qr: qr[:-1] + "1", "qr-alphabet"),
        (lambda qr: qr_of(core(qr) + b"\x00"), "core-malformed"),
        (lambda qr: qr_of(cbor2.dumps(cbor2.CBORTag(18, cbor2.loads(core(qr))))), "core-malformed"),
        (lambda qr: "HTTPS://A/V/" + "A" * 100_000, "qr-too-long"),
        (lambda qr: "随便写的文字", "qr-foreign"),
    ],
)
def test_texts_that_are_no_certificate(client: Client, reader: FakeReader, change: object, code: str) -> None:
    assert callable(change)
    page = client.post("/verify", data={"text": change(reader.world.qr)})
    assert page.status_code == 200
    assert heading(page.text) == "Not one of ours, or damaged"
    assert f"<code>{code}</code>" in page.text
    assert "Scan the code on the original certificate" in page.text


@pytest.mark.parametrize(
    "path", ["/V/", "/V/ABC", "/V/a/b/c", "/V/%00", "/V/%F0%9F%98%80", f"/V/{9000 * 'A'}"]
)
def test_addresses_that_are_no_certificate(client: Client, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert heading(page.text) == "Not one of ours, or damaged"


def test_a_text_that_is_cut_off(client: Client, reader: FakeReader) -> None:
    qr = reader.world.qr
    for length in range(len(qr) - 1, 30, -37):
        page = client.post("/verify", data={"text": qr[:length]}).text
        assert heading(page) == "Not one of ours, or damaged", length


def test_a_flipped_character_is_never_genuine(client: Client, reader: FakeReader) -> None:
    qr = reader.world.qr
    for at in range(30, len(qr), 61):
        changed = qr[:at] + ("A" if qr[at] != "A" else "B") + qr[at + 1 :]
        page = client.get(path_of(changed)).text
        assert re.search(r'class="card verdict (bad|unknown)"', page)


def test_a_number_alone(client: Client) -> None:
    page = client.post("/verify", data={"text": "sj4412026110001"})
    assert page.status_code == 400
    assert "number alone proves nothing" in page.text


# Files


def test_pictures(client: Client, reader: FakeReader) -> None:
    no_verdict(client, samples.foreign_picture(FOREIGN), "image-foreign")
    no_verdict(client, samples.blank_picture(), "image-no-code")
    no_verdict(client, samples.bomb(), "image-too-large", "undetermined")
    no_verdict(client, samples.picture(reader.world.qr)[:300], "image-malformed")
    no_verdict(client, b"\xff\xd8\xff" + b"no picture" * 10, "image-format")


def test_a_photo_of_sixty_megapixels_is_read(client: Client, reader: FakeReader) -> None:
    page = client.post("/verify", files={"file": ("x.jpg", samples.large_photo(reader.world.qr))})
    assert heading(page.text).startswith("Genuine and in force as of ")


def test_pdf_files(client: Client, reader: FakeReader) -> None:
    file = json.dumps(reader.world.file()).encode()
    no_verdict(client, samples.pdf(file, password="geheim"), "pdf-encrypted", "undetermined")
    no_verdict(client, samples.pdf(None), "pdf-no-attachment")
    renamed = samples.pdf(file, name="other.json")
    assert client.post("/verify", files={"file": ("x", renamed)}).status_code == HTTPStatus.OK
    no_verdict(client, b"%PDF-1.7\n" + os.urandom(200), "pdf-malformed")


def test_refusals_in_chinese(client: Client) -> None:
    page = client.post("/verify", files={"file": ("x", b"%PDF-1.7")}, data={"lang": "zh"})
    assert heading(page.text) == "不是本登记体系的文件，或已损坏"
    assert "PDF 已损坏。" in words(page.text)
    assert FAULTS.keys() >= {"image-foreign", "image-no-code", "pdf-encrypted", "target-unknown"}
    for fault in FAULTS.values():
        assert all((*fault.message, *fault.hint))


def test_other_files(client: Client) -> None:
    no_verdict(client, b"\x00\x01\x02\xff", "target-unknown")


@pytest.mark.parametrize("start", [b"PK\x03\x04\xff\xfe", b"PK\x05\x06" + bytes(18), b"PK\x03\x04 text"])
@pytest.mark.parametrize("name", ["D-2026-000001.zip", "x.pdf"])
def test_packs_are_checked_elsewhere(client: Client, start: bytes, name: str) -> None:
    """No verdict: the court's page and the command line have the right one."""
    answer = client.post("/v1/verify", files={"file": (name, start)})
    assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    problem = answer.json()
    assert (problem["code"], "/court" in problem["hint"]) == ("pack-elsewhere", True)
    assert "verdict" not in problem
    for language, said in (("zh", "证据包"), ("en", "an evidence pack")):
        page = client.post("/verify", files={"file": (name, start)}, data={"lang": language})
        assert page.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        assert said in words(page.text)
        assert "/court" in words(page.text)
        for verdict in ("Not one of ours", "不是本登记体系的文件"):
            assert verdict not in page.text


@pytest.mark.parametrize("content", [b"{", b"{}", b'{"format": "yinzheng/certificate/1"}', b'{"a":' * 5000])
def test_json_that_is_no_certificate(client: Client, content: bytes) -> None:
    page = client.post("/verify", files={"file": ("x.json", content)})
    assert heading(page.text) == "Not one of ours, or damaged"


# Forms


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({}, 415, "content-type"),
        ({"json": {"text": "x"}}, 415, "content-type"),
        ({"data": {"text": "  "}}, 400, "form-empty"),
        ({"data": {"text": ""}, "files": {"file": ("", b"")}}, 400, "form-empty"),
        ({"data": {"text": "a"}, "files": {"file": ("x", b"b")}}, 400, "form-both"),
        ({"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data"}}, 400, "form-malformed"),
        (
            {"content": b"nonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}},
            400,
            "form-malformed",
        ),
        (
            {
                "content": b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nabc',
                "headers": {"content-type": "multipart/form-data; boundary=x"},
            },
            400,
            "form-malformed",
        ),
        ({"files": [("text", ("", b"a")), ("text", ("", b"b"))]}, 400, "form-malformed"),
        ({"files": [(f"f{at}", ("x", b"a")) for at in range(9)]}, 400, "form-malformed"),
        ({"data": {"text": "x" * 200_000}}, 413, "too-large"),
        ({"content": b"text=\xff", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400,
         "form-malformed"),
    ],
)  # fmt: skip
def test_forms_that_cannot_be_read(
    client: Client, options: dict[str, object], status: int, code: str
) -> None:
    page = client.post("/verify", **options)
    assert page.status_code == status
    assert f"<code>{code}</code>" in page.text
    assert "/verify?lang=zh" in page.text


def test_what_announces_too_much_is_not_read(client: Client) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    answer = client.post(
        "/v1/verify",
        content=never(),
        headers={"content-type": "multipart/form-data; boundary=x", "content-length": str(65 * MIB)},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_what_turns_out_too_large_is_cut_off(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader, limits=Limits(body_bytes=MIB))
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        while sent < 64 * MIB:
            sent += 65_536
            yield bytes(65_536)

    answer = client.post(
        "/v1/verify", content=flood(), headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert sent <= MIB + 2 * 65_536


def test_memory_for_uploads_is_bounded_and_given_back(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader, limits=Limits(bytes_in_flight=MIB))
    for _ in range(3):
        answer = client.post("/v1/verify", files={"file": ("x", bytes(2 * MIB))})
        assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")
    assert client.post("/v1/verify", json={"text": reader.world.qr}).status_code == 200
    answer = client.post("/v1/verify", files={"file": ("x", b"\xff" * (MIB // 2))})
    assert answer.json()["report"]["status_code"] == "target-unknown"


def test_a_slow_body_is_given_up(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader, limits=Limits(body_seconds=0.05))

    async def slow() -> AsyncIterator[bytes]:
        yield b"--x\r\n"
        await asyncio.sleep(5)
        yield b"--x--\r\n"

    answer = client.post(
        "/v1/verify", content=slow(), headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status_code, answer.json()["code"]) == (408, "body-slow")


def test_uploads_leave_no_file_behind(
    client: Client, reader: FakeReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    file = samples.pdf(json.dumps(reader.world.file()).encode()) + b"\n" * (4 * MIB)
    page = client.post("/verify", files={"file": ("x.pdf", file)})
    assert heading(page.text).startswith("Genuine and in force as of ")
