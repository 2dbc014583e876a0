"""Who may write to a state folder: its owner, and one at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from yinzheng.ledger.state.instance import LOCK_SECONDS, Paths
from yinzheng.verifier.errors import EnvironmentFault, UsageFault


@contextmanager
def writer_lock(paths: Paths, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Be the one writer of the folder; waits up to `seconds` for another to finish.

    Raises `EnvironmentFault`: `state-locked`, `state-read-only`; `UsageFault` `state-owner`.
    """
    _require_owner(paths)
    try:
        descriptor = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise EnvironmentFault(
                "the state folder cannot be written to",
                code="state-read-only",
                hint="make it writable for this user; nothing was changed.",
            ) from None
        raise
    try:
        _wait_for(paths, descriptor, seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _require_owner(paths: Paths) -> None:
    """Root writes into no folder of another account: that one could not read what root leaves there."""
    if os.geteuid() != 0:
        return
    with suppress(FileNotFoundError):
        owner = paths.instance.stat().st_uid
        if owner != 0:
            raise UsageFault(
                f"this state folder is the account {_name_of(owner)}'s, and root would leave files in it that"
                " this account cannot read",
                code="state-owner",
                hint=f"Nothing was written. Run it as that account: `sudo -u {_name_of(owner)} yinzheng …`;"
                f" a container as `--user {owner}`.",
            )


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"'#{user}'"  # quoted: a shell takes what follows for a comment


def is_awaited(paths: Paths) -> bool:
    """Whether another process waits for the writer's lock at this moment."""
    with _awaiting_file(paths) as descriptor:
        return not _locked(descriptor, fcntl.LOCK_EX)


def _wait_for(paths: Paths, descriptor: int, seconds: float) -> None:
    if _locked(descriptor, fcntl.LOCK_EX):
        return
    deadline = time.monotonic() + seconds
    with _awaiting_file(paths) as awaiting:
        told = False
        while time.monotonic() <= deadline:
            told = told or _locked(awaiting, fcntl.LOCK_SH)
            time.sleep(0.05)
            if _locked(descriptor, fcntl.LOCK_EX):
                return
    holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
    raise EnvironmentFault(
        f"another command is writing to this state folder (process {holder})",
        code="state-locked",
        hint="wait for it to finish, or end it; then run this command again.",
    )


@contextmanager
def _awaiting_file(paths: Paths) -> Iterator[int]:
    descriptor = os.open(paths.awaited, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # and with it the lock


def _locked(descriptor: int, how: int) -> bool:
    """Lock at once, or not at all."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
