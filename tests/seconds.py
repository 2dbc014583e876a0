"""What tests took: seconds of processor of each, in one recorded run of all (`tests/seconds.json`).

`pytest --all --record` writes them anew. By them the longest files begin first, and `pytest` alone leaves out
what is not quick.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

FILE: Final = Path(__file__).with_name("seconds.json")

QUICK: Final = 0.2
"""Seconds from which `pytest` alone leaves a test out."""

USUAL: Final = 0.03
"""Seconds of what is not listed."""

_LEAST: Final = 0.2
PROPERTY: Final = "seconds of processor"


def function_of(nodeid: str) -> str:
    """A test without its parameters."""
    return nodeid.partition("[")[0]


def recorded() -> dict[str, float]:
    """Mean seconds of a test's cases, by its function; only of what took long enough to be told apart."""
    files: dict[str, dict[str, float]] = json.loads(FILE.read_bytes()) if FILE.exists() else {}
    return {f"{file}::{name}": taken for file, tests in files.items() for name, taken in tests.items()}


class Clock:
    """Processor time of this process and of those it waited for, between one report and the next."""

    def __init__(self) -> None:
        self._last = self._now()

    @staticmethod
    def _now() -> float:
        return sum(os.times()[:4])

    def tell(self, report: pytest.TestReport) -> None:
        """Write on a report what went by since the one before."""
        now = self._now()
        report.user_properties.append((PROPERTY, now - self._last))
        self._last = now


class Record:
    """What the reports of a run told."""

    def __init__(self) -> None:
        self._cases: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def hear(self, report: pytest.TestReport) -> None:
        """Add one report, of setting up, of the test or of tearing down."""
        cases = self._cases[function_of(report.nodeid)]
        told = sum(float(str(value)) for name, value in report.user_properties if name == PROPERTY)
        cases[report.nodeid] = cases.get(report.nodeid, 0.0) + told

    def write(self) -> None:
        """Replace what is kept."""
        files: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for function, cases in sorted(self._cases.items()):
            file, _, name = function.partition("::")
            mean = sum(cases.values()) / len(cases)
            if mean >= _LEAST:
                files[file][name] = round(mean, 1)
        FILE.write_text(json.dumps(files, indent=1) + "\n", encoding="utf-8")


def seconds_of(item: pytest.Item, known: Mapping[str, float]) -> float:
    """Seconds that a test took, or might take by its markers if it is a new one."""
    if (taken := known.get(function_of(item.nodeid))) is not None:
        return taken
    if item.get_closest_marker("slow") is not None:
        return 15.0
    return 2.0 if item.get_closest_marker("server") or item.get_closest_marker("browser") else USUAL
