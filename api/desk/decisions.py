"""Decisions that people of the registry signed elsewhere (S18): the desk has none of their keys.

It checks the signature before anything else is read of a case, and carries out what is signed, no more.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk.server import Desk
from yinzheng.api.http.reading import read_body
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.elsewhere.submitting import submit
from yinzheng.ledger.people.decisions import MAX_BYTES, SignedDecision
from yinzheng.verifier.bytes import canonical

PLACE: Final = "/people/v1"


def decisions(desk: Desk) -> Routes:
    """The route for whoever decides elsewhere."""
    router = Routes(PLACE)

    @router.post("/decisions")
    async def decide(request: Request) -> Response:
        with desk.memory.lease(request) as lease:
            body = await read_body(request, MAX_BYTES, lease, desk.limits.body_seconds)
            decision = SignedDecision.from_json(canonical.loads(body or b"{}", max_bytes=MAX_BYTES))
            outcome = await desk.do(lambda registry: submit(registry, decision))
        return JSONResponse(outcome.to_json(), HTTPStatus.OK if outcome.done else HTTPStatus.ACCEPTED)

    return router
