"""A folder with a joint request and the documents it names (S10.12), which someone else filled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from yinzheng.ledger.dossiers.dossier import CHUNK
from yinzheng.ledger.dossiers.folder import Folder, FolderLimits, SeenFile
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.move_request import MAX_BYTES, JointRequest, parse_joint_request

REQUEST: Final = "request.json"


def is_request(folder: Path) -> bool:
    """Whether the folder holds a joint request, and no application."""
    return (folder / REQUEST).is_file()


@contextmanager
def open_request(path: Path) -> Iterator[tuple[JointRequest, dict[str, SeenFile], Folder]]:
    """Open the folder: the request, the files it names, and what they are read from.

    Raises `UsageFault` `dossier-not-folder`; `DataFault`: `request-missing`, `dossier-missing`,
    `json-too-large`, and as `parse_joint_request`; `EnvironmentFault` `dossier-unreadable`.
    """
    folder = Folder(path)
    try:
        files, _ = folder.walk(FolderLimits())
        present = {file.path: file for file in files}
        if REQUEST not in present:
            raise DataFault(
                f"the folder has no usable {REQUEST}",
                code="request-missing",
                hint="A link, or an empty file, is none.",
            )
        if present[REQUEST].size > MAX_BYTES:
            raise DataFault(f"{REQUEST} has more than {MAX_BYTES} bytes", code="json-too-large")
        with folder.open(present[REQUEST]) as stream:
            joint = parse_joint_request(stream.read())
        if missing := [one.path for one in joint.request.documents if one.path not in present]:
            raise DataFault(
                f"the request names documents that are not in the folder: {', '.join(missing)}",
                code="dossier-missing",
                hint="Put them beside it, under these names.",
            )
        yield joint, present, folder
    finally:
        folder.close()


def pieces(folder: Folder, file: SeenFile) -> Iterator[bytes]:
    """The bytes of a file, in pieces."""
    with folder.open(file) as stream:
        while piece := stream.read(CHUNK):
            yield piece
