"""What holders ask for together, and what they sign of it, in requests they sign (S15.9)."""

from __future__ import annotations

import base64
import re
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import one_object
from yinzheng.api.desk.server import Desk
from yinzheng.api.http.lists import listed
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.cases import issuing, requesting
from yinzheng.ledger.cases.files import FilePart
from yinzheng.ledger.cases.showing import moves_of, shown_move
from yinzheng.ledger.registry import Registry, silent
from yinzheng.verifier.bytes.canonical import JSON, Check, hex_bytes, list_of, object_of, text
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import check_plain
from yinzheng.verifier.formats.move_request import MAX_DOCUMENTS, JointRequest, read_joint_request

MAX_REQUEST: Final = 8 * 1024 * 1024
"""Bytes of a request with its documents; larger ones are handed in at the counter."""

_CASE: Final = re.compile(r"A-\d{4}-\d{6}")
_CONTENT: Final = object_of({"path": check_plain(1, 200), "content": text(1, MAX_REQUEST)})


def _as_sent(value: object, _path: str) -> object:
    """Left to `read_joint_request`."""
    return value


REQUEST: Final[dict[str, Check[Any]]] = {
    "request": _as_sent,
    "documents": list_of(_CONTENT, 1, MAX_DOCUMENTS),
}
APPROVAL: Final[dict[str, Check[Any]]] = {"signature": hex_bytes(65)}


def moves(desk: Desk) -> Routes:
    """The routes about moves. Whom one does not concern is told that there is none."""
    router = Routes("/org/v1/requests")

    @router.post("")
    async def requested(request: Request) -> Response:
        """A joint request, signed by all its parties, with its documents; from one of them."""
        async with desk.signed(request, MAX_REQUEST, by_number=True) as asked:
            found = fields.read(one_object(asked.body), REQUEST)
            joint = read_joint_request(found["request"])
            _require_own(joint, asked.org)
            parts = _parts(joint, found["documents"])
            case = await asked.do(lambda registry: requesting.receive(registry, joint, parts, silent))
        return JSONResponse({"case": case}, HTTPStatus.CREATED)

    @router.get("")
    async def moving(request: Request) -> Response:
        """The moves that concern whoever asks, the newest first, a page at a time."""
        after = fields.place_of(dict(request.query_params), _is_case)
        async with desk.signed(request) as asked:
            rows, more = await asked.do(lambda registry: moves_of(registry, asked.org, after))
        return listed(request, "requests", [row.to_json() for row in rows], more)

    @router.get("/{written}")
    async def shown(request: Request, written: str) -> Response:
        """One of them, and what waits to be signed (S16.9)."""
        async with desk.signed(request) as asked:
            move = await asked.do(lambda registry: shown_move(registry, _case(written), asked.org))
        return JSONResponse(move.to_json())

    @router.post("/{written}/approval")
    async def approved(request: Request, written: str) -> Response:
        """The account's signature under what is prepared; the last one puts it on the ledger."""
        async with desk.signed(request) as asked:
            signature = fields.read(one_object(asked.body), APPROVAL)["signature"]

            def act(registry: Registry) -> JSON:
                shown_move(registry, _case(written), asked.org)
                issued = issuing.sign(registry, written, asked.org, signature)
                return {"numbers": [*issued.numbers], "missing": [*issued.missing]}

            return JSONResponse(await asked.do(act))

    return router


def _is_case(written: str) -> bool:
    return _CASE.fullmatch(written) is not None


def _case(written: str) -> str:
    if not _is_case(written):
        raise UsageFault("there is no such case", code="case-unknown", hint="Its form is A-2026-000001.")
    return written


def _require_own(joint: JointRequest, org: str) -> None:
    if org not in {one.code for one in joint.request.parties}:
        raise DataFault(
            "whoever hands a request in is one of its parties",
            code="organisation-other",
            hint="Have a party send it, or hand it in at the counter.",
        )


def _parts(joint: JointRequest, documents: list[dict[str, str]]) -> list[FilePart]:
    sent = {one["path"]: one["content"] for one in documents}
    parts = []
    for named in joint.request.documents:
        try:
            content = base64.b64decode(sent[named.path], validate=True)
        except KeyError:
            raise DataFault(
                f"{named.path} is missing", code="document-differs", hint="Send what the request names."
            ) from None
        except ValueError:  # `binascii.Error` too; what is not ASCII raises another
            raise DataFault(f"{named.path} is not base64", code="field-value") from None
        parts.append(FilePart(named.path, named.role, named.title, lambda content=content: [content]))  # type: ignore[misc]
    return parts
