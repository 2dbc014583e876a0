"""Whoever reads an answer slowly is waited for, and whoever only seems to read is not (ADR 38)."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from tests.api.flood import rest, served, until
from yinzheng.api.http.answers import Answers, paced
from yinzheng.api.http.bodies import BodyPace

KIB = 1024


class Download:
    """An app whose answer is long, and that holds a place while it is sent."""

    def __init__(self, pieces: int) -> None:
        self.pieces, self.held = pieces, 0

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.held += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for at in range(self.pieces):
                more = at < self.pieces - 1
                await send({"type": "http.response.body", "body": b"x" * 64 * KIB, "more_body": more})
        except ClientDisconnect:
            pass
        finally:
            self.held -= 1


def test_a_place_is_free_though_its_reader_dribbles() -> None:
    app = Download(2000)
    with (
        served(Answers(app, BodyPace(0.5, 64 * KIB))) as target,
        target.connect() as slow,
        target.connect() as quick,
    ):
        slow.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: app.held == 1)

        def freed() -> bool:
            slow.recv(256)  # never still for long
            return app.held == 0

        until(freed)
        app.pieces = 200
        quick.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert len(rest(quick)) > 200 * 64 * KIB


def test_steady_reading_at_the_slowest_pace_goes_on_for_ever() -> None:
    async def run(wait: float) -> int:
        sent = 0

        async def send(_message: Message) -> None:
            nonlocal sent
            await asyncio.sleep(wait)
            sent += 1

        receiver = paced(send, BodyPace(0.5, 100 * KIB))  # a busy machine sleeps longer
        for _ in range(20):
            await receiver({"type": "http.response.body", "body": b"x" * 5 * KIB, "more_body": True})
        return sent

    assert asyncio.run(run(0.03)) == 20
    with pytest.raises(ClientDisconnect):
        asyncio.run(run(0.15))
