"""Signed calls to a registry's desk (S11): one request, one answer, no redirects."""

from __future__ import annotations

import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol

from yinzheng.api.org.member import Member, OwnKey
from yinzheng.api.org.registry import pinned
from yinzheng.ledger.net import client as net
from yinzheng.ledger.net.exchange import Bounds, NoAnswer, Sent, Untrusted
from yinzheng.ledger.organisations.addresses import is_secure_address
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import DigestPair, PairHasher, Sm2PrivateKey, digest_pair
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.request import HEADER, NONCE_BYTES, Request, sign_request
from yinzheng.verifier.words.phrase import Language

MAX_ANSWER: Final = 32 * 1024 * 1024
TIMEOUT: Final = 90.0
"""Seconds without a byte: the desk may wait for a command of an officer's."""
WHOLE: Final = 2 * TIMEOUT
"""Seconds for one call, unless it carries a file."""
MAX_PROBLEM: Final = 65_536
MAX_SAID: Final = 2000
"""Characters of a refusal that are shown."""

PIECE: Final = 1024 * 1024

MAX_FILE: Final = 1 << 50
"""Bytes of an answer that is written as it comes: as many as the disk takes."""

JSON_MEDIA: Final = "application/json"

KEPT: Final = 64
"""Answers with a tag that a client remembers."""
MAX_KEPT: Final = 256 * 1024
"""Bytes of one of them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk answered."""

    media: str
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises `DataFault` (`json-…`)."""
        return canonical.loads(self.body, max_bytes=MAX_ANSWER)


@dataclass(frozen=True, slots=True)
class Tagged:
    """An answer that was had before, and the tag by which the desk knows it again (S15.12)."""

    tag: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class FileBody:
    """A body that is a line and then a file's bytes; read twice, never whole in memory."""

    head: bytes
    file: Path

    @property
    def length(self) -> int:
        """Bytes in all."""
        return len(self.head) + self.file.stat().st_size

    def digest(self) -> DigestPair:
        """Of all bytes."""
        hasher = PairHasher()
        for piece in self.pieces():
            hasher.update(piece)
        return hasher.digest()

    def pieces(self) -> Iterator[bytes]:
        """All bytes, piece by piece."""
        yield self.head
        with self.file.open("rb") as opened:
            while piece := opened.read(PIECE):
                yield piece


