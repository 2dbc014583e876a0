"""Many at a time: the order of the asking, bounds, and what becomes of a fault."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from yinzheng.ledger.flow.bulk import in_order, mill
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
