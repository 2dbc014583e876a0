"""Fault tables: a fault that waits until the step begins, one of each step in turn, and a death."""

from __future__ import annotations

import gc
import os
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import zip_longest

from tests.ledger.world import World
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import NO_FAULTS, Faults, KillAt


class Armed(Faults):
    """Passes everything until armed."""

    def __init__(self) -> None:
        self.inner: Faults = NO_FAULTS

    def hit(self, point: str) -> None:
        self.inner.hit(point)


Fault = tuple[str, int]
"""A point and its occurrence."""


def in_turn(passed: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Fault]]:
    """Rounds of at most one fault a step, until all that each step may leave (`deaths`) was left.

    One registry takes a round, and is looked at whole at its end.
    """
    return rounds({step: deaths(points) for step, points in passed.items()})


def rounds(faults: Mapping[str, Sequence[Fault]]) -> Iterator[dict[str, Fault]]:
    """The same, of these faults of each step."""
    for one in zip_longest(*faults.values()):
        yield {step: fault for step, fault in zip(faults, one, strict=True) if fault is not None}


def sampled(passed: Mapping[str, Sequence[str]], every: int) -> dict[str, list[Fault]]:
    """Each step's own writes, and every so-manieth of the rest, which moves on with each step."""
    return {
        step: [
            fault
            for place, fault in enumerate(_numbered(points))
            if place <= points.index("store.commit.after") or (place + index) % every == 0
        ]
        for index, (step, points) in enumerate(passed.items())
    }


def deaths(points: Sequence[str]) -> list[Fault]:
    """Where one who ends leaves what is left nowhere else: after a write is before the next one.

    But for the decision's own, after which it dies before it told anybody.
    """
    numbered = list(_numbered(points))
    own = ("store.commit.after", 1)
    return [
        fault
        for fault, following in zip(numbered, [*points[1:], ""], strict=True)
        if fault == own or not (fault[0].endswith(".after") and following.endswith(".before"))
    ]


def spanning(steps: Sequence[str], faults: Collection[str]) -> Sequence[str]:
    """From the first step that has a fault to the last: what a registry goes through for a round."""
    places = [steps.index(step) for step in faults]
    return steps[min(places) : max(places) + 1]


def killed(world: World, fault: Fault, act: Callable[[Registry], object]) -> bool:
    """Act and settle in a process that `kill -9` ends there; tells whether it had been acknowledged."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        gc.disable()  # or it would copy, page by page, what it looks through
        try:
            armed = Armed()
            with world.open(armed, settle=False) as registry:
                armed.inner = KillAt(*fault)
                act(registry)
                os.write(writing, b"acknowledged")
                settle(registry)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        acknowledged = pipe.read() == b"acknowledged"
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), f"{fault} was not passed"
    assert os.WTERMSIG(status) == signal.SIGKILL
    return acknowledged


def _numbered(points: Sequence[str]) -> Iterator[Fault]:
    seen = Counter[str]()
    for point in points:
        seen[point] += 1
        yield point, seen[point]
