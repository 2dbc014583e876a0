"""Signed calls to a registry's desk (S11): one request, one answer, no redirects."""

from __future__ import annotations

import secrets
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from typing import IO, Any, Final

from api.org.member import Member, OwnKey
from ledger.organisations.addresses import is_secure_address
from verifier import canonical
from verifier.algorithms import Sm2PrivateKey, digest_pair
from verifier.canonical import JSON
from verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from verifier.request import HEADER, NONCE_BYTES, Request, sign_request

MAX_ANSWER: Final = 32 * 1024 * 1024
TIMEOUT: Final = 90.0
"""Seconds for one call: the desk may wait for a command of an officer's."""

JSON_MEDIA: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk answered."""

    media: str
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises `DataFault` (`json-…`)."""
        return canonical.loads(self.body, max_bytes=MAX_ANSWER)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A signature is for one path; an answer that points elsewhere is an error."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow nothing."""


class Client:
    """Calls a desk in the name of a member. `clock` gives UTC seconds."""

    def __init__(self, member: Member, desk: str, clock: Callable[[], int]) -> None:
        """Raises `UsageFault` `desk-address`."""
        base = desk.rstrip("/")
        if not is_secure_address(base) or "?" in base or base.count("/") != 2:
            raise UsageFault(
                f"{desk} is no address of a desk",
                code="desk-address",
                hint="https://HOST; plain http is for a desk on the same machine.",
            )
        self._member = member
        self._base = base
        self._clock = clock
        self._opener = urllib.request.build_opener(_NoRedirect)

    def call(self, method: str, path: str, body: bytes = b"", media: str = JSON_MEDIA) -> Answer:
        """Sign and send. A key that the desk does not know yet gives way to the one before it.

        Raises what the desk answered, under its code: `DataFault` for data, `EnvironmentFault` for what
        passes by itself (`retry_after` in seconds), else `UsageFault`; `EnvironmentFault`
        `desk-unreachable`; `UsageFault` `org-key-none`.
        """
        refused: YinzhengError | None = None
        for own, key in self._member.candidates(self._clock()):
            try:
                return self._send(own, key, method, path, body, media)
            except UsageFault as error:
                if error.code != "request-key-unknown":
                    raise
                refused = refused or error
        if refused is not None:
            raise refused
        self._member.current(self._clock())
        raise AssertionError  # there was a key a moment ago

    def _send(
        self, own: OwnKey, key: Sm2PrivateKey, method: str, path: str, body: bytes, media: str
    ) -> Answer:
        signed = Request(
            org=self._member.profile.code,
            key=own.kid,
            method=method,
            path=path,
            body=digest_pair(body),
            at=self._clock(),
            nonce=secrets.token_bytes(NONCE_BYTES),
        )
        headers = {HEADER: sign_request(signed, key), "Accept": JSON_MEDIA}
        if body:
            headers["Content-Type"] = media
        asked = urllib.request.Request(  # noqa: S310 - https, or http on loopback: checked above
            self._base + path, body or None, headers, method=method
        )
        try:
            with self._opener.open(asked, timeout=TIMEOUT) as got:
                return Answer(got.headers.get_content_type(), got.read(MAX_ANSWER + 1)[:MAX_ANSWER])
        except urllib.error.HTTPError as error:
            with error:
                raise _problem(error.code, error.headers, error.read(65_536)) from None
        except (OSError, HTTPException) as error:
            raise EnvironmentFault(
                "the desk does not answer",
                code="desk-unreachable",
                hint=f"Is it running at {self._base}? Sending the same again is safe where it has a number.",
            ) from error


def _problem(status: int, headers: Message, body: bytes) -> YinzhengError:
    """The desk's problem details as an error of ours; what is no such thing is named by its status."""
    try:
        value = canonical.loads(body, max_bytes=65_536)
    except DataFault:
        value = None
    found: dict[str, JSON] = value if isinstance(value, dict) else {}
    message = found.get("detail") if isinstance(found.get("detail"), str) else f"the desk answered {status}"
    code = found.get("code") if isinstance(found.get("code"), str) else f"http-{status}"
    hint = found.get("hint") if isinstance(found.get("hint"), str) else ""
    kind: type[YinzhengError] = UsageFault
    if status == 422:
        kind = DataFault
    elif status == 429 or status >= 500:
        kind = EnvironmentFault
    data: dict[str, JSON] = {name: found[name] for name in ("line", "index", "path", "left") if name in found}
    wait = headers.get("Retry-After", "")
    if wait.isascii() and wait.isdigit():
        data["retry_after"] = int(wait[:6])
    return kind(str(message), code=str(code), hint=str(hint), **data)
