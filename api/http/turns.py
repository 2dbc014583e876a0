"""Turns for costly work: so many at once, and one client after the other, however much one of them wants.

A queue of all would be as long as the busiest client makes it. Here each has a queue of its own, and the
queues take turns; an `async with` that is cancelled leaves its queue. Lives in the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from yinzheng.verifier.errors import EnvironmentFault


class Turns:
    """`places` at once, of which one client has at most `each`; so many may wait, a quarter of them one's."""

    def __init__(self, places: int, waiting: int, *, each: int | None = None) -> None:
        self._free = places
        self._each = each or places
        self._room = waiting
        self._room_each = -(-waiting // 4)
        self._busy: dict[str, int] = {}
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for a place and hold it for the block. Raises `EnvironmentFault` `server-busy`."""
        await self._enter(client)
        try:
            yield
        finally:
            self._leave(client)

    async def _enter(self, client: str) -> None:
        if self._may(client):
            self._take(client)
            return
        queue = self._queues.get(client, deque())
        if len(queue) >= self._room_each or sum(map(len, self._queues.values())) >= self._room:
            raise EnvironmentFault(
                "too many requests are waiting",
                code="server-busy",
                hint="Try again in a minute. Nothing is wrong with the certificate.",
                retry_after=30,
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(client, queue).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(client)  # its turn had just come
            elif turn in queue:
                queue.remove(turn)
                self._tidy(client)
            raise

    def _may(self, client: str) -> bool:
        return self._free > 0 and self._busy.get(client, 0) < self._each

    def _take(self, client: str) -> None:
        self._free -= 1
        self._busy[client] = self._busy.get(client, 0) + 1

    def _leave(self, client: str) -> None:
        self._free += 1
        self._busy[client] -= 1
        if not self._busy[client]:
            del self._busy[client]
        for waiting in list(self._queues):
            if self._may(waiting) and (turn := self._next(waiting)) is not None:
                self._take(waiting)
                turn.set_result(None)

    def _next(self, client: str) -> asyncio.Future[None] | None:
        """The first in a client's queue that is still there; its queue goes behind the others'."""
        queue = self._queues[client]
        self._queues.move_to_end(client)
        turn = None
        while queue and (turn is None or turn.done()):
            turn = queue.popleft()
        self._tidy(client)
        return None if turn is None or turn.done() else turn

    def _tidy(self, client: str) -> None:
        if not self._queues.get(client, True):
            del self._queues[client]
