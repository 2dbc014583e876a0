"""One desk for each state folder: two would take turns, and each would keep its own count of requests."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.errors import EnvironmentFault

LOCK_FILE: Final = "desk.lock"


@contextmanager
def sole_desk(paths: Paths) -> Iterator[None]:
    """Be the one desk of the folder as long as the block lasts.

    Raises `EnvironmentFault` `desk-running`, naming the other's process.
    """
    descriptor = os.open(paths.root / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise EnvironmentFault(
                f"a desk is running for this state folder already (process {holder})",
                code="desk-running",
                hint="Use that one, or end it first.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
