"""What an organisation learns by naming numbers, and has recorded by trade checks, is counted (R14, R50)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.requests import Request

from tests.desk.calls import DeskProcess, running_desk
from tests.desk.test_trades import Market, desk, founded, market, refused, trade
from tests.ledger import world as w
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.api.desk.app import _fault
from yinzheng.api.desk.quotas import MAX_CHECKS, Quota, Quotas
from yinzheng.api.desk.server import Desk
from yinzheng.client import Answer, Lost
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.certificates.listing import standing_of
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import EnvironmentFault, UsageFault, YinzhengError

__all__ = ["desk", "founded", "market"]

FEW = (4, 5)
STRANGER = "91440101DEM00072XM"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def missing(place: int) -> str:
    """A number that the registry could give, and has not given."""
    return f"SJ441202001{place + 1:04d}"


def guesses_left(act: Callable[[int], object]) -> int:
    """How often something is told before it is told no more, without what time earned meanwhile."""
    begun = time.monotonic()
    for count in range(20):
        fault = fault_of(lambda at=count: act(at))  # type: ignore[misc]
        if fault is not None and fault.code == "rate-limited":
            assert fault.data["retry_after"] >= 1
            return count - int((time.monotonic() - begun) / 5)
    raise AssertionError("it is told for ever")


def fault_of(act: Callable[[], object]) -> YinzhengError | None:
    try:
        act()
    except YinzhengError as fault:
        return fault
    return None


def test_a_guess_costs_and_time_pays() -> None:
    clock = Clock()
    quotas = Quotas(Quota(), 100, clock)

    def guess() -> None:
        with quotas.by_number("a"):
            raise UsageFault("there is none", code="certificate-unknown")

    told = []
    for _ in range(6):
        with pytest.raises(UsageFault) as raised:
            guess()
        told.append(raised.value.code)
    assert told == ["certificate-unknown"] * 4 + ["rate-limited"] * 2
    with quotas.by_number("b"):
        pass  # another's is its own
    with pytest.raises(UsageFault):
        quotas.check("a")  # by no other way either
    clock.now += 5
    with quotas.by_number("a"):
        pass
    quotas.check("a")


def test_other_faults_cost_a_look_up_alone() -> None:
    quotas = Quotas(Quota(), 100, Clock())
    for _ in range(100):
        with pytest.raises(UsageFault) as raised, quotas.by_number("a"):
            raise UsageFault("it is held", code="move-barred")
        assert raised.value.code == "move-barred"
    with pytest.raises(UsageFault) as raised, quotas.by_number("a"):
        pass
    assert (raised.value.code, raised.value.data["retry_after"]) == ("rate-limited", 1)


def test_lines_of_a_batch_count_as_checks_do() -> None:
    clock = Clock()
    quotas = Quotas(Quota(), 100, clock)
    quotas.check("a", MAX_CHECKS)
    for checks, wait in ((1, 1), (MAX_CHECKS, 200)):
        with pytest.raises(UsageFault) as raised:
            quotas.check("a", checks)
        assert (raised.value.code, raised.value.data["retry_after"]) == ("rate-limited", wait)
    clock.now += 10
    quotas.check("a", 500)
    with pytest.raises(UsageFault):
        quotas.may_check("a")


def test_who_hangs_up_before_the_answer_is_counted_all_the_same() -> None:
    """The check is recorded and may be read later: or hanging up would make guessing free."""

    class Busy:
        doing: Future[int] = Future()

        def do_together(self, *_: object, **__: object) -> Future[int]:
            return self.doing

    async def hung_up() -> list[int]:
        counted: list[int] = []
        worker: Any = Busy()
        worker.doing.set_running_or_notify_cancel()
        desk = Desk(worker, cast("Any", None), lambda: 0, registry=bytes(32), pages=cast("Any", None))
        asking = asyncio.ensure_future(
            desk.do_together("checks", None, lambda _registry, items: items, count=counted.append)
        )
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        worker.doing.set_result(3)
        await asyncio.sleep(0)
        return counted

    assert asyncio.run(hung_up()) == [3]


def test_an_exchange_does_not_walk_the_register_by_single_checks(market: Market, desk: DeskProcess) -> None:
    exchange, rival = market.exchange("market", desk.url), market.exchange("rival", desk.url)

    def guess(place: int) -> None:
        exchange.check(trade(missing(place)))

    def told_no_more(act: Callable[[], object]) -> bool:
        """Right after a guess was refused; on a slow machine time pays in between, so more than once."""
        for _ in range(10):
            guesses_left(guess)
            fault = fault_of(act)
            if fault is not None and fault.code == "rate-limited":
                return True
        return False

    assert guesses_left(guess) in FEW
    # What exists is told no more either, by any face that takes a number: or refusals would tell.
    number, other = market.numbers[:2]
    assert told_no_more(lambda: exchange.check(trade(number)))
    assert told_no_more(lambda: exchange.reserve(other))
    assert told_no_more(lambda: list(exchange.check_all([trade(number)])))
    exchange.reservations()  # its own matters go on
    assert rival.check(trade(number)).answer == "allow"


def test_a_number_with_a_seller_who_holds_nothing_is_a_guess(market: Market, desk: DeskProcess) -> None:
    exchange = market.exchange("market", desk.url)
    number, seller = market.numbers[0], {"name": "某公司（虚构）", "code": STRANGER}
    assert guesses_left(lambda _: exchange.check(trade(number, seller=seller))) in FEW


def test_a_batch_of_guesses_is_answered_no_further(market: Market, desk: DeskProcess) -> None:
    exchange = market.exchange("market", desk.url)
    answers = list(exchange.check_all([trade(missing(n)) for n in range(250)]))
    told = [one for one in answers if isinstance(one, Answer)]
    lost = [one for one in answers if isinstance(one, Lost)]
    assert (len(told), {one.code for one in lost}) == (100, {"rate-limited"})
    assert [one.line for one in lost] == list(range(101, 251))
    assert refused(lambda: exchange.check(trade(market.numbers[0]))) == "rate-limited"


def test_reserving_and_watching_by_guessed_numbers_is_counted(market: Market, desk: DeskProcess) -> None:
    exchange, rival = market.exchange("market", desk.url), market.exchange("rival", desk.url)
    assert guesses_left(lambda n: exchange.reserve(missing(n))) in FEW

    def watch(place: int) -> None:
        shown = {"number": missing(place), "leaf": "00" * 32}
        rival._call("POST", "/org/v1/subscriptions", _json(certificates=[shown], webhook=None))

    assert guesses_left(watch) in FEW


def test_a_number_that_is_given_and_not_deposited_is_unknown(world: World, tmp_path: Path) -> None:
    """Byte for byte: whose registration is on its way is told to no other organisation."""

    def told(fault: YinzhengError) -> bytes:
        request = Request({"type": "http", "method": "GET", "path": "/", "headers": []})
        return bytes(asyncio.run(_fault(request, fault)).body)

    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "d")
        w.past_publicity(registry, world.clock, case)
        number = issuing.issue(registry, case, actor_of(registry, OFFICER)).number
        found = []
        for one in (number, missing(1)):
            with registry.store.reading() as session, pytest.raises(UsageFault) as caught:
                standing_of(session, one)
            found.append((caught.value.code, told(caught.value).replace(one.encode(), b"N")))
        assert [code for code, _ in found] == ["certificate-draft", "certificate-unknown"]
        assert found[0][1] == found[1][1]


def test_a_second_batch_waits(market: Market) -> None:
    with running_desk(market.state, "--rate", "20") as running:
        exchange = market.exchange("market", running.url)
        assert len(list(exchange.check_all([{}] * MAX_CHECKS))) == MAX_CHECKS  # no trades, and counted
        with pytest.raises(EnvironmentFault) as raised:
            list(exchange.check_all([trade(market.numbers[0])] * 2000))
        assert raised.value.code == "rate-limited"
        assert 1 < raised.value.data["retry_after"] <= 100
        assert market.exchange("rival", running.url).check(trade(market.numbers[0])).answer == "allow"


def _json(**value: Any) -> bytes:
    return dumps(value)
