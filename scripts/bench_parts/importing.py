"""Imports consents in a process of its own, so that its memory and its workers' can be told from the bench's.

Run as `python -m scripts.bench_parts.importing STATE FILE CODE`: prints one JSON object. It imports nothing
that an import does not need, for each worker loads this module too.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench_parts.measure import peak_mib

WATCH_SECONDS = 0.05
_HELPER_MIB = 30
"""What holds less only waits to clean up after spawned processes: it is no worker."""


@dataclass
class _Watch:
    """Looks at the memory of this process's children until it is told to stop. MiB by process id."""

    peaks: dict[int, float] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> _Watch:
        threading.Thread(target=self._look, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _look(self) -> None:
        while not self._ended.wait(WATCH_SECONDS):
            for child in _children():
                with suppress(OSError):
                    self.peaks[child] = max(self.peaks.get(child, 0), peak_mib(child))


def _children() -> list[int]:
    found: list[int] = []
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def _main(state: Path, lines: Path, code: str) -> None:
    from yinzheng.ledger.consents.importing import import_consents
    from yinzheng.ledger.demonstration.certificates import demonstration_keys
    from yinzheng.ledger.opening import open_registry

    durable: list[float] = []

    def hear(step: str) -> None:
        if step.startswith("recorded"):
            durable.append(time.perf_counter())

    with open_registry(state, demonstration_keys) as registry, _Watch() as watch:
        begin = time.perf_counter()
        outcome = import_consents(registry, lines, code, progress=hear)
        anchored = time.perf_counter() - begin
    workers = [peak for peak in watch.peaks.values() if peak > _HELPER_MIB]
    found = {
        "durable": durable[-1] - begin,
        "anchored": anchored,
        "recorded": outcome.recorded,
        "rejected": outcome.rejected,
        "main": peak_mib(),
        "workers": workers,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
