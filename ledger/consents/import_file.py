"""A file of lines that is read twice: once to find its lines and its digest, then line by line in any order.

Memory is 8 bytes a line. The file is not loaded, and nothing of it is kept.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from yinzheng.ledger.consents.ndjson import EncodingCheck
from yinzheng.ledger.state.files import disk_faults
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_LINES: Final = 10_000_000
"""Of one file; more come as several."""

_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LineIndex:
    """Where the lines of a file are: line `i`, from 0, lies from `offsets[i]` to `offsets[i + 1]`."""

    path: Path
    offsets: array[int]
    digest: bytes
    """SHA-256 of the whole file, after what it was begun with."""
    identity: tuple[int, int, int]
    """Inode, size, time of the last change: whether it is still the file that was read."""

    @property
    def lines(self) -> int:
        """How many; what follows the last line end is a line if it is not empty."""
        return len(self.offsets) - 1


def read_index(path: Path, prefix: bytes) -> LineIndex:
    """Find the lines of `path`; its digest begins with `prefix`.

    Raises `UsageFault` (`import-missing`, `import-many`), `DataFault` (`import-encoding`),
    `EnvironmentFault` (`disk-io`).
    """
    digest, encoding = hashlib.sha256(prefix), EncodingCheck()
    offsets = array("Q", [0])
    with open_import(path) as file, disk_faults(path):
        identity = identity_of(file)
        at = 0
        while piece := file.read(_PIECE):
            digest.update(piece)
            encoding.take(piece)
            _find_ends(piece, at, offsets)
            at += len(piece)
        encoding.take(b"", final=True)
    if offsets[-1] != at:
        offsets.append(at)
    return LineIndex(path, offsets, digest.digest(), identity)


def open_import(path: Path | str) -> BinaryIO:
    """Open the file. Raises `UsageFault` (`import-missing`)."""
    try:
        return Path(path).open("rb")
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise UsageFault(
            f"there is no file {Path(path).name} to read", code="import-missing", hint="Check its path."
        ) from None


def identity_of(file: BinaryIO) -> tuple[int, int, int]:
    """Inode, size, time of the last change."""
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def require_unchanged(identity: tuple[int, int, int], file: BinaryIO) -> None:
    """Refuse to go on with a file that is no longer the one whose digest was taken (`import-changed`)."""
    if identity_of(file) != identity:
        raise DataFault(
            "the file was changed while it was imported",
            code="import-changed",
            hint="What was recorded stays. Restore the file as it was and import it again to go on.",
        )


def _find_ends(piece: bytes, at: int, offsets: array[int]) -> None:
    end = piece.find(b"\n")
    while end >= 0:
        offsets.append(at + end + 1)
        end = piece.find(b"\n", end + 1)
    if len(offsets) > MAX_LINES + 1:
        raise UsageFault(f"a file has at most {MAX_LINES} lines", code="import-many", hint="Split it.")
