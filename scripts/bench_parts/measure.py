"""Figures, and how they are taken: in turns with their floors, medians of several rounds."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `share` is of its floor, as a fraction, where one was measured beside it.

    `goal` is the least (or, if the name of the unit is a time, the most) that was aimed at, in words.
    """

    part: str
    name: str
    value: float
    unit: str
    floor: str = ""
    floor_value: float | None = None
    share: float | None = None
    goal: str = ""
    met: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """As the document has it; what was not measured is left out."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        kept = {name: value for name, value in fields.items() if value not in (None, "")}
        return {name: _rounded(value) for name, value in kept.items()}


def at_least(goal: int, rate: float) -> dict[str, Any]:
    """A figure's `goal` and `met`, for so many a second."""
    return {"goal": f"≥ {goal:,}/s", "met": rate >= goal}


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def seconds(work: Callable[[], object]) -> float:
    """How long it takes once, by the wall clock."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def processor_seconds(work: Callable[[], object]) -> float:
    """How much of the processor it takes once, in all threads of this process: the same on a busy machine."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def in_turns(
    works: Mapping[str, Callable[[], object]], *, rounds: int, repeat: Mapping[str, int] | int
) -> dict[str, float]:
    """Median seconds of one call of each work; every round takes all of them in turn.

    `repeat` is how often a work is called in one round, for all or by name.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times = repeat if isinstance(repeat, int) else repeat[name]
            begin = time.perf_counter()
            for _ in range(times):
                work()
            taken[name].append((time.perf_counter() - begin) / times)
    return {name: median(samples) for name, samples in taken.items()}


def percentile(samples: Sequence[float], share: float) -> float:
    """The sample below which `share` of all lie (nearest rank)."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Times:
    """What each of many takes and, in turns with them, what the floor takes. Seconds."""

    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)

    def figures(self, part: str, name: str, floor: str) -> list[Figure]:
        """Median and 99th percentile, in milliseconds."""
        return [
            Figure(
                part,
                f"{name}, {which}",
                percentile(self.ours, share) * 1e3,
                "ms",
                floor,
                percentile(self.floor, share) * 1e3,
                percentile(self.floor, share) / percentile(self.ours, share),
            )
            for which, share in (("median", 0.5), ("99th percentile", 0.99))
        ]


def peak_mib(process: int | str = "self") -> float:
    """Most memory a program has held, MiB. Not `ru_maxrss`, which on Linux outlives the parent it came from.

    Raises `OSError` for another process that has ended.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        if process != "self":
            raise
        scale = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    held = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return next(held, 0) / 1024
