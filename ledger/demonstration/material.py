"""What a demonstration needs besides the committed example dossiers: a large file, and a reviewer's answers.

Nothing here describes a real person, body or examination.
"""

import random
import shutil
import struct
from pathlib import Path

from yinzheng.ledger.rules.review import Answer, CaseFacts, ItemAnswer, mandatory_items
from yinzheng.ledger.rules.review_items import ITEMS
from yinzheng.ledger.rules.volume import Flag, FlagDecision, flags

LARGE_FILE = "imaging-volume.nii"
"""Declared by an example dossier, and made on the fly because it is too large to be committed."""
LARGE_SIZE = 21 * 2**20
_SIDE = 256
_HEADER = 352


def make_large_attachment(path: Path, size: int = LARGE_SIZE, seed: int = 1) -> None:
    """Write a synthetic NIfTI-1 volume of at least `size` bytes and less than one slice more.

    A noisy ellipsoid of 16-bit voxels, 256 by 256 by as many slices as it takes. The same size and seed
    give the same bytes.
    """
    slice_bytes = 2 * _SIDE * _SIDE
    depth = max(1, -(-(size - _HEADER) // slice_bytes))
    noise = random.Random(seed)  # noqa: S311 - a picture, not a secret
    with path.open("wb") as file:
        file.write(_nifti_header(depth))
        for z in range(depth):
            file.write(_slice(noise, (2 * z - depth + 1) / depth))


def _nifti_header(depth: int) -> bytes:
    header = bytearray(_HEADER)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, _SIDE, _SIDE, depth, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)  # data type int16, 16 bits a voxel
    struct.pack_into("<8f", header, 76, 1.0, 0.7, 0.7, 1.25, 1.0, 1.0, 1.0, 1.0)
    struct.pack_into("<f", header, 108, float(_HEADER))
    struct.pack_into("<4s", header, 344, b"n+1\0")
    return bytes(header)


def _slice(noise: random.Random, z: float) -> bytes:
    rows = []
    for y in range(_SIDE):
        squared = 1 - z * z - ((2 * y - _SIDE + 1) / _SIDE) ** 2
        half = int(_SIDE / 2 * squared**0.5) if squared > 0 else 0
        margin = bytes(2 * (_SIDE // 2 - half))
        voxels = bytearray(4 * half)
        voxels[::2] = noise.randbytes(2 * half)
        rows.append(margin + bytes(voxels) + margin)
    return b"".join(rows)


def prepare_dossier(example: Path, target: Path) -> Path:
    """Copy an example dossier to the new folder `target`, with its large file if it declares one."""
    shutil.copytree(example, target)
    if LARGE_FILE in (target / "application.json").read_text(encoding="utf-8"):
        make_large_attachment(target / LARGE_FILE)
    return target


def favourable_review(
    facts: CaseFacts, evidence: tuple[str, ...]
) -> tuple[tuple[ItemAnswer, ...], tuple[FlagDecision, ...]]:
    """Give the complete answers of a reviewer who found nothing against registration (R19, R23)."""
    mandatory = mandatory_items(facts)
    answers = tuple(
        ItemAnswer(item, Answer.YES, "经核验相符", evidence)
        if item in mandatory
        else ItemAnswer(item, Answer.NOT_APPLICABLE, "本申请不涉及此项")
        for item in ITEMS[facts.kind]
    )
    decisions = tuple(
        FlagDecision(
            flag,
            confirmed=flag is Flag.IMPORTANT_DATA,
            reason="演示：经人工判断，按重要数据管理，不属于核心数据",
            assessment=min(facts.reports, default=""),
        )
        for flag in sorted(flags(facts.volume))
    )
    return answers, decisions
