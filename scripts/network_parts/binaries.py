"""The programs that nodes run: geth built from the Go module proxy, or a binary that is named."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

GETH: Final = "1.13.15"
"""The last version whose geth has Clique."""
_MODULE: Final = f"github.com/ethereum/go-ethereum/cmd/geth@v{GETH}"
_BUILD_SECONDS: Final = 1200


CLOCK: Final = "YINZHENG_CLOCK_OFF"
"""Name in the environment: seconds by which a node's clock is ahead, or, below zero, behind."""
_OFF: Final = f"""package time

import "syscall"

var clockOff = func() int64 {{
	said, _ := syscall.Getenv("{CLOCK}")
	seconds, _ := atoi(said)
	return int64(seconds)
}}()
"""


class NoProgram(Exception):  # noqa: N818 - what is missing
    """There is no program to run, and none could be made; the message says why."""


class Program(Enum):
    """What kind of node a binary is."""

    GETH = "geth"
    GOQUORUM = "goquorum"
    BESU = "besu"


def find_geth(given: Path | None = None, *, say: Callable[[str], None] = lambda _: None) -> Path:
    """The binary that is named (`given`, else `YINZHENG_GETH`), else one built once and kept.

    `say` hears that it takes a while.

    Raises `NoProgram`: there is no Go, or the build failed.
    """
    found = given or geth_at_hand()
    if found is not None:
        if not os.access(found, os.X_OK):
            raise NoProgram(f"{found} is no program")
        return found.absolute()
    kept, go = _kept(), find_go()
    if go is None:
        raise NoProgram("there is no Go to build geth with; name a binary with --geth or YINZHENG_GETH")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (kept.parent / "lock").open("w") as lock:  # several test workers want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            say(f"building geth {GETH} from the Go module proxy, once: a minute or two")
            _build(go, kept)
    return kept


def geth_at_hand() -> Path | None:
    """The one that `YINZHENG_GETH` names, or that was built here before; None: it would have to be built."""
    if named := os.environ.get("YINZHENG_GETH"):
        return Path(named)
    return kept if (kept := _kept()).exists() else None


def _kept() -> Path:
    return _cache() / f"geth-{GETH}" / "geth"


def find_geth_with_a_clock(*, say: Callable[[str], None] = lambda _: None) -> Path:
    """The same geth with one difference: its clock is off by `CLOCK` seconds of its environment.

    Programs in Go ask the kernel for the time past every library, so that libfaketime moves nothing there.
    `YINZHENG_GETH_CLOCK` may name one that was built before. Raises `NoProgram`.
    """
    if named := os.environ.get("YINZHENG_GETH_CLOCK"):
        return Path(named).absolute()
    kept, go = _cache() / f"geth-{GETH}" / "geth-clock", find_go()
    if kept.exists():
        return kept
    if go is None:
        raise NoProgram("there is no Go to build geth with another clock")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (kept.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            say(f"building geth {GETH} with a clock that can be set, once: some minutes")
            with tempfile.TemporaryDirectory() as folder:
                _build(go, kept, "-overlay", str(_overlay(go, Path(folder))))
    return kept


def _overlay(go: str, folder: Path) -> Path:
    """What the compiler reads instead of Go's own `time.Now`. Raises `NoProgram`."""
    root = subprocess.run([go, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    source = Path(root) / "src" / "time" / "time.go"
    text, told = source.read_text(), re.compile(r"(func Now\(\) Time \{\n\t(sec), [^\n]*\n)")
    changed, found = told.subn(r"\1\tsec += clockOff\n", text)
    if found != 1:
        raise NoProgram("this Go tells the time in another way than was known")
    (folder / "time.go").write_text(changed)
    (folder / "off.go").write_text(_OFF)
    replaced = {source: folder / "time.go", source.with_name("clock_off.go"): folder / "off.go"}
    listed = folder / "overlay.json"
    listed.write_text(json.dumps({"Replace": {str(one): str(two) for one, two in replaced.items()}}))
    return listed


def find_go() -> str | None:
    """The Go command, on the path or where its own installer puts it."""
    return shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")


def kind_of(binary: Path) -> Program:
    """What a binary says it is. Raises `NoProgram`."""
    for argument in ("--version", "version"):
        try:
            done = subprocess.run(
                [str(binary), argument], capture_output=True, text=True, timeout=60, check=False
            )
        except OSError as error:
            raise NoProgram(f"{binary} cannot be run") from error
        said = (done.stdout + done.stderr).lower()
        if "besu" in said:
            return Program.BESU
        if "quorum" in said:
            return Program.GOQUORUM
        if "geth" in said:
            return Program.GETH
    raise NoProgram(f"{binary} says neither geth, GoQuorum nor Besu of itself")


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yinzheng"


def _build(go: str, target: Path, *options: str) -> None:
    """Build beside the wanted place and move it there, so that a broken build leaves nothing."""
    folder = target.parent / "building"
    shutil.rmtree(folder, ignore_errors=True)
    # geth 1.13 reaches into Go's runtime in a way that Go 1.23 and later refuse unless told not to.
    command = [go, "install", "-trimpath", "-ldflags=-checklinkname=0 -s -w", *options, _MODULE]
    environment = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False
    )
    if done.returncode:
        raise NoProgram(f"geth cannot be built: {done.stderr[-400:].strip()}")
    (folder / "geth").replace(target)
    shutil.rmtree(folder, ignore_errors=True)
