"""What the writer's thread has done comes home to the event loop: one call wakes it for all that is there.

Waking it is dear: a byte through a pipe, and a moment in which both threads want the interpreter.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class Homecoming:
    """Waits in event loops for what another thread does."""

    def __init__(self) -> None:
        self._doors: WeakKeyDictionary[asyncio.AbstractEventLoop, _Door] = WeakKeyDictionary()

    async def of(self, doing: Future[T], count: Callable[[T], None] = lambda _answer: None) -> T:
        """Give the answer, or raise what was raised; whoever is cancelled meanwhile gives the job up.

        `count` hears the answer first, in the event loop's thread, also where nobody waits any more.
        """
        loop = asyncio.get_running_loop()
        door = self._doors.get(loop)
        if door is None:
            door = self._doors[loop] = _Door()
        waiter: asyncio.Future[T] = loop.create_future()
        doing.add_done_callback(lambda done: door.enter(done, waiter, count))
        try:
            return await waiter
        except asyncio.CancelledError:
            doing.cancel()
            raise


class _Door:
    """One event loop's."""

    def __init__(self) -> None:
        self._come: deque[tuple[Future[Any], asyncio.Future[Any], Callable[[Any], None]]] = deque()
        self._rung = False

    def enter(self, done: Future[Any], waiter: asyncio.Future[Any], count: Callable[[Any], None]) -> None:
        """In any thread: it is done, given up, or has failed."""
        self._come.append((done, waiter, count))
        loop = waiter.get_loop()
        if not self._rung and not loop.is_closed():
            self._rung = True
            loop.call_soon_threadsafe(self._open)

    def _open(self) -> None:
        self._rung = False  # before anything is taken in: whoever comes from now on rings again
        while self._come:
            _tell(*self._come.popleft())


def _tell(done: Future[Any], waiter: asyncio.Future[Any], count: Callable[[Any], None]) -> None:
    if done.cancelled():
        waiter.cancel()
        return
    error = done.exception()
    if error is None:
        try:
            count(done.result())
        except Exception as fault:  # who waits is told whatever counting does, and so are all behind them
            told = {"message": "an answer could not be counted", "exception": fault}
            waiter.get_loop().call_exception_handler(told)
    if waiter.done():
        return
    if error is None:
        waiter.set_result(done.result())
    else:
        waiter.set_exception(error)
