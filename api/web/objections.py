"""A notice's own page, the form to object on it, and how an objection is followed (R24).

The page makes the secret with which the objection is followed; it stands in the form and on the receipt, in
no address. The same form sent twice is one objection.
"""

from __future__ import annotations

import base64
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from yinzheng.api.http.guard import client
from yinzheng.api.http.language import Language, negotiate
from yinzheng.api.http.problems import Problem, not_found, problem_of
from yinzheng.api.web.intake import Fields, read_fields
from yinzheng.api.web.notice_view import notice_view
from yinzheng.api.web.ports import Notice
from yinzheng.api.web.server import Server, language_of
from yinzheng.api.web.times import Instant, ending, instant
from yinzheng.ledger.rules.publicity import FORM_BYTES, FORM_FILES
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.body import is_number

_SECRET: Final = re.compile("[0-9a-f]{32}")
_NUMBER: Final = re.compile("[0-9a-f]{12}")
_READ: Final = ["GET", "HEAD"]


@dataclass(frozen=True, slots=True)
class ObjectionForm:
    """A form as it came, or an empty one. Nothing of it is in `repr`."""

    objector: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)
    reasons: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)

    def to_json(self, notice: str) -> dict[str, JSON]:
        """As the desk reads it. Raises `UsageFault` `objection-material`, `form-malformed`."""
        if not _SECRET.fullmatch(self.secret):
            raise UsageFault("the form cannot be read", code="form-malformed")
        if len(self.files) > FORM_FILES or sum(len(content) for _, content in self.files) > FORM_BYTES:
            raise UsageFault("too many or too large files", code="objection-material")
        return {
            "notice": notice,
            "secret": self.secret,
            "objector": self.objector,
            "contact": self.contact,
            "reasons": self.reasons,
            "files": [
                {"name": name, "content": base64.b64encode(content).decode()} for name, content in self.files
            ],
        }


def read_objection_form(fields: Fields) -> ObjectionForm:
    """A form from its fields; a file that was not chosen is none."""

    def said(name: str, most: int) -> str:
        text = unicodedata.normalize("NFC", fields.get(name, b"").decode("utf-8", "replace"))
        return text.replace("\r\n", "\n").strip()[: most + 1]

    names = [f"file{number}" for number in range(1, FORM_FILES + 1)]
    return ObjectionForm(
        objector=said("objector", 100),
        contact=said("contact", 200),
        reasons=said("reasons", 4000),
        secret=said("secret", 32),
        files=tuple(
            (_base_name(fields.file_names.get(name, "")) or name, fields[name])
            for name in names
            if fields.get(name)
        ),
    )


