"""What the reader refuses of a zip, each with its own code (S14.1)."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.verifier.pack.pack_files import zipped
from tests.verifier.pack.pack_world import genuine_pack
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.pack import layout
from yinzheng.verifier.pack.archive import PackLimits, open_archive

FILES = [("manifest.json", b"{}"), ("manifest.sig", b"sig"), ("a/b", b"content"), ("c", b"")]
DEFAULT = PackLimits()


def refusal(data: bytes, limits: PackLimits = DEFAULT) -> DataFault:
    with pytest.raises(DataFault) as caught:
        open_archive(io.BytesIO(data), limits)
    return caught.value


def by_zipfile(compression: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in FILES:
            archive.writestr(zipfile.ZipInfo(name), content * 100, compression)
        archive.comment = comment
    return out.getvalue()


def patched(at: int, new: bytes, *, central: int | None = 2, local: int | None = None) -> bytes:
    """The zip of `FILES` with bytes replaced in the header of one entry."""
    data = bytearray(zipped(FILES))
    signature = struct.pack("<I", layout.CENTRAL if central is not None else layout.LOCAL)
    position = -1
    for _ in range((central if central is not None else local or 0) + 1):
        position = data.index(signature, position + 1)
    data[position + at : position + at + len(new)] = new
    return bytes(data)


def test_a_zip_of_the_layout_is_read() -> None:
    archive = open_archive(io.BytesIO(zipped(FILES)))
    assert [archive.read(name, 100) for name in archive.entries] == [content for _, content in FILES]


CASES: list[tuple[str, str, Callable[[], bytes]]] = [
    ("nothing", "zip-malformed", lambda: b""),
    ("a text", "zip-malformed", lambda: b"this is not a zip, however long it may be"),
    ("cut off", "zip-truncated", lambda: zipped(FILES)[:-30]),
    ("cut in a content", "zip-truncated", lambda: genuine_pack()[:5000]),
    ("bytes cut out", "zip-truncated", lambda: zipped(FILES)[:40] + zipped(FILES)[45:]),
    ("bytes after", "zip-trailing", lambda: zipped(FILES) + b"\0"),
    ("a comment", "zip-trailing", lambda: by_zipfile(comment=b"hello")),
    ("bytes before", "zip-leading", lambda: b"#!/bin/sh\n" + zipped(FILES)),
    ("deflated", "zip-compressed", lambda: by_zipfile(zipfile.ZIP_DEFLATED)),
    ("another writer's", "zip-layout", by_zipfile),
    ("encrypted", "zip-encrypted", lambda: patched(8, b"\1\0")),
    ("strongly encrypted", "zip-encrypted", lambda: patched(8, b"\x40\0")),
    ("a data descriptor", "zip-layout", lambda: patched(8, b"\x08\0")),
    ("two sizes", "zip-compressed", lambda: patched(20, struct.pack("<I", 6))),
    ("an entry comment", "zip-extra-field", lambda: patched(32, b"\1\0")),
    ("an extra field", "zip-extra-field", lambda: patched(30, b"\1\0")),
    ("another date", "zip-layout", lambda: patched(14, b"\x22\0")),
    ("other attributes", "zip-layout", lambda: patched(38, b"\1")),
    ("another local name", "zip-directory", lambda: patched(30, b"x", central=None, local=2)),
    ("another local checksum", "zip-directory", lambda: patched(14, b"\0", central=None, local=2)),
    ("no central signature", "zip-layout", lambda: patched(0, b"QK")),
    ("twice the same", "zip-duplicate", lambda: zipped([*FILES, ("c", b"")])),
    ("two manifests", "zip-two-manifests", lambda: zipped([*FILES, ("manifest.json", b"{}")])),
    ("two signatures", "zip-two-manifests", lambda: zipped([*FILES, ("manifest.sig", b"{}")])),
    ("out of order", "zip-order", lambda: zipped([*FILES[:2], FILES[3], FILES[2]])),
    ("no manifest first", "zip-order", lambda: zipped(FILES[1:])),
    ("one entry", "zip-entries", lambda: zipped(FILES[:1])),
    ("up and away", "zip-path", lambda: zipped([*FILES[:2], ("../x", b"")])),
    ("here", "zip-path", lambda: zipped([*FILES[:2], ("a/./x", b"")])),
    ("absolute", "zip-path", lambda: zipped([*FILES[:2], ("/x", b"")])),
    ("a drive", "zip-path", lambda: zipped([*FILES[:2], ("C:x", b"")])),
    ("backslash", "zip-path", lambda: zipped([*FILES[:2], ("a\\x", b"")])),
    ("a folder", "zip-path", lambda: zipped([*FILES[:2], ("a/", b"")])),
    ("no name", "zip-path", lambda: zipped([*FILES[:2], ("", b"")])),
    ("a long name", "zip-path", lambda: zipped([*FILES[:2], ("x" * 101, b"")])),
]


@pytest.mark.parametrize(("code", "make"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_refused(code: str, make: Callable[[], bytes]) -> None:
    assert refusal(make()).code == code


def test_a_fault_names_its_entry() -> None:
    assert refusal(patched(8, b"\1\0")).data["entry"] == "a/b"


def relaid(edit: Callable[[list[layout.Entry]], None], gap: bytes = b"") -> bytes:
    """The zip of `FILES` whose directory tells of other places; `gap` lies before the directory."""
    data = zipped(FILES)
    entries = list(open_archive(io.BytesIO(data)).entries.values())
    body = data[: entries[-1].end] + gap
    edit(entries)
    central = b"".join(layout.central_header(entry) for entry in entries)
    return body + central + layout.end_records(len(entries), len(central), len(body))


def test_entries_may_not_overlap() -> None:
    def onto(entries: list[layout.Entry]) -> None:
        entries[3] = replace(entries[3], offset=entries[2].offset)

    assert refusal(relaid(onto)).code == "zip-overlap"

    def longer(entries: list[layout.Entry]) -> None:
        entries[3] = replace(entries[3], size=50)

    assert refusal(relaid(longer)).code == "zip-overlap"


def test_entries_may_not_leave_gaps() -> None:
    def later(entries: list[layout.Entry]) -> None:
        entries[3] = replace(entries[3], offset=entries[3].offset + 1)

    assert refusal(relaid(later)).code == "zip-gap"
    assert refusal(relaid(lambda entries: None, gap=b"hidden")).code == "zip-gap"

    def all_later(entries: list[layout.Entry]) -> None:
        entries[:] = [replace(entry, offset=entry.offset + 1) for entry in entries]

    assert refusal(relaid(all_later)).code == "zip-leading"


def ended(count: int, size: int, offset: int, before: bytes) -> bytes:
    return before + layout.end_records(count, size, offset)


def test_the_end_must_tell_the_truth() -> None:
    data = zipped(FILES)
    at = len(data) - layout.END_BYTES
    _, _, _, _, count, size, offset, _ = struct.unpack("<IHHHHIIH", data[at:])
    body = data[:at]
    assert refusal(ended(count + 1, size, offset, body)).code == "zip-layout"
    assert refusal(ended(count - 1, size, offset, body)).code == "zip-layout"
    assert refusal(ended(count, size, offset + 1, body)).code == "zip-truncated"
    assert refusal(ended(count, size - 1, offset, body)).code == "zip-leading"
    assert refusal(ended(2, 5000, len(body) - 5000 + 5000, body + bytes(5000))).code == "zip-layout"
    disk = bytearray(data)
    disk[at + 4] = 1
    assert refusal(bytes(disk)).code == "zip-layout"


def test_zip64_only_where_it_belongs() -> None:
    body = b"PK\x03\x04" + bytes(200)
    plain = layout.end_records(2, layout.LIMIT, 0)
    # The end record says "see zip64", and there is none.
    assert refusal(body + plain[-layout.END_BYTES :]).code == "zip-layout"
    assert refusal(plain[-layout.END_BYTES :]).code == "zip-layout"
    assert refusal(body + plain).code == "zip-truncated"


def test_more_than_the_reader_takes_in() -> None:
    data = zipped(FILES)
    assert refusal(data, PackLimits(pack_bytes=100)).code == "zip-too-large"
    assert refusal(data, PackLimits(entries=3)).code == "zip-entries"
    assert refusal(data, PackLimits(entry_bytes=6)).code == "zip-entry-too-large"
    bomb = zipped([*FILES[:2], *((f"x{at:05}", b"") for at in range(10_000))])
    assert refusal(bomb).code == "zip-entries"


def test_contents_are_checked_as_they_are_read() -> None:
    data = zipped(FILES)
    at = data.index(b"content")
    archive = open_archive(io.BytesIO(data[:at] + b"CONTENT" + data[at + 7 :]))
    with pytest.raises(DataFault) as caught:
        archive.read("a/b", 100)
    assert (caught.value.code, caught.value.data["entry"]) == ("zip-crc", "a/b")
    with pytest.raises(DataFault) as caught:
        archive.read("a/b", 6)
    assert caught.value.code == "pack-file-too-large"
    archive.file = io.BytesIO(data[:at])
    with pytest.raises(DataFault) as caught:
        archive.read("a/b", 100)
    assert caught.value.code == "zip-truncated"
