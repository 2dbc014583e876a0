"""A request is good for one case (R5): which of ours we saw prepared, and in which case (docs/adr/0059).

The registry takes a request in once. A desk that lies could have an old one prepared again, whose licence or
transfer was registered long ago: it would be, field by field, what we signed.

FOLDER/requests/NAME   the reference of the case; NAME is the SHA-256 of the request, in hex
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from yinzheng.ledger.state.files import create_durably, disk_faults, make_folder
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.move_request import MoveRequest

SEEN: Final = "requests"


def require_first(folder: Path, request: MoveRequest, case: str) -> None:
    """Keep in the organisation's folder that a request is this case's.

    Raises `DataFault` `request-again` where it was another's; `EnvironmentFault` (`disk_faults`).
    """
    seen = folder / SEEN
    make_folder(seen, mode=0o700)
    with disk_faults(seen):
        place = seen / sha256(request.canonical()).hex()
        try:
            create_durably(place, case.encode())
            known = case
        except FileExistsError:
            known = place.read_bytes()[:40].decode("ascii", "replace")
    if known != case:
        raise DataFault(
            f"this request was prepared before, in {known}, and is good once",
            code="request-again",
            hint=f"Sign nothing, and ask the registry. {place} says so.",
        )
