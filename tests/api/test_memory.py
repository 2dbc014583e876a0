"""Memory for bodies: small ones have a reserve, no client has all, and who lags behind gives way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from yinzheng.api.http.bodies import Bodies, BodyPace, patience_of
from yinzheng.api.http.limits import MIB
from yinzheng.api.http.memory import Memory
from yinzheng.verifier.errors import EnvironmentFault, UsageFault

LARGE, SMALL = 16 * MIB, 8 * MIB


def test_memory_is_given_back_after_a_failure() -> None:
    memory = Memory(LARGE, SMALL, largest=LARGE)
    for _ in range(3):
        with pytest.raises(EnvironmentFault), memory.lease(holder="a") as lease:
            lease.grow(LARGE)
            with memory.lease(holder="b") as other:
                other.grow(2 * MIB)
    with memory.lease(holder="a") as lease:
        lease.grow(LARGE)


def test_small_bodies_go_on_while_large_ones_hold_everything() -> None:
    memory = Memory(LARGE, SMALL)
    leases = [memory.lease(holder=f"client {at}") for at in range(4)]
    for lease in leases:
        lease.__enter__().grow(LARGE // 4)
    with memory.lease(holder="another") as small:
        small.grow(MIB)
        with pytest.raises(EnvironmentFault) as caught:
            small.grow(1)
    assert caught.value.data["retry_after"]
    for lease in leases:
        lease.__exit__(None, None, None)


def test_no_lease_is_nobodys() -> None:
    with pytest.raises(TypeError), Memory(LARGE, SMALL).lease():
        pass


def test_no_client_has_more_than_its_share() -> None:
    memory = Memory(LARGE, SMALL)
    with memory.lease(holder="a") as one, memory.lease(holder="a") as two:
        one.grow(3 * MIB)
        with pytest.raises(UsageFault) as caught:
            two.grow(2 * MIB)
        assert caught.value.code == "rate-limited"
        two.grow(MIB)
        with memory.lease(holder="b") as other:
            other.grow(4 * MIB)


def a_request(pieces: list[Any], pace: BodyPace, act: Any) -> Any:
    """Run `act(request)` behind `Bodies`, whose sender sends pieces, and waits where one is a number."""

    async def receive() -> Message:
        while isinstance(pieces[0], float):
            await asyncio.sleep(pieces.pop(0))
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def app(scope: Any, receive: Any, _: Any) -> None:
        found.append(await act(Request(scope, receive)))

    found: list[Any] = []
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": []}
    asyncio.run(Bodies(app, pace)(scope, receive, lambda _: None))  # type: ignore[arg-type, return-value]
    return found[0]


async def length(request: Request) -> int | str:
    try:
        return len(await request.body())
    except UsageFault as fault:
        return fault.code


def test_a_sender_at_the_slowest_pace_is_waited_for_to_the_end() -> None:
    assert a_request([0.05, b"x" * 100] * 10, BodyPace(0.2, 1000), length) == 1000


@pytest.mark.parametrize("sent", [0, 1, 10_000_000])
def test_who_stops_is_given_up_however_much_was_sent(sent: int) -> None:
    assert a_request([b"x" * sent, 5.0, b"x"], BodyPace(0.1, 1000), length) == "body-slow"


def test_who_drips_is_given_up() -> None:
    assert a_request([0.02, b"x"] * 100, BodyPace(0.1, 1000), length) == "body-slow"


def test_a_body_that_lags_gives_way_to_one_that_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yinzheng.api.http.bodies._BEHIND", 0.05)
    memory = Memory(LARGE, SMALL, largest=LARGE)

    async def act(request: Request) -> tuple[str | int, int]:
        async def slow() -> str | int:
            with memory.lease(request, "slow") as lease:
                lease.grow(LARGE)
                return await length(request)

        waiting = asyncio.create_task(slow())
        await asyncio.sleep(0.02)
        with memory.lease(holder="quick") as quick:
            with pytest.raises(EnvironmentFault):
                quick.grow(LARGE)
            await asyncio.sleep(0.1)
            quick.grow(LARGE)
            said = await waiting
            return said, quick.held

    assert a_request([5.0, b"x"], BodyPace(10, 1000), act) == ("body-slow", LARGE)


def test_a_request_from_elsewhere_has_no_patience() -> None:
    assert patience_of({"type": "http"}) is None
