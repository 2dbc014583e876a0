"""Events as they come, to whoever listens: server-sent events, resumed by number (S22.4).

One look at the database a fifth of a second serves all who listen. Whoever listens holds one of a bounded
number of places; a stream ends by itself after a while, and going on takes a fresh signature.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from yinzheng.ledger.flow.watched import derived
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.watch.events import events_of_organisation
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.watched import WatchedEvent

MEDIA: Final = "text/event-stream"

LAST_ID: Final = "Last-Event-ID"


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What the desk grants to whoever listens. Times are seconds."""

    each: int = 4
    """Streams of one organisation at once."""
    total: int = 256
    look: float = 0.2
    """Between two looks for what is new."""
    beat: float = 15
    """A comment, so that both ends know that the other is there."""
    longest: float = 900
    """A stream: a key that was revoked meanwhile opens no other."""


class Streams:
    """Who listens, and what there is to hear. Lives in the event loop's thread."""

    def __init__(
        self,
        store: Store,
        limits: StreamLimits | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._limits = limits or StreamLimits()
        self._monotonic = monotonic
        self._held: Counter[str] = Counter()
        self._news = asyncio.Event()
        self._seen = -1
        self._looking: asyncio.Task[None] | None = None
        self._ended = False

    def end(self) -> None:
        """End every stream; who listened goes on with the next desk."""
        self._ended = True
        self._news.set()

    async def require_reached(self, first: int | None) -> None:
        """Whoever goes on behind an event that never was would hear nothing, and never know.

        Raises `UsageFault` `events-ahead`.
        """
        if first is not None and first > await run_in_threadpool(self._derived):
            raise UsageFault(
                "there is no event of this number here yet",
                code="events-ahead",
                hint="Begin behind one that you have of this registry: the number was changed, is another's,"
                " or of before a restoration.",
            )

    @contextmanager
    def place(self, code: str) -> Iterator[None]:
        """Hold one of the places. Raises `UsageFault` `streams-many`."""
        if self._held[code] >= self._limits.each or self._held.total() >= self._limits.total:
            raise UsageFault(
                "too many streams are open",
                code="streams-many",
                hint=f"One stream has all that an organisation watches; {self._limits.each} at once.",
                retry_after=30,
            )
        self._held[code] += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._held[code] -= 1

    async def listen(self, code: str, first: int | None) -> AsyncIterator[bytes]:
        """What an organisation hears from event `first` on, or from now on; within `place`."""
        until = self._monotonic() + self._limits.longest
        place = await run_in_threadpool(self._derived) if first is None else first
        # So that whoever loses the line before the first event resumes here.
        yield b"retry: 1000\n" + (b"id: %d\n" % (place - 1) if place else b"") + b"\n"
        while not self._ended and self._monotonic() < until:
            news = self._news  # taken before looking: what comes meanwhile is not slept over
            events = await run_in_threadpool(self._read, code, place)
            for event in events:
                yield framed(event)
                place = event.number + 1
            if not events:
                try:
                    await asyncio.wait_for(news.wait(), self._limits.beat)
                except TimeoutError:
                    yield b":\n\n"

    async def _look(self) -> None:
        """Wake everyone when there is something new, as long as anyone listens."""
        while +self._held and not self._ended:
            end = await run_in_threadpool(self._derived)
            if end != self._seen:
                self._seen = end
                self._news.set()
                self._news = asyncio.Event()
            await asyncio.sleep(self._limits.look)

    def _derived(self) -> int:
        with self._store.reading() as session:
            return derived(session)

    def _read(self, code: str, first: int) -> list[WatchedEvent]:
        with self._store.reading() as session:
            return events_of_organisation(session, code, first)


def framed(event: WatchedEvent) -> bytes:
    """An event as the stream has it."""
    return b"id: %d\ndata: %b\n\n" % (event.number, dumps(event.to_json()))


class EventStream(Response):
    """The answer that goes on; its place is taken when it begins, and free whenever it ends."""

    media_type = MEDIA

    def __init__(self, streams: Streams, code: str, first: int | None) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._streams = streams
        self._code = code
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what comes. Raises as `Streams.place`, before anything is sent."""
        with self._streams.place(self._code):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for piece in self._streams.listen(self._code, self._first):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
