"""A client that hangs up leaves nothing running: no place in a queue, no process, no memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import StreamingResponse

from tests.api import samples
from tests.api.fake import FakeReader
from tests.api.flood import Target, one_answer, served, status, until
from tests.api.forking import forks_of
from tests.verifier.world import NOW
from yinzheng.api import extraction
from yinzheng.api.http.hangups import Hangups
from yinzheng.api.web.app import create_app

POST = b"POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"


class Work:
    """What the app below is doing."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.cancelled = threading.Event()


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def target(work: Work) -> Iterator[Target]:
    app = FastAPI()
    app.add_middleware(Hangups)

    async def for_ever() -> None:
        work.begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            work.cancelled.set()
            raise

    @app.api_route("/slow", methods=["GET", "POST"])
    async def slow(request: Request) -> None:
        assert await request.body() in (b"", b"body")
        await for_ever()

    @app.post("/unread")
    async def unread() -> dict[str, bool]:
        return {"read": False}

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter([b"one ", b"two"]), headers={"Content-Length": "7"})

    with served(app) as found:
        yield found


@pytest.mark.parametrize(
    "request_",
    [
        POST % b"slow",
        b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n",
        (POST % b"slow").replace(b"Host: ", b"Host:"),  # h11 reads these
        b"GET /slow HTTP/1.1\r\nHost:a\r\n\r\n",
    ],
)
def test_work_ends_with_its_client(target: Target, work: Work, request_: bytes) -> None:
    with target.connect() as made:
        made.sendall(request_)
        assert work.begun.wait(5)
        assert not work.cancelled.is_set()
    assert work.cancelled.wait(5)
    assert status(target.ask()) == 404, "the server goes on"


def test_who_waits_is_answered(target: Target) -> None:
    with target.connect() as made:
        for path, said in ((b"unread", b'{"read":false}'), (b"unread", b'{"read":false}')):
            made.sendall(POST % path)
            assert one_answer(made).endswith(said)
        made.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        assert one_answer(made).endswith(b"one two")


def test_a_process_that_reads_a_picture_ends_with_its_client(
    reader: FakeReader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As `queue_dos`: costly pictures whose senders are gone cost nothing more."""
    pids = tmp_path / "pids"
    told = f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')"
    work = f"import os, time\ndef main():\n {told}\n time.sleep(60)"
    monkeypatch.setattr(extraction, "_READERS", forks_of(work, tmp_path, monkeypatch))
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body += samples.blank_picture() + b"\r\n--b--\r\n"
    head = b"POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def running() -> list[str]:
        begun = pids.read_text().split() if pids.exists() else []
        return [pid for pid in begun if Path(f"/proc/{pid}").exists()]

    with served(create_app(reader, clock=lambda: NOW)) as target:
        held = [target.connect(f"127.0.0.{2 + at % 3}") for at in range(12)]
        for made in held:
            made.sendall(whole)
        until(lambda: len(running()) == 2)
        for made in held:
            made.close()
        until(lambda: not running())
        assert len(pids.read_text().split()) <= 4, "what waited was not begun for nobody"
        monkeypatch.undo()
        with target.connect() as made:
            made.sendall(whole)
            assert b"image-no-code" in one_answer(made)
