"""What was signed offline and is uploaded: a signature under what is prepared, or a whole request (S15.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.api.org.asking import REQUEST, SIGNATURE, handed_in, parse_signature
from yinzheng.verifier.bytes.canonical import loads
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.move_request import FORMAT, MAX_BYTES, JointRequest, parse_joint_request

Files = Sequence[tuple[str, bytes]]
"""Name and bytes of each file that was chosen."""

MOST_FILES: Final = 21
"""A request and the documents it may name."""


@dataclass(frozen=True, slots=True)
class SignatureFile:
    """What `yinzheng holder sign` wrote under what the registry prepared."""

    case: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class RequestFolder:
    """A joint request and its documents, as the desk takes them."""

    joint: JointRequest
    body: bytes


def read_files(files: Files, own: str) -> SignatureFile | RequestFolder:
    """Tell what was uploaded. `own`: the organisation's credit code.

    Raises `UsageFault`: `upload-empty`, `upload-other`; `DataFault`: `organisation-other`, and of what is
    malformed or lacks a document.
    """
    if not files:
        raise UsageFault("no file was chosen", code="upload-empty", hint="Choose what was signed.")
    called = {name: _format(data) for name, data in files}
    if SIGNATURE in called.values() and len(files) == 1:
        case, code, signature = parse_signature(files[0][1])
        if code != own:
            raise DataFault(
                f"this is the signature of {code}, not ours",
                code="organisation-other",
                hint="Each organisation hands in its own.",
            )
        return SignatureFile(case, signature)
    (request, *others) = [name for name, found in called.items() if found == FORMAT] or [""]
    if not request or others:
        raise UsageFault(
            "this is neither one signature nor one request with its documents",
            code="upload-other",
            hint=f"Choose the file that `yinzheng holder sign --out` wrote, or {REQUEST} with its documents.",
        )
    contents = dict(files)
    joint = parse_joint_request(contents[request])
    return RequestFolder(joint, handed_in(joint, contents))


def _format(data: bytes) -> str:
    """What a file calls itself; empty for what is no JSON object, or larger than any of ours."""
    try:
        value = loads(data, max_bytes=MAX_BYTES)
    except DataFault:
        return ""
    found = value.get("format") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
