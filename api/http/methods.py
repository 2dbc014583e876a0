"""HEAD and OPTIONS for every address, and the whole truth in `Allow` (RFC 9110 9.3.2, 9.3.7, 15.5.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yinzheng.api.http.headers import OPEN

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

SIGNED: Final = ("/org/", "/v1/reservations", "/v1/trade-checks", "/v1/trade-contracts")
"""Under these, a request is signed with its method, and some of those with GET are answered only once: no
HEAD stands in for them.
"""


def allowed(routes: Sequence[BaseRoute], scope: Mapping[str, Any]) -> tuple[str, ...]:
    """The methods that a request's address takes; none where there is nothing at it."""
    found = [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    if not found:
        return ()
    if "GET" in found and "HEAD" not in found and not scope["path"].startswith(SIGNED):
        found.insert(1, "HEAD")
    return (*found, "OPTIONS")


class Methods:
    """Answers OPTIONS, and HEAD as GET without the body, by the routes of the application it lies in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] != "http" or scope["method"] not in ("OPTIONS", "HEAD"):
            await self._app(scope, receive, send)
            return
        found = allowed(scope["app"].routes, scope)
        if scope["method"] == "OPTIONS" and found:
            await _tell(scope, found, send)
        elif "HEAD" in found:
            await self._app({**scope, "method": "GET"}, receive, _headless(send))
        else:
            await self._app(scope, receive, send)


async def _tell(scope: Scope, found: tuple[str, ...], send: Send) -> None:
    allow = ", ".join(found).encode()
    headers = [(b"allow", allow)]
    if scope["path"].startswith(OPEN):
        headers += [(b"access-control-allow-methods", allow), (b"access-control-max-age", b"86400")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _headless(send: Send) -> Send:
    async def without_body(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return without_body
