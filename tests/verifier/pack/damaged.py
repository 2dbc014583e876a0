"""Files that are no pack, or a pack no more: cut off, packed anew, wrapped, of another kind or registry.

Nothing in them has failed: a verification says that they are none of ours, or damaged, and never that the
evidence is inconsistent.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from tests.verifier.pack.pack_files import unpacked, zipped
from tests.verifier.pack.pack_world import Dispute, genuine_pack
from tests.verifier.world import STRANGER


def packed_anew(compression: int, order: Callable[[list[str]], list[str]] = list) -> bytes:
    """The pack's files in a zip of Python's own making."""
    files, out = unpacked(genuine_pack()), io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name in order(list(files)):
            archive.writestr(name, files[name])
    return out.getvalue()


def wrapped() -> bytes:
    """The pack in another zip, as mail programs send it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("case.zip", genuine_pack())
    return out.getvalue()


def without_last_byte_of(name: str) -> bytes:
    """The pack with the checksum of one small file wrong."""
    pack = bytearray(genuine_pack())
    pack[pack.index(unpacked(genuine_pack())[name]) + 5] ^= 1
    return bytes(pack)


NO_PACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "zip-malformed"),
    "a text": (lambda: b"hello\n", "zip-malformed"),
    "a PDF": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "zip-malformed"),
    "cut off": (lambda: genuine_pack()[:100_000], "zip-truncated"),
    "cut off by a byte": (lambda: genuine_pack()[:-1], "zip-truncated"),
    "the end alone": (lambda: genuine_pack()[-100_000:], "zip-truncated"),
    "compressed": (lambda: packed_anew(zipfile.ZIP_DEFLATED), "zip-compressed"),
    "stored by another": (lambda: packed_anew(zipfile.ZIP_STORED), "zip-layout"),
    "in another order": (lambda: packed_anew(zipfile.ZIP_STORED, sorted), "zip-layout"),
    "wrapped": (wrapped, "zip-entries"),
    "bytes after it": (lambda: genuine_pack() + b"\n", "zip-trailing"),
    "its manifest damaged": (lambda: without_last_byte_of("manifest.json"), "zip-crc"),
    "its signature damaged": (lambda: without_last_byte_of("manifest.sig"), "zip-crc"),
    "a zip of our layout": (
        lambda: zipped([("manifest.json", b"{}"), ("manifest.sig", b"")]),
        "manifest-signer",
    ),
    "of another registry": (lambda: Dispute(signer=STRANGER).pack(), "issuer-unknown"),
}
"""By name: the bytes, and the code."""
