"""Sealing under the key of a dossier: files as streams, and small values (D10, R48).

Files follow the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): chunks of 1 MiB, each sealed
with SM4-GCM, so that order and end are authenticated and nothing unauthenticated is ever handed out:

    blob   = header || chunk 0 || chunk 1 || … || last chunk
    header = "YZB1" || log2 of the chunk size (1 byte) || prefix (7 random bytes)
    chunk  = SM4-GCM(key, nonce, associated, plaintext) || tag (16 bytes)
    nonce  = prefix || number of the chunk (4 bytes, big-endian) || 1 for the last chunk, else 0
    associated = "yinzheng/blob/1:" || dossier id (16) || number of the file (4, big-endian) || header

Every chunk but the last is full; the last holds at least one byte unless the file is empty.

Small values are `nonce (12 random bytes) || SM4-GCM(key, nonce, "yinzheng/value/1:" || associated, value)`.
With up to a million values, a thousand files and two terabytes under one key, the odds of any two nonces
meeting stay below 2^-36.

Python cannot promise to wipe keys from memory, and this module does not pretend to.
"""

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from yinzheng.ledger.keys import sm4
from yinzheng.ledger.state.files import disk_faults
from yinzheng.ledger.store.blobs import BlobStore, FolderBlobs
from yinzheng.verifier.bytes.algorithms import DigestPair, PairHasher
from yinzheng.verifier.errors import DataFault

__all__ = ["BlobStore", "FolderBlobs", "SealedFile", "SealedValue", "check_file", "open_file", "seal_file"]

MAGIC = b"YZB1"
CHUNK_BITS = 20
_MIN_BITS, _MAX_BITS = 12, 24
_PREFIX_BYTES = 7
_HEADER_BYTES = len(MAGIC) + 1 + _PREFIX_BYTES
_MAX_CHUNKS = 2**32
_AHEAD = 4
"""Chunks in the making at once; a bound on memory."""


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A sealed file: its blob, the lengths before and after, and the digests of the plaintext."""

    blob: str
    sealed_size: int
    size: int
    digest: DigestPair


class SealedValue:
    """Seals and opens small values, such as the body of an event, under a dossier's key (16 bytes)."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, value: bytes, associated: bytes) -> bytes:
        """Seal `value` as belonging to `associated`: it opens in that place only."""
        nonce = secrets.token_bytes(sm4.NONCE_BYTES)
        return nonce + sm4.encrypt(self._key, nonce, value, b"yinzheng/value/1:" + associated)

    def open(self, sealed: bytes, associated: bytes) -> bytes:
        """The value again; `DataFault` `seal-broken` if key, place or bytes are not those of sealing."""
        nonce = sealed[: sm4.NONCE_BYTES].ljust(sm4.NONCE_BYTES, b"\0")
        return sm4.decrypt(self._key, nonce, sealed[sm4.NONCE_BYTES :], b"yinzheng/value/1:" + associated)

    def __repr__(self) -> str:
        return "SealedValue()"


def seal_file(
    blobs: BlobStore, key: bytes, dossier_id: bytes, number: int, pieces: Iterable[bytes]
) -> SealedFile:
    """Seal a file given in pieces of any length; its blob is durable on return.

    One pass, constant memory: two threads encrypt while this one reads, hashes and writes. `key` is the
    dossier's, 16 bytes; `number` the file's within the dossier. Raises what `pieces` and `blobs` raise.
    """
    header = MAGIC + bytes((CHUNK_BITS,)) + secrets.token_bytes(_PREFIX_BYTES)
    place = _Place(key, dossier_id, number, header)
    counted = _Counted(_rechunked(pieces, 1 << CHUNK_BITS))
    stored = blobs.put(_sealed(place, counted))
    return SealedFile(stored.name, stored.size, counted.size, counted.hasher.digest())


def open_file(blobs: BlobStore, key: bytes, dossier_id: bytes, number: int, blob: str) -> Iterator[bytes]:
    """The plaintext of a sealed file, chunk by chunk; each chunk handed out is authentic and in its place.

    That the file is whole is known only once the iterator has ended without raising.

    Raises:
        DataFault: `blob-missing`, `blob-malformed`; `blob-altered` with `chunk` where a chunk was changed,
            swapped, or is of another file, dossier or key; `blob-truncated` where the end is missing.
        EnvironmentFault: `disk-io`.
    """
    with blobs.open(blob) as source:
        header = _read(source, _HEADER_BYTES)
        bits = header[len(MAGIC)] if len(header) == _HEADER_BYTES else 0
        if not header.startswith(MAGIC) or not _MIN_BITS <= bits <= _MAX_BITS:
            raise _fault("blob-malformed", f"{blob} is not a sealed file of this program", blob)
        place = _Place(key, dossier_id, number, header)
        chunks = _marked(_stored_chunks(source, (1 << bits) + sm4.TAG_BYTES))

        def opened(numbered: tuple[int, bytes, bool]) -> bytes:
            return place.open(*numbered, blob)

        yield from _in_parallel(opened, ((n, chunk, last) for n, (chunk, last) in enumerate(chunks)))