class Sink(Protocol):
    """Takes an answer as it comes."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """What is sent, whichever key signs it."""

    method: str
    path: str
    body: bytes | FileBody
    digest: DigestPair


class Client:
    """Calls a desk in the name of a member: `clock` gives UTC seconds, `language` that of its words."""

    def __init__(
        self, member: Member, desk: str, clock: Callable[[], int], language: Language = "en"
    ) -> None:
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
        self._net = net.Client(os.environ)
        self._language = language
        self._known: OrderedDict[str, Tagged] = OrderedDict()

    def call(
        self,
        method: str,
        path: str,
        body: bytes | FileBody = b"",
        media: str = JSON_MEDIA,
        *,
        into: Sink | None = None,
    ) -> Answer:
        """Sign and send. A key that the desk does not know yet gives way to the one before it.

        `into` takes an answer of any size, written as it comes; the answer returned then has no body.

        Raises what the desk answered, under its code: `DataFault` for data, `EnvironmentFault` for what
        passes by itself (`retry_after` in seconds), else `UsageFault`; `EnvironmentFault`
        `desk-unreachable`; `UsageFault`: `desk-untrusted`, `desk-other`, `org-key-none`,
        `registry-not-pinned`.
        """
        refused: YinzhengError | None = None
        sent = _Sent(method, path, body, body.digest() if isinstance(body, FileBody) else digest_pair(body))
        for own, key in self._member.candidates(self._clock()):
            try:
                return self._send(own, key, sent, media, into)
            except UsageFault as error:
                if error.code != "request-key-unknown":
                    raise
                refused = refused or error
        if refused is not None:
            raise refused
        self._member.current(self._clock())
        raise AssertionError  # there was a key a moment ago

    def _registry(self) -> bytes:
        """The registry that is pinned: no other takes what is signed."""
        return pinned(self._member.folder).registry_id

    def _send(self, own: OwnKey, key: Sm2PrivateKey, sent: _Sent, media: str, into: Sink | None) -> Answer:
        signed = Request(
            registry=self._registry(),
            org=self._member.profile.code,
            key=own.kid,
            method=sent.method,
            path=sent.path,
            body=sent.digest,
            at=self._clock(),
            nonce=secrets.token_bytes(NONCE_BYTES),
        )
        headers = {HEADER: sign_request(signed, key), "Accept": JSON_MEDIA, "Accept-Language": self._language}
        if sent.body:
            headers["Content-Type"] = media
        known = self._known.get(sent.path) if sent.method == "GET" and into is None else None
        if known is not None:
            headers["If-None-Match"] = known.tag
        body: bytes | Iterator[bytes]
        if isinstance(sent.body, FileBody):
            body, headers["Content-Length"] = sent.body.pieces(), str(sent.body.length)
        else:
            body = sent.body
        asked = Sent(sent.method, self._base + sent.path, body, headers)
        moving = into is not None or isinstance(sent.body, FileBody)
        bounds = Bounds(
            MAX_ANSWER if into is None else MAX_FILE, total=None if moving else WHOLE, each=TIMEOUT
        )
        try:
            with self._net.opened(asked, bounds) as (status, named, pieces):
                if known is not None and status == HTTPStatus.NOT_MODIFIED:
                    return known.answer
                if status not in range(200, 300):
                    raise _problem(status, named, _beginning(pieces), self._base)
                media = named.get("content-type", "").partition(";")[0].strip().lower()
                if into is None:
                    answer = Answer(media, b"".join(pieces))
                    self._keep(sent, named.get("etag"), answer)
                    return answer
                for piece in pieces:
                    into.write(piece)
                return Answer(media, b"")
        except Untrusted as error:
            raise UsageFault(
                f"{self._base} does not prove that it is who it says (TLS)",
                code="desk-untrusted",
                hint="Check the address; a certificate of one's own authority is named in SSL_CERT_FILE.",
            ) from error
        except NoAnswer as error:
            raise _away(self._base, "the desk does not answer") from error

    def _keep(self, sent: _Sent, tag: str | None, answer: Answer) -> None:
        """Remember an answer that the desk knows again by its tag: as it came, for as long as we run."""
        if sent.method != "GET" or tag is None or len(answer.body) > MAX_KEPT:
            return
        self._known[sent.path] = Tagged(tag[:100], answer)
        self._known.move_to_end(sent.path)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


def _beginning(pieces: Iterator[bytes]) -> bytes:
    """Of an answer that is a refusal, as much as one has."""
    data = b""
    for piece in pieces:
        data += piece
        if len(data) >= MAX_PROBLEM:
            break
    return data[:MAX_PROBLEM]


def _away(base: str, message: str) -> EnvironmentFault:
    return EnvironmentFault(
        message,
        code="desk-unreachable",
        hint=f"Is it running at {base}? Sending the same again is safe where it has a number.",
    )


def _problem(status: int, headers: Mapping[str, str], body: bytes, base: str) -> YinzhengError:
    """The desk's problem details as an error of ours; what is no such thing was said by another.

    `zh` in its data has the desk's Chinese words, where it answered in them; `message` is English always.
    """
    try:
        value = canonical.loads(body, max_bytes=MAX_PROBLEM)
    except DataFault:
        value = None
    found: dict[str, JSON] = value if isinstance(value, dict) else {}
    message, code = found.get("detail"), found.get("code")
    if not isinstance(message, str) or not isinstance(code, str):
        return _of_another(base, status)
    hint = found.get("hint") if isinstance(found.get("hint"), str) else ""
    chinese = headers.get("content-language", "").lower().startswith("zh")
    in_english = found.get("message")
    zh = {"zh": (_shown(message), _shown(hint))} if chinese else {}
    if chinese and isinstance(in_english, str):
        message, hint = in_english, ""
    kind: type[YinzhengError] = UsageFault
    if status == 422:
        kind = DataFault
    elif status == 429 or status >= 500:
        kind = EnvironmentFault
    data: dict[str, JSON] = {
        name: found[name] for name in ("line", "index", "path", "replaced_at") if name in found
    }
    wait = headers.get("retry-after", "")
    if wait.isascii() and wait.isdigit():
        data["retry_after"] = int(wait[:6])
    return kind(_shown(message), code=_shown(code), hint=_shown(hint), desk=True, **data, **zh)


def _of_another(base: str, status: int) -> YinzhengError:
    """What was answered by a proxy, for a desk that is away, or by a server that is none."""
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _away(base, f"the desk does not answer, but what stands before it does ({status})")
    return UsageFault(
        f"{base} answers {status}, and not as a desk does",
        code="desk-other",
        hint="Check the address (--desk, YINZHENG_DESK), and what stands before the desk.",
    )


def _shown(said: object) -> str:
    """Words of a desk, fit for a terminal and a page: nothing in them moves a cursor or turns the line."""
    return "".join(one if one.isprintable() else " " for one in str(said)[:MAX_SAID])
