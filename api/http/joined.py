"""What is written in one turn of the event loop is sent at once: the head of an answer with its body.

The server writes the head, then the body, and asyncio sends each as it comes. A second call of the system
costs as much as finding out who asks, and many a client wakes up for half of an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

MOST: Final = 64 * 1024
"""Bytes that are kept back for the turn at most: flow control knows nothing of them."""


class Joined(asyncio.Transport):
    """Sends over `inner` at the end of the turn, or when `flush` is called, in the order written.

    `sending` tells whether the other end has not said everything yet: whoever closes then resets the
    connection, and the answer may be lost before it is read. So the first `close` only says that nothing
    more will come, and the next one, or `end`, ends it.
    """

    def __init__(
        self,
        inner: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        sending: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__()
        self.said = False
        """Nothing more will come from us."""
        self._sending = sending
        self._inner = inner
        self._loop = loop
        self._kept: list[bytes] = []
        self._size = 0
        self._turn: asyncio.Handle | None = None

    def write(self, data: Any) -> None:
        """Keep it for the end of this turn; send it now where it is much."""
        if not data:
            return
        self._kept.append(bytes(data))
        self._size += len(data)
        if self._size >= MOST:
            self.flush()
        elif self._turn is None:
            self._turn = self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what was kept."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if self._kept:
            kept, self._kept, self._size = b"".join(self._kept), [], 0
            self._inner.write(kept)

    def close(self) -> None:
        """Send what was kept, and end the connection, or this half of it while the other end still sends."""
        if self.said or not self._sending() or not self._inner.can_write_eof():
            self.end()
        else:
            self.flush()
            self.said = True
            self._inner.write_eof()

    def end(self) -> None:
        """Send what was kept, and end the connection."""
        self.flush()
        self._inner.close()

    def abort(self) -> None:
        """End the connection now."""
        self._kept, self._size = [], 0
        self.flush()
        self._inner.abort()

    def is_closing(self) -> bool:
        """As of the transport within."""
        return self._inner.is_closing()

    def pause_reading(self) -> None:
        """As of the transport within."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """As of the transport within."""
        self._inner.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As of the transport within."""
        return self._inner.get_extra_info(name, default)
