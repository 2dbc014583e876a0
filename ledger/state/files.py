"""Files that are there whole and for good once the call returns, or not at all (D9)."""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from yinzheng.verifier.errors import EnvironmentFault

SHARED: Final = 0o750
"""Mode of the folders that pages of a second account read: the umask decides on the group (ADR 83)."""

TEMPORARY_SUFFIX = ".part"
"""What a crash may leave behind carries this suffix; no reader ever opens it."""

_FAULTS: dict[int, tuple[str, str, str]] = {
    errno.ENOSPC: ("disk-full", "the disk is full", "free some space; nothing was acknowledged"),
    errno.EDQUOT: ("disk-full", "the disk quota is used up", "free some space; nothing was acknowledged"),
    errno.EROFS: ("disk-read-only", "the disk is mounted read-only", "mount it for writing"),
    errno.EACCES: ("disk-read-only", "this user may not use the file", "check owner and mode of the folder"),
    errno.EPERM: ("disk-read-only", "this user may not use the file", "check owner and mode of the folder"),
}

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What media answer that know no second name of a file (FAT, exFAT)."""


_OF_STREAMS: Final = frozenset({"/dev", "/dev/fd", "/proc/self/fd"})
"""Folders of names that lead to what is open, which may be a file."""


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Say failures of the disk in our own terms: `disk-full`, `disk-read-only`, `disk-io`.

    A file that is absent passes as `FileNotFoundError`: what that means is the caller's to say.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        code, message, hint = _FAULTS.get(
            error.errno or 0, ("disk-io", "the disk reports an error", "check the disk")
        )
        raise EnvironmentFault(f"{message}: {path}", code=code, hint=hint, errno=error.errno) from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def temporary_beside(path: Path) -> Path:
    """A fresh name in the same folder, from where a rename is atomic."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")


def discard(path: Path) -> None:
    """Delete a temporary file if that can be done; else leave it to `remove_leftovers`.

    It runs while another error is on its way, which must not be covered by this one.
    """
    with suppress(OSError):
        path.unlink()


def write_durably(
    path: Path, data: bytes, *, mode: int = 0o644, sync_name: bool = True, for_all: bool = False
) -> None:
    """Replace the file at `path` by `data`: readers see the old bytes or the new ones, never a mixture.

    What is `for_all` everyone may read, whatever the process keeps to its owner (docs/adr/0083).
    With `sync_name` false the content is durable on return but its name is not until `sync_folder`.
    What is no file, a pipe or a device, is written to and stays what it is. Raises `EnvironmentFault`
    (`disk_faults`); the old file is then untouched.
    """
    if is_stream(path):
        with disk_faults(path), path.open("wb") as stream:
            stream.write(data)
        return
    temporary = temporary_beside(path)
    with disk_faults(path):
        try:
            _write_new(temporary, data, mode)
            if for_all:
                temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            discard(temporary)
            raise
        if sync_name:
            sync_folder(path.parent)


def is_stream(path: Path) -> bool:
    """Whether it is a name of a pipe, a device or, as `/dev/stdout`, of what is open: a file put in its place
    would be there for all of this machine, if whoever runs us may do so.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or str(path.absolute().parent) in _OF_STREAMS


def create_durably(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """As `write_durably`, but raises `FileExistsError` rather than replace a file."""
    temporary = temporary_beside(path)
    with disk_faults(path):
        try:
            _write_new(temporary, data, mode)
            _name_new(temporary, path)
        finally:
            discard(temporary)
        sync_folder(path.parent)


def _name_new(temporary: Path, path: Path) -> None:
    """Give a whole file its name. Raises `FileExistsError` where the name is taken, as a rename does not."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # As on most sticks: the name is taken first. After a power cut in between, an empty file has it.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            temporary.replace(path)
        except BaseException:
            discard(path)
            raise


def shred(path: Path) -> None:
    """Overwrite a file with zeros, durably, then remove its name.

    The folder is not synchronised. A disk that writes elsewhere than before keeps the old bytes until it
    needs the room.
    """
    with path.open("r+b", buffering=0) as file:
        overwrite(file.fileno())
    path.unlink()


def overwrite(handle: int) -> None:
    """Write zeros over all of an open file, durably."""
    left = os.fstat(handle).st_size
    zeros = memoryview(bytes(min(left, 1024 * 1024)))
    os.lseek(handle, 0, os.SEEK_SET)
    while left:
        left -= os.write(handle, zeros[:left])
    os.fsync(handle)


def make_folder(path: Path, *, mode: int = 0o755) -> None:
    """Create `path` and what leads to it, durably; an existing folder is left as it is."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with disk_faults(path):
        path.mkdir(mode=mode, exist_ok=True)
        sync_folder(path.parent)


@contextmanager
def whole_folder(
    target: Path,
    *,
    begun: Path | None = None,
    keep: Callable[[Path], bool] = lambda _: False,
    mode: int = 0o700,
) -> Iterator[Path]:
    """Give a new folder beside `target` to be filled; it gets the name when the block has ended well.

    `target` must not exist, or be empty. After a fault nothing is left, unless `keep` says so of the draft;
    then the next one that is `begun` under that name goes on with it. Raises `EnvironmentFault` (`disk-…`).
    """
    make_folder(target.parent)
    with disk_faults(target):
        draft = begun or target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        draft.mkdir(mode=mode, exist_ok=begun is not None)
    try:
        yield draft
        if target.exists():
            target.rmdir()
        draft.rename(target)
        sync_folder(target.parent)
    except BaseException:
        if not keep(draft):
            shutil.rmtree(draft, ignore_errors=True)
        raise


def remove_leftovers(folder: Path, *, deep: bool = True) -> int:
    """Delete what crashes left half written in `folder`, and `deep` under it; returns how many files.

    Only for the one writer, before it writes: another's file in the making looks the same.
    """
    search = folder.rglob if deep else folder.glob
    leftovers = list(search(f".*{TEMPORARY_SUFFIX}"))
    for path in leftovers:
        with disk_faults(path):
            path.unlink(missing_ok=True)
    return len(leftovers)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(handle, "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        os.fsync(file.fileno())
