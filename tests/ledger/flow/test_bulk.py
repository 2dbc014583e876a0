"""Many at a time: the order of the asking, bounds, and what becomes of a fault."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from multiprocessing import active_children
from typing import cast

import pytest
from sqlmodel import Session

from tests.ledger.world import World
from yinzheng.ledger.flow.bulk import in_order, mill, write_batches
from yinzheng.ledger.flow.pipeline import grow_log, settle
from yinzheng.ledger.flow.recording import Occurrence, compose
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.store import repository
from yinzheng.verifier.errors import EnvironmentFault


class Doubling:
    """A maker that says in which process it works."""

    def __enter__(self) -> Doubling:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, number: int) -> tuple[int, int]:
        return 2 * number, os.getpid()


class Ending(Doubling):
    def __call__(self, number: int) -> tuple[int, int]:
        os._exit(number & 1)


class Telling(Doubling):
    """A maker that says whether an interrupt would reach its process."""

    def __call__(self, number: int) -> tuple[int, int]:
        return int(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())), os.getpid()


def test_an_interrupt_reaches_no_worker_from_its_first_instruction_on() -> None:
    """Ctrl-C goes to all processes of a terminal: each that still imported ended with a traceback."""
    with mill(Telling, 2) as making:
        assert [blocked for blocked, _ in in_order(making, range(4), 4)] == [1] * 4
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_workers_make_in_the_order_of_the_asking() -> None:
    with mill(Doubling, 2) as making:
        made = list(in_order(making, range(40), 6))
    assert [number for number, _ in made] == list(range(0, 80, 2))
    assert os.getpid() not in {process for _, process in made}


def test_without_workers_this_process_makes_and_the_maker_is_closed() -> None:
    closed: list[bool] = []

    @contextmanager
    def begin() -> Iterator[Doubling]:
        yield Doubling()
        closed.append(True)

    with mill(begin, 0) as making:
        assert list(in_order(making, [3], 1)) == [(6, os.getpid())]
        assert not closed
    assert closed


def test_a_worker_that_ends_is_told() -> None:
    def made() -> None:
        with mill(Ending, 1) as making:
            list(in_order(making, range(3), 2))

    with pytest.raises(EnvironmentFault) as caught:
        made()
    assert caught.value.code == "import-worker"


class Refusing(Doubling):
    def __enter__(self) -> Doubling:
        raise EnvironmentFault("there is nothing to work with", code="store-missing")


def test_what_a_worker_cannot_begin_with_is_told() -> None:
    with pytest.raises(EnvironmentFault, match="nothing to work with"), mill(Refusing, 1) as making:
        making(1).result()


class Dawdling(Doubling):
    def __call__(self, number: int) -> tuple[int, int]:
        time.sleep(600)
        return super().__call__(number)


def test_an_interrupt_does_not_wait_for_what_is_being_made() -> None:
    with pytest.raises(KeyboardInterrupt), mill(Dawdling, 1) as making:
        waiting = making(1)
        while not waiting.running():
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert active_children() == []


class Copying:
    """Makes as much as it is asked with: more than a pipe takes at once."""

    def __enter__(self) -> Copying:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, data: bytes) -> bytes:
        return data


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.02, 0.05])
def test_an_interrupt_while_much_is_handed_over_does_not_wait(seconds: float) -> None:
    """Whether a worker ends with its question half read, or its answer half written."""
    ended = threading.Event()

    def interrupted() -> None:
        with suppress(KeyboardInterrupt), mill(Copying, 2) as making:
            made = in_order(making, (bytes(2**20) for _ in range(1000)), 12)
            next(made)
            time.sleep(seconds)
            raise KeyboardInterrupt
        ended.set()

    thread = threading.Thread(target=interrupted, daemon=True)
    thread.start()
    assert ended.wait(30)
    thread.join()


def test_whoever_is_done_first_nothing_comes_out_of_turn_and_no_more_is_asked_than_may_be() -> None:
    futures: list[Future[int]] = []

    def ask(number: int) -> Future[int]:
        futures.append(Future())
        if number % 2:  # the second of two is done first
            futures[number].set_result(number)
            futures[number - 1].set_result(number - 1)
        return futures[number]

    taken = in_order(ask, range(10), 2)
    assert [next(taken) for _ in range(3)] == [0, 1, 2]
    assert len(futures) == 4
    assert list(taken) == [3, 4, 5, 6, 7, 8, 9]


# ---------------------------------------------------------------- writing batches


def rows(count: int, letter: bytes) -> list[dict[str, object]]:
    return [
        compose(
            Occurrence(
                type="review.recorded",
                profile="GD-HEALTH/1",
                subject=letter * 28 + number.to_bytes(4, "big"),
                at=1_780_000_000,
                by="registry",
                body={"v": 1, "serial": number},
                prev=None,
            ),
            None,
            now=1_780_000_000,
        ).row
        for number in range(count)
    ]


def write(session: Session, batch: list[dict[str, object]]) -> tuple[int, repository.Placed]:
    return len(batch), repository.add_sequenced(session, batch)


def in_database(registry: Registry) -> list[bytes]:
    with registry.store.reading() as session:
        return list(repository.statements(session, 0, repository.sequenced(session)))


def test_what_was_written_is_tiled_as_it_is_at_hand(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fills no bundle alone is read again, and what was there before; the log is the database's."""
    settle(registry)
    begun = registry.log.size
    with registry.store.transaction() as session:
        repository.add_events(session, rows(3, b"w"))  # they wait, and get their places first
    read: list[int] = []
    stored = repository.statements

    def told(session: Session, first: int, end: int) -> Iterator[bytes]:
        read.append(end - first)
        return stored(session, first, end)

    monkeypatch.setattr(repository, "statements", told)
    batches = [rows(300, b"a"), rows(1, b"b"), rows(700, b"c"), rows(255, b"d")]
    assert list(write_batches(registry, batches, write)) == [300, 1, 700, 255]
    assert max(read) < 256 + begun
    monkeypatch.undo()
    settle(registry)
    assert registry.log.size == begun + 3 + 1256
    assert list(registry.log.entries()) == in_database(registry)


