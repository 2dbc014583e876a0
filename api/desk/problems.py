"""Errors of the desk as answers: problem details as the web server gives them, with the desk's own words."""

from __future__ import annotations

import logging
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from yinzheng.api.http.chinese import by_code
from yinzheng.api.http.language import HTML_LANG, Language, negotiate
from yinzheng.api.http.problems import PROBLEM_MEDIA, Problem
from yinzheng.api.http.problems import problem_of as web_problem_of
from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError

_log = logging.getLogger(__name__)

_STATUS: Final = {
    "request-missing": HTTPStatus.UNAUTHORIZED,
    "request-stale": HTTPStatus.UNAUTHORIZED,
    "request-elsewhere": HTTPStatus.UNAUTHORIZED,
    "request-mismatch": HTTPStatus.UNAUTHORIZED,
    "request-key-unknown": HTTPStatus.UNAUTHORIZED,
    "request-signature": HTTPStatus.UNAUTHORIZED,
    "request-replayed": HTTPStatus.CONFLICT,
    "once-other-body": HTTPStatus.CONFLICT,
    "organisation-role": HTTPStatus.FORBIDDEN,
    "receipt-refused": HTTPStatus.FORBIDDEN,
    "receipt-replaced": HTTPStatus.FORBIDDEN,
    "receipt-proof": HTTPStatus.FORBIDDEN,
    "receipt-foreign": HTTPStatus.FORBIDDEN,
    "receipt-issued": HTTPStatus.CONFLICT,
    "receipt-none": HTTPStatus.CONFLICT,
    "withdrawal-actor": HTTPStatus.FORBIDDEN,
    "withdrawal-controller": HTTPStatus.FORBIDDEN,
    "organisation-other": HTTPStatus.FORBIDDEN,
    "bulk-approval": HTTPStatus.FORBIDDEN,
    "dispute-standing": HTTPStatus.FORBIDDEN,
    "key-differs": HTTPStatus.FORBIDDEN,
    "person-removed": HTTPStatus.FORBIDDEN,
    "move-wrong-capacity": HTTPStatus.FORBIDDEN,
    "holder-other": HTTPStatus.FORBIDDEN,
    "order-forum": HTTPStatus.FORBIDDEN,
    "order-moved": HTTPStatus.CONFLICT,
    "certificate-unknown": HTTPStatus.NOT_FOUND,
    "case-unknown": HTTPStatus.NOT_FOUND,
    "length-required": HTTPStatus.LENGTH_REQUIRED,
    "dispute-moved": HTTPStatus.CONFLICT,
    "dispute-unknown": HTTPStatus.NOT_FOUND,
    "consent-unknown": HTTPStatus.NOT_FOUND,
    "withdrawal-unknown": HTTPStatus.NOT_FOUND,
    "notice-unknown": HTTPStatus.NOT_FOUND,
    "subscription-unknown": HTTPStatus.NOT_FOUND,
    "letter-unknown": HTTPStatus.NOT_FOUND,
    "subscriptions-many": HTTPStatus.CONFLICT,
    "streams-many": HTTPStatus.TOO_MANY_REQUESTS,
    "trade-check-unknown": HTTPStatus.NOT_FOUND,
    "reservation-unknown": HTTPStatus.NOT_FOUND,
    "order-exchange": HTTPStatus.FORBIDDEN,
    "certificate-reserved": HTTPStatus.CONFLICT,
    "reservation-own": HTTPStatus.CONFLICT,
    "contract-unknown": HTTPStatus.NOT_FOUND,
    "consent-erased": HTTPStatus.GONE,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
}

BUSY: Final = frozenset({"state-locked", "store-locked", "server-busy"})
"""Environment faults that pass by themselves."""

RETRY_SECONDS: Final = 5

_FORMS: Final = ("field-", "json-")
_FORM: Final = (
    "Correct what is named as docs/spec.md has it (S10, S15), and send it again; nothing was recorded."
)
_NOTHING: Final = "Nothing was recorded; correct it and send it again."
"""What to do, where an error does not say it better."""

_FORM_ZH: Final = "请按 docs/spec.md（S10、S15）更正所指之处，再发送；没有记录任何内容。"
_NOTHING_ZH: Final = "没有记录任何内容：请更正后再发送。"
_LATER_ZH: Final = ("登记机构暂时无法记录任何内容。", "请稍后再发送；已确认的内容是安全的。")

WAITING: Final = {"receipt-not-anchored": 60, "trade-check-unanchored": 2, "contract-unanchored": 2}
"""Faults that mean waiting, with for how many seconds; their messages are fit for anyone."""


def problem_of(error: YinzhengError) -> Problem:
    """The problem an error is. What the environment's errors say is for the operator's log alone."""
    if error.code in WAITING:
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, error.code, error.message, error.hint, WAITING[error.code]
        )
    if isinstance(error, EnvironmentFault):
        if error.code not in BUSY:
            _log.error("%s: %s", error.code, error.message)
        retry = error.data.get("retry_after")
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            error.code,
            "the registry cannot record anything at the moment",
            "Send it again in a while. What was acknowledged is safe.",
            retry if isinstance(retry, int) else RETRY_SECONDS,
        )
    problem = web_problem_of(error)
    hint = error.hint or (_FORM if error.code.startswith(_FORMS) else _NOTHING)
    status = _STATUS.get(error.code, problem.status)
    if isinstance(error, DataFault) and error.code == "request-malformed":
        status = HTTPStatus.BAD_REQUEST
    return Problem(status, error.code, error.message, hint, problem.retry_after)


def answer(problem: Problem, asked: Headers, **more: object) -> JSONResponse:
    """Problem details (RFC 9457), with `code` and `hint`, in the language that `asked` prefers.

    English where it says nothing: programs ask. `message` has the English words in any case, which name
    what is at fault.
    """
    language, said, hint = worded(problem, asked)
    body = {**replace(problem, message=said, hint=hint).to_json(), "message": problem.message, **more}
    headers = {"Content-Language": HTML_LANG[language], "Vary": "Accept-Language"}
    return JSONResponse(
        body, problem.status, headers={**problem.headers(), **headers}, media_type=PROBLEM_MEDIA
    )


def worded(problem: Problem, asked: Headers) -> tuple[Language, str, str]:
    """The language that `asked` prefers, and what is wrong and what to do in it."""
    accept = asked.get("accept-language")
    language = negotiate(None, accept) if accept else "en"
    return language, *((problem.message, problem.hint) if language == "en" else _in_chinese(problem))


def _in_chinese(problem: Problem) -> tuple[str, str]:
    if problem.status is HTTPStatus.SERVICE_UNAVAILABLE and problem.code not in WAITING:
        return _LATER_ZH
    message, hint = by_code(problem.code) or (problem.message, "")
    return message, hint or (_FORM_ZH if problem.code.startswith(_FORMS) else _NOTHING_ZH)
