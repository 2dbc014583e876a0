"""Putting the desk together. Nothing here is decided; see the modules it imports."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk.certificates import certificates
from yinzheng.api.desk.contracts import contracts
from yinzheng.api.desk.decisions import decisions
from yinzheng.api.desk.disputes import disputes
from yinzheng.api.desk.guard import Guard
from yinzheng.api.desk.moves import moves
from yinzheng.api.desk.objections import objections
from yinzheng.api.desk.organisations import organisations
from yinzheng.api.desk.patients import patients
from yinzheng.api.desk.problems import answer, problem_of
from yinzheng.api.desk.server import Desk
from yinzheng.api.desk.trades import trades
from yinzheng.api.desk.watching import watching
from yinzheng.api.desk.withdrawals import withdrawals
from yinzheng.api.http.answers import Answers
from yinzheng.api.http.bodies import Bodies
from yinzheng.api.http.hangups import Hangups
from yinzheng.api.http.headers import SecurityHeaders
from yinzheng.api.http.limits import Gate, Limits
from yinzheng.api.http.methods import Methods, allowed
from yinzheng.api.http.problems import not_found, of_status
from yinzheng.api.http.routes import Routes
from yinzheng.api.http.schemas import DESK, schema_file, schema_files
from yinzheng.ledger.store.repository import unknown_certificate
from yinzheng.verifier.errors import YinzhengError


def create_app(desk: Desk, *, monotonic: Callable[[], float] = time.monotonic) -> Starlette:
    """The desk's HTTP interface (S15)."""
    gate = Gate(Limits(requests=desk.limits.address, clients=desk.limits.clients), monotonic)
    every = (
        trades,  # what is asked most is tried first
        organisations,
        withdrawals,
        disputes,
        certificates,
        patients,
        objections,
        decisions,
        moves,
        contracts,
        watching,
    )
    app = Starlette(
        routes=[route for routes in (*(made(desk) for made in every), _public()) for route in routes.routes],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Guard, gate=gate),
            Middleware(Answers, pace=desk.limits.pace),
            Middleware(Hangups),
            Middleware(Bodies, pace=desk.limits.pace),
            Middleware(Methods),
        ],
        exception_handlers={YinzhengError: _fault, HTTPException: _http},
    )
    app.router.redirect_slashes = False
    return app


def _public() -> Routes:
    routes = Routes()

    @routes.get("/healthz")
    async def health(_: Request) -> Response:
        return JSONResponse({"desk": "open"})

    @routes.get("/openapi.json")
    async def described(_: Request) -> Response:
        return Response(schema_files()[DESK], media_type="application/json")

    @routes.get("/schemas/{name}")
    async def schema(request: Request, name: str) -> Response:
        return schema_file(name) or answer(not_found(), request.headers)

    return routes


async def _fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, YinzhengError)
    if error.code == "certificate-draft":  # who is to be registered is not for other organisations (R50)
        error = unknown_certificate(str(error.data["number"]))
    places = {
        name: error.data[name] for name in ("line", "index", "path", "replaced_at") if name in error.data
    }
    return answer(problem_of(error), request.headers, **places)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    made = answer(of_status(error.status_code), request.headers)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        made.headers["Allow"] = ", ".join(allowed(request.app.routes, request.scope))
    return made
