"""Putting the web server together. Nothing here is decided; see the modules it imports."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from yinzheng.api.http.bodies import Bodies
from yinzheng.api.http.guard import Guard
from yinzheng.api.http.hangups import Hangups
from yinzheng.api.http.headers import SecurityHeaders
from yinzheng.api.http.limits import Gate, Limits
from yinzheng.api.http.methods import Methods, allowed
from yinzheng.api.http.problems import Problem, of_status, problem_of
from yinzheng.api.http.shared import Levels, Once
from yinzheng.api.web.challenges import challenges
from yinzheng.api.web.checking import Checker
from yinzheng.api.web.court import court
from yinzheng.api.web.desk import DeskPort
from yinzheng.api.web.objections import objections
from yinzheng.api.web.pages import pages
from yinzheng.api.web.patients import patients
from yinzheng.api.web.ports import ReaderPort
from yinzheng.api.web.rights import rights
from yinzheng.api.web.server import Server
from yinzheng.api.web.service import describe, service
from yinzheng.verifier.errors import YinzhengError

DESCRIPTION: Final = (
    "Check certificates of health-data property rights against the ledger they are deposited on. "
    "The server reads "
    "only, holds no key, sets no cookie and keeps nothing that is sent to it. Formats (S…) are in "
    "docs/spec.md, rules "
    "of the field (R…) in docs/rules.md. Requests are limited to 50 a second for each client (R50)."
)


def create_app(
    reader: ReaderPort,
    *,
    clock: Callable[[], int],
    trust: bytes | None = None,
    limits: Limits | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    demonstration: bool = False,
    desk: DeskPort | None = None,
    levels: Callable[[int], Levels] | None = None,
    answered: Once | None = None,
) -> FastAPI:
    """The web server over one registry.

    `clock` gives UTC seconds. Pages verify under the policy file `trust`, or under the operator's own export
    when there is none. With `demonstration` every page says that the registry is one. Patients' forms go to
    `desk`; without one they are told where else to go. `levels` and `answered` are what it knows together
    with others that serve the same (`api.http.shared`); by default it is alone.

    Raises `DataFault` `trust-malformed`.
    """
    limits = limits or Limits()
    gate = Gate(limits, monotonic, levels)
    checker = Checker(reader, clock, limits, trust, gate)
    server = Server(
        reader, clock, limits, gate, checker, desk, demonstration=demonstration, answered=answered
    )
    app = FastAPI(
        title="Yinzheng 印证",
        version="1",
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        # The viewers these would serve load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Guard, gate=gate, answer=server.problem),
            Middleware(Hangups),
            Middleware(Bodies, pace=limits.pace),
            Middleware(Methods),
        ],
    )
    _handle_errors(app, server)
    app.include_router(service(server))
    describe(app)
    for routes in (pages, rights, challenges, objections, patients, court):
        app.include_router(routes(server))
    return app


def _handle_errors(app: FastAPI, server: Server) -> None:
    async def fault(request: Request, error: Exception) -> Response:
        assert isinstance(error, YinzhengError)
        return server.problem(request, problem_of(error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = server.problem(request, of_status(error.status_code))
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            answer.headers["Allow"] = ", ".join(allowed(app.routes, request.scope))
        return answer

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        names = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))  # as we named them
        return server.problem(
            request,
            Problem(
                HTTPStatus.BAD_REQUEST,
                "query",
                f"what the address has as {names} is missing, or not of the form it has",
                "See /v1/openapi.json.",
            ),
        )

    app.add_exception_handler(YinzhengError, fault)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
