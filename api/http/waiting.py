"""Waiting no longer than so long for what mostly need not be waited for at all.

To set a timer and take it back takes the event loop longer than reading a body that has come already, or
sending to a receiver that has room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def within(timeout: asyncio.Timeout, doing: Awaitable[T]) -> T:
    """As `async with timeout: return await doing`; the timer is set once `doing` waits for something.

    Raises `TimeoutError`, and what `doing` raises.
    """
    steps = doing.__await__()
    try:
        waited = next(steps)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # what was awaited for
    async with timeout:
        return await _Rest(waited, steps)


class _Rest(Awaitable[T]):
    """What is left of something that has begun to wait for `waited`."""

    def __init__(self, waited: Any, steps: Generator[Any, Any, T]) -> None:
        self._waited = waited
        self._steps = steps

    def __await__(self) -> Generator[Any, Any, T]:
        waited = self._waited
        while True:
            try:
                try:
                    yield waited  # the event loop sends nothing
                except BaseException as thrown:
                    waited = self._steps.throw(thrown)
                else:
                    waited = next(self._steps)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]  # as above
