"""What `--help` costs in a process of its own, beside a Python that only imports typer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from scripts.bench_parts.measure import Figure

GOAL: Final = 0.5
"""Seconds, of processor as of waiting."""

_HELPS: Final = (("--help",), ("verify", "--help"), ("org", "key", "--help"))
_OURS: Final = (sys.executable, "-c", "from yinzheng.api.cli import main; main()")
"""As the installed script does it, whatever folder it is installed in."""
_FLOOR: Final = (sys.executable, "-c", "import typer")


@dataclass
class _Taken:
    """Seconds that one command took, of each run."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def run(self, command: Sequence[str]) -> None:
        before, begin = os.times(), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        self.wall.append(time.perf_counter() - begin)
        after = os.times()
        spent = after.children_user + after.children_system
        self.processor.append(spent - before.children_user - before.children_system)


def measure_help(rounds: int) -> list[Figure]:
    """Median seconds until help is printed, in turns with the floor."""
    floor, ours = _Taken(), {words: _Taken() for words in _HELPS}
    for _ in range(rounds):
        floor.run(_FLOOR)
        for words, taken in ours.items():
            taken.run((*_OURS, *words))
    return [
        _figure(f"yinzheng {' '.join(words)}, {kind}", median(mine), median(least))
        for words, taken in ours.items()
        for kind, mine, least in (
            ("processor", taken.processor, floor.processor),
            ("wall", taken.wall, floor.wall),
        )
    ]


def _figure(name: str, value: float, floor: float) -> Figure:
    return Figure(
        "help", name, value, "s", "python -c 'import typer'", floor, floor / value,
        f"≤ {GOAL} s", value <= GOAL,
    )  # fmt: skip
