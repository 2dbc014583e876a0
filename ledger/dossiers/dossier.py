"""Intake of a dossier: a folder with `application.json` and the files it declares (R18).

Everything wrong with the fields and with the files is reported in one list (R11). What is returned can be
read later, byte by byte, and only as long as it is what was checked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Self

from yinzheng.ledger.dossiers.application import MAX_BYTES, Application, DeclaredFile, Examined, examine
from yinzheng.ledger.dossiers.fields import Problem, all_faults
from yinzheng.ledger.dossiers.folder import Folder, FolderLimits, SeenFile, shown
from yinzheng.ledger.rules.terms import FileRole
from yinzheng.verifier.errors import DataFault

APPLICATION = "application.json"
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a dossier: path with `/` in NFC, what it proves, its title and its size in bytes."""

    path: str
    role: FileRole
    title: str
    size: int
    seen: SeenFile


@dataclass(frozen=True)
class Dossier:
    """A checked dossier. Holds the folder's descriptor until closed; use it as a context manager."""

    application: Application
    application_bytes: bytes
    """`application.json` as it was read."""
    entries: tuple[Entry, ...]
    """The declared files in the order of the application."""
    folder: Folder

    def open(self, entry: Entry) -> BufferedReader:
        """Open one file for reading.

        Raises:
            DataFault: `dossier-changed` when it is no longer what was checked; here, or while reading.
            EnvironmentFault: `dossier-unreadable`.
        """
        return self.folder.open(entry.seen)

    def chunks(self, entry: Entry, size: int = CHUNK) -> Iterator[bytes]:
        """Give the bytes of one file in pieces of at most `size`. Raises as `open`."""
        with self.open(entry) as stream:
            while piece := stream.read(size):
                yield piece

    def close(self) -> None:
        """Free the folder's descriptor."""
        self.folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def open_dossier(path: Path, limits: FolderLimits | None = None, *, tidy: bool = False) -> Dossier:
    """Check the folder at `path` and open it as a dossier; `tidy` as in `Folder.walk`.

    Raises:
        UsageFault: `dossier-not-folder`.
        DataFault: `application-missing`, `json-…`, `application-invalid` when only fields are wrong,
            otherwise the code all problems share, or `dossier-invalid`; `problems` and `codes` in its data.
        EnvironmentFault: `dossier-unreadable`.
    """
    folder = Folder(path)
    try:
        return _open(folder, limits or FolderLimits(), tidy=tidy)
    except BaseException:
        folder.close()
        raise


def _open(folder: Folder, limits: FolderLimits, *, tidy: bool) -> Dossier:
    files, problems = folder.walk(limits, tidy=tidy)
    present = {file.path: file for file in files}
    cut_short = any(problem.code == "dossier-too-many" for problem in problems)
    if cut_short and APPLICATION not in present:
        raise _fault(problems)
    data = _application_bytes(folder, present)
    examined = examine(data)
    found = [*problems]
    if examined.files is not None and not cut_short:
        # A file with a fault of its own is not called missing as well.
        named = {problem.path for problem in problems}
        found += [p for p in _declaration_problems(examined.files, present) if p.path not in named]
    _refuse(examined, found)
    assert examined.application is not None
    entries = tuple(
        Entry(file.path, file.role, file.title, present[file.path].size, present[file.path])
        for file in examined.application.files
    )
    return Dossier(examined.application, data, entries, folder)


def _application_bytes(folder: Folder, present: dict[str, SeenFile]) -> bytes:
    if APPLICATION not in present:
        raise DataFault(
            f"The folder has no usable {APPLICATION}.",
            code="application-missing",
            hint=f"Put a file {APPLICATION} into the folder itself, not a link and not empty.",
        )
    file = present[APPLICATION]
    if file.size > MAX_BYTES:
        raise DataFault(
            f"{APPLICATION} has {file.size} bytes, more than {MAX_BYTES}.",
            code="json-too-large",
            hint="Put long texts into files of the dossier.",
        )
    with folder.open(file) as stream:
        return stream.read()


def _declaration_problems(
    declared: Sequence[DeclaredFile], present: dict[str, SeenFile]
) -> Iterator[Problem]:
    names = [file.path for file in declared]
    for path in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(path, "is declared twice", "dossier-duplicate")
    if APPLICATION in names:
        yield Problem(
            APPLICATION, "is the application, and declares all files but itself", "dossier-undeclared"
        )
    for path in sorted(set(names) - present.keys()):
        yield Problem(path, "is declared, but not in the folder", "dossier-missing")
    for path in sorted(present.keys() - {*names, APPLICATION}):
        yield Problem(shown(path), "is in the folder, but not declared", "dossier-undeclared")


def _refuse(examined: Examined, found: Sequence[Problem]) -> None:
    if not found and not examined.problems:
        return
    if not found:
        raise all_faults(APPLICATION, examined.problems, "application-invalid")
    raise _fault([*examined.problems, *found])


def _fault(problems: Sequence[Problem]) -> DataFault:
    codes = {problem.code for problem in problems}
    return all_faults("The dossier", problems, codes.pop() if len(codes) == 1 else "dossier-invalid")