def check_file(
    blobs: BlobStore, key: bytes, dossier_id: bytes, number: int, blob: str, size: int, digest: DigestPair
) -> None:
    """Open a whole sealed file and compare it with the length and digests recorded when it was sealed.

    Raises as `open_file`, and `DataFault` `blob-digest` where it opens but is another content.
    """
    counted = _Counted(open_file(blobs, key, dossier_id, number, blob))
    for _ in counted:
        pass
    if counted.size != size or not counted.hasher.digest().matches(digest):
        raise _fault("blob-digest", f"{blob} does not hold the content that was recorded", blob)


@dataclass(frozen=True, slots=True)
class _Place:
    """A file's key and identity: all that its chunks are bound to."""

    key: bytes
    dossier_id: bytes
    number: int
    header: bytes

    @property
    def associated(self) -> bytes:
        return b"yinzheng/blob/1:" + self.dossier_id + self.number.to_bytes(4, "big") + self.header

    def nonce(self, chunk: int, last: bool) -> bytes:
        return self.header[-_PREFIX_BYTES:] + chunk.to_bytes(4, "big") + bytes((last,))

    def seal(self, chunk: int, plaintext: bytes, last: bool) -> bytes:
        return sm4.encrypt(self.key, self.nonce(chunk, last), plaintext, self.associated)

    def open(self, chunk: int, sealed: bytes, last: bool, blob: str) -> bytes:
        plaintext = self._try(chunk, sealed, last)
        if plaintext is not None and (plaintext or chunk == 0):
            return plaintext
        if last and (not sealed or self._try(chunk, sealed, last=False) is not None):
            raise _fault("blob-truncated", f"{blob} ends before its last chunk", blob, chunk)
        raise _fault(
            "blob-altered", f"chunk {chunk} of {blob} was altered or is not of this file", blob, chunk
        )

    def _try(self, chunk: int, sealed: bytes, last: bool) -> bytes | None:
        try:
            return sm4.decrypt(self.key, self.nonce(chunk, last), sealed, self.associated)
        except DataFault:
            return None


class _Counted:
    """Passes chunks on, and keeps their total length and digests."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.hasher = PairHasher()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            yield chunk
            # Hashed in the thread that reads and writes, while others encrypt the chunks before it.
            self.hasher.update(chunk)
            self.size += len(chunk)


def _sealed(place: _Place, chunks: Iterable[bytes]) -> Iterator[bytes]:
    def sealed(numbered: tuple[int, bytes, bool]) -> bytes:
        return place.seal(*numbered)

    yield place.header
    yield from _in_parallel(sealed, ((n, chunk, last) for n, (chunk, last) in enumerate(_marked(chunks))))


def _in_parallel(
    work: Callable[[tuple[int, bytes, bool]], bytes], items: Iterable[tuple[int, bytes, bool]]
) -> Iterator[bytes]:
    """Results in order, with a few made ahead: SM4 is slower than all else, and lets other threads run.

    One alone is made at once: threads to start and to wait for cost more than most files of one chunk.
    """
    items = iter(items)
    begun = list(islice(items, 2))
    if len(begun) == 1:
        yield work(begun[0])
        return
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="sm4") as pool:
        waiting: deque[Future[bytes]] = deque()
        for item in chain(begun, items):
            if item[0] >= _MAX_CHUNKS:
                raise DataFault("the file is too long to be sealed", code="blob-too-long")
            waiting.append(pool.submit(work, item))
            if len(waiting) >= _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _marked(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each chunk, and whether it is the last; one empty chunk if there is none."""
    held: bytes | None = None
    for chunk in chunks:
        if held is not None:
            yield held, False
        held = chunk
    yield held or b"", True


def _rechunked(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in chunks of exactly `size`, the last one shorter."""
    buffer = bytearray()
    for piece in pieces:
        if not buffer and len(piece) == size:
            yield piece  # the common case, without a copy
            continue
        buffer += piece
        while len(buffer) >= size:
            yield bytes(buffer[:size])
            del buffer[:size]
    if buffer:
        yield bytes(buffer)


def _stored_chunks(source: BinaryIO, size: int) -> Iterator[bytes]:
    while chunk := _read(source, size):
        yield chunk


def _read(source: BinaryIO, size: int) -> bytes:
    with disk_faults(Path(getattr(source, "name", "blob"))):
        return source.read(size)


def _fault(code: str, message: str, blob: str, chunk: int | None = None) -> DataFault:
    where = {} if chunk is None else {"chunk": chunk}
    return DataFault(message, code=code, hint="restore the file from a backup", blob=blob, **where)