class Objections:
    """The handlers."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def notice(self, request: Request, leaf: str) -> Response:
        """One notice, with the form while it takes objections and its outcome afterwards."""
        found = await self._find(leaf)
        if found is None:
            return self._server.problem(request, not_found())
        return self._notice(request, found, ObjectionForm(), language_of(request))

    async def object(self, request: Request, leaf: str) -> Response:
        """Take an objection; the answer is its receipt."""
        language, form = language_of(request), ObjectionForm()
        found = await self._find(leaf)
        if found is None:
            return self._server.problem(request, not_found())
        try:
            if request.headers.get("sec-fetch-site") == "cross-site":
                raise UsageFault("another site sent this form", code="form-malformed")
            with self._server.memory.lease(request) as lease:
                form = read_objection_form(await read_fields(request, self._server.limits, lease, 16))
                body = form.to_json(found.leaf)
                self._server.gate.objection(client(request))
                desk = self._server.desk
                raised = await self._server.ask_desk(client(request), lambda: desk.object_to(body))
        except YinzhengError as error:
            return self._notice(request, found, form, language, problem_of(error))
        return self._server.page(
            request,
            "objection_receipt.html",
            language=language,
            here="publicity",
            demonstration=found.demonstration,
            notice=notice_view(found, self._server.clock(), language, self._server.reader.calendar),
            certificate=_certificate(raised),
            number=str(raised["number"]),
            secret=" ".join(form.secret[at : at + 4] for at in range(0, 32, 4)),
            raised=instant(int(raised["raised_at"]), language),
            files=[name for name, _ in form.files],
        )

    async def follow(self, request: Request) -> Response:
        """The form to follow an objection, and its answer."""
        language = language_of(request)
        if request.method != "POST":
            return self._followed(request, language)
        try:
            self._server.gate.patient(client(request))
            with self._server.memory.lease(request) as lease:
                fields = await read_fields(request, self._server.limits, lease)
            language = negotiate(_plain(fields, "lang") or None, request.headers.get("accept-language"))
            number, secret = _plain(fields, "number"), _plain(fields, "secret")
            if not _NUMBER.fullmatch(number) or not _SECRET.fullmatch(secret):
                raise UsageFault("number and secret do not belong together", code="objection-secret")
            desk = self._server.desk
            standing = await self._server.ask_desk(client(request), lambda: desk.follow(number, secret))
        except YinzhengError as error:
            return self._followed(request, language, problem=problem_of(error))
        return self._followed(request, language, standing)

    # ---------------------------------------------------------------- what they share

    async def _find(self, leaf: str) -> Notice | None:
        return await run_in_threadpool(self._server.reader.notice, leaf)

    def _notice(
        self,
        request: Request,
        found: Notice,
        form: ObjectionForm,
        language: Language,
        problem: Problem | None = None,
    ) -> Response:
        return self._server.page(
            request,
            "notice.html",
            language=language,
            here="publicity",
            demonstration=found.demonstration,
            status=HTTPStatus.OK if problem is None else problem.status,
            headers=None if problem is None else problem.headers(),
            notice=notice_view(found, self._server.clock(), language, self._server.reader.calendar),
            form=form,
            secret=form.secret if _SECRET.fullmatch(form.secret) else secrets.token_hex(16),
            files=range(1, FORM_FILES + 1),
            fault=None if problem is None else problem.said(language),
            code="" if problem is None else problem.code,
            takes_in=self._server.takes_in,
        )

    def _followed(
        self,
        request: Request,
        language: Language,
        standing: Mapping[str, Any] | None = None,
        problem: Problem | None = None,
    ) -> Response:
        return self._server.page(
            request,
            "objection_follow.html",
            language=language,
            here="publicity",
            switch=f"/objection?lang={'en' if language == 'zh' else 'zh'}",
            status=HTTPStatus.OK if problem is None else problem.status,
            headers=None if problem is None else problem.headers(),
            standing=standing,
            certificate=_certificate(standing),
            raised=_instant(standing, "raised_at", language),
            due=_ending(standing, "due", language),
            concluded=_instant(standing, "concluded_at", language),
            fault=None if problem is None else problem.said(language),
            code="" if problem is None else problem.code,
        )


def objections(server: Server) -> APIRouter:
    """The routes about one notice and objections against it."""
    router, pages = APIRouter(include_in_schema=False), Objections(server)
    router.add_api_route("/publicity/{leaf}", pages.notice, methods=_READ)
    router.add_api_route("/publicity/{leaf}", pages.object, methods=["POST"])
    router.add_api_route("/objection", pages.follow, methods=[*_READ, "POST"])
    return router


def _certificate(said: Mapping[str, Any] | None) -> str:
    """The number of the certificate an objection is against; empty where it is against a case."""
    against = "" if said is None else str(said["case"])
    return against if is_number(against) else ""


def _ending(standing: Mapping[str, Any] | None, name: str, language: Language) -> Instant | None:
    return ending(int(standing[name]), language) if standing and standing[name] else None


def _instant(standing: Mapping[str, Any] | None, name: str, language: Language) -> Instant | None:
    return instant(int(standing[name]), language) if standing and standing[name] else None


def _plain(fields: Mapping[str, bytes], name: str) -> str:
    """What someone copied from paper: any width, case, spaces and hyphens."""
    text = unicodedata.normalize("NFKC", fields.get(name, b"")[:400].decode("utf-8", "replace"))
    return re.sub(r"[\s-]", "", text).lower()


def _base_name(name: str) -> str:
    """A file's own name: some browsers send a path."""
    own = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    return "".join(character for character in own if character.isprintable()).strip()[:200]
