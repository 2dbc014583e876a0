"""The programs that nodes run: geth built from the Go module proxy, or a binary that is named."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

GETH: Final = "1.13.15"
"""The last version whose geth has Clique."""
_MODULE: Final = f"github.com/ethereum/go-ethereum/cmd/geth@v{GETH}"
_BUILD_SECONDS: Final = 1200


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
    named = given or (Path(os.environ["YINZHENG_GETH"]) if os.environ.get("YINZHENG_GETH") else None)
    if named is not None:
        if not os.access(named, os.X_OK):
            raise NoProgram(f"{named} is no program")
        return named.absolute()
    kept = _cache() / f"geth-{GETH}" / "geth"
    if kept.exists():
        return kept
    go = find_go()
    if go is None:
        raise NoProgram("there is no Go to build geth with; name a binary with --geth or YINZHENG_GETH")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (kept.parent / "lock").open("w") as lock:  # several test workers want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            say(f"building geth {GETH} from the Go module proxy, once: a minute or two")
            _build(go, kept)
    return kept


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


def _build(go: str, target: Path) -> None:
    """Build beside the wanted place and move it there, so that a broken build leaves nothing."""
    folder = target.parent / "building"
    shutil.rmtree(folder, ignore_errors=True)
    # geth 1.13 reaches into Go's runtime in a way that Go 1.23 and later refuse unless told not to.
    command = [go, "install", "-trimpath", "-ldflags=-checklinkname=0 -s -w", _MODULE]
    environment = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False
    )
    if done.returncode:
        raise NoProgram(f"geth cannot be built: {done.stderr[-400:].strip()}")
    (folder / "geth").replace(target)
    shutil.rmtree(folder, ignore_errors=True)
