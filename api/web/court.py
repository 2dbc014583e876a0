"""The page where a court drops an evidence pack (S14): the command line's report, and nothing kept."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from yinzheng.api.http.guard import client
from yinzheng.api.http.language import Language, negotiate
from yinzheng.api.http.limits import MIB
from yinzheng.api.http.problems import problem_of
from yinzheng.api.http.turns import Turns
from yinzheng.api.web.intake import read_fields
from yinzheng.api.web.server import Server, language_of
from yinzheng.api.web.weigh import Weighed, weigh
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.words.pack import ANSWERS

AT_ONCE: Final = 2
"""Packs verified at once."""

WAITING: Final = 16
READ: Final = ["GET", "HEAD"]

_TONES: Final = {"consistent": "good", "inconsistent": "bad", "undetermined": "unknown"}


def court(server: Server) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    # One client's packs never have all places.
    turns = Turns(AT_ONCE, WAITING, each=AT_ONCE - 1)

    async def form(request: Request) -> Response:
        return _form(server, request, language_of(request), None)

    async def submitted(request: Request) -> Response:
        language = language_of(request)
        try:
            with server.memory.lease(request) as lease:
                fields = await read_fields(request, server.limits, lease)
                asked = fields.get("lang", b"").decode("ascii", "replace")
                language = negotiate(asked or None, request.headers.get("accept-language"))
                pack = fields.get("pack", b"")
                if not pack:
                    raise UsageFault("no pack was chosen", code="pack-empty", hint="Choose a .zip file.")
                trust, now = server.checker.trust_file(), server.clock()
                async with turns.turn(client(request)):
                    weighed = await weigh(pack, trust, now, name=fields.file_names.get("pack", ""))
        except YinzhengError as error:
            return _form(server, request, language, _renamed(error))
        return _report(server, request, language, weighed)

    router.add_api_route("/court", form, methods=READ)
    router.add_api_route("/court", submitted, methods=["POST"])
    return router


def _form(server: Server, request: Request, language: Language, error: YinzhengError | None) -> Response:
    problem = None if error is None else problem_of(error)
    return server.page(
        request,
        "court.html",
        language=language,
        here="court",
        switch=None if error is None else f"/court?lang={'en' if language == 'zh' else 'zh'}",
        status=HTTPStatus.OK if problem is None else problem.status,
        headers={} if problem is None else problem.headers(),
        limit=server.limits.body_bytes // MIB,
        fault=None if problem is None else problem.said(language),
        code="" if problem is None else problem.code,
    )


def _report(server: Server, request: Request, language: Language, weighed: Weighed) -> Response:
    paper: dict[str, Any] = weighed.paper
    return server.page(
        request,
        "court_report.html",
        language=language,
        here="court",
        switch=f"/court?lang={'en' if language == 'zh' else 'zh'}",
        demonstration=bool(paper.get("demonstration")),
        paper=paper,
        tone=_TONES[paper["answer"]],
        answers={str(answer): words.said(language) for answer, words in ANSWERS.items()},
        own=server.checker.own_policy,
    )


def _renamed(error: YinzhengError) -> YinzhengError:
    """What is too large for a page has its own advice here: the command line takes packs of any size."""
    if error.code != "too-large":
        return error
    return UsageFault(
        error.message, code="pack-too-large", hint="Run `yinzheng verify` on your own computer."
    )
