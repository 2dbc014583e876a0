"""Errors as answers: RFC 9457 problem details for programs, a page for people; never a stack trace."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.http.language import Language
from yinzheng.api.web.words import say
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError

PROBLEM_MEDIA: Final = "application/problem+json"

_STATUS_BY_CODE: Final = {
    "content-type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "pack-elsewhere": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "pack-too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "consent-unknown": HTTPStatus.NOT_FOUND,
    "consent-erased": HTTPStatus.GONE,
    "receipt-refused": HTTPStatus.FORBIDDEN,
    "receipt-replaced": HTTPStatus.FORBIDDEN,
    "receipt-proof": HTTPStatus.FORBIDDEN,
    "receipt-foreign": HTTPStatus.FORBIDDEN,
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "rate-limited": HTTPStatus.TOO_MANY_REQUESTS,
    "body-slow": HTTPStatus.REQUEST_TIMEOUT,
    "not-found": HTTPStatus.NOT_FOUND,
    "method": HTTPStatus.METHOD_NOT_ALLOWED,
    "image-support": HTTPStatus.NOT_IMPLEMENTED,
}

_PUBLIC: Final = frozenset(
    {"server-busy", "log-unreadable", "desk-absent", "desk-away", "desk-silent", "desk-busy"}
)
"""Codes of this server's own environment faults, whose messages are fit for anyone."""

_STATUSES: Final = frozenset(status.value for status in HTTPStatus if 400 <= status.value < 500)
"""What the desk may have answered; its refusals keep their status (`api.web.desk`)."""

CHALLENGE: Final = 'Yinzheng-Request realm="organisations"'
"""How a request says who asks: the header of S11.2, named after it."""

RETRY_SECONDS: Final = 30
"""When to come again, where nothing better is known."""

_LATER: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, in a form both faces of the server can show."""

    status: HTTPStatus
    code: str
    message: str
    hint: str
    retry_after: int | None = None

    def to_json(self) -> dict[str, JSON]:
        """Problem details (RFC 9457): `type` is `about:blank`, so `title` is the phrase of the status."""
        return {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.message,
            "code": self.code,
            "hint": self.hint,
        }

    def headers(self) -> dict[str, str]:
        """Headers that go with it: when to come again, and how to say who asks (RFC 9110, RFC 6585)."""
        if self.status is HTTPStatus.UNAUTHORIZED:
            return {"WWW-Authenticate": CHALLENGE}
        if self.retry_after is None and self.status not in _LATER:
            return {}
        return {"Retry-After": str(self.retry_after or RETRY_SECONDS)}

    def said(self, language: Language) -> tuple[str, str]:
        """Message and hint for people. A code the words do not know keeps its own message, in English."""
        fault = FAULTS.get(self.code)
        if fault is None and self.status is HTTPStatus.SERVICE_UNAVAILABLE:
            fault = FAULTS["ledger-unavailable"]
        if fault is None:
            return self.message, self.hint
        return say(fault.message, language), say(fault.hint, language)


def problem_of(error: YinzhengError) -> Problem:
    """The problem an error of ours is.

    What the environment's errors say may name files and machines: that is for the operator's log, not for the
    public, which gets their code.
    """
    if isinstance(error, EnvironmentFault) and error.code not in _PUBLIC:
        _log.error("%s: %s", error.code, error.message)
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            error.code,
            "the ledger cannot be read at the moment",
            "Try again later. This says nothing about the certificate.",
        )
    retry_after, told = error.data.get("retry_after"), error.data.get("status")
    desks = HTTPStatus(told) if isinstance(told, int) and told in _STATUSES else None
    return Problem(
        status=_STATUS_BY_CODE.get(error.code) or desks or _status_by_fault(error),
        code=error.code,
        message=error.message,
        hint=error.hint,
        retry_after=retry_after if isinstance(retry_after, int) else None,
    )


def _status_by_fault(error: YinzhengError) -> HTTPStatus:
    if isinstance(error, UsageFault):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, DataFault):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, EnvironmentFault):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR


def not_found() -> Problem:
    """Nothing is at that address."""
    return Problem(
        HTTPStatus.NOT_FOUND, "not-found", "there is nothing at this address", "Begin at the first page."
    )


def internal() -> Problem:
    """A defect of ours; what it was is in the log, not in the answer."""
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "an unexpected fault of this server",
        "Try again later. This says nothing about the certificate.",
    )


def of_status(status: int) -> Problem:
    """The problem behind a bare HTTP status that the framework gave."""
    if status == HTTPStatus.NOT_FOUND:
        return not_found()
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return Problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "method",
            "this address does not take that method",
            "See /v1/openapi.json.",
        )
    try:
        phrase = HTTPStatus(status)
    except ValueError:
        return internal()
    return Problem(phrase, "http", phrase.phrase.lower(), "")
