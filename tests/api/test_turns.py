"""Turns: one client's wishes never make another wait for all of them; who goes leaves the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from yinzheng.api.http.turns import Turns
from yinzheng.verifier.errors import EnvironmentFault


class Bench:
    """Work that lasts until it is told to end, and the order in which it began."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.begun: list[str] = []
        self.end = asyncio.Semaphore(0)

    def start(self, client: str) -> asyncio.Task[None]:
        async def work() -> None:
            async with self.turns.turn(client):
                self.begun.append(client)
                await self.end.acquire()

        return asyncio.create_task(work())


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def run(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(act, 5))


def test_clients_take_turns() -> None:
    async def act() -> None:
        bench = Bench(Turns(1, 100))
        tasks = [bench.start("a") for _ in range(6)]
        await settle()
        tasks += [bench.start("b"), bench.start("c"), bench.start("b")]
        for _ in tasks:
            await settle()
            bench.end.release()
        await asyncio.gather(*tasks)
        assert "".join(bench.begun) == "aabcabaaa"

    run(act())


def test_one_client_never_has_all_places() -> None:
    async def act() -> None:
        bench = Bench(Turns(2, 100, each=1))
        tasks = [bench.start("a") for _ in range(10)]
        await settle()
        assert bench.begun == ["a"]
        tasks.append(bench.start("b"))
        await settle()
        assert bench.begun == ["a", "b"]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(act())


def test_who_goes_leaves_the_queue_and_the_place() -> None:
    async def act() -> None:
        bench = Bench(Turns(1, 8))
        tasks = [bench.start("a") for _ in range(3)]
        await settle()
        for _ in range(50):
            with pytest.raises(EnvironmentFault) as caught:
                async with bench.turns.turn("a"):
                    raise AssertionError("no place")
            assert caught.value.code == "server-busy"
            tasks[1].cancel()
            await settle()
            tasks[1] = bench.start("a")
            await settle()
        tasks[0].cancel()  # its place goes on
        await settle()
        assert bench.begun == ["a", "a"]
        # The turn comes and the client goes in the same moment: nobody keeps the place.
        bench.end.release()
        await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        last = bench.start("b")
        bench.end.release()
        bench.end.release()
        await last

    run(act())


def test_those_who_wait_are_bounded_in_all() -> None:
    async def act() -> None:
        bench = Bench(Turns(1, 4))
        tasks = [bench.start(name) for name in "abcde"]
        await settle()
        with pytest.raises(EnvironmentFault):
            async with bench.turns.turn("f"):
                raise AssertionError("no place")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with bench.turns.turn("f"):
            pass

    run(act())