def test_a_batch_is_taken_while_the_one_before_becomes_durable(registry: Registry) -> None:
    """What it fails with is raised after that one is told; and nothing is taken further than one ahead."""
    taken: list[str] = []

    def source() -> Iterator[list[dict[str, object]]]:
        for name in "abc":
            taken.append(f"{name} by {threading.current_thread() is threading.main_thread()}")
            yield rows(10, name.encode())
        raise EnvironmentFault("the disk is full", code="disk-full")

    written = write_batches(registry, source(), write)
    assert (next(written), taken[0]) == (10, "a by True")
    assert [next(written), next(written)] == [10, 10]
    assert taken == ["a by True", "b by False", "c by False"]
    with pytest.raises(EnvironmentFault):
        next(written)
    settle(registry)
    assert list(registry.log.entries()) == in_database(registry)


def test_rows_that_the_database_has_not_are_not_tiled(registry: Registry) -> None:
    settle(registry)
    size = registry.log.size
    lost = repository.Placed(size, [cast("bytes", row["statement"]) for row in rows(600, b"l")])
    grow_log(registry, at_hand=lost)
    assert registry.log.size == size
    with registry.store.transaction() as session:
        there = repository.add_sequenced(session, rows(400, b"t"))
    grow_log(registry, at_hand=lost)
    assert registry.log.size == size + 400
    assert list(registry.log.entries(size)) == there.statements


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after", "log.file.before",
                                   "log.file.after", "log.checkpoint.before"])  # fmt: skip
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_killed_while_batches_are_written_the_log_is_the_database(world: World, point: str, nth: int) -> None:
    with world.open() as registry:
        settle(registry)
    try:
        with world.open(RaiseAt(point, nth)) as registry:
            list(write_batches(registry, [rows(300, b"a"), rows(300, b"b")], write))
            settle(registry)
    except InjectedFault:
        pass
    with world.open() as registry:
        list(write_batches(registry, [rows(300, b"c")], write))
        settle(registry)
        assert list(registry.log.entries()) == in_database(registry)


def test_the_same_decision_makes_the_same_leaf() -> None:
    happened = Occurrence(
        type="review.recorded",
        profile="GD-HEALTH/1",
        subject=b"s" * 32,
        at=1_800_000_000,
        by="registry",
        body={"v": 1, "名": "测试\n", "until": [1, None, True]},
        prev=b"p" * 32,
    )
    made = compose(happened, None, now=5, random=lambda count: bytes(range(count)))
    assert made.leaf_hash == made.statement.leaf_hash
    assert made.leaf_hash.hex() == "dae6dc7c377983cba6419967413a72c68cbc84e91246e0ad8867c1ce12034e01"
