"""The desk's outermost layer: counts requests by address, and lets nothing out but an answer in words."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yinzheng.api.desk.problems import answer, problem_of
from yinzheng.api.http.guard import client
from yinzheng.api.http.limits import Gate
from yinzheng.api.http.problems import internal
from yinzheng.verifier.errors import YinzhengError

_log = logging.getLogger(__name__)

UNCOUNTED = "/healthz"


class Guard:
    """Rate limit and last resort. Nothing of a request goes into the log: it may tell of a person."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless there are too many of this client's."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noticed(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            if scope["path"] != UNCOUNTED:
                self._gate.request(client(Request(scope)))
            await self._app(scope, receive, noticed)
        except YinzhengError as error:
            await answer(problem_of(error), Headers(scope=scope))(scope, receive, send)
        except ClientDisconnect:
            pass
        except Exception as error:
            _log.error("unexpected fault %s in a %s request", type(error).__name__, scope["method"])
            if not started:
                await answer(internal(), Headers(scope=scope))(scope, receive, send)
