"""Which tests run: `pytest` alone leaves out what needs more than Python; `scripts/test` runs all.
A file that is named runs whole.

With `CI=true` no test is optional: one that would be skipped fails and says what is missing.

Temporary folders lie in memory where there is room. A killed process loses nothing of what it wrote there, as
on a disk; what a disk does when it is full or failing is tested on a disk of its own
(`tests/ledger/store/test_real_disks.py`).
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]

NEEDS: Final = ("browser", "node", "server", "slow", "token")
"""Markers of what `pytest` alone leaves out (pyproject.toml says what each means)."""

PLACES: Final = {
    "browser": ("tests/api/browser",),
    "server": (
        "tests/cli/test_process.py",
        "tests/cli/test_verify_live.py",
        "tests/desk",
        "tests/ledger/store/test_rewriting.py",
        "tests/ledger/store/test_rights_on_postgresql.py",
        "tests/scripts/test_start.py",
    ),
    "token": ("tests/cli/test_keys.py", "tests/ledger/keys/test_pkcs11_registry.py"),
}
"""Files and folders whose every test needs it; single tests are marked where they stand."""

_ALLOWED: Final = ("this Python's OpenSSL has no SM3", "making devices is not allowed", "may not mount")
"""What depends on the kernel or the interpreter of the machine and no package can bring."""

_MEMORY: Final = Path("/dev/shm")
_ROOM: Final = 6 << 30
"""Bytes that all tests together leave lying at most, with much to spare."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--all`."""
    parser.addoption("--all", action="store_true", help="run every test, also slow ones and those with needs")


def pytest_configure(config: pytest.Config) -> None:
    """Decide once, where the command line is known, whether all tests run."""
    named = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    given = getattr(config, "workerinput", {}).get("everything")
    config.stash[_EVERYTHING] = given if given is not None else bool(config.getoption("--all")) or named
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


_EVERYTHING = pytest.StashKey[bool]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker process, which sees no command line."""
    node.workerinput["everything"] = node.config.stash[_EVERYTHING]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by their place, and leave out those with needs unless all are asked for."""
    for item in items:
        place = item.path.relative_to(ROOT).as_posix()
        for marker, places in PLACES.items():
            if any(place == one or place.startswith(f"{one}/") for one in places):
                item.add_marker(marker)
    if config.stash[_EVERYTHING]:
        # Files with long tests begin first, or the last worker would end long after the others.
        long = sorted({item.path for item in items if item.get_closest_marker("slow")}, reverse=True)
        items.sort(key=lambda item: long.index(item.path) if item.path in long else len(long))
        return
    left_out = [item for item in items if any(item.get_closest_marker(need) for need in NEEDS)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Take what was imported out of the garbage collector's sight: searching it took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where everything must run."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(allowed in reason for allowed in _ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"skipped, but nothing is optional here: {reason}"
    return report
