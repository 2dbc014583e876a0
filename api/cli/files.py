"""Files that commands are given: read whole, or by their digests alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from yinzheng.verifier.bytes.algorithms import DigestPair
    from yinzheng.verifier.bytes.canonical import JSON

_CHUNK: Final = 1 << 20


def digest_of(file: Path) -> DigestPair:
    """The digests of a file's bytes. Raises `UsageFault` `file-missing`."""
    from yinzheng.ledger.state.files import disk_faults
    from yinzheng.verifier.bytes.algorithms import PairHasher

    if not file.is_file():  # a pipe or device might never end
        raise UsageFault(f"there is no file {file}", code="file-missing", hint="Check the path.")
    hasher = PairHasher()
    with disk_faults(file), file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            hasher.update(chunk)
    return hasher.digest()


def write_new(file: Path, data: bytes) -> None:
    """Write a file that is not there yet, durably, and its owner's alone.

    Raises `UsageFault` `file-exists`, `EnvironmentFault` (`disk-…`).
    """
    from yinzheng.ledger.state.files import create_durably

    try:
        create_durably(file, data)
    except FileExistsError:
        raise UsageFault(f"there is a file {file}", code="file-exists", hint="Name a new one.") from None


def readable(value: object) -> bytes:
    """JSON for people, as files of an organisation are written."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def read_file(file: Path, most: int) -> bytes:
    """A file's bytes. Raises `UsageFault`: `file-missing`, `file-large`."""
    try:
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise UsageFault(f"there is no file {file}", code="file-missing", hint="Check the path.") from None
    if len(data) > most:
        raise UsageFault(f"{file} has more than {most} bytes", code="file-large")
    return data


def read_json(file: Path, most: int) -> JSON:
    """The JSON value that a person saved in a file. Raises as `read_file`, and `DataFault` `json-…`."""
    from yinzheng.verifier.bytes.canonical import loads, saved

    return loads(saved(read_file(file, most)), max_bytes=most)


@contextmanager
def writing_new(path: Path) -> Iterator[IO[bytes]]:
    """A file to be written, which has its name once the block ends, and nothing of it otherwise.

    Raises `UsageFault` `file-exists`; `EnvironmentFault` (`disk-…`).
    """
    from yinzheng.ledger.state.files import disk_faults, temporary_beside

    if path.exists():
        raise UsageFault(f"{path} exists already", code="file-exists", hint="Name a new file.")
    draft = temporary_beside(path)
    try:
        with disk_faults(path), draft.open("xb") as file:
            yield file
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
