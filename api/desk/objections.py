"""Objections through the form on a notice (R24), passed on by the public web server on this machine.

Who objects brings a secret, made for the form, and follows with it what becomes of the objection.
"""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.server import Desk
from yinzheng.api.http.reading import read_body
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.cases.protests import SECRET_BYTES, Material, Protest
from yinzheng.ledger.certificates.following import follow_any
from yinzheng.ledger.certificates.objecting import object_to_notice
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.publicity import FORM_BYTES, FORM_FILES
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON, Check, hex_bytes, list_of, object_of, text
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_BODY: Final = FORM_BYTES * 4 // 3 + 64 * 1024

_FILE: Final[Check[Any]] = object_of({"name": text(0, 400), "content": text(0, MAX_BODY)})
OBJECT: Final[dict[str, Check[Any]]] = {
    "notice": hex_bytes(32),
    "secret": hex_bytes(SECRET_BYTES),
    "objector": text(0, 400),
    "contact": text(0, 400),
    "reasons": text(0, 8000),
    "files": list_of(_FILE, 0, FORM_FILES),
}
FOLLOW: Final[dict[str, Check[Any]]] = {"number": text(0, 64), "secret": hex_bytes(SECRET_BYTES)}


def objections(desk: Desk) -> Routes:
    """The routes for whoever objects."""
    router = Routes("/public/v1")

    async def form(request: Request, wanted: dict[str, Check[Any]], most: int) -> dict[str, Any]:
        desk.pages.require(request)
        with desk.memory.lease(request) as lease:
            body = await read_body(request, most, lease, desk.limits.body_seconds)
            value = canonical.loads(body or b"{}", max_bytes=most)
            if not isinstance(value, dict):
                raise DataFault("the body is not a JSON object", code="json-malformed")
            return fields.read(value, wanted)

    @router.post("/object")
    async def object_(request: Request) -> Response:
        found = await form(request, OBJECT, MAX_BODY)
        protest = Protest(found["objector"], found["reasons"], _material(found["files"]), found["contact"])

        def act(registry: Registry) -> JSON:
            against, raised = object_to_notice(registry, found["notice"], protest, found["secret"])
            return {"case": against, "number": raised.number, "raised_at": raised.at}

        return JSONResponse(await desk.do(act), HTTPStatus.CREATED)

    @router.post("/follow")
    async def follow_(request: Request) -> Response:
        found = await form(request, FOLLOW, 4096)

        def act(registry: Registry) -> JSON:
            standing = follow_any(registry, found["number"], found["secret"])
            return {
                "number": standing.number,
                "case": standing.case,
                "raised_at": standing.raised_at,
                "due": standing.due,
                "concluded_at": standing.concluded_at,
                "upheld": standing.upheld,
                "reasons": standing.reasons,
            }

        return JSONResponse(await desk.do(act))

    return router


def _material(files: list[dict[str, Any]]) -> list[Material]:
    material, size = [], 0
    for file in files:
        try:
            content = base64.b64decode(file["content"], validate=True)
        except (binascii.Error, ValueError):
            raise DataFault("a file is not base64", code="field-value") from None
        size += len(content)
        material.append(Material(file["name"], lambda content=content: [content]))  # type: ignore[misc]
    if size > FORM_BYTES:
        raise UsageFault(
            "the files are too large together", code="too-large", hint="Bring them to a counter."
        )
    return material
