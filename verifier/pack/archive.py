"""Reading a pack's zip strictly (S14.1): every byte outside the contents is what the layout says it is.

Nothing here trusts a library to have looked: the end of the file, the central directory and each local header
are read by this module and compared with the bytes that `layout` derives. Contents are streamed.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.pack import layout
from yinzheng.verifier.pack.layout import LIMIT, Entry

CHUNK: Final = 1 << 20
"""Bytes read at a time."""

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"

_NAME = re.compile(rb"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_MAX_NAME: Final = 100
_TAIL: Final = 65_535 + layout.END_BYTES


def is_zip(start: bytes) -> bool:
    """Whether a file that begins so is a zip, by its signature: what a file is called says nothing."""
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06"))


@dataclass(frozen=True, slots=True)
class PackLimits:
    """What a reader takes in at most."""

    entries: int = 10_000
    entry_bytes: int = 1 << 40
    pack_bytes: int = 1 << 42


@dataclass(slots=True)
class Archive:
    """A zip whose layout has been checked; contents are read, and their checksums checked, on demand."""

    file: BinaryIO
    entries: dict[str, Entry] = field(default_factory=dict)
    """By name, in the order of the zip."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of an entry, in pieces of at most `CHUNK` bytes.

        Raises `DataFault` (`zip-crc`) after the last piece if the checksum is wrong, `zip-truncated`.
        """
        entry = self.entries[name]
        self.file.seek(entry.content_at)
        left, crc = entry.size, 0
        while left:
            piece = self.file.read(min(CHUNK, left))
            if not piece:
                raise _fault("the file became shorter while it was read", "zip-truncated", entry=name)
            left -= len(piece)
            crc = zlib.crc32(piece, crc)
            yield piece
        if crc != entry.crc:
            raise _fault(f"the checksum of {name} is not that of its content", "zip-crc", entry=name)

    def read(self, name: str, max_bytes: int) -> bytes:
        """A small entry whole. Raises as `chunks`, and `pack-file-too-large`."""
        if self.entries[name].size > max_bytes:
            raise _fault(f"{name} has more than {max_bytes} bytes", "pack-file-too-large", entry=name)
        return b"".join(self.chunks(name))


def open_archive(file: BinaryIO, limits: PackLimits = PackLimits()) -> Archive:
    """Check the layout of a zip from its end to its beginning, and list its entries.

    `file` can seek. Raises `DataFault` with `entry` where one is at fault: `zip-truncated`, `zip-malformed`,
    `zip-trailing`, `zip-leading`, `zip-too-large`, `zip-entries`, `zip-encrypted`, `zip-compressed`,
    `zip-path`, `zip-duplicate`, `zip-two-manifests`, `zip-extra-field`, `zip-overlap`, `zip-gap`,
    `zip-entry-too-large`, `zip-order`, `zip-directory` (headers contradict each other) or `zip-layout` (any
    other departure).
    """
    total = file.seek(0, 2)
    if total > limits.pack_bytes:
        raise _fault(f"the file has more than {limits.pack_bytes} bytes", "zip-too-large")
    count, size, offset = _read_end(file, total)
    if not 2 <= count <= limits.entries:
        raise _fault(f"the zip has {count} entries, not 2 to {limits.entries}", "zip-entries")
    if size > count * (layout.CENTRAL_FIXED + _MAX_NAME + 28):
        raise _fault("the central directory is longer than its entries allow", "zip-layout")
    file.seek(offset)
    entries = list(_read_directory(file.read(size), count, limits))
    _check_order(entries, offset)
    _check_headers(file, entries)
    return Archive(file, {entry.name: entry for entry in entries})


def _read_end(file: BinaryIO, total: int) -> tuple[int, int, int]:
    """Entries, size and offset of the central directory, from records that are what the layout says."""
    file.seek(max(0, total - _TAIL - layout.END64_BYTES - layout.LOCATOR_BYTES))
    tail = file.read()
    end = tail[-layout.END_BYTES :]
    if len(end) < layout.END_BYTES or end[:4] != struct.pack("<I", layout.END):
        raise _no_end(file, tail)
    _, _, _, _, count, size, offset, _ = struct.unpack("<IHHHHIIH", end)
    if LIMIT in (size, offset):
        record = tail[-layout.END_BYTES - layout.LOCATOR_BYTES - layout.END64_BYTES : -layout.END_BYTES]
        if record[:4] != struct.pack("<I", layout.END64) or len(record) < layout.END64_BYTES:
            raise _fault("the zip64 records are not where they belong", "zip-layout")
        *_, count, size, offset = struct.unpack("<IQHHIIQQQQ", record[: layout.END64_BYTES])
    expected = layout.end_records(count & 0xFFFF, size, offset)
    start = total - len(expected)
    if offset + size != start:
        raise _misplaced(offset + size, start)
    if tail[-len(expected) :] != expected:
        raise _fault("the records at the end of the zip are not in their one form", "zip-layout")
    return count, size, offset


def _no_end(file: BinaryIO, tail: bytes) -> DataFault:
    at = tail.rfind(struct.pack("<I", layout.END))
    if 0 <= at <= len(tail) - layout.END_BYTES:
        return _fault("bytes follow the end of the zip", "zip-trailing")
    file.seek(0)
    if file.read(4) == struct.pack("<I", layout.LOCAL):
        return _fault(
            "the zip has no end: it was cut off", "zip-truncated", hint="Get the whole file once more."
        )
    return _fault("this is not a zip", "zip-malformed")


def _misplaced(said: int, found: int) -> DataFault:
    if said > found:
        return _fault("the central directory is not where the zip says: bytes are missing", "zip-truncated")
    return _fault("bytes lie before or within the zip that belong to no entry", "zip-leading")


def _read_directory(data: bytes, count: int, limits: PackLimits) -> Iterator[Entry]:
    names: set[str] = set()
    position = 0
    for _ in range(count):
        entry, length = _read_entry(data, position)
        if entry.name in names:
            code = "zip-two-manifests" if entry.name in (MANIFEST, SIGNATURE) else "zip-duplicate"
            raise _fault(f"{entry.name} is there twice", code, entry=entry.name)
        if entry.size > limits.entry_bytes:
            raise _fault(
                f"{entry.name} has more than {limits.entry_bytes} bytes",
                "zip-entry-too-large",
                entry=entry.name,
            )
        names.add(entry.name)
        if data[position : position + length] != layout.central_header(entry):
            raise _fault(
                f"the directory's entry of {entry.name} is not in its one form",
                "zip-layout",
                entry=entry.name,
            )
        position += length
        yield entry
    if position != len(data):
        raise _fault("the central directory has bytes to spare", "zip-layout")


def _read_entry(data: bytes, position: int) -> tuple[Entry, int]:
    fixed = data[position : position + layout.CENTRAL_FIXED]
    if len(fixed) < layout.CENTRAL_FIXED or fixed[:4] != struct.pack("<I", layout.CENTRAL):
        raise _fault("the central directory does not hold the entries it counts", "zip-layout")
    flags, method, _, _, crc, packed, size, name_length, extra_length, comment = struct.unpack(
        "<HHHHIIIHHH", fixed[8:34]
    )
    (offset,) = struct.unpack("<I", fixed[42:])
    start = position + layout.CENTRAL_FIXED
    raw = data[start : start + name_length]
    name = _checked_name(raw)
    if flags & 0x2041:
        raise _fault(f"{name} is encrypted", "zip-encrypted", entry=name)
    if method != 0:
        raise _fault(f"{name} is compressed", "zip-compressed", entry=name)
    if comment:
        raise _fault(f"{name} has a comment", "zip-extra-field", entry=name)
    extra = data[start + name_length : start + name_length + extra_length]
    size64, offset64 = _read_extra(extra, name, size, packed, offset)
    return Entry(name, size64, crc, offset64), layout.CENTRAL_FIXED + name_length + extra_length


def _read_extra(extra: bytes, name: str, size: int, packed: int, offset: int) -> tuple[int, int]:
    """Size and offset, from the extra field of zip64 exactly where they need it."""
    numbers = (2 if size == LIMIT else 0) + (1 if offset == LIMIT else 0)
    if len(extra) != (4 + 8 * numbers if numbers else 0):
        raise _fault(f"{name} has an extra field", "zip-extra-field", entry=name)
    if packed != size:
        raise _fault(f"{name} has two sizes", "zip-compressed", entry=name)
    # What else the field may say is caught by comparing the whole entry with its one form.
    values = list(struct.unpack(f"<{numbers}Q", extra[4:])) if numbers else []
    return (values[0] if size == LIMIT else size), (values[-1] if offset == LIMIT else offset)


def _checked_name(raw: bytes) -> str:
    parts = raw.split(b"/")
    if len(raw) > _MAX_NAME or _NAME.fullmatch(raw) is None or any(part in (b".", b"..") for part in parts):
        raise _fault("an entry's name is no plain path inside the pack", "zip-path", entry=repr(raw[:100]))
    return raw.decode("ascii")


def _check_order(entries: list[Entry], directory_at: int) -> None:
    """Manifest, its signature, then the rest by name, without gap or overlap up to the central directory."""
    names = [entry.name for entry in entries]
    if names != [MANIFEST, SIGNATURE, *sorted(names[2:])]:
        raise _fault("the entries are not manifest, signature, and the rest by name", "zip-order")
    position = 0
    for entry in entries:
        if entry.offset < position:
            raise _fault(f"{entry.name} overlaps the entry before it", "zip-overlap", entry=entry.name)
        if entry.offset > position:
            code = "zip-gap" if position else "zip-leading"
            raise _fault(f"bytes before {entry.name} belong to no entry", code, entry=entry.name)
        position = entry.end
    if position != directory_at:
        code = "zip-overlap" if position > directory_at else "zip-gap"
        raise _fault(f"{names[-1]} does not end where the central directory begins", code, entry=names[-1])


def _check_headers(file: BinaryIO, entries: list[Entry]) -> None:
    for entry in entries:
        expected = layout.local_header(entry)
        file.seek(entry.offset)
        if file.read(len(expected)) != expected:
            raise _fault(
                f"the header of {entry.name} contradicts the central directory",
                "zip-directory",
                entry=entry.name,
            )


def _fault(message: str, code: str, *, hint: str = "", **data: Any) -> DataFault:
    return DataFault(message, code=code, hint=hint, **data)
