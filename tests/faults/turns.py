"""Fault tables: a fault that waits until the step begins, and one fault of each step in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import zip_longest

from yinzheng.ledger.state.faults import NO_FAULTS, Faults


class Armed(Faults):
    """Passes everything until armed."""

    def __init__(self) -> None:
        self.inner: Faults = NO_FAULTS

    def hit(self, point: str) -> None:
        self.inner.hit(point)


Fault = tuple[str, int]
"""A point and its occurrence."""


def in_turn(passed: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Fault]]:
    """Rounds of at most one fault a step, until each point that each step passed has had its own.

    One registry takes a round, and is looked at whole at its end.
    """
    return rounds({step: list(_numbered(points)) for step, points in passed.items()})


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


def spanning(steps: Sequence[str], faults: Collection[str]) -> Sequence[str]:
    """From the first step that has a fault to the last: what a registry goes through for a round."""
    places = [steps.index(step) for step in faults]
    return steps[min(places) : max(places) + 1]


def _numbered(points: Sequence[str]) -> Iterator[Fault]:
    seen = Counter[str]()
    for point in points:
        seen[point] += 1
        yield point, seen[point]
