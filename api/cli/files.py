"""Files that commands name without handing them over."""

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
