"""The pages for whoever holds a consent's receipt: see what was agreed, withdraw, see how it goes (R30–R35).

Each page is the answer to a posted form that carries the receipt and the date of birth; the desk decides
whether they belong together, and every page asks it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.http.guard import client
from yinzheng.api.http.headers import WITH_SCRIPT
from yinzheng.api.http.language import Language, negotiate, other
from yinzheng.api.http.problems import problem_of
from yinzheng.api.web.desk import Bearer
from yinzheng.api.web.intake import read_fields
from yinzheng.api.web.patient_forms import MOST_FIELDS, Chosen, PatientForm, read_patient_form
from yinzheng.api.web.patient_view import (
    consent_view,
    is_demonstration,
    names_of,
    portion,
    withdrawal_views,
)
from yinzheng.api.web.server import Server, language_of
from yinzheng.api.web.words import say
from yinzheng.ledger.rules.consent import age_group_of
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.consent import parse_consent
from yinzheng.verifier.formats.withdrawal import ANONYMISED


class Patients:
    """The handlers."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def start(self, request: Request) -> Response:
        """The first page: scan, upload or paste, then the date of birth."""
        return self._start(request, PatientForm(), language_of(request))

    async def again(self, request: Request) -> Response:
        """The first page in the other language, with what was entered on it."""

        async def answer(form: PatientForm, language: Language) -> Response:
            return self._start(request, form, language)

        return await self._answer(request, answer)

    async def back(self, request: Request) -> Response:
        """Whoever asks for the address of an answer is led to the form."""
        return RedirectResponse(f"/c?lang={language_of(request)}", HTTPStatus.SEE_OTHER)

    async def see(self, request: Request) -> Response:
        """What was agreed, what holds, who used the data, what became of withdrawals."""

        async def answer(form: PatientForm, language: Language) -> Response:
            bearer = form.bearer()
            seen = await self._server.ask_desk(client(request), lambda: self._server.desk.see(bearer))
            view = consent_view(seen, self._server.clock(), language)
            return self._page(request, "patient_see.html", form, language, seen, view=view)

        return await self._answer(request, answer)

    async def progress(self, request: Request) -> Response:
        """How the withdrawals stand."""

        async def answer(form: PatientForm, language: Language) -> Response:
            bearer = form.bearer()
            seen = await self._server.ask_desk(client(request), lambda: self._server.desk.see(bearer))
            return self._progress(request, form, language, seen, None)

        return await self._answer(request, answer)

    async def confirm(self, request: Request) -> Response:
        """What will be withdrawn and what that means, before it is."""

        async def answer(form: PatientForm, language: Language) -> Response:
            bearer = form.bearer()
            if form.chosen == Chosen():
                raise UsageFault("nothing was chosen", code="withdrawal-empty", hint="Tick at least one.")
            seen = await self._server.ask_desk(client(request), lambda: self._server.desk.see(bearer))
            consent = parse_consent(seen["consent"])
            grants = _taken(seen["in_force"], form.chosen)
            exempt = {code for code, _, route in grants if route == ANONYMISED}
            destroy = {code for code, _, route in grants if route != ANONYMISED}
            scopes = seen["in_force"]["scopes"] if form.chosen.everything else form.chosen.scopes
            names = names_of(consent)
            return self._page(
                request,
                "patient_confirm.html",
                form,
                language,
                seen,
                scopes=portion(scopes, (), names, language),
                recipients=portion((), form.chosen.recipients, names, language),
                destroy=[names.get(code, code) for code in sorted(destroy)],
                exempt=[names.get(code, code) for code in sorted(exempt - destroy)],
                controller=consent.controller.name,
                minor=age_group_of(consent, self._server.clock()).is_minor,
                genetic=consent.genetic,
            )

        return await self._answer(request, answer)

    async def withdraw(self, request: Request) -> Response:
        """Withdraw, and show the receipt of it."""

        async def answer(form: PatientForm, language: Language) -> Response:
            bearer = form.bearer()
            extent, desk = form.chosen.to_json(), self._server.desk

            def act() -> tuple[str | None, dict[str, Any]]:
                try:
                    filed = str(desk.withdraw(bearer, extent, guardian=form.guardian)["withdrawal"])
                except UsageFault as fault:
                    if fault.code != "withdrawal-not-in-force":
                        raise
                    # The page was loaded again: what it asks for was done, and this is how it is going.
                    if not (seen := desk.see(bearer))["withdrawals"]:
                        raise
                    return None, seen
                return filed, desk.see(bearer)

            filed, seen = await self._server.ask_desk(client(request), act)
            return self._progress(request, form, language, seen, filed)

        return await self._answer(request, answer)

    async def guardian(self, request: Request) -> Response:
        """Take a guardian's documents, to be looked at by an officer (R33)."""

        async def answer(form: PatientForm, language: Language) -> Response:
            bearer = form.bearer()
            if not form.identity or not form.guardianship or not form.withdrawal:
                raise UsageFault(
                    "both documents are needed", code="guardian-documents", hint="Choose both files."
                )
            documents = {"identity": form.identity, "guardianship": form.guardianship}
            desk = self._server.desk

            def act() -> dict[str, Any]:
                desk.prove(bearer, form.withdrawal, documents)
                return desk.see(bearer)

            seen = await self._server.ask_desk(client(request), act)
            return self._progress(request, form, language, seen, None)

        return await self._answer(request, answer)

    async def paper(self, request: Request) -> Response:
        """A paper to keep: the receipt as of now, or the end document of a withdrawal."""

        async def answer(form: PatientForm, _: Language) -> Response:
            bearer = form.bearer()
            work, media, name = self._paper(form, bearer)
            data = await self._server.ask_desk(client(request), work)
            return Response(
                data,
                media_type=media,
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )

        return await self._answer(request, answer)

    # ---------------------------------------------------------------- what they share

    def _paper(self, form: PatientForm, bearer: Bearer) -> tuple[Callable[[], bytes], str, str]:
        desk = self._server.desk
        if form.paper == "pdf":
            return lambda: desk.receipt(bearer, "pdf"), "application/pdf", "consent-receipt.pdf"
        if form.paper == "json":
            return lambda: desk.receipt(bearer, "json"), "application/json", "receipt.json"
        if form.paper == "conclusion" and form.withdrawal:
            name = f"withdrawal-{form.withdrawal[:8]}.json"
            return lambda: desk.conclusion(bearer, form.withdrawal), "application/json", name
        raise UsageFault("the form cannot be read", code="form-malformed")

    async def _answer(self, request: Request, answer: Callable[[PatientForm, Language], Any]) -> Response:
        """Read the form and answer it; what goes wrong is said on the first page, which keeps the receipt."""
        form, language = PatientForm(), language_of(request)
        try:
            self._server.gate.patient(client(request))
            with self._server.memory.lease(request) as lease:
                fields = await read_fields(request, self._server.limits, lease, MOST_FIELDS)
                form = read_patient_form(fields)
                language = negotiate(form.lang, request.headers.get("accept-language"))
                if form.file:
                    file = form.file
                    form = form.with_file(await self._server.checker.present(file, client(request)))
            answered: Response = await answer(form, language)
        except YinzhengError as error:
            return self._start(request, form, language, error)
        return answered

    def _start(
        self, request: Request, form: PatientForm, language: Language, error: YinzhengError | None = None
    ) -> Response:
        problem = None if error is None else problem_of(error)
        said = None if problem is None else problem.said(language)
        known = problem is not None and problem.code in FAULTS
        status = HTTPStatus.OK if problem is None else problem.status
        return self._server.page(
            request,
            "patient_start.html",
            language=language,
            here="consent",
            switch=None if error is None else f"/c?lang={other(language)}",
            status=status,
            headers={**WITH_SCRIPT, **({} if problem is None else problem.headers())},
            form=form,
            fault=said if known or said is None else _unknown(language),
            code="" if problem is None else problem.code,
            replaced=_date_of(error),
            scan_field="receipt",
            scan_kinds="C",
            takes_in=self._server.takes_in,
        )

    def _page(
        self,
        request: Request,
        template: str,
        form: PatientForm,
        language: Language,
        seen: Mapping[str, Any],
        **values: Any,
    ) -> Response:
        return self._server.page(
            request,
            template,
            language=language,
            here="consent",
            demonstration=is_demonstration(seen),
            form=form,
            again=request.url.path,
            **values,
        )

    def _progress(
        self,
        request: Request,
        form: PatientForm,
        language: Language,
        seen: Mapping[str, Any],
        filed: str | None,
    ) -> Response:
        consent = parse_consent(seen["consent"])
        found = withdrawal_views(seen, self._server.clock(), language, names_of(consent))
        return self._server.page(
            request,
            "patient_progress.html",
            language=language,
            here="consent",
            demonstration=is_demonstration(seen),
            form=form,
            # What was filed is not filed again by changing the language.
            again="/c/progress",
            filed=filed,
            withdrawals=found,
        )


