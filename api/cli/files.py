"""Files that commands are given: read whole, or by their digests alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from yinzheng.verifier.bytes.algorithms import DigestPair

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


def read_file(file: Path, most: int) -> bytes:
    """A file's bytes. Raises `UsageFault`: `file-missing`, `file-large`."""
    try:
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except FileNotFoundError:
        raise UsageFault(f"there is no file {file}", code="file-missing", hint="Check the path.") from None
    if len(data) > most:
        raise UsageFault(f"{file} has more than {most} bytes", code="file-large")
    return data
