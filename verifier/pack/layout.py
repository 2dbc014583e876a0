"""The one byte layout of a pack's zip (S14.1): what names, sizes, checksums and order determine, no more.

Entries are stored as they are, lie one after the other from byte 0, and everything a zip leaves open is
fixed: date, attributes, versions, no comments, no extra fields but that of zip64 where a number needs it
(APPNOTE 6.3.10 sections 4.3 and 4.5.3). So whoever reads a pack derives every byte outside the contents anew
and compares it; there is no byte that nothing covers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

LOCAL: Final = 0x04034B50
CENTRAL: Final = 0x02014B50
END: Final = 0x06054B50
END64: Final = 0x06064B50
LOCATOR: Final = 0x07064B50

LOCAL_FIXED: Final = 30
CENTRAL_FIXED: Final = 46
END_BYTES: Final = 22
END64_BYTES: Final = 56
LOCATOR_BYTES: Final = 20

LIMIT: Final = 0xFFFFFFFF
"""What a field of four bytes holds when zip64 holds the number."""

DOS_DATE: Final = 0x0021
"""1 January 1980; the time is 0."""

ATTRIBUTES: Final = 0o100644 << 16
"""A plain file that its owner may write."""

_ZIP64: Final = 0x0001
_VERSION, _VERSION64 = 20, 45
_UNIX: Final = 3 << 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in the zip. Name in ASCII; size and offset in bytes."""

    name: str
    size: int
    crc: int
    """CRC-32 of the content, as zip wants it; digests are the manifest's."""
    offset: int
    """Of the local header."""

    @property
    def content_at(self) -> int:
        """Offset of the content."""
        return self.offset + len(local_header(self))

    @property
    def end(self) -> int:
        """Offset after the content."""
        return self.content_at + self.size


def local_header(entry: Entry) -> bytes:
    """The bytes before an entry's content."""
    large = entry.size >= LIMIT
    extra = struct.pack("<HHQQ", _ZIP64, 16, entry.size, entry.size) if large else b""
    return (
        struct.pack("<IH", LOCAL, _VERSION64 if large else _VERSION)
        + _common(entry, large=large, extra=len(extra))
        + entry.name.encode()
        + extra
    )


def central_header(entry: Entry) -> bytes:
    """The entry's part of the central directory."""
    large, far = entry.size >= LIMIT, entry.offset >= LIMIT
    numbers = ([entry.size, entry.size] if large else []) + ([entry.offset] if far else [])
    extra = struct.pack(f"<HH{len(numbers)}Q", _ZIP64, 8 * len(numbers), *numbers) if numbers else b""
    version = _VERSION64 if numbers else _VERSION
    return (
        struct.pack("<IHH", CENTRAL, _UNIX | version, version)
        + _common(entry, large=large, extra=len(extra))
        + struct.pack("<HHHII", 0, 0, 0, ATTRIBUTES, LIMIT if far else entry.offset)
        + entry.name.encode()
        + extra
    )


def _common(entry: Entry, *, large: bool, extra: int) -> bytes:
    """Flags, method, time, date, checksum, sizes and lengths, which both headers share."""
    size = LIMIT if large else entry.size
    return struct.pack("<HHHHIIIHH", 0, 0, 0, DOS_DATE, entry.crc, size, size, len(entry.name), extra)


def end_records(count: int, size: int, offset: int) -> bytes:
    """What ends a zip whose central directory has `count` entries and `size` bytes from `offset` on."""
    large = size >= LIMIT or offset >= LIMIT
    end64 = b""
    if large:
        end64 = struct.pack(
            "<IQHHIIQQQQ", END64, 44, _UNIX | _VERSION64, _VERSION64, 0, 0, count, count, size, offset
        ) + struct.pack("<IIQI", LOCATOR, 0, offset + size, 1)
    return end64 + struct.pack("<IHHHHIIH", END, 0, 0, count, count, min(size, LIMIT), min(offset, LIMIT), 0)


def directory(entries: Sequence[Entry]) -> Iterator[bytes]:
    """Everything after the last content, piece by piece."""
    offset, size = entries[-1].end if entries else 0, 0
    for entry in entries:
        header = central_header(entry)
        size += len(header)
        yield header
    yield end_records(len(entries), size, offset)