def patients(server: Server) -> APIRouter:
    """The routes, each under `/c`; the code's own address has a capital (S13.2)."""
    router, pages = APIRouter(include_in_schema=False), Patients(server)
    for path in ("/c", "/C"):
        router.add_api_route(path, pages.start, methods=["GET", "HEAD"])
    router.add_api_route("/c", pages.again, methods=["POST"])
    for name in ("see", "progress", "confirm", "withdraw", "guardian", "paper"):
        router.add_api_route(f"/c/{name}", getattr(pages, name), methods=["POST"])
        router.add_api_route(f"/c/{name}", pages.back, methods=["GET", "HEAD"])
    return router


def _taken(in_force: Mapping[str, Any], chosen: Chosen) -> list[tuple[str, str, str]]:
    """Which recipients' parts go: code, scope, form of the data."""
    return [
        (one["code"], one["scope"], one["route"])
        for one in in_force["grants"]
        if chosen.everything or one["scope"] in chosen.scopes or one["code"] in chosen.recipients
    ]


def _date_of(error: YinzhengError | None) -> str | None:
    """When the receipt that was shown was replaced, as a day; None for any other error."""
    at = None if error is None else error.data.get("replaced_at")
    return f"{datetime.fromtimestamp(at, CHINA):%Y-%m-%d}" if isinstance(at, int) else None


def _unknown(language: Language) -> tuple[str, str]:
    fault = FAULTS["desk-busy"]
    return say(fault.message, language), say(fault.hint, language)
