"""What nobody waits for any more is not done: a request ends the moment its client goes.

Cancelling gives up its place in every queue, ends the process that takes its upload apart, and gives back its
memory. What a thread or the desk's writer has begun is finished: it is short, or recorded whole.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

WHEN_GONE: Final = "yinzheng.when-gone"
"""In the scope of a plain request (`plain`): has a function called once the client goes. A task that waits
for that takes longer than reading the request.
"""


class Hangups:
    """Cancels the app's work when the client goes before it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        work = asyncio.current_task()
        assert work is not None
        answered = gone = False
        when_gone: Callable[[Callable[[], None]], None] | None = scope.pop(WHEN_GONE, None)
        watching: asyncio.Task[None] | None = None

        def left() -> None:
            nonlocal gone
            line.go()
            if not answered:
                gone = True
                work.cancel()

        async def watched() -> None:
            await line.hung_up()
            left()

        async def sending(message: Message) -> None:
            nonlocal answered
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                answered = True
                line.go()

        def watch() -> None:
            nonlocal watching
            watching = asyncio.create_task(watched())

        line = _Line(receive, watch if when_gone is None else _nothing)
        if when_gone is not None:
            when_gone(left)
        elif not _has_body(scope):
            line.end()
        try:
            await self._app(scope, line.receive, sending)
        except asyncio.CancelledError:
            if not gone or work.uncancel():
                raise
        finally:
            if watching is not None:
                watching.cancel()


class _Line:
    """One request's messages, for the app and for whoever watches it."""

    def __init__(self, receive: Receive, over: Callable[[], None]) -> None:
        """`over` is called once the body is read, or there is none to come."""
        self._receive = receive
        self._tell_over = over
        self._over = False
        self._kept: deque[Message] = deque()
        self._gone = False
        self._news = asyncio.Event()

    async def receive(self) -> Message:
        """What the app receives: the body, and then nothing until the end."""
        while self._over:
            if self._kept:
                return self._kept.popleft()
            if self._gone:
                return {"type": "http.disconnect"}
            self._news.clear()
            await self._news.wait()
        message = await self._receive()
        if not message.get("more_body"):
            self.end()
        return message

    def end(self) -> None:
        """There is no more body to come."""
        if not self._over:
            self._over = True
            self._tell_over()

    async def hung_up(self) -> None:
        """Wait, after the body, until the client goes, or has its answer."""
        while (message := await self._receive())["type"] != "http.disconnect":
            self._kept.append(message)
            self._news.set()

    def go(self) -> None:
        """The client has gone, or has its answer."""
        self._gone = True
        self._news.set()


def _nothing() -> None:
    """Watch nothing: the connection tells."""


def _has_body(scope: Scope) -> bool:
    names = dict(scope["headers"])
    return b"transfer-encoding" in names or names.get(b"content-length", b"0") != b"0"
