"""Whoever gives an address whose name is answered slowly keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, cast

from starlette.concurrency import run_in_threadpool

from yinzheng.api.desk.server import Desk
from yinzheng.ledger.notify.sending import Courier


def test_names_that_are_answered_slowly_take_no_threads_from_others() -> None:
    over = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        over.wait(10)
        return ["198.18.0.1"]

    async def drive() -> None:
        nothing = cast(Any, None)
        desk = Desk(
            nothing, nothing, lambda: 0, registry=bytes(32), pages=nothing, courier=Courier(resolve=slow)
        )
        asked = [asyncio.create_task(desk.check_address("https://slow.example/")) for _ in range(64)]
        try:
            await asyncio.sleep(0.2)
            assert await asyncio.wait_for(run_in_threadpool(lambda: 1), 2) == 1
        finally:
            over.set()
            await asyncio.gather(*asked, return_exceptions=True)

    asyncio.run(drive())
