"""Putting an organisation's own pages together. Nothing here is decided; see the modules it imports."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from yinzheng.api.http.bodies import Bodies
from yinzheng.api.http.headers import SecurityHeaders
from yinzheng.api.own import rights, trading
from yinzheng.api.own.door import ENTRY, OPEN, Guarded
from yinzheng.api.own.house import House, nothing
from yinzheng.api.web.intake import read_fields
from yinzheng.api.web.look import language_of
from yinzheng.verifier.errors import EnvironmentFault, UsageFault, YinzhengError

_log = logging.getLogger(__name__)

_FOREVER = "public, max-age=31536000, immutable"


def create_app(house: House) -> Starlette:
    """The pages of one organisation (docs/adr/0054)."""
    door, base = house.door, house.door.place

    async def enter(request: Request) -> Response:
        """Let a browser in, and have it go on from a page of ours, as which it then shows its cookie."""
        session = door.enter(str(request.path_params["shown"]))
        language = language_of(request)
        answer = house.look.page(
            "own_enter.html", language=language, home=f"{base}/?lang={language}", own=house.member.profile
        )
        door.let_in(answer, session)
        return answer

    async def first(request: Request) -> Response:
        visit = house.visit(request)
        page = "check" if house.trades else "rights"
        return RedirectResponse(f"{base}/{page}?lang={visit.language}", HTTPStatus.SEE_OTHER)

    async def leave(request: Request) -> Response:
        visit = house.visit(request)
        with house.memory.lease(request) as lease:
            house.door.require_form(visit.session, await read_fields(request, house.limits, lease))
        door.leave(visit.session)
        return house.look.page("own_left.html", language=visit.language)

    async def asset(request: Request) -> Response:
        found = house.look.assets.get(str(request.path_params["name"]))
        if found is None:
            raise nothing()
        return Response(found.content, media_type=found.media, headers={"Cache-Control": _FOREVER})

    async def fault(request: Request, error: Exception) -> Response:
        assert isinstance(error, YinzhengError)
        return house.refuse(request, error)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return house.refuse(request, UsageFault("this address knows no such method", code="method"))
        return house.refuse(request, nothing())

    async def defect(request: Request, error: Exception) -> Response:
        _log.error("unexpected fault %s in a %s request", type(error).__name__, request.method)
        return house.refuse(request, EnvironmentFault("an unexpected fault of this program", code="internal"))

    return Starlette(
        routes=[
            Route(f"{ENTRY}{{shown}}", enter, methods=["GET"]),
            Route(f"{base}/", first),
            Route(f"{base}/leave", leave, methods=["POST"]),
            Route(f"{OPEN}{{name}}", asset),
            *(trading.routes(house) if house.trades else rights.routes(house)),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Guarded, door=door, refuse=house.refuse),
            Middleware(Bodies, pace=house.limits.pace),
        ],
        exception_handlers={YinzhengError: fault, HTTPException: http, Exception: defect},
    )
