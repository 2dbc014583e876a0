"""Sealing and opening a large file, in a process of its own so that its memory can be told apart.

Run as `python -m scripts.bench_parts.sealing FOLDER MIB`: prints one JSON object.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.bench_parts.measure import Figure, peak_mib, seconds
from yinzheng.ledger.keys import sm4
from yinzheng.ledger.store.blobs import FolderBlobs
from yinzheng.ledger.store.sealed import SealedFile, check_file, seal_file
from yinzheng.verifier.bytes.digests import sm3

CHUNK = 1 << 20
KEY, DOSSIER = bytes(range(16)), bytes(16)
_FLOOR = "SM4-GCM + SM3 + SHA-256 of the same chunks, one after the other"


def measure_sealing(folder: Path, mib: int) -> list[Figure]:
    """Seal and open a file of `mib` MiB of random bytes."""
    command = [sys.executable, "-m", "scripts.bench_parts.sealing", str(folder), str(mib)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    floor, size = found["floor"], f"{mib} MiB"
    seal, opening = floor / found["seal"], floor / found["open"]
    return [
        Figure(
            "sealing",
            f"seal {size}",
            mib / found["seal"],
            "MiB/s",
            _FLOOR,
            mib / floor,
            seal,
            "≥ 70 %",
            seal >= 0.7,
        ),
        Figure(
            "sealing", f"open and check {size}", mib / found["open"], "MiB/s", _FLOOR, mib / floor, opening
        ),
        Figure(
            "sealing",
            "memory of the process at its peak",
            found["peak"],
            "MiB",
            goal="< 200 MiB",
            met=found["peak"] < 200,
        ),
    ]


def _main(folder: Path, mib: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    source, blobs = folder / "source", FolderBlobs(folder / "blobs")
    block = os.urandom(CHUNK)
    with source.open("wb") as file:
        for number in range(mib):
            file.write(number.to_bytes(8, "big") + block[8:])
    sealed: list[SealedFile] = []
    # The floor is measured half before and half after, so that a change in the machine's load meets both.
    floor = seconds(lambda: _floor(source, 0, mib // 2))
    seal = seconds(lambda: sealed.append(seal_file(blobs, KEY, DOSSIER, 0, _chunks(source, 0, mib))))
    (whole,) = sealed
    opening = seconds(lambda: check_file(blobs, KEY, DOSSIER, 0, whole.blob, whole.size, whole.digest))
    floor += seconds(lambda: _floor(source, mib // 2, mib))
    found = {"floor": floor, "seal": seal, "open": opening, "peak": peak_mib()}
    sys.stdout.write(json.dumps(found))


def _chunks(path: Path, first: int, end: int) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        file.seek(first * CHUNK)
        for _ in range(end - first):
            yield file.read(CHUNK)


def _floor(path: Path, first: int, end: int) -> None:
    nonce, associated = bytes(12), bytes(40)
    for chunk in _chunks(path, first, end):
        sm4.encrypt(KEY, nonce, chunk, associated)
        sm3(chunk)
        hashlib.sha256(chunk).digest()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
