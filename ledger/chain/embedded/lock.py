"""One writer a chain: an exclusive `flock` on `writer.lock`, which dies with its process."""

import fcntl
import os
from pathlib import Path

from yinzheng.verifier.errors import EnvironmentFault


class WriterLock:
    """Holds the writer's lock of `folder` until `close`; `EnvironmentFault` `chain-locked` if it is taken.

    The file stays; the lock is the kernel's and is gone with the process, so nothing is ever stale.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._fd = os.open(folder / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EnvironmentFault(
                "The chain's folder cannot be written to.",
                code="chain-read-only",
                hint="Check the owner and the permissions of the folder, and that its disk is not read-only.",
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise EnvironmentFault(
                "Another process is writing to this chain.",
                code="chain-locked",
                hint="Wait for it to finish, or stop it (`yinzheng serve` or `yinzheng node`),"
                " or send through that node with --rpc.",
            ) from error

    def close(self) -> None:
        """Let the next writer in. Twice is harmless."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
