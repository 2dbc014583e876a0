"""What another thread has done comes home to the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from yinzheng.api.desk.homecoming import Homecoming


def test_one_call_wakes_the_loop_for_all_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait() -> None:
        loop, coming = asyncio.get_running_loop(), Homecoming()
        woken: list[Callable[..., Any]] = []
        wake = loop.call_soon_threadsafe

        def counted(call: Callable[..., Any], *given: Any) -> asyncio.Handle:
            woken.append(call)
            return wake(call, *given)

        jobs: list[Future[int]] = [Future() for _ in range(5)]
        waiting = [asyncio.create_task(coming.of(job)) for job in jobs]
        await asyncio.sleep(0)
        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        for number, job in enumerate(jobs):
            job.set_result(number)
        assert await asyncio.gather(*waiting) == [0, 1, 2, 3, 4]
        assert len(woken) == 1
        late: Future[int] = Future()
        asked = asyncio.create_task(coming.of(late))
        await asyncio.sleep(0)
        await asyncio.to_thread(late.set_result, 5)  # another thread rings again
        assert await asked == 5

    asyncio.run(wait())


def test_an_answer_is_counted_though_nobody_waits_any_more() -> None:
    async def wait() -> list[int]:
        heard: list[int] = []
        job: Future[int] = Future()
        asked = asyncio.create_task(Homecoming().of(job, heard.append))
        await asyncio.sleep(0)
        assert job.set_running_or_notify_cancel()  # the writer has begun
        asked.cancel()
        await asyncio.wait([asked])
        assert asked.cancelled()
        job.set_result(7)
        await asyncio.sleep(0)
        return heard

    assert asyncio.run(wait()) == [7]


def test_whoever_goes_before_it_begins_gives_the_job_up() -> None:
    async def wait() -> None:
        heard: list[int] = []
        job: Future[int] = Future()
        asked = asyncio.create_task(Homecoming().of(job, heard.append))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait([asked])
        await asyncio.sleep(0)
        assert job.cancelled()
        assert heard == []

    asyncio.run(wait())


def test_what_was_raised_is_raised_and_counts_nothing() -> None:
    async def wait() -> None:
        heard: list[int] = []
        job: Future[int] = Future()
        job.set_exception(ValueError("no"))
        with pytest.raises(ValueError, match="no"):
            await Homecoming().of(job, heard.append)
        assert heard == []

    asyncio.run(wait())


def test_a_count_that_fails_keeps_nobody_waiting() -> None:
    def fails(_answer: int) -> None:
        raise RuntimeError("of counting")

    async def wait() -> int:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: faults.append(told["exception"]))
        coming, jobs = Homecoming(), [Future[int](), Future[int]()]
        waiting = [asyncio.create_task(coming.of(job, fails)) for job in jobs]
        await asyncio.sleep(0)
        for job in jobs:
            job.set_result(7)
        return sum(await asyncio.wait_for(asyncio.gather(*waiting), 10))

    faults: list[BaseException] = []
    assert asyncio.run(wait()) == 14
    assert [str(one) for one in faults] == ["of counting"] * 2


def test_a_loop_that_is_closed_hears_nothing_and_the_next_one_does() -> None:
    coming, job = Homecoming(), Future[int]()

    async def leave() -> None:
        asyncio.create_task(coming.of(job))  # noqa: RUF006 - it ends with the loop
        await asyncio.sleep(0)
        job.set_running_or_notify_cancel()

    async def wait() -> int:
        done: Future[int] = Future()
        done.set_result(1)
        return await coming.of(done)

    asyncio.run(leave())
    job.set_result(7)
    assert asyncio.run(wait()) == 1
