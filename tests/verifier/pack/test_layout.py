"""The layout of a pack's zip against Python's own `zipfile`, small and beyond 4 GiB (S14.1)."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from pathlib import Path

import pytest

from tests.verifier.pack.pack_files import unpacked, zipped
from tests.verifier.pack.pack_world import genuine_pack
from yinzheng.verifier.pack.archive import open_archive
from yinzheng.verifier.pack.layout import LIMIT, Entry, central_header, directory, local_header

GIB = 1 << 30


def test_zipfile_reads_what_we_write() -> None:
    with zipfile.ZipFile(io.BytesIO(genuine_pack())) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:2] == ["manifest.json", "manifest.sig"]
        assert archive.namelist()[2:] == sorted(archive.namelist()[2:])
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert (info.compress_type, info.extra, info.comment) == (zipfile.ZIP_STORED, b"", b"")
            assert info.external_attr >> 16 == 0o100644
    assert zipped(list(unpacked(genuine_pack()).items())) == genuine_pack()


@pytest.mark.parametrize("size", [0, 1, 70_000, LIMIT, 5 * GIB])
def test_local_headers_are_those_of_zipfile(size: int) -> None:
    info = zipfile.ZipInfo("items/0001/content")
    info.file_size = info.compress_size = size
    info.CRC = 0x12345678
    assert local_header(Entry(info.filename, size, info.CRC, 0)) == info.FileHeader()


def test_central_headers_are_those_of_zipfile(tmp_path: Path) -> None:
    """Sparse files: an entry of 5 GiB, one that begins beyond it, and a directory beyond both."""
    path = tmp_path / "large.zip"
    big = Entry("manifest.json", 5 * GIB, 0, 0)
    small = Entry("manifest.sig", 3, zlib.crc32(b"abc"), big.end)
    with path.open("wb") as file:
        for entry, content in ((big, b""), (small, b"abc")):
            file.seek(entry.offset)
            file.write(local_header(entry))
            file.write(content)
        file.writelines(directory([big, small]))
    with zipfile.ZipFile(path) as archive:
        found = {info.filename: (info.file_size, info.header_offset) for info in archive.infolist()}
        assert archive.read("manifest.sig") == b"abc"
    assert found == {"manifest.json": (5 * GIB, 0), "manifest.sig": (3, big.end)}
    with path.open("rb") as file:
        ours = open_archive(file)
        assert list(ours.entries.values()) == [big, small]
        assert ours.read("manifest.sig", 10) == b"abc"
    os.truncate(path, 0)


def test_a_size_and_an_offset_each_take_eight_bytes() -> None:
    both = central_header(Entry("a", LIMIT, 0, LIMIT))
    assert len(both) == 46 + 1 + 4 + 24
    assert len(central_header(Entry("a", 1, 0, LIMIT))) == 46 + 1 + 4 + 8
