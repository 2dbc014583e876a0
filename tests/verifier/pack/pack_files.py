"""The files of a pack: taken out, put together in the one layout, signed anew by who has the key."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.verifier.world import (
    ISSUER,
)
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.judge.pack.report import PackReport
from yinzheng.verifier.pack.layout import Entry, directory, local_header
from yinzheng.verifier.pack.manifest import PATHS, signed_message


def unpacked(pack: bytes) -> dict[str, bytes]:
    """All files of a pack, read by Python's own `zipfile`."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip in the one layout, whatever its names and their order."""
    out, entries, at = b"", [], 0
    for name, content in files:
        entry = Entry(name, len(content), zlib.crc32(content), at)
        out += local_header(entry) + content
        entries.append(entry)
        at = entry.end
    return out + b"".join(directory(entries))


def resigned(
    files: Mapping[str, bytes],
    edit: Callable[[dict[str, Any]], None] = lambda manifest: None,
    signer: Sm2PrivateKey = ISSUER,
) -> bytes:
    """The pack of these files by someone who has the issuer's key: digests and signature fit again."""
    manifest = json.loads(files["manifest.json"])
    roles = {re.compile(pattern): role for role, pattern in PATHS.items()}
    named = sorted(set(files) - {"manifest.json", "manifest.sig"})
    manifest["files"] = [
        {
            "path": path,
            "size": len(files[path]),
            "digest": digest_pair(files[path]).to_json(),
            "role": next(role for pattern, role in roles.items() if pattern.fullmatch(path)),
        }
        for path in named
    ]
    edit(manifest)
    data = dumps(manifest)
    signature = signer.sign_der(signed_message(data))
    rest = [(path, files[path]) for path in named]
    return zipped([("manifest.json", data), ("manifest.sig", signature), *rest])


def places(report: PackReport) -> set[tuple[str, int | None, str]]:
    """Every failure: where, which obligation, why."""
    return {(reason.where, reason.obligation, reason.code) for reason in report.faults()}


def pieces(content: bytes) -> list[bytes]:
    return [content[at : at + 1000] for at in range(0, len(content), 1000)]
