"""The innermost wall: counts requests, and turns whatever escapes into an answer without a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yinzheng.api.http.limits import Gate, client_of
from yinzheng.api.http.problems import Problem, internal, problem_of
from yinzheng.verifier.errors import YinzhengError

_log = logging.getLogger(__name__)

UNCOUNTED: Final = ("/static/", "/healthz", "/metrics")
"""Paths that cost nothing, or that a monitor must always reach."""

Answer = Callable[[Request, Problem], Response]


def client(request: Request) -> str:
    """Who asks, as far as rates are concerned."""
    return client_of(request.client.host if request.client else None)


class Guard:
    """Rate limit and last resort. `answer` renders a problem as the request's address calls for."""

    def __init__(self, app: ASGIApp, gate: Gate, answer: Answer) -> None:
        self._app = app
        self._gate = gate
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless there are too many."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        started = False

        async def noticed(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            if not scope["path"].startswith(UNCOUNTED):
                self._gate.request(client(request))
            await self._app(scope, receive, noticed)
        except YinzhengError as error:
            await self._answer(request, problem_of(error))(scope, receive, send)
        except Exception:
            # The address of a certificate is its content: the log names the method alone.
            _log.exception("unexpected fault in a %s request", scope["method"])
            if started:
                raise
            await self._answer(request, internal())(scope, receive, send)
