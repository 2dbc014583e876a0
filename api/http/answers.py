"""How long an answer waits for whoever receives it, as a body is waited for (`bodies`).

A connection that stands still for half a minute is ended by itself (`connections`). Whoever reads a little
now and then would keep an answer, and whatever place it holds, for as long as they like.
"""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yinzheng.api.http.bodies import BodyPace
from yinzheng.api.http.waiting import within


class Answers:
    """Cuts an answer off whose receiver is slower than `pace`, as if it had gone: `ClientDisconnect`."""

    def __init__(self, app: ASGIApp, pace: BodyPace) -> None:
        self._app = app
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, paced(send, self._pace))


def paced(send: Send, pace: BodyPace) -> Send:
    """A `send` that waits for its receiver no longer than what it took earns."""
    left, clock = pace.seconds, asyncio.get_running_loop().time

    async def sent(message: Message) -> None:
        nonlocal left
        began = clock()
        try:
            await within(asyncio.timeout(left), send(message))
        except TimeoutError:
            raise ClientDisconnect from None
        earned = len(message.get("body", b"")) / pace.per_second
        left = min(pace.seconds, left - (clock() - began) + earned)

    return sent
