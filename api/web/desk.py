"""Handing patients' forms on to the desk (S15), the process that has the keys (docs/adr/0003).

The public server has none and reads nothing private: whatever a receipt's holder is shown or does comes from
the desk, over this machine's loopback, and is kept nowhere on the way.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from yinzheng.api.http.pages import HEADER
from yinzheng.ledger.net.client import Client
from yinzheng.ledger.net.exchange import Bounds, NoAnswer, NotSent, Sent
from yinzheng.ledger.net.routes import is_loopback
from yinzheng.verifier.bytes.canonical import JSON, dumps
from yinzheng.verifier.errors import EnvironmentFault, UsageFault, YinzhengError

MAX_ANSWER: Final = 4 * 1024 * 1024
"""Bytes of an answer; a receipt's PDF with every event attached has well under one megabyte."""

CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 45.0
"""Longer than the desk's writer waits for a command that holds the lock."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bearer:
    """What makes someone a receipt's holder: the QR text and the date of birth. Neither is in `repr`."""

    receipt: str
    born: str

    def __repr__(self) -> str:
        return "Bearer(…)"

    def to_json(self) -> dict[str, JSON]:
        """As the desk reads it."""
        return {"receipt": self.receipt, "born": self.born}


class DeskPort(Protocol):
    """What the pages need of the desk. Called in worker threads.

    Every method raises `UsageFault` with the desk's own code where it refuses, and `EnvironmentFault`:
    `desk-away` (it cannot be reached; nothing was sent), `desk-silent` (no answer came, so that nobody knows
    what was recorded), `desk-busy`.
    """

    def see(self, bearer: Bearer) -> dict[str, Any]:
        """The consent, its notice, what is in force, its withdrawals."""

    def withdraw(self, bearer: Bearer, extent: Mapping[str, JSON], *, guardian: bool) -> dict[str, Any]:
        """File a withdrawal; how it stands."""

    def prove(self, bearer: Bearer, withdrawal: str, documents: Mapping[str, bytes]) -> dict[str, Any]:
        """Hand on a guardian's documents, by `identity` and `guardianship`; how the withdrawal stands."""

    def receipt(self, bearer: Bearer, form: str) -> bytes:
        """The patient's receipt as of now, `json` or `pdf`."""

    def conclusion(self, bearer: Bearer, withdrawal: str) -> bytes:
        """The signed end document of a withdrawal (hex identifier)."""

    def object_to(self, objection: Mapping[str, JSON]) -> dict[str, Any]:
        """Hand on an objection (S15.7); its number, and when it was received."""

    def follow(self, number: str, secret: str) -> dict[str, Any]:
        """How an objection stands, for whoever has its secret (32 hex)."""


class NoDesk:
    """Where the operator runs no desk beside the server."""

    def see(self, bearer: Bearer) -> dict[str, Any]:
        """Raise `desk-absent`."""
        raise _absent()

    def withdraw(self, bearer: Bearer, extent: Mapping[str, JSON], *, guardian: bool) -> dict[str, Any]:
        """Raise `desk-absent`."""
        raise _absent()

    def prove(self, bearer: Bearer, withdrawal: str, documents: Mapping[str, bytes]) -> dict[str, Any]:
        """Raise `desk-absent`."""
        raise _absent()

    def receipt(self, bearer: Bearer, form: str) -> bytes:
        """Raise `desk-absent`."""
        raise _absent()

    def conclusion(self, bearer: Bearer, withdrawal: str) -> bytes:
        """Raise `desk-absent`."""
        raise _absent()

    def object_to(self, objection: Mapping[str, JSON]) -> dict[str, Any]:
        """Raise `desk-absent`."""
        raise _absent()

    def follow(self, number: str, secret: str) -> dict[str, Any]:
        """Raise `desk-absent`."""
        raise _absent()


