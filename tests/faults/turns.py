"""Fault tables: a fault that waits until the step begins, and one fault of each step in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from yinzheng.ledger.state.faults import NO_FAULTS, Faults


class Armed(Faults):
    """Passes everything until armed."""

    def __init__(self) -> None:
        self.inner: Faults = NO_FAULTS

    def hit(self, point: str) -> None:
        self.inner.hit(point)


def in_turn(passed: Mapping[str, Sequence[str]]) -> Iterator[dict[str, tuple[str, int]]]:
    """Rounds of at most one fault a step, a point and its occurrence, until each point that each step passed
    has had its own. One registry takes a round, and is looked at whole at its end.
    """
    tried: dict[str, list[tuple[str, int]]] = {}
    for step, points in passed.items():
        seen = Counter[str]()
        tried[step] = []
        for point in points:
            seen[point] += 1
            tried[step].append((point, seen[point]))
    for number in range(max(map(len, tried.values()))):
        yield {step: rows[number] for step, rows in tried.items() if number < len(rows)}
