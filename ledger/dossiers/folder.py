"""A folder that someone else filled, walked and read safely.

Whatever is in it, nothing outside is opened: every name is opened relative to its parent's descriptor and
never through a link, and what was opened is compared with what was seen before. A swap between the look and
the use, or during reading, is an error.
"""

import errno
import io
import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Final

from yinzheng.ledger.dossiers.fields import Problem
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Non-blocking, so that a FIFO put in a file's place cannot hold us up before fstat sees it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


_CLUTTER: Final = "dossier-clutter"
CLUTTER: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".DS_Store": "what macOS keeps of a folder's look",
        "._*": "what macOS keeps beside a file",
        "__MACOSX": "what macOS puts into an archive",
        "Thumbs.db": "what Windows keeps of small pictures",
        "desktop.ini": "what Windows keeps of a folder's look",
        "~$*": "the mark of a document that is open in Office",
        ".~lock.*#": "the mark of a document that is open in LibreOffice",
    }
)
"""Names of what nobody put into a folder, and what it is."""


@dataclass(frozen=True, slots=True)
class FolderLimits:
    """How much a folder may hold: files, levels of folders, characters of a path, bytes in all."""

    files: int = 1000
    depth: int = 8
    path: int = 200
    total_bytes: int = 8 * 2**30


@dataclass(frozen=True, slots=True)
class SeenFile:
    """One regular file as it was seen. `parts` are its names on disk from the root; `path` is in NFC."""

    parts: tuple[str, ...]
    size: int
    device: int
    inode: int
    changed_ns: tuple[int, int]

    @property
    def path(self) -> str:
        """The path with `/`, in NFC: some systems keep names decomposed."""
        return unicodedata.normalize("NFC", "/".join(self.parts))

    def is_same(self, status: os.stat_result) -> bool:
        """Tell whether `status` is that of this very file, unchanged."""
        return _seen(self.parts, status) == self and stat.S_ISREG(status.st_mode)


def _seen(parts: tuple[str, ...], status: os.stat_result) -> SeenFile:
    return SeenFile(
        parts, status.st_size, status.st_dev, status.st_ino, (status.st_mtime_ns, status.st_ctime_ns)
    )


class Folder:
    """A folder held by its descriptor until `close`."""

    def __init__(self, path: Path) -> None:
        """Open the folder.

        Raises:
            UsageFault: `dossier-not-folder`.
            EnvironmentFault: `dossier-unreadable`.
        """
        try:
            self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise UsageFault(
                "There is no folder of this name.",
                code="dossier-not-folder",
                hint="Name the dossier's folder.",
            ) from None
        except OSError as error:
            raise _unreadable(error, "the folder") from None

    def close(self) -> None:
        """Free the descriptor."""
        os.close(self._root)

    def walk(
        self, limits: FolderLimits, *, tidy: bool = False
    ) -> tuple[tuple[SeenFile, ...], tuple[Problem, ...]]:
        """List the regular files in order of their path, and every problem with what else is there.

        What systems and programs leave in folders by themselves (`CLUTTER`) is a problem of its own;
        `tidy` leaves it out.

        Raises:
            EnvironmentFault: `dossier-unreadable`.
        """
        found: list[SeenFile] = []
        problems: list[Problem] = []
        for seen, item in enumerate(self._walk(self._root, (), limits), 1):
            if isinstance(item, Problem):
                if not (tidy and item.code == _CLUTTER):
                    problems.append(item)
            else:
                found.append(item)
            # A folder without end must not be listed without end.
            if seen > limits.files:
                problems.append(Problem(".", f"holds more than {limits.files} files", "dossier-too-many"))
                break
        if sum(file.size for file in found) > limits.total_bytes:
            problems.append(Problem(".", f"holds more than {limits.total_bytes} bytes", "dossier-too-large"))
        return tuple(sorted(found, key=lambda file: file.path)), (*problems, *_duplicates(found))

    def _walk(
        self, directory: int, above: tuple[str, ...], limits: FolderLimits
    ) -> Iterator[SeenFile | Problem]:
        try:
            with os.scandir(directory) as entries:
                names = [entry.name for _, entry in zip(range(limits.files + 2), entries, strict=False)]
        except OSError as error:
            raise _unreadable(error, shown("/".join(above)) or "the folder") from None
        if not names and above:
            # Refused, so that every folder holds something that counts towards the limit of files.
            yield Problem("/".join(above), "is an empty folder; take it out", "dossier-empty-folder")
        for name in sorted(names):
            parts = (*above, name)
            path = "/".join(parts)
            if problem := _name_problem(path, parts, limits) or _clutter(path, name):
                yield problem
                continue
            try:
                status = os.stat(name, dir_fd=directory, follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    with _opened(name, _DIRECTORY, directory) as inner:
                        yield from self._walk(inner, parts, limits)
                    continue
            except OSError as error:
                raise _unreadable(error, path) from None
            yield _kind_problem(path, status) or _seen(parts, status)

    def open(self, file: SeenFile) -> io.BufferedReader:
        """Open a file that `walk` saw, for reading bytes.

        Reading to the end checks that the file is still the one that was seen.

        Raises:
            DataFault: `dossier-changed`, here or while reading.
            EnvironmentFault: `dossier-unreadable`.
        """
        try:
            descriptor = self._descend(file.parts)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOENT, errno.ENOTDIR, errno.ENXIO):
                raise changed(file.path) from None
            raise _unreadable(error, file.path) from None
        return io.BufferedReader(_CheckedReader(descriptor, file))

    def _descend(self, parts: tuple[str, ...]) -> int:
        directory = os.dup(self._root)
        try:
            for name in parts[:-1]:
                inner = os.open(name, _DIRECTORY, dir_fd=directory)
                os.close(directory)
                directory = inner
            return os.open(parts[-1], _FILE, dir_fd=directory)
        finally:
            os.close(directory)


