"""Which tests run: `pytest` alone leaves out what needs more than Python; `scripts/test` runs all.
A file that is named runs whole.

What takes long begins first, or the last worker would end long after the others (`tests/seconds.py`).

With `CI=true` no test is optional: one that would be skipped fails and says what is missing.

Temporary folders lie in memory where there is room. A killed process loses nothing of what it wrote there, as
on a disk; what a disk does when it is full or failing is tested on a disk of its own
(`tests/ledger/store/test_real_disks.py`).
"""

from __future__ import annotations

import gc
import hashlib
import math
import os
from collections.abc import Generator
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

from scripts.network_parts.binaries import geth_at_hand
from tests.seconds import QUICK, Clock, Record, recorded, seconds_of
from tests.statements import Cover, Statements

ROOT: Final = Path(__file__).resolve().parents[1]

NEEDS: Final = ("browser", "network", "node", "server", "slow", "token")
"""Markers of what `pytest` alone leaves out (pyproject.toml says what each means)."""

PLACES: Final = {
    "browser": ("tests/api/browser",),
    "network": ("tests/network",),
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

_ALLOWED: Final = (
    "this Python's OpenSSL has no SM3",
    "making devices is not allowed",
    "may not mount",
    "Go is not installed",
    "it looks into the SQLite file itself",
)
"""What depends on the kernel or the interpreter of the machine and no package can bring; and, with
`--postgresql`, what is about SQLite's file."""

for _name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
    os.environ.pop(_name, None)
os.environ["LANG"] = "C.UTF-8"  # the command line speaks as it says: tests read English unless they set it

hashlib.scrypt = lru_cache(maxsize=10_000)(hashlib.scrypt)  # type: ignore[assignment]
"""A key file that one process opens a hundred times is derived once; what comes out is the same."""

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")  # how busy the machine is, is no fault of what is tested

_MEMORY: Final = Path("/dev/shm")
_ROOM: Final = 6 << 30
"""Bytes that all tests together leave lying at most, with much to spare."""


def _is_roomy(folder: Path) -> bool:
    """Whether tests may write there, run what they write, and have room enough."""
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize >= _ROOM


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--all`, `--record` and `--postgresql` (`tests/on_postgresql.py`)."""
    parser.addoption(
        "--network", action="store_true", help="with --all: all there is of networks of real nodes"
    )
    parser.addoption("--postgresql", action="store_true", help="keep every database on a PostgreSQL server")
    parser.addoption(
        "--record",
        action="store_true",
        help="with --all: keep what each test took;"
        " with --postgresql: which tests together send every statement",
    )
    parser.addoption("--all", action="store_true", help="run every test, also slow ones and those with needs")


def pytest_configure(config: pytest.Config) -> None:
    """Decide once, where the command line is known, whether all tests run."""
    named = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    given = getattr(config, "workerinput", {}).get("everything")
    config.stash[_EVERYTHING] = given if given is not None else bool(config.getoption("--all")) or named
    without: tuple[str, ...] = NEEDS
    if config.stash[_EVERYTHING]:
        # All of them take a dozen minutes and want another geth, too: some run wherever there is one.
        without = () if named or config.getoption("--network") else ("network",)
    config.stash[_WITHOUT] = getattr(config, "workerinput", {}).get("without", without)
    if config.getoption("--postgresql"):
        _keep_elsewhere(config)
    if _is_roomy(_MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


_EVERYTHING = pytest.StashKey[bool]()
_WITHOUT = pytest.StashKey[tuple[str, ...]]()
_CLOCK: Final = Clock()
_RECORD: Final = Record()
_STATEMENTS: Final = Statements()
_COVER: Final = Cover()


_SERVER = pytest.StashKey[ExitStack]()
_ADDRESS = pytest.StashKey[str]()


def _keep_elsewhere(config: pytest.Config) -> None:
    """Start one server for the run, and have this process, or worker, keep its databases there."""
    from tests import on_postgresql, postgresql

    if hasattr(config, "workerinput"):
        address = config.workerinput["postgresql"]
    else:
        config.stash[_SERVER] = ExitStack()
        address = config.stash[_SERVER].enter_context(postgresql.serving("-c max_connections=400"))
    config.stash[_ADDRESS] = address
    on_postgresql.Elsewhere(address).install()
    if config.getoption("--record"):
        _STATEMENTS.listen()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server of `--postgresql`."""
    if (server := config.stash.get(_SERVER, None)) is not None:
        server.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker process, which sees no command line."""
    node.workerinput["without"] = node.config.stash[_WITHOUT]
    node.workerinput["everything"] = node.config.stash[_EVERYTHING]
    node.workerinput["postgresql"] = node.config.stash.get(_ADDRESS, None)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Hear what each test takes, and sends."""
    _RECORD.hear(report)
    _COVER.hear(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep it, where that was asked for."""
    if session.config.getoption("--record") and not hasattr(session.config, "workerinput"):
        (_COVER if session.config.getoption("--postgresql") else _RECORD).write()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by their place, and leave out those with needs unless all are asked for."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    for path, found in files.items():
        place = path.relative_to(ROOT).as_posix()
        for marker, places in PLACES.items():
            if any(place == one or place.startswith(f"{one}/") for one in places):
                for item in found:
                    item.add_marker(marker)
    known = recorded()
    without = config.stash[_WITHOUT]
    if "network" in without and config.stash[_EVERYTHING] and geth_at_hand() is not None:
        without = (*(one for one in without if one != "network"), "whole_network")
    if without:
        quick = math.inf if config.stash[_EVERYTHING] else QUICK
        for path, found in files.items():
            files[path] = [
                item
                for item in found
                if not any(map(item.get_closest_marker, without)) and seconds_of(item, known) < quick
            ]
        left_out = set(items) - {item for found in files.values() for item in found}
        if left_out:
            config.hook.pytest_deselected(items=list(left_out))

    def length(path: Path) -> float:
        return sum(seconds_of(item, known) for item in files[path])

    items[:] = [item for path in sorted(files, key=length, reverse=True) for item in files[path]]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Take what was imported out of the garbage collector's sight: searching it took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what it took, and turn a skip into a failure where everything must run."""
    report = yield
    _CLOCK.tell(report)
    _STATEMENTS.tell(report)
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(allowed in reason for allowed in _ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"skipped, but nothing is optional here: {reason}"
    return report
