"""A bound on waiting holds as `asyncio.timeout`'s does, and costs no timer where nothing is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from yinzheng.api.http.waiting import within


def run(act: Callable[[], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        return await act()

    return asyncio.run(whole())


async def at_once(value: int) -> int:
    return value


async def turns(count: int) -> int:
    for _ in range(count):
        await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    return count


async def bounded(doing: Callable[[], Awaitable[Any]]) -> Any:
    return await within(asyncio.timeout(5), doing())


def test_what_is_there_is_given_without_a_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act() -> int:
        monkeypatch.setattr(asyncio.get_running_loop(), "call_at", None)
        return await within(asyncio.timeout(1), at_once(3))

    assert run(act) == 3


def test_what_is_waited_for_is_given() -> None:
    assert run(lambda: within(asyncio.timeout(5), turns(3))) == 3

    async def of_a_future() -> str:
        coming: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.001, coming.set_result, "come")
        return await within(asyncio.timeout(5), coming)

    assert run(of_a_future) == "come"


@pytest.mark.parametrize("seconds", [0.01, 0, -1])
def test_what_takes_longer_is_given_up(seconds: float) -> None:
    ended: list[str] = []

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        run(lambda: within(asyncio.timeout(seconds), long()))
    assert ended == ["cancelled"]


def test_what_is_raised_comes_through() -> None:
    async def at_once() -> None:
        raise KeyError(1)

    async def later() -> None:
        await asyncio.sleep(0)
        raise KeyError(2)

    async def failed() -> None:
        coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(coming.set_exception, KeyError(3))
        await coming

    for number, doing in enumerate((at_once, later, failed), 1):
        with pytest.raises(KeyError, match=str(number)):
            run(partial(bounded, doing))


def test_who_is_cancelled_is_cancelled_within_and_no_time_is_blamed() -> None:
    ended: list[str] = []

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("ended")

    async def act() -> None:
        task = asyncio.create_task(within(asyncio.timeout(5), long()))
        await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(act)
    assert ended == ["ended"]


def test_what_catches_a_cancellation_goes_on() -> None:
    async def stubborn() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return "done"

    async def act() -> str:
        task = asyncio.create_task(within(asyncio.timeout(5), stubborn()))
        await asyncio.sleep(0.001)
        task.cancel()
        return await task

    assert run(act) == "done"
