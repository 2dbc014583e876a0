"""Where sealed bytes lie: each under the SHA-256 of itself, in a local folder or in a bucket (D10)."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.files import (
    discard,
    disk_faults,
    make_folder,
    remove_leftovers,
    shred,
    sync_folder,
    temporary_beside,
)
from yinzheng.verifier.errors import DataFault

_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob's content address, lower-case hex SHA-256, and its length in bytes."""

    name: str
    size: int


class BlobStore(Protocol):
    """What a place for sealed bytes must do. What it keeps is opaque to it, and it is not trusted."""

    def put(self, pieces: Iterable[bytes]) -> StoredBlob:
        """Store these bytes; durable on return, and not there at all if anything raises before."""

    def open(self, name: str) -> BinaryIO:
        """The bytes, to read from the start. Raises `DataFault` `blob-missing`."""

    def delete(self, name: str) -> None:
        """Remove the blob; nothing happens if there is none."""

    def destroy(self, name: str) -> None:
        """Overwrite the blob, then remove it, durably; nothing happens if there is none (R43)."""

    def names(self) -> Iterator[str]:
        """The names of all blobs, in no order."""

    def sweep(self) -> int:
        """Delete what a crash left half written; for the writer, before it writes. Returns how many."""


class FolderBlobs:
    """A `BlobStore` in a folder: `ab/abcd….` for the blob whose name begins with `ab`.

    Fault points: `blob.write.before`, `blob.rename.before`, `blob.rename.after`, `blob.put.after`.
    """

    def __init__(self, root: Path, *, faults: Faults = NO_FAULTS) -> None:
        self._root = root
        self._faults = faults

    def put(self, pieces: Iterable[bytes]) -> StoredBlob:
        """See `BlobStore`. Raises `EnvironmentFault`: `disk-full`, `disk-read-only`, `disk-io`."""
        self._faults.hit("blob.write.before")
        make_folder(self._root, mode=0o700)
        temporary = temporary_beside(self._root / "blob")
        try:
            stored = write_blob(temporary, pieces)
            path = self._path(stored.name)
            make_folder(path.parent, mode=0o700)
            self._faults.hit("blob.rename.before")
            with disk_faults(path):
                temporary.replace(path)
                self._faults.hit("blob.rename.after")
                sync_folder(path.parent)
        except BaseException:
            discard(temporary)
            raise
        self._faults.hit("blob.put.after")
        return stored

    def open(self, name: str) -> BinaryIO:
        """See `BlobStore`."""
        path = self._path(name)
        try:
            with disk_faults(path):
                return path.open("rb")
        except FileNotFoundError:
            raise missing(name) from None

    def delete(self, name: str) -> None:
        """See `BlobStore`."""
        path = self._path(name)
        with disk_faults(path):
            path.unlink(missing_ok=True)

    def destroy(self, name: str) -> None:
        """See `BlobStore`. Fault points: `blob.destroy.before`, `blob.destroy.after`.

        A disk may keep what a file held before it was overwritten: what counts is that its key is gone.
        """
        path = self._path(name)
        self._faults.hit("blob.destroy.before")
        with disk_faults(path):
            if path.exists():
                shred(path)
                sync_folder(path.parent)
        self._faults.hit("blob.destroy.after")

    def names(self) -> Iterator[str]:
        """See `BlobStore`."""
        return (path.name for path in self._root.glob("??/*") if is_name(path.name))

    def sweep(self) -> int:
        """See `BlobStore`. All are made in the folder itself: those of the blobs, which may be very many and
        would be listed each time the registry is opened, hold nothing but whole ones.
        """
        return remove_leftovers(self._root, deep=False)

    def _path(self, name: str) -> Path:
        return self._root / place_of(name)


def is_name(name: str) -> bool:
    """Whether a blob can have this name."""
    return _NAME.fullmatch(name) is not None


def place_of(name: str) -> str:
    """Where a blob lies in its folder or bucket; `DataFault` `blob-name`, so that no name leads out of it."""
    if not is_name(name):
        raise DataFault("not the name of a sealed file", code="blob-name")
    return f"{name[:2]}/{name}"


def missing(name: str) -> DataFault:
    """A blob that is not where it was put."""
    return DataFault(
        f"the sealed file {name} is missing",
        code="blob-missing",
        hint="restore it from a backup",
        blob=name,
    )


def write_blob(path: Path, pieces: Iterable[bytes]) -> StoredBlob:
    """Write a new file, durably but for its name; its name as a blob, and its length."""
    hasher, size = hashlib.sha256(), 0
    with disk_faults(path):
        file = path.open("xb", buffering=0)
    with file:
        path.chmod(0o600)
        for piece in pieces:  # outside `disk_faults`: a fault of the source is not one of this disk
            view = memoryview(piece)
            hasher.update(view)
            size += len(view)
            with disk_faults(path):
                while view:
                    view = view[file.write(view) :]
        with disk_faults(path):
            os.fsync(file.fileno())
    return StoredBlob(hasher.hexdigest(), size)
