"""The desk's writer: alike jobs together, nobody failing for another, the lock given back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, cast

import pytest

from yinzheng.api.desk import worker as working
from yinzheng.api.desk.worker import Pace, Worker
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError

QUICK = Pace(idle=0.02, burst=5.0, turn=0.0)


class Registers:
    """Stands in for opening the registry, and counts."""

    def __init__(self) -> None:
        self.opened = 0
        self.settled = 0
        self.fault: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    @contextmanager
    def open(self) -> Iterator[Registry]:
        self.gate.wait(10)
        if self.fault is not None:
            raise self.fault
        self.opened += 1
        yield cast(Registry, self)

    def settle(self, registry: Registry) -> None:
        assert cast(object, registry) is self
        self.settled += 1


@pytest.fixture
def registers() -> Registers:
    return Registers()


@pytest.fixture
def worker(registers: Registers) -> Iterator[Worker]:
    made = Worker(registers.open, lambda registry: registers.settle(registry), pace=QUICK)
    made.start()
    yield made
    registers.gate.set()
    made.stop()


def done(answer: Future[Any]) -> Any:
    return answer.result(10)


def test_what_waits_is_done_in_one_opening_and_settled(registers: Registers, worker: Worker) -> None:
    registers.gate.clear()
    answers = [worker.do(lambda _, n=n: n) for n in range(5)]  # type: ignore[misc]
    registers.gate.set()
    assert [done(answer) for answer in answers] == [0, 1, 2, 3, 4]
    worker.stop()
    assert registers.opened == 1
    assert registers.settled >= 1


def test_what_is_alike_is_done_together_and_answered_in_order(registers: Registers, worker: Worker) -> None:
    calls: list[list[int]] = []

    def run(_: Registry, items: Sequence[Any]) -> list[int]:
        calls.append(list(items))
        return [item * 10 for item in items]

    registers.gate.clear()
    worker.do(lambda _: None)
    answers = [worker.do_together("a" if n % 2 else "b", n, run) for n in range(6)]
    registers.gate.set()
    assert [done(answer) for answer in answers] == [0, 10, 20, 30, 40, 50]
    assert calls == [[0, 2, 4], [1, 3, 5]]


def test_nobody_fails_for_another(registers: Registers, worker: Worker) -> None:
    def run(_: Registry, items: Sequence[Any]) -> list[int]:
        if 1 in items:
            raise DataFault("one is not lawful", code="one")
        return list(items)

    registers.gate.clear()
    answers = [worker.do_together("a", n, run) for n in range(3)]
    registers.gate.set()
    assert (done(answers[0]), done(answers[2])) == (0, 2)
    with pytest.raises(DataFault):
        done(answers[1])


def test_one_that_fails_costs_the_others_few_transactions(registers: Registers, worker: Worker) -> None:
    done_together: list[int] = []

    def run(_: Registry, items: Sequence[Any]) -> list[int]:
        if 77 in items:
            raise DataFault("one is not lawful", code="one")
        done_together.append(len(items))
        return list(items)

    registers.gate.clear()
    worker.do(lambda _: None)
    answers = [worker.do_together("a", n, run) for n in range(128)]
    registers.gate.set()
    told = [None if n == 77 else done(answer) for n, answer in enumerate(answers)]
    assert [one for one in told if one is not None] == [n for n in range(128) if n != 77]
    with pytest.raises(DataFault):
        done(answers[77])
    assert len(done_together) == 7


def test_a_defect_tells_nothing_of_its_data(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Registry) -> None:
        raise ValueError("张三")

    with pytest.raises(YinzhengError) as raised:
        done(worker.do(broken))
    assert raised.value.code == "internal"
    assert "张三" not in caplog.text + str(raised.value)
    assert f"ValueError at {__name__}" in caplog.text


def test_a_librarys_panic_ends_no_writer(worker: Worker) -> None:
    class Panic(BaseException):
        pass

    def act(_: Registry) -> int:
        raise Panic

    for _ in range(2):
        with pytest.raises(YinzhengError) as told:
            done(worker.do(act))
        assert told.value.code == "internal"
    assert done(worker.do(lambda _: 7)) == 7


def test_a_registry_that_does_not_open_is_told_to_all_who_wait(registers: Registers, worker: Worker) -> None:
    registers.fault = EnvironmentFault("another command is writing", code="state-locked")
    for answer in [worker.do(lambda _: 1), worker.do(lambda _: 2)]:
        with pytest.raises(EnvironmentFault) as raised:
            done(answer)
        assert raised.value.code == "state-locked"
    registers.fault = None
    assert done(worker.do(lambda _: 3)) == 3


def test_what_the_chain_refuses_is_acknowledged_all_the_same(
    registers: Registers, worker: Worker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Registry) -> None:
        raise EnvironmentFault("the node does not answer", code="node-unreachable")

    monkeypatch.setattr(registers, "settle", away)
    assert done(worker.do(lambda _: 1)) == 1
    assert done(worker.do(lambda _: 2)) == 2
    worker.stop()
    assert "node-unreachable" in caplog.text


@pytest.mark.parametrize(
    ("awaited", "longest", "openings"), [(True, 600.0, 3), (False, 600.0, 1), (False, 6.0, 2)]
)
def test_the_lock_is_given_to_who_waits_however_much_is_to_do(
    registers: Registers, awaited: bool, longest: float, openings: int
) -> None:
    """And where nobody waits the registry is opened anew in the end: what time alone brings about is due."""
    now = [0.0]
    worker = Worker(
        registers.open,
        registers.settle,
        awaited=lambda: awaited,
        pace=Pace(idle=0.02, burst=3.0, longest=longest, turn=0.0),
        monotonic=lambda: now[0],
    )

    def second(_: Registry) -> None:
        now[0] += 1.0

    answers = [worker.do(second) for _ in range(9)]
    worker.start()
    for answer in answers:
        done(answer)
    worker.stop()
    assert registers.opened == openings
    assert registers.settled >= 3  # what is acknowledged goes to the chain all the same


def test_a_full_queue_and_an_ended_desk_take_nothing(
    registers: Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "MOST_WAITING", 2)
    worker = Worker(registers.open, registers.settle, pace=QUICK)
    waiting = [worker.do(lambda _: None) for _ in range(2)]
    with pytest.raises(EnvironmentFault) as raised:
        worker.do(lambda _: None)
    assert (raised.value.code, raised.value.data["retry_after"]) == ("server-busy", 30)
    worker.stop()
    for answer in waiting:
        with pytest.raises(EnvironmentFault):
            done(answer)
    with pytest.raises(EnvironmentFault):
        worker.do(lambda _: None)


def test_an_idle_writer_holds_nothing(registers: Registers) -> None:
    inside = threading.Event()

    @contextmanager
    def open_() -> Iterator[Registry]:
        inside.set()
        with registers.open() as registry:
            yield registry
        inside.clear()

    worker = Worker(open_, registers.settle, pace=QUICK)
    worker.start()
    done(worker.do(lambda _: None))
    deadline = time.monotonic() + 10
    while inside.is_set() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not inside.is_set()
    worker.stop()


def test_a_job_whose_client_went_is_not_done(worker: Worker, registers: Registers) -> None:
    """Its place in the queue is free, and what waits with it is done."""
    registers.gate.clear()
    done_: list[int] = []

    def all_of(_: Registry, items: Sequence[int]) -> Sequence[int]:
        done_.extend(items)
        return items

    answers = [worker.do_together("alike", at, all_of) for at in range(4)]
    alone = worker.do(lambda _: done_.append(99))
    assert answers[0].cancel()
    assert answers[2].cancel()
    assert alone.cancel()
    registers.gate.set()
    assert [done(answers[1]), done(answers[3])] == [1, 3]
    assert done(worker.do(lambda _: done_)) == [1, 3]


def test_cancelled_jobs_make_room(
    worker: Worker, registers: Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "MOST_WAITING", 2)
    registers.gate.clear()
    waiting = [worker.do(lambda _: None) for _ in range(2)]
    with pytest.raises(EnvironmentFault):
        worker.do(lambda _: None)
    waiting[0].cancel()
    last = worker.do(lambda _: "done")
    registers.gate.set()
    assert done(last) == "done"
