"""A right's history, how a certificate stood at a time, and the register: pages, and routes for programs.

Each is a look-up by a number that can be guessed: limited as such, and there is no list (R14, R50).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from yinzheng.api.http.guard import client
from yinzheng.api.http.language import Language, other
from yinzheng.api.http.problems import not_found, problem_of
from yinzheng.api.instants import Day, parse_instant
from yinzheng.api.web.asof_view import asof_view, report_tone
from yinzheng.api.web.checking import CheckedAsOf, CheckedHistory
from yinzheng.api.web.history_view import history_view
from yinzheng.api.web.ports import Registered, SupervisionYear
from yinzheng.api.web.register_view import found_view
from yinzheng.api.web.schemas import (
    AsOfOut,
    RegisterOut,
    RegistrationOut,
    ReportOut,
    Said,
    SupervisionOut,
    SupervisionYearOut,
    policy_out,
)
from yinzheng.api.web.server import Server, language_of
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.judge.asof.look import MOST_INSTANTS
from yinzheng.verifier.words.verdict import verdict

_READ: Final = ["GET", "HEAD"]

T = TypeVar("T")

Number = Annotated[str, Path(description="15 characters, such as `SJ4412026110001` (R14).")]


def rights(server: Server) -> APIRouter:
    """The routes of the pages."""
    router = APIRouter(include_in_schema=False)

    async def history(request: Request, number: str) -> Response:
        found = await _history(server, request, number)
        if found is None:
            return server.problem(request, not_found())
        return history_page(server, request, found, language_of(request))

    async def at(request: Request, number: str) -> Response:
        asked = [one.strip() for one in request.query_params.getlist("at") if one.strip()]
        found = await _as_of(server, request, number, asked)
        if found is None:
            return server.problem(request, not_found())
        language = language_of(request)
        view = asof_view(found, language, own_policy=server.checker.own_policy)
        return server.page(
            request,
            "as_of.html",
            switch=_switch(request, language),
            here="register",
            demonstration=view.demonstration,
            view=view,
            asked=asked,
        )

    async def register(request: Request) -> Response:
        language, asked = language_of(request), request.query_params.get("q", "").strip()
        found, problem = None, ""
        if asked:
            try:
                found = await _search(server, request, asked)
            except UsageFault as fault:
                if fault.code not in ("register-short", "register-long"):
                    raise
                problem = " ".join(problem_of(fault).said(language))
        return server.page(
            request,
            "register.html",
            switch=_switch(request, language),
            here="register",
            asked=asked,
            found=None if found is None else found_view(found.lines, language),
            more=found is not None and found.more,
            problem=problem,
        )

    async def supervision(request: Request) -> Response:
        return server.page(
            request,
            "supervision.html",
            switch=_switch(request, language_of(request)),
            here="register",
            years=await _years(server, request),
        )

    router.add_api_route("/register", register, methods=_READ)
    router.add_api_route("/supervision", supervision, methods=_READ)
    router.add_api_route("/rights/{number}", history, methods=_READ)
    router.add_api_route("/rights/{number}/at", at, methods=_READ)
    return router


def history_page(server: Server, request: Request, found: CheckedHistory, language: Language) -> Response:
    """The page of a history, looked up or handed over."""
    view = history_view(found, language, own_policy=server.checker.own_policy)
    return server.page(
        request,
        "right_history.html",
        language=language,
        switch=f"/verify?lang={other(language)}" if request.method == "POST" else None,
        here="register",
        demonstration=view.demonstration,
        view=view,
        asked=[],
    )


def for_programs(server: Server, problems: Callable[..., dict[int | str, dict[str, Any]]]) -> APIRouter:
    """The routes for programs."""
    router = APIRouter()

    @router.get(
        "/v1/certificates/{number}/history",
        operation_id="right_history",
        summary="Fetch the history of the right under a certificate",
        tags=["verification"],
        response_class=Response,
        responses={
            200: {
                "description": "The history (S23), with evidence made now.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **problems(
                s404="No such certificate (`not-found`).",
                s429="Too many look-ups by number (`rate-limited`); see Retry-After.",
                s503="The ledger cannot be read.",
            ),
        },
    )
    async def right_history(request: Request, number: Number) -> Response:
        """From first registration on, across all certificates, each line with its proof.

        The file proves itself: check it with `yinzheng history` and a policy of your own.
        """
        content = await _looked_up(
            server,
            request,
            number,
            lambda name: server.checker.in_turn(
                client(request), lambda: server.reader.live().right_history(name)
            ),
        )
        if content is None:
            return server.problem(request, not_found())
        return Response(
            content,
            media_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{number.upper()}.history.json"'},
        )

    @router.get(
        "/v1/certificates/{number}/as-of",
        operation_id="as_of",
        summary="How a certificate stood at one instant or more, and what has changed since",
        tags=["verification"],
        responses=problems(
            s400="No time, too many, or one yet to come (`instant`, `usage-instants`, `time-future`).",
            s404="No such certificate (`not-found`).",
            s429="Too many look-ups by number (`rate-limited`); see Retry-After.",
        ),
    )
    async def as_of(
        request: Request,
        number: Number,
        at: Annotated[
            list[str],
            Query(description="`2026-11-21`, `2026-11-21T15:00` (+08:00) or UTC seconds; up to 8 of them."),
        ],
    ) -> AsOfOut:
        """Licences, remarks, holds, reservation and accounts by the block of each time (S9.3a)."""
        found = await _as_of(server, request, number, at)
        if found is None:
            raise UsageFault("there is no such certificate", code="not-found")
        return AsOfOut(
            verdicts=[Said(tone=report_tone(one), **verdict(one).to_json()) for one in found.view.reports],
            policy=policy_out(found.trust, own=server.checker.own_policy),
            reports=[ReportOut.model_validate(one.to_json()) for one in found.view.reports],
            as_of=found.view.to_json(),
            exit_code=found.view.exit_code,
        )

    @router.get(
        "/v1/register",
        operation_id="register",
        summary="Search the register",
        tags=["register"],
        responses=problems(
            s400="Less than four characters of an asset's name, or too many (`register-short`, `-long`).",
            s429="Too many look-ups (`rate-limited`); see Retry-After.",
        ),
    )
    async def register(
        request: Request,
        q: Annotated[
            str,
            Query(
                description="A whole certificate number, an organisation's whole name or credit code, or at "
                "least four characters in a row of an asset's name."
            ),
        ],
    ) -> RegisterOut:
        """At most ten, the latest first; no list, no next page, and never by a person (R50)."""
        found = await _search(server, request, q.strip())
        return RegisterOut(
            registrations=[
                RegistrationOut(
                    number=line.body.number,
                    asset=line.body.asset,
                    holders=[dict(holder.to_json()) for holder in line.body.holders],
                    registered_at=line.body.registered_at,
                    valid_until=line.body.valid_until,
                    status=str(line.status),
                    profile=line.body.profile,
                )
                for line in found.lines
            ],
            more=found.more,
        )

    @router.get(
        "/v1/supervision",
        operation_id="supervision",
        summary="Count the supervision of right holders, year by year",
        tags=["register"],
        responses=problems(),
    )
    async def supervision(request: Request) -> SupervisionOut:
        """Suspected breaches of law, measures, reports (R52): as anyone counts them from the log."""
        years = await _years(server, request)
        return SupervisionOut(
            years=[
                SupervisionYearOut(
                    year=one.year,
                    suspected=one.suspected,
                    measured=one.measured,
                    reported=one.reported,
                    closed=one.closed,
                )
                for one in years
            ]
        )

    return router


async def _search(server: Server, request: Request, asked: str) -> Registered:
    """What the register has; each search is a look-up, one that finds nothing a missed one (R50)."""
    who = client(request)
    server.gate.lookup(who)
    found = await server.checker.in_turn(who, lambda: server.reader.register(asked, server.clock()))
    if not found.lines:
        server.gate.missed(who)
    return found


async def _years(server: Server, request: Request) -> Sequence[SupervisionYear]:
    return await server.checker.in_turn(client(request), lambda: server.reader.supervision(server.clock()))


async def _history(server: Server, request: Request, number: str) -> CheckedHistory | None:
    return await _looked_up(
        server, request, number, lambda name: server.checker.history(name, client(request))
    )


async def _as_of(server: Server, request: Request, number: str, written: Sequence[str]) -> CheckedAsOf | None:
    if not 1 <= len(written) <= MOST_INSTANTS:
        raise UsageFault(
            f"one time at least, and at most {MOST_INSTANTS}, are asked about", code="usage-instants"
        )
    instants = [parse_instant(one, Day.ENDS) for one in written]
    return await _looked_up(
        server, request, number, lambda name: server.checker.as_of(name, instants, client(request))
    )


async def _looked_up(
    server: Server, request: Request, number: str, ask: Callable[[str], Awaitable[T | None]]
) -> T | None:
    """What is found under a number, within the limits of look-ups (R50)."""
    who, name = client(request), number.upper()
    server.gate.lookup(who)
    found = await ask(name) if is_number(name) else None
    if found is None:
        server.gate.missed(who)
    return found


def _switch(request: Request, language: Language) -> str:
    """The same page in the other language, with the times asked about."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return "?" + urlencode([*kept, ("lang", other(language))])