class _CheckedReader(io.RawIOBase):
    """Reads one file and compares it with what was seen, at the start, at the end, and in length."""

    def __init__(self, descriptor: int, file: SeenFile) -> None:
        self._descriptor = descriptor
        self._file = file
        self._left = file.size
        try:
            self._compare()
        except DataFault:
            self.close()
            raise

    def _compare(self) -> None:
        if not self._file.is_same(os.fstat(self._descriptor)):
            raise changed(self._file.path)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub's Buffer has no len
        try:
            count = os.readv(self._descriptor, [buffer])
        except OSError as error:
            raise _unreadable(error, self._file.path) from None
        self._left -= count
        if self._left < 0 or (count == 0 and self._left):
            raise changed(self._file.path)
        if count == 0:
            self._compare()
        return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


@contextmanager
def _opened(name: str, flags: int, directory: int) -> Iterator[int]:
    descriptor = os.open(name, flags, dir_fd=directory)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _name_problem(path: str, parts: tuple[str, ...], limits: FolderLimits) -> Problem | None:
    if len(path) > limits.path:
        return Problem(shown(path), f"has a path over {limits.path} characters", "dossier-name")
    if len(parts) > limits.depth:
        return Problem(shown(path), f"lies more than {limits.depth} levels deep", "dossier-name")
    if "\\" in path or any(unicodedata.category(c)[0] == "C" for c in path):
        return Problem(shown(path), "has a name with a backslash or invisible characters", "dossier-name")
    return None


def _clutter(path: str, name: str) -> Problem | None:
    what = next((said for pattern, said in CLUTTER.items() if fnmatchcase(name, pattern)), None)
    if what is None:
        return None
    return Problem(shown(path), f"is {what}, and no document; take it out, or say --tidy", _CLUTTER)


def _kind_problem(path: str, status: os.stat_result) -> Problem | None:
    if stat.S_ISLNK(status.st_mode):
        return Problem(path, "is a symbolic link; put the file itself there", "dossier-symlink")
    if not stat.S_ISREG(status.st_mode):
        return Problem(path, "is a device, pipe or socket; only files belong here", "dossier-special")
    if status.st_size == 0:
        return Problem(path, "is empty", "dossier-empty-file")
    return None


def _duplicates(files: list[SeenFile]) -> list[Problem]:
    """Find paths that some file system or reader would take for the same."""
    first: dict[str, str] = {}
    problems = []
    for file in files:
        path = file.path
        if first.setdefault(path.casefold(), path) is not path:
            problems.append(
                Problem(path, "differs from another file only in case or form", "dossier-duplicate")
            )
    return problems


def shown(path: str) -> str:
    """Give a path fit for a message: cut, and with everything unprintable escaped."""
    return path[:200].encode("unicode_escape").decode() if not path.isprintable() else path[:200]


def changed(path: str) -> DataFault:
    """Make the fault for a file that is not what it was when the dossier was checked."""
    return DataFault(
        f"{shown(path)} changed while the dossier was being read.",
        code="dossier-changed",
        hint="Let nothing write to the folder, and apply again; nothing was recorded.",
        path=path,
    )


def _unreadable(error: OSError, path: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"{shown(path)} cannot be read: {error.strerror}.",
        code="dossier-unreadable",
        hint="Check the permissions of the folder and the disk.",
    )
