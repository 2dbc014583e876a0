"""A desk as a real process, and calls to it as an organisation or the web server makes them."""

from __future__ import annotations

import http.client
import json
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.cli.processes import environment
from tests.desk.described import require_described
from tests.forked import Forked
from tests.ledger.consent_world import HOSPITAL, KEYS
from tests.ledger.world import PASSPHRASE
from yinzheng.api.http.pages import HEADER as PAGES_HEADER
from yinzheng.api.http.pages import Pages, read_word
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import HEADER, Request, sign_request

PAGES = Pages("ab" * 32)
SHOWN = {PAGES_HEADER: "ab" * 32}
"""What a desk in this process knows the pages by, and what they show it."""

KEYS_OF_STATE = {"YINZHENG_PASSPHRASE": PASSPHRASE.decode()}


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        problem = self.json
        assert problem["status"] == self.status
        assert problem["message"] == problem["detail"]
        return str(problem["code"])


@dataclass
class DeskProcess:
    """A running desk."""

    state: Path
    url: str
    process: subprocess.Popen[str]
    log: Path

    @property
    def registry(self) -> bytes:
        """Which registry it is the desk of."""
        return read_instance(self.state)[1].registry_id

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Got:
        """One request, as it is."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            got = connection.getresponse()
            named = {name.lower(): value for name, value in got.getheaders()}
            answer = Got(got.status, named, got.read())
        finally:
            connection.close()
        require_described(method, path, answer.status, named.get("content-type", ""), answer.body)
        return answer

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        org: str = HOSPITAL,
        key: Sm2PrivateKey | None = None,
        media: str = "application/json",
        known: str | None = None,
    ) -> Got:
        """A signed request; a body that is no bytes is sent as canonical JSON. `known`: an answer's tag."""
        data = body if isinstance(body, bytes) else b"" if body is None else dumps(body)
        token = signed(self, method, path, data, org=org, key=key)
        asked = {} if known is None else {"If-None-Match": known}
        return self.send(method, path, data, {HEADER: token, "Content-Type": media, **asked})

    def patient(self, what: str, body: object, headers: Mapping[str, str] | None = None) -> Got:
        """What the web server hands on."""
        word = {PAGES_HEADER: read_word(Paths(self.state))}
        given = {"Content-Type": "application/json", **word, **(headers or {})}
        return self.send("POST", f"/patient/v1/{what}", dumps(body), given)


def signed(
    desk: DeskProcess,
    method: str,
    path: str,
    body: bytes,
    *,
    org: str = HOSPITAL,
    key: Sm2PrivateKey | None = None,
    at: int | None = None,
) -> str:
    """The value of the header for a request to that desk."""
    signing = key or KEYS[org]
    request = Request(
        registry=desk.registry,
        org=org,
        key=key_id(signing.public_key.point),
        method=method,
        path=path,
        body=digest_pair(body),
        at=int(time.time()) if at is None else at,
        nonce=secrets.token_bytes(16),
    )
    return sign_request(request, signing)


@contextmanager
def running_desk(
    state: Path,
    *args: str,
    end: signal.Signals = signal.SIGINT,
    secrets: Mapping[str, str] = KEYS_OF_STATE,
) -> Iterator[DeskProcess]:
    """`yinzheng desk` on a free port; ended as Ctrl-C or a service manager does."""
    log = state.parent / "desk.log"
    command = ["desk", "--state", str(state), "--port", "0", "--json", *args]
    with (
        log.open("w") as errors,
        Forked(*command, env=environment(**secrets), stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        try:
            yield DeskProcess(state, _url(process, log), process, log)
        finally:
            process.send_signal(end)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def _url(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return str(json.loads(text)["url"])
    raise AssertionError(f"the desk ended: {text!r} {log.read_text()!r}")