class HttpDesk:
    """The desk at an address of this machine. Raises `UsageFault` `desk-address` for any other.

    `word` gives what the desk knows the pages by (`api.http.pages`), asked for anew each time: the desk may
    start later than the pages.
    """

    def __init__(self, url: str, word: Callable[[], str], *, seconds: float = ANSWER_SECONDS) -> None:
        host, port = check_address(url)
        self._base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._bounds = Bounds(MAX_ANSWER, total=seconds, each=seconds, connect=CONNECT_SECONDS)
        self._client = Client()
        self._word = word

    def see(self, bearer: Bearer) -> dict[str, Any]:
        """See `DeskPort`."""
        return self._object("see", bearer.to_json())

    def withdraw(self, bearer: Bearer, extent: Mapping[str, JSON], *, guardian: bool) -> dict[str, Any]:
        """See `DeskPort`."""
        body = {**bearer.to_json(), "extent": {**extent}, "guardian": guardian}
        return self._object("withdraw", body)

    def prove(self, bearer: Bearer, withdrawal: str, documents: Mapping[str, bytes]) -> dict[str, Any]:
        """See `DeskPort`."""
        sent: list[JSON] = [
            {"which": which, "content": base64.b64encode(content).decode()}
            for which, content in documents.items()
        ]
        return self._object("guardian", {**bearer.to_json(), "withdrawal": withdrawal, "documents": sent})

    def receipt(self, bearer: Bearer, form: str) -> bytes:
        """See `DeskPort`."""
        return self._ask("receipt", {**bearer.to_json(), "form": form})

    def conclusion(self, bearer: Bearer, withdrawal: str) -> bytes:
        """See `DeskPort`."""
        return self._ask("conclusion", {**bearer.to_json(), "withdrawal": withdrawal})

    def object_to(self, objection: Mapping[str, JSON]) -> dict[str, Any]:
        """See `DeskPort`."""
        return self._object("object", {**objection}, "public")

    def follow(self, number: str, secret: str) -> dict[str, Any]:
        """See `DeskPort`."""
        return self._object("follow", {"number": number, "secret": secret}, "public")

    def _object(self, what: str, body: dict[str, JSON], whose: str = "patient") -> dict[str, Any]:
        try:
            found = json.loads(self._ask(what, body, whose))
        except ValueError:
            raise _silent() from None
        if not isinstance(found, dict):
            raise _silent()
        return found

    def _ask(self, what: str, body: dict[str, JSON], whose: str = "patient") -> bytes:
        url = f"{self._base}/{whose}/v1/{what}"
        try:
            headers = {"Content-Type": "application/json", HEADER: self._word()}
        except EnvironmentFault as fault:
            _log.error("%s", fault.message)
            raise _away() from None
        sent = Sent("POST", url, dumps(body), headers)
        try:
            answer = self._client.send(sent, self._bounds)
        except NotSent:
            raise _away() from None
        except NoAnswer:
            raise _silent() from None
        if answer.status in (200, 201):
            return answer.body
        raise _refusal(answer.status, answer.body)


def check_address(url: str) -> tuple[str, int]:
    """Host and port of an address such as `http://127.0.0.1:8001`. Raises `UsageFault` `desk-address`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    plain = parts.scheme == "http" and parts.path in ("", "/") and not parts.query and "@" not in parts.netloc
    if not plain or not is_loopback(host):
        raise UsageFault(
            "the desk's address is not one of this machine",
            code="desk-address",
            hint="Run `yinzheng desk` on this machine and name it as http://127.0.0.1:8001.",
        )
    return host, port


def _refusal(status: int, data: bytes) -> YinzhengError:
    """What the desk says, as an error of ours. Its `message` and `hint` name no one (verifier.errors)."""
    try:
        said = json.loads(data)
        code, message, hint = str(said["code"]), str(said["detail"]), str(said["hint"])
    except (ValueError, KeyError, TypeError):
        return _silent()
    if status in (500, 503):
        _log.error("the desk cannot act: %s", code)
        return EnvironmentFault(
            "the registry cannot record anything at the moment",
            code="desk-busy",
            hint="Try again in a minute. Nothing was recorded.",
            retry_after=30,
        )
    more = {name: said[name] for name in ("replaced_at",) if isinstance(said.get(name), int)}
    return UsageFault(message, code=code, hint=hint, status=status, **more)


def _absent() -> EnvironmentFault:
    return EnvironmentFault(
        "this server takes in no withdrawals",
        code="desk-absent",
        hint="Go to a counter of the registry or the hospital with an identity document.",
    )


def _away() -> EnvironmentFault:
    _log.error("the desk cannot be reached")
    return EnvironmentFault(
        "the registry's desk cannot be reached",
        code="desk-away",
        hint="Nothing was sent. Try again in a few minutes, or go to a counter.",
    )


def _silent() -> EnvironmentFault:
    _log.error("the desk gave no answer that can be used")
    return EnvironmentFault(
        "the registry's desk did not answer",
        code="desk-silent",
        hint="Look at the progress page: what arrived stands there. If it does not, send it again.",
    )
