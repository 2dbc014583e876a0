"""Evidence on its way in: encrypted on disk under a key that only this process knows, until it is checked.

A dispute's own key is at hand only where the registry is open, and nobody holds it open while somebody sends
gigabytes. What a crash leaves behind nobody can read; it is deleted when the next one begins.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from yinzheng.ledger.cases.intake import DOSSIER_ID_BYTES, DOSSIER_KEY_BYTES
from yinzheng.ledger.store.blobs import FolderBlobs
from yinzheng.ledger.store.sealed import SealedFile, open_file, seal_file
from yinzheng.verifier.bytes.algorithms import DigestPair


class Spool:
    """A folder for what is on its way. One at a time uses a folder: it is emptied at the beginning."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._blobs = FolderBlobs(folder)
        self._key = secrets.token_bytes(DOSSIER_KEY_BYTES)

    def keep(self, pieces: Iterable[bytes]) -> Spooled:
        """Take bytes in pieces of any size. Raises what `pieces` raises, and faults of the disk."""
        place = secrets.token_bytes(DOSSIER_ID_BYTES)
        return Spooled(self, place, seal_file(self._blobs, self._key, place, 0, pieces))

    def open(self, spooled: Spooled) -> Iterator[bytes]:
        """The bytes again, authenticated. Raises as `open_file`."""
        return open_file(self._blobs, self._key, spooled.place, 0, spooled.file.blob)

    def drop(self, spooled: Spooled) -> None:
        """Delete them."""
        self._blobs.delete(spooled.file.blob)


@dataclass(frozen=True, slots=True)
class Spooled:
    """Bytes in a spool."""

    spool: Spool
    place: bytes
    file: SealedFile

    @property
    def digest(self) -> DigestPair:
        """Of the bytes."""
        return self.file.digest

    def chunks(self) -> Iterator[bytes]:
        """The bytes again, piece by piece."""
        return self.spool.open(self)
