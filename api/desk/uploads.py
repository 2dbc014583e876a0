"""Evidence as organisations send it: one signed request, streamed, never whole in memory (S16.3)."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from yinzheng.api.desk.bodies import media_of, one_object
from yinzheng.api.desk.server import Desk, other_body
from yinzheng.api.http.limits import MIB
from yinzheng.ledger.disputes.spool import Spool, Spooled
from yinzheng.verifier.bytes.algorithms import DigestPair, PairHasher
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.evidence_items import MAX_ITEM
from yinzheng.verifier.formats.request import Request as Signed

MEDIA: Final = "application/vnd.yinzheng.item"
"""A line of JSON (S10.7 without `digest` and `size`), a line feed, and the item's bytes."""

MAX_UPLOAD: Final = 4 * 1024 * MIB
"""Bytes of an item that comes by HTTP; larger ones an officer takes in."""

AT_ONCE: Final = 8
"""Uploads at the same time."""

EACH_AT_ONCE: Final = 2
"""Of one organisation."""

SLOWEST: Final = 128 * 1024
"""Bytes a second a sender must reach on the whole, after a minute to begin with; that it never stops is
`api.http.bodies`'."""

_AHEAD: Final = 16
"""Pieces read before they are sealed."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An item as it arrived. Its bytes are in the spool."""

    claim: dict[str, Any] = field(repr=False)
    content: Spooled = field(repr=False)


class Uploads:
    """Takes uploads in, a few at a time. The spool is made with the first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._spool: Spool | None = None
        self._busy: Counter[str] = Counter()

    async def asked(self, request: Request) -> Signed:
        """Who asks; see `Desk.asked`."""
        return await self._desk.asked(request)

    @asynccontextmanager
    async def item(self, request: Request, signed: Signed) -> AsyncIterator[Sent]:
        """The item of a request of `asked`, spooled as long as the block lasts.

        Raises `UsageFault`: `content-type`, `length-required`, `too-large`, `body-slow`; `DataFault`:
        `request-mismatch`, `json-…`; `EnvironmentFault` `server-busy`, `disk-full`.
        """
        if media_of(request) != MEDIA:
            raise UsageFault("an item is sent as " + MEDIA, code="content-type")
        length = _length(request)
        with self._place(signed.org):
            sent, digest = await self._receive(request, 60 + length / SLOWEST)
            try:
                if digest != signed.body:
                    raise other_body()
                yield sent
            finally:
                await run_in_threadpool(sent.content.spool.drop, sent.content)

    @contextmanager
    def _place(self, org: str) -> Iterator[None]:
        """One of the places for uploads: an organisation that fills its own leaves the others' alone."""
        if self._busy[org] >= EACH_AT_ONCE:
            raise UsageFault(
                "too many uploads of this organisation at once",
                code="rate-limited",
                hint="Send one after the other; sign each again.",
                retry_after=10,
            )
        if self._busy.total() >= AT_ONCE:
            raise EnvironmentFault(
                "too many uploads at once", code="server-busy", hint="Try again.", retry_after=10
            )
        self._busy[org] += 1
        try:
            yield
        finally:
            self._busy[org] -= 1

    async def _receive(self, request: Request, seconds: float) -> tuple[Sent, DigestPair]:
        if self._spool is None:
            paths = await self._desk.do(lambda registry: registry.paths)
            self._spool = Spool(paths.root / "incoming")
        body = _Body()
        taking = asyncio.create_task(run_in_threadpool(self._spool.keep, body.content()))
        taking.add_done_callback(lambda task: task.cancelled() or task.exception())  # seen, even if we left
        try:
            async with asyncio.timeout(seconds):
                async for piece in request.stream():
                    await body.put(piece, taking)
                await body.put(None, taking)
                content = await taking
        except TimeoutError:
            raise UsageFault("sending took too long", code="body-slow", hint="Send it again.") from None
        except ClientDisconnect:
            raise UsageFault("the client went away", code="json-malformed") from None
        finally:
            body.gone.set()
        try:
            return Sent(one_object(bytes(body.claim)), content), body.hasher.digest()
        except DataFault:
            content.spool.drop(content)
            raise


class _Body:
    """The body between the network and the thread that seals it: first the claim's line, then the bytes."""

    def __init__(self) -> None:
        self.claim = bytearray()
        self.hasher = PairHasher()
        self.gone = threading.Event()
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._total = 0

    async def put(self, piece: bytes | None, taking: asyncio.Task[Spooled]) -> None:
        """Hand on a piece, None for the end; waits while the disk is slower than the network."""
        while not taking.done():
            try:
                self._pieces.put_nowait(piece)
            except queue.Full:
                await asyncio.sleep(0.005)
            else:
                return
        if piece is not None:
            await taking  # it failed: say why

    def content(self) -> Iterator[bytes]:
        """The bytes after the first line; runs in the thread."""
        line = True
        for piece in self._arriving():
            self.hasher.update(piece)
            if line:
                head, feed, rest = piece.partition(b"\n")
                self.claim += head
                if len(self.claim) > MAX_ITEM:
                    raise DataFault("an item's first line is too long", code="body-too-large")
                line = not feed
                piece = rest
            if piece:
                yield piece
        if line:
            raise DataFault("an item is a line of JSON, a line feed, and its bytes", code="json-malformed")

    def _arriving(self) -> Iterator[bytes]:
        while not self.gone.is_set():
            try:
                piece = self._pieces.get(timeout=0.2)
            except queue.Empty:
                continue
            if piece is None:
                return
            self._total += len(piece)
            if self._total > MAX_UPLOAD:
                raise _too_large()
            yield piece
        raise UsageFault("the client went away", code="json-malformed")


def _length(request: Request) -> int:
    declared = request.headers.get("content-length", "")
    if not (declared.isascii() and declared.isdigit()):
        raise UsageFault("an upload says how long it is", code="length-required", hint="Content-Length")
    if int(declared[:20]) > MAX_UPLOAD:
        raise _too_large()
    return int(declared)


def _too_large() -> UsageFault:
    return UsageFault(
        f"an item sent here has at most {MAX_UPLOAD // MIB} MiB",
        code="too-large",
        hint="Split it, or hand it to an officer of the registry.",
        limit=MAX_UPLOAD,
    )
