"""What a guardian showed, as options of who looked at it: an officer, or the controller's counter (R33)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.consent import GUARDIANSHIP_PROOFS, IDENTITY_PROOFS, RELATIONS

if TYPE_CHECKING:
    from yinzheng.verifier.bytes.algorithms import DigestPair
    from yinzheng.verifier.bytes.canonical import JSON

_CHUNK = 1 << 20

Relation = Annotated[str, typer.Option(help=f"One of {', '.join(RELATIONS)}. 与未成年人的关系。")]
IdentityFile = Annotated[
    Path, typer.Option(help="Copy of the document of identity; only its digests are kept. 身份证件副本。")
]
Identity = Annotated[str, typer.Option(help=f"What it is: one of {', '.join(IDENTITY_PROOFS)}. 证件种类。")]
GuardianshipFile = Annotated[
    Path, typer.Option(help="Copy of the proof of guardianship; only its digests are kept. 监护证明副本。")
]
Guardianship = Annotated[
    str, typer.Option(help=f"What it is: one of {', '.join(GUARDIANSHIP_PROOFS)}. 监护证明种类。")
]
LiveFaceBy = Annotated[
    str | None,
    typer.Option(
        help="Credit code of who compared face and document and found them alike, if not we; the face itself "
        "is kept nowhere. 人脸核验机构。"
    ),
]
Checked = Annotated[str | None, typer.Option(help="When all of it was looked at; default: now. 核验时间。")]


def proof_of(
    relation: str,
    documents: Mapping[str, tuple[str, Path]],
    *,
    checked_by: str,
    live_face_by: str | None,
    checked_at: int,
) -> dict[str, JSON]:
    """The proof as JSON (S10.6). `documents`: kind and file, by `identity` and `guardianship`.

    Raises `UsageFault` `file-missing`; what it says is checked by who reads it.
    """
    at: dict[str, Any] = {"checked_by": checked_by, "checked_at": checked_at}
    face: dict[str, Any] = {"passed": True, **at}
    if live_face_by is not None:
        face["checked_by"] = live_face_by
    proofs: dict[str, Any] = {
        name: {"kind": kind, "digest": _digest(file).to_json(), **at}
        for name, (kind, file) in documents.items()
    }
    return {"relation": relation, "live_face": face, **proofs}


def _digest(file: Path) -> DigestPair:
    from yinzheng.verifier.bytes.algorithms import PairHasher

    hasher = PairHasher()
    try:
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                hasher.update(chunk)
    except (FileNotFoundError, IsADirectoryError):
        raise UsageFault(f"there is no file {file}", code="file-missing", hint="Check the path.") from None
    return hasher.digest()
