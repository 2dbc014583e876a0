"""A notice's own page, the form to object, its receipt, and following an objection (R24)."""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import Client, Serve
from tests.api.fake import FakeReader
from tests.api.fake_desk import FakeDesk
from tests.api.test_pages import address, heading, words
from yinzheng.api.http.limits import Limits, Rate
from yinzheng.api.web.server import CALLS_EACH
from yinzheng.ledger.rules.publicity import FORM_BYTES
from yinzheng.verifier.errors import EnvironmentFault, UsageFault

NOTICE = "/publicity/" + "5a" * 32
SECRET = "0f" * 16
FORM = {"objector": "某研究院", "contact": "", "reasons": "协议已终止。", "secret": SECRET}
FILE = {"file1": ("信.pdf", b"%PDF-1.7", "application/pdf")}


def client(serve: Serve, tmp_path: Path, desk: FakeDesk | None, **options: Any) -> Client:
    return serve(FakeReader(tmp_path / "log"), desk=desk, **options)


def send(web: Client, form: dict[str, str] | None = None, **options: Any) -> httpx.Response:
    return web.post(NOTICE + "?lang=en", **{"data": {**FORM, **(form or {})}, "files": FILE, **options})


def test_the_form_and_its_receipt(serve: Serve, tmp_path: Path) -> None:
    desk = FakeDesk()
    web = client(serve, tmp_path, desk)
    page = web.get(NOTICE + "?lang=en").text
    (first,) = re.findall(r'name="secret" value="([0-9a-f]{32})"', page)
    (second,) = re.findall(r'name="secret" value="([0-9a-f]{32})"', web.get(NOTICE).text)
    assert first != second
    got = send(web)
    text = words(got.text)
    assert heading(got.text) == "Your objection was received"
    assert "0123456789ab" in text
    assert " ".join(["0f0f"] * 8) in text
    (said,) = desk.objected
    assert said["notice"] == "5a" * 32
    assert said["secret"] == SECRET
    assert said["files"] == [{"name": "信.pdf", "content": base64.b64encode(b"%PDF-1.7").decode()}]


@pytest.mark.parametrize(
    ("leaf", "said", "form"),
    [
        ("5a" * 32, "On notice", True),
        ("5c" * 32, "Open objections", True),
        ("5d" * 32, "It was registered", True),
        ("5e" * 32, "It was recorded: the certificate is cancelled.", False),
        ("5f" * 32, "What was registered is over by now", False),
    ],
)
def test_a_notice_keeps_its_page(serve: Serve, tmp_path: Path, leaf: str, said: str, form: bool) -> None:
    text = client(serve, tmp_path, FakeDesk()).get(f"/publicity/{leaf}?lang=en").text
    assert said in words(text)
    assert ("<form" in text.split("<main")[1]) is form


@pytest.mark.parametrize("leaf", ["00" * 32, "zz", "5a" * 31, "..%2f..", "5A" * 32])
def test_no_such_notice(serve: Serve, tmp_path: Path, leaf: str) -> None:
    web = client(serve, tmp_path, FakeDesk())
    assert web.get(f"/publicity/{leaf}").status_code == 404
    assert web.post(f"/publicity/{leaf}", data=FORM).status_code == 404


def test_without_a_desk_the_counter_is_named(serve: Serve, tmp_path: Path) -> None:
    web = client(serve, tmp_path, None)
    assert "takes in no objections" in web.get(NOTICE + "?lang=en").text
    assert send(web).status_code == 503


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (UsageFault("x", code="objection-empty"), 400, "An objection needs reasons"),
        (UsageFault("x", code="move-not-allowed", status=409), 409, "takes no objection any more"),
        (UsageFault("x", code="objections-many"), 400, "Too many objections are open"),
        (EnvironmentFault("x", code="desk-away"), 503, "cannot be reached"),
    ],
)
def test_what_was_written_is_kept(
    serve: Serve, tmp_path: Path, fault: Exception, status: int, said: str
) -> None:
    got = send(client(serve, tmp_path, FakeDesk(fault=fault)))  # type: ignore[arg-type]
    assert got.status_code == status
    assert said in words(got.text)
    assert "协议已终止。" in got.text
    assert f'value="{SECRET}"' in got.text  # sent again, it is the same objection


