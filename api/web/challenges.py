"""Is whoever shows a certificate its holder? Pages and routes for programs (R15, S21): nothing is kept but
which questions were answered, for as long as they last.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from yinzheng.api.http.guard import client
from yinzheng.api.http.language import Language, negotiate
from yinzheng.api.http.problems import not_found, problem_of
from yinzheng.api.web.challenge_view import answer_tone, answer_view
from yinzheng.api.web.intake import Fields, read_fields, read_json
from yinzheng.api.web.schemas import (
    ChallengeAnswerOut,
    ChallengeOut,
    PolicyOut,
    Said,
    policy_out,
)
from yinzheng.api.web.server import Server, language_of
from yinzheng.ledger.document.qr import qr_svg
from yinzheng.verifier.containers.certfile import parse_file
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.formats.challenge import Challenge, new_challenge, parse_challenge
from yinzheng.verifier.formats.shortcode import decode_short, is_short_text
from yinzheng.verifier.judge.challenge import AnswerReport
from yinzheng.verifier.words.verdict import verdict

SECONDS: Final = 600
"""A question asked on the page lasts."""

_READ: Final = ["GET", "HEAD"]
_TEXT: Final = {"type": "string"}


def challenges(server: Server) -> APIRouter:
    """The routes of the page."""
    router = APIRouter(include_in_schema=False)

    async def form(request: Request) -> Response:
        return _page(server, request, "challenge.html", language_of(request))

    async def ask(request: Request) -> Response:
        return await _handled(server, request, lambda fields, said: _asked(server, request, fields, said))

    router.add_api_route("/challenge", form, methods=_READ)
    router.add_api_route("/challenge", ask, methods=["POST"])
    return router


def for_programs(server: Server, problems: Callable[..., dict[int | str, dict[str, Any]]]) -> APIRouter:
    """The routes for programs."""
    router = APIRouter()

    @router.post(
        "/v1/challenges",
        operation_id="challenge",
        summary="Ask whoever shows a certificate to prove that they are its holder",
        tags=["verification"],
        openapi_extra=_body(certificate=_TEXT, asker={**_TEXT, "maxLength": 60}),
        responses=problems(s400="Malformed.", s422="No certificate's code (`qr-…`)."),
    )
    async def challenge(request: Request) -> ChallengeOut:
        """A fresh question about the certificate whose QR text was shown (S21.1); it lasts ten minutes.

        Hand its `text` to the presenter, as a QR code or otherwise; nothing is kept here.
        """
        with server.memory.lease(request) as lease:
            given = _texts(await read_json(request, server.limits, lease), ("certificate",), ("asker",))
        number = _number(given["certificate"])
        asked = new_challenge(number, server.clock(), SECONDS, secrets.token_bytes, given.get("asker"))
        return ChallengeOut(challenge=asked.to_json(), text=asked.text)

    @router.post(
        "/v1/challenges/answers",
        operation_id="challenge_answer",
        summary="Check the answer to a challenge",
        tags=["verification"],
        openapi_extra=_body(certificate=_TEXT, challenge=_TEXT, answer=_TEXT),
        responses=problems(s400="Malformed.", s422="Another certificate than was asked about, or no answer."),
    )
    async def checked(request: Request) -> ChallengeAnswerOut:
        """Whether the holder of a right in force answered this question, now (S21.4).

        `certificate` and `challenge` are the texts that were shown and asked, `answer` the presenter's. The
        answer is 200 whatever the verdict. An answer is taken once.
        """
        names = ("certificate", "challenge", "answer")
        with server.memory.lease(request) as lease:
            given = _texts(await read_json(request, server.limits, lease), names, ())
        asked = parse_challenge(given["challenge"])
        report = await _checked(server, request, asked, read_target(given["certificate"]), given["answer"])
        said = Said(tone=answer_tone(report), **verdict(report).to_json())
        return ChallengeAnswerOut(verdict=said, policy=_policy(server), answer=report.to_json())

    @router.get(
        "/v1/holders/{code}",
        operation_id="holder_file",
        summary="Fetch what proves whose a holder's key is",
        tags=["verification"],
        response_class=Response,
        responses={
            200: {
                "description": "The holder file (S21.2), with evidence made now.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **problems(s404="No such holder (`not-found`).", s429="Too many look-ups (`rate-limited`)."),
        },
    )
    async def holder_file(request: Request, code: str) -> Response:
        """An organisation's public statements about its keys, by its credit code; it proves itself.

        Limited like look-ups by number; there is no list of holders (R50).
        """
        server.gate.lookup(client(request))
        content = await server.checker.in_turn(client(request), lambda: server.reader.holder_file(code))
        if content is None:
            server.gate.missed(client(request))
            return server.problem(request, not_found())
        return Response(content, media_type="application/json")

    return router


def _body(**properties: Mapping[str, Any]) -> dict[str, Any]:
    needed = [name for name in properties if name != "asker"]
    schema = {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _texts(given: object, needed: tuple[str, ...], more: tuple[str, ...]) -> dict[str, str]:
    names = set(given) if isinstance(given, dict) else set()
    if not isinstance(given, dict) or not set(needed) <= names <= {*needed, *more}:
        raise UsageFault("the body has other names", code="json-malformed", hint="See /v1/openapi.json.")
    if any(not isinstance(value, str) for value in given.values()):
        raise UsageFault("the body's values are texts", code="json-malformed", hint="See /v1/openapi.json.")
    return given


def _policy(server: Server) -> PolicyOut:
    return policy_out(server.checker.policy(), own=server.checker.own_policy)


async def _checked(
    server: Server, request: Request, asked: Challenge, shown: Presented, given: str | bytes
) -> AnswerReport:
    """The report on an answer; one that is good is taken, and the question with it is over."""
    answered = server.answered
    used = answered.has(asked.nonce, server.clock())
    report = await server.checker.answer(given, asked, shown, client(request), used=used)
    if report.exit_code == 0 and not answered.set(asked.nonce, asked.expires_at, server.clock()):
        return await server.checker.answer(given, asked, shown, client(request), used=True)  # two at once
    return report


async def _handled(server: Server, request: Request, work: Callable[[Fields, Language], Any]) -> Response:
    language = language_of(request)
    try:
        with server.memory.lease(request) as lease:
            fields = await read_fields(request, server.limits, lease)
            said = fields.get("lang", b"").decode("ascii", "replace")
            language = negotiate(said or None, request.headers.get("accept-language"))
            answer: Response = await work(fields, language)
            return answer
    except YinzhengError as error:
        return server.problem(request, problem_of(error), language)


async def _asked(server: Server, request: Request, fields: Fields, language: Language) -> Response:
    """First the certificate, and the question about it; then, with that, the answer."""
    if "challenge" not in fields:
        qr = _code_of(await _presented(server, request, fields))
        asker = _text(fields, "asker") or None
        number = _number(qr)
        asked = new_challenge(number, server.clock(), SECONDS, secrets.token_bytes, asker)
        return _question(server, request, asked, qr, language)
    asked, qr = parse_challenge(_text(fields, "challenge")), _text(fields, "certificate")
    given: str | bytes = _text(fields, "text")
    if fields.get("file"):
        presented = await server.checker.present(fields["file"], client(request))
        given = presented.file or presented.qr or ""
    if not given:
        raise UsageFault("nothing was sent to check", code="form-empty", hint="Give a picture or the text.")
    report = await _checked(server, request, asked, read_target(qr), given)
    view = answer_view(report, server.checker.policy(), language, own_policy=server.checker.own_policy)
    return _page(server, request, "challenge_result.html", language, view=view, demo=view.demonstration)


def _question(server: Server, request: Request, asked: Challenge, qr: str, language: Language) -> Response:
    return _page(
        server,
        request,
        "challenge_ask.html",
        language,
        asked=asked,
        minutes=SECONDS // 60,
        drawn=Markup(qr_svg(asked.text)),  # noqa: S704 - drawn here, of base32
        certificate=qr,
    )


def _page(
    server: Server, request: Request, template: str, language: Language, *, demo: bool = False, **values: Any
) -> Response:
    switch = f"/challenge?lang={'en' if language == 'zh' else 'zh'}"
    return server.page(
        request,
        template,
        language=language,
        here="verify",
        switch=switch,
        demonstration=demo,
        status=HTTPStatus.OK,
        **values,
    )


async def _presented(server: Server, request: Request, fields: Fields) -> Presented:
    if fields.get("file"):
        return await server.checker.present(fields["file"], client(request))
    text = _text(fields, "text")
    if is_number(text.upper()):
        raise UsageFault(
            "a certificate's number alone proves nothing",
            code="number-alone",
            hint="Send the text of its QR code, or its PDF or JSON file.",
        )
    return read_target(text)


def _code_of(shown: Presented) -> str:
    """The code of the certificate that was shown, which goes with the form: this server keeps nothing."""
    return shown.code or "" if shown.file is None else parse_file(shown.file).qr


def _number(qr: str) -> str:
    """Of the certificate whose code was shown; of a short one, whose it is will be told with the answer.

    Raises `DataFault` as `decode_qr`, `decode_short`.
    """
    if is_short_text(qr) and is_number(number := decode_short(qr).number):
        return number
    return decode_qr(qr).body.number


def _text(fields: Fields, name: str) -> str:
    return fields.get(name, b"").decode("utf-8", "replace").strip()
