"""What the handlers share: the reader, the checker, the bounds, and how an answer is rendered."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from yinzheng.api.http.language import Language, other
from yinzheng.api.http.limits import Gate, Limits
from yinzheng.api.http.memory import Memory
from yinzheng.api.http.problems import PROBLEM_MEDIA, Problem
from yinzheng.api.http.shared import Once, OwnMarks
from yinzheng.api.http.turns import Turns
from yinzheng.api.web.checking import Checker
from yinzheng.api.web.desk import DeskPort, NoDesk
from yinzheng.api.web.look import Look
from yinzheng.api.web.look import language_of as language_of
from yinzheng.api.web.ports import ReaderPort
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.judge.trust import TrustPolicy

T = TypeVar("T")

CALLS: Final = 8
"""Calls to the desk at once; it has one writer."""

CALLS_EACH: Final = 4
"""Of one client."""

CALLS_WAITING: Final = 64

_FOR_PROGRAMS: Final = ("/v1/", "/log/", "/schemas/", "/healthz", "/metrics")


class Server:
    """One instance of the web server. Holds no key, keeps nothing a client sends."""

    def __init__(
        self,
        reader: ReaderPort,
        clock: Callable[[], int],
        limits: Limits,
        gate: Gate,
        checker: Checker,
        desk: DeskPort | None = None,
        *,
        demonstration: bool,
        answered: Once | None = None,
    ) -> None:
        self.reader = reader
        self.clock = clock
        self.limits = limits
        self.gate = gate
        self.checker = checker
        self.desk: DeskPort = desk or NoDesk()
        self.takes_in = desk is not None
        """Whether the forms of patients, and of who objects, have somewhere to go."""
        self.demonstration = demonstration
        self.answered: Once = answered or OwnMarks()
        """Questions that were answered here and are not over yet, so that none is answered twice (S21.4)."""
        self.memory = Memory(limits.bytes_in_flight, limits.small_in_flight, largest=limits.body_bytes)
        self._turns = Turns(CALLS, CALLS_WAITING, each=CALLS_EACH)
        self._calls = CapacityLimiter(CALLS)
        self._look = Look()
        self.assets = self._look.assets

    async def ask_desk(self, client: str, work: Callable[[], T]) -> T:
        """Do `work`, which waits for the desk, in a thread that nothing else waits for.

        A desk that is slow keeps those who want something of it, one client after the other, and nobody who
        reads. Raises `EnvironmentFault` `desk-busy`.
        """
        try:
            async with self._turns.turn(client):
                return await to_thread.run_sync(work, limiter=self._calls)
        except EnvironmentFault as fault:
            if fault.code != "server-busy":
                raise
            raise EnvironmentFault("too many forms are waiting", code="desk-busy", retry_after=30) from None

    def page(
        self,
        request: Request,
        template: str,
        *,
        language: Language | None = None,
        switch: str | None = None,
        demonstration: bool = False,
        status: int = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """Render a page for people.

        `language` is negotiated unless given; `switch` is the address of the same page in the other language,
        by default the one asked for.
        """
        return self._look.page(
            template,
            language=language or language_of(request),
            switch=switch,
            demonstration=demonstration or self.demonstration,
            status=status,
            headers=headers,
            policy=self._speaks_for(),
            **values,
        )

    def _speaks_for(self) -> TrustPolicy | None:
        """The policy that pages speak under; None while it cannot be read, which no page fails for."""
        try:
            return self.checker.policy()
        except EnvironmentFault:
            return None

    def problem(self, request: Request, problem: Problem, language: Language | None = None) -> Response:
        """An error, as JSON or as a page, by the address that was asked."""
        if request.url.path.startswith(_FOR_PROGRAMS):
            return JSONResponse(
                problem.to_json(), problem.status, headers=problem.headers(), media_type=PROBLEM_MEDIA
            )
        language = language or language_of(request)
        message, hint = problem.said(language)
        return self.page(
            request,
            "problem.html",
            language=language,
            # What was posted cannot be asked for again by following a link.
            switch=f"/verify?lang={other(language)}" if request.method == "POST" else None,
            status=problem.status,
            headers=problem.headers(),
            message=message,
            hint=hint,
            code=problem.code,
            submitted=request.method == "POST",
        )
