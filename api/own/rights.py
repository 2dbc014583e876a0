"""A holder's own pages: what is registered to it, its licences, its requests, and what it signed offline."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from yinzheng.api.http.language import other
from yinzheng.api.org.asking import compare
from yinzheng.api.org.good_once import require_first
from yinzheng.api.org.holding import Requested
from yinzheng.api.own.handing_in import MOST_FILES, SignatureFile, read_files
from yinzheng.api.own.holdings_view import licence_view, objection_view, right_view
from yinzheng.api.own.house import CASE, House, Visit, no_case, nothing
from yinzheng.api.own.requests_view import line_view, request_view
from yinzheng.api.web.intake import read_fields
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.formats.licence import is_licence_number

SEVERAL: Final = "files"
"""The field of files that were signed offline."""
_LEAF: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was filled in, of which objection."""

    objection: str = ""
    answer: str = ""
    explanation: str = ""


class Rights:
    """The handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def rights(self, request: Request) -> Response:
        """What is registered to the organisation."""
        visit, house = self._house.visit(request), self._house
        after = _after(request, is_number)
        found, more = await house.ask(lambda: house.holder.rights(after))
        code = house.member.profile.code
        rights = [right_view(one, code, visit.language) for one in found]
        return house.page(
            visit,
            "own_rights.html",
            here="rights",
            rights=rights,
            first=after is None,
            more=more,
            demonstration=any(one.demonstration for one in rights),
        )

    async def objections(self, request: Request) -> Response:
        """The open objections to one certificate, and where they are answered."""
        return await self._objections(self._house.visit(request), _number(request))

    async def answered(self, request: Request) -> Response:
        """Agree to one, or explain; our key signs the request, as it does every one (R25)."""
        visit, house, number = self._house.visit(request), self._house, _number(request)
        name = str(request.path_params["objection"])
        if _LEAF.fullmatch(name) is None:
            raise nothing()
        said = Answer()
        try:
            with house.memory.lease(request) as lease:
                fields = await read_fields(request, house.limits, lease)
            house.door.require_form(visit.session, fields)
            said = Answer(name, *(_text(fields, one) for one in ("answer", "explanation")))
            if said.answer not in ("agree", "explain") or not said.explanation.strip():
                raise UsageFault(
                    "an answer agrees or explains, in words", code="answer-form", hint="Say which, and why."
                )
            agrees, why = said.answer == "agree", said.explanation
            await house.ask(lambda: house.holder.answer(number, name, agrees=agrees, explanation=why))
        except YinzhengError as error:
            return await self._objections(visit, number, said, error)
        address = f"{house.door.place}/rights/{number}/objections?lang={visit.language}"
        return RedirectResponse(address, HTTPStatus.SEE_OTHER)

    async def licences(self, request: Request) -> Response:
        """The licences it gave and took."""
        visit, house = self._house.visit(request), self._house
        after = _after(request, is_licence_number)
        found, more = await house.ask(lambda: house.holder.licences(after))
        code = house.member.profile.code
        licences = [licence_view(one, code, visit.language) for one in found]
        return house.page(
            visit,
            "own_licences.html",
            here="licences",
            licences=licences,
            first=after is None,
            more=more,
            demonstration=any(one.demonstration for one in licences),
        )

    async def requests(self, request: Request) -> Response:
        """The moves that concern it, and where to hand in what was signed offline."""
        return await self._requests(self._house.visit(request))

    async def request(self, request: Request) -> Response:
        """One of them: what is asked, how far it is, what is to be signed."""
        visit = self._house.visit(request)
        return await self._request(visit, _case(request))

    async def prepared(self, request: Request) -> Response:
        """What is to be signed, as a file to be carried to where the account's key lies (S16.9)."""
        house, case = self._house, _case(request)
        house.visit(request)
        found = await house.ask(lambda: house.holder.request(case))
        if found.prepared is None:
            raise UsageFault(
                "nothing of it waits for a signature", code="nothing-prepared", hint="Look again later."
            )
        return _file(found.prepared, f"{case}.prepared.json")

    async def asked(self, request: Request) -> Response:
        """The request that its parties signed, as a file: what is prepared is compared with it."""
        house, case = self._house, _case(request)
        house.visit(request)
        found = await house.ask(lambda: house.holder.request(case))
        if found.asked is None:
            raise UsageFault("only its parties have the request", code="case-unknown")
        return _file(found.asked.to_json(), "request.json")

    async def handed_in(self, request: Request) -> Response:
        """Take what was signed offline, and hand it on to the desk."""
        visit, house = self._house.visit(request), self._house
        try:
            with house.memory.lease(request) as lease:
                fields = await read_fields(request, house.limits, lease, MOST_FILES + 2, several=SEVERAL)
                house.door.require_form(visit.session, fields)
                given = read_files(fields.several, house.member.profile.code)
                if isinstance(given, SignatureFile):
                    case, signature = given.case, given.signature
                    await house.ask(lambda: house.holder.approve(case, signature))
                else:
                    body = given.body
                    case = await house.ask(lambda: house.holder.submit(body))
                    if CASE.fullmatch(case) is None:
                        raise no_case()
                    require_first(house.member.folder, given.joint.request, case)
        except YinzhengError as error:
            return await self._requests(visit, error)
        done = "signature" if isinstance(given, SignatureFile) else "request"
        return self._to(visit, case, f"&done={done}")

    # ---------------------------------------------------------------- what they share

    def _to(self, visit: Visit, case: str, more: str = "") -> Response:
        address = f"{self._house.door.place}/requests/{case}?lang={visit.language}{more}"
        return RedirectResponse(address, HTTPStatus.SEE_OTHER)

    async def _objections(
        self, visit: Visit, number: str, said: Answer | None = None, error: YinzhengError | None = None
    ) -> Response:
        house = self._house
        after = _after(visit.request, _is_leaf)
        found, more = await house.listed(lambda: house.holder.objections(number, after), error)
        return house.page(
            visit,
            "own_objections.html",
            error=error,
            switch=f"{house.door.place}/rights/{number}/objections?lang={other(visit.language)}",
            here="rights",
            number=number,
            objections=[objection_view(one, visit.language) for one in found],
            first=after is None,
            more=more,
            said=said or Answer(),
        )

    async def _requests(self, visit: Visit, error: YinzhengError | None = None) -> Response:
        house = self._house
        after = _after(visit.request, _is_case)
        found, more = await house.listed(lambda: house.holder.requests(after), error)
        return house.page(
            visit,
            "own_requests.html",
            error=error,
            switch=f"{house.door.place}/requests?lang={other(visit.language)}",
            here="requests",
            requests=[line_view(one, visit.language) for one in found],
            first=after is None,
            more=more,
        )

    async def _request(self, visit: Visit, case: str) -> Response:
        house, language = self._house, visit.language
        found = await house.ask(lambda: house.holder.request(case))
        fault = self._compared(found)
        told = None if fault is None else house.told(fault, language)
        view = request_view(found, house.member.profile.code, fault, told, language)
        done = visit.request.query_params.get("done", "")
        return house.page(
            visit,
            "own_request.html",
            switch=f"{house.door.place}/requests/{case}?lang={other(language)}",
            here="requests",
            view=view,
            done=done if done in ("request", "signature") else "",
        )

    def _compared(self, found: Requested) -> YinzhengError | None:
        """Why what is prepared is not to be signed, for all that this program can see by itself."""
        if found.prepared is None:
            return None
        if found.asked is None:  # whom it concerns is shown the request; without it nothing can be compared
            return DataFault("the desk shows no request to compare with", code="request-not-ours")
        try:
            compare(found.prepared, found.asked, self._house.member.profile, self._house.policy)
            require_first(self._house.member.folder, found.asked.request, found.case)
        except YinzhengError as error:
            return error
        return None