def test_what_is_no_form(serve: Serve, tmp_path: Path) -> None:
    desk = FakeDesk()
    web = client(serve, tmp_path, desk)
    assert send(web, {"secret": "<script>"}).status_code == 400
    big = {"file1": ("a", b"x" * (FORM_BYTES + 1))}
    assert "too large together" in words(send(web, files=big).text)
    assert desk.objected == []
    sent = send(web, files={"file1": ("C:\\a\\../b.pdf", b"x"), "file2": ("", b"")})
    assert sent.status_code == 200
    assert [file["name"] for file in desk.objected[0]["files"]] == ["b.pdf"]  # type: ignore[index,union-attr,call-overload]


def test_a_form_that_another_site_sends_is_refused(serve: Serve, tmp_path: Path) -> None:
    """Or its visitors, each with an address of their own, would object without knowing."""
    desk = FakeDesk()
    web = client(serve, tmp_path, desk)
    assert send(web, headers={"sec-fetch-site": "cross-site"}).status_code == 400
    assert desk.objected == []
    assert send(web, headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_objections_are_counted(serve: Serve, tmp_path: Path) -> None:
    web = client(serve, tmp_path, FakeDesk(), limits=Limits(objections=Rate(0.001, 2)))
    assert [send(web).status_code for _ in range(3)] == [200, 200, 429]
    assert send(web, host="203.0.113.99").status_code == 200


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        ({}, "Under investigation"),
        ({"concluded_at": 1_790_100_000, "upheld": False, "reasons": "不成立。"}, "Dismissed"),
        ({"concluded_at": 1_790_100_000, "upheld": True, "due": None}, "Upheld: the application has ended"),
        ({"case": "SJ4412026110001"}, "Certificate SJ4412026110001"),
        (
            {"case": "SJ4412026110001", "concluded_at": 1_790_100_000, "upheld": True, "due": None},
            "Upheld: the holders have the registration changed or cancelled",
        ),
    ],
)
def test_following(serve: Serve, tmp_path: Path, standing: dict[str, Any], said: str) -> None:
    web = client(serve, tmp_path, FakeDesk(standing=standing))
    typed = {"number": "０１２３ 4567-89AB", "secret": "0F0F " * 8, "lang": "en"}
    got = web.post("/objection", data=typed)
    assert got.status_code == 200
    assert said in words(got.text)
    assert SECRET not in got.text


def test_following_with_the_wrong_words(serve: Serve, tmp_path: Path) -> None:
    web = client(serve, tmp_path, FakeDesk(fault=UsageFault("x", code="objection-secret")))
    answers = {
        (got.status_code, got.text)
        for got in (
            web.post("/objection", data={"number": number, "secret": secret, "lang": "en"})
            for number, secret in (("0" * 12, SECRET), ("x", SECRET), ("0" * 12, ""), ("", "y" * 999))
        )
    }
    assert len(answers) == 1


def test_a_genuine_certificate_leads_to_its_notice(serve: Serve, tmp_path: Path) -> None:
    reader = FakeReader(tmp_path / "log")
    page = serve(reader).get(address(reader)).text
    assert 'href="/publicity/0404' in page


def test_a_desk_that_is_silent_keeps_nobody_from_reading(serve: Serve, tmp_path: Path) -> None:
    """One client's look-ups wait, more of them than there are threads; others read, and are handed on."""
    asked, free = threading.Semaphore(0), threading.Event()

    class Silent(FakeDesk):
        def follow(self, number: str, secret: str) -> dict[str, Any]:
            asked.release()
            free.wait(10)
            return super().follow(number, secret)

    web = client(serve, tmp_path, Silent())
    look = {"number": "0123456789ab", "secret": SECRET}

    async def ask() -> tuple[list[int], int]:
        one = [asyncio.create_task(web.ask("POST", "/objection", data=look)) for _ in range(48)]
        other = asyncio.create_task(web.ask("POST", "/objection", data=look, host="203.0.113.8"))
        try:
            await asyncio.to_thread(lambda: [asked.acquire(timeout=5) for _ in range(CALLS_EACH + 1)])
            page = await asyncio.wait_for(web.ask("GET", NOTICE), 5)
            assert page.status_code == 200
            assert not asked.acquire(blocking=False)
        finally:
            free.set()
        return [answer.status_code for answer in await asyncio.gather(*one)], (await other).status_code

    statuses, other = asyncio.run(ask())
    assert other == 200
    assert statuses.count(200) == CALLS_EACH + 16, "a quarter of those who may wait are one client's"
    assert set(statuses) == {200, 503}