def routes(house: House) -> list[Route]:
    """The addresses of these pages."""
    pages, base = Rights(house), house.door.place
    return [
        Route(f"{base}/rights", pages.rights),
        Route(f"{base}/rights/{{number}}/objections", pages.objections),
        Route(f"{base}/rights/{{number}}/objections/{{objection}}", pages.answered, methods=["POST"]),
        Route(f"{base}/licences", pages.licences),
        Route(f"{base}/requests", pages.requests),
        Route(f"{base}/requests", pages.handed_in, methods=["POST"]),
        Route(f"{base}/requests/{{case}}", pages.request),
        Route(f"{base}/requests/{{case}}/prepared", pages.prepared),
        Route(f"{base}/requests/{{case}}/asked", pages.asked),
    ]


def _after(request: Request, known: Callable[[str], bool]) -> str | None:
    """What a list goes on after. Raises `UsageFault` `not-found`."""
    after = request.query_params.get("after")
    if after is not None and not known(after):
        raise nothing()
    return after


def _is_leaf(written: str) -> bool:
    return _LEAF.fullmatch(written) is not None


def _is_case(written: str) -> bool:
    return CASE.fullmatch(written) is not None


def _number(request: Request) -> str:
    number = str(request.path_params["number"])
    if not is_number(number):
        raise nothing()
    return number


def _text(fields: Mapping[str, bytes], name: str) -> str:
    return fields.get(name, b"").decode("utf-8", "replace").replace("\r\n", "\n")


def _case(request: Request) -> str:
    case = str(request.path_params["case"])
    if CASE.fullmatch(case) is None:
        raise no_case()
    return case


def _file(value: Mapping[str, Any], name: str) -> Response:
    data = json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
    return Response(
        data,
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
