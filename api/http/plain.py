"""Requests and answers of the plainest kind, read and written at once; everything else is h11's.

Nearly every request is a head in its usual form with its whole body behind it, all of it there when the
connection is read, and nearly every answer has one body of a length it names. h11 takes them apart piece by
piece, which is a sixth of what a trade check costs the event loop. What is read here is what h11 would read,
and nothing that another reader might read otherwise (RFC 9112): the form is narrower than the standard's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, RequestResponseCycle

MAX_HEAD: Final = 32 * 1024
"""Bytes of a request's head."""

MAX_BODY: Final = 64 * 1024
"""Bytes of a body that is read here: of more uvicorn pauses reading."""

Headers = list[tuple[bytes, bytes]]

_HEAD: Final = re.compile(
    rb"([A-Z]{3,20}) (/[!-~]*) HTTP/1\.1\r\n((?:[-!#$%&'*+.^_`|~0-9A-Za-z]+: [!-~](?:[ -~]*[!-~])?\r\n)+)\r\n"
)
"""Method, target, and lines of one name, a colon, a blank and a value that neither begins nor ends blank."""

_OTHER: Final = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
"""Names with which a request is none of the plainest, nor an answer."""

_BODILESS: Final = frozenset({204, 205, 304})


@dataclass(frozen=True, slots=True)
class Plain:
    """A request that was read whole."""

    data: bytes
    """As it came."""
    method: str
    path: str
    raw_path: bytes
    query: bytes
    headers: Headers
    """Names in lower case, in the order in which they came."""
    body: bytes


def read_plain(data: bytes) -> Plain | None:
    """The one request that `data` is, from its first byte to its last; None where h11 is to read it."""
    head = _HEAD.match(data)
    if head is None or head.end() > MAX_HEAD:
        return None
    method, target, lines = head.groups()
    headers: Headers = []
    for line in lines[:-2].split(b"\r\n"):
        name, _, value = line.partition(b": ")
        headers.append((name.lower(), value))
    names = [name for name, _ in headers]
    if names.count(b"host") != 1 or not _OTHER.isdisjoint(names) or method == b"CONNECT":
        return None
    if any(value.lower() != b"keep-alive" for value in _of(headers, b"connection")):
        return None
    length = _length(_of(headers, b"content-length"))
    if length is None or length > MAX_BODY or len(data) != head.end() + length:
        return None
    path, _, query = target.partition(b"?")
    return Plain(data, method.decode(), unquote(path.decode()), path, query, headers, data[head.end() :])


def _of(headers: Headers, name: bytes) -> list[bytes]:
    return [value for one, value in headers if one == name]


def _length(said: list[bytes]) -> int | None:
    """How long the body is, as it was said once or not at all; None where that is not plain."""
    if not said:
        return 0
    return int(said[0]) if len(said) == 1 and said[0].isdigit() and len(said[0]) < 7 else None


class PlainCycle(RequestResponseCycle):
    """Answers a request that h11 knows nothing of, at once where the answer is plain.

    Where it is not, h11 reads the request after all, and the answer goes its way.
    """

    def __init__(self, request: Plain, **given: Any) -> None:
        super().__init__(**given)
        self._unread: Plain | None = request
        self._begun: Any = None
        """How the answer begins, as long as it waits for its body."""
        self.body += request.body
        self.more_body = False
        self.message_event.set()
        self._heard: Callable[[], None] | None = None

    def when_gone(self, heard: Callable[[], None]) -> None:
        """Have `heard` called once the client goes before it is answered."""
        self._heard = heard
        if self.disconnected:
            asyncio.get_running_loop().call_soon(self.gone)

    def gone(self) -> None:
        """The connection is lost."""
        if self.disconnected and self._heard is not None:
            heard, self._heard = self._heard, None
            heard()

    def hand_over(self) -> None:
        """Have h11 read the request: from now on it is as if it always had."""
        if self._unread is None:
            return
        data, self._unread = self._unread.data, None
        self.conn.receive_data(data)
        while not isinstance(self.conn.next_event(), h11.EndOfMessage):
            pass  # what it reads is what was read

    async def send(self, message: Any) -> None:
        """Send a part of the answer."""
        if self._unread is not None and not self.response_started and self._may_be_plain(message):
            self._begun = message  # its body follows at once
            self.response_started = True
            return
        begun, self._begun = self._begun, None
        if begun is None:
            self.hand_over()
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        answer = self._whole(begun, message)
        if answer is None:
            self.hand_over()
            self.response_started = False
            await super().send(begun)
            await super().send(message)
            return
        self._unread = self._heard = None
        self.transport.write(answer)
        self.response_complete = True
        self.message_event.set()
        self.on_response()

    def _whole(self, begun: Any, message: Any) -> bytes | None:
        """Head and body of the answer; None where h11 is to write them, or the connection ends with them."""
        body = message.get("body", b"")
        headers = [*self.default_headers, *begun["headers"]]
        if (
            self._unread is None
            or not self.keep_alive
            or message["type"] != "http.response.body"
            or message.get("more_body")
            or _of(headers, b"content-length") != [b"%d" % len(body)]
        ):
            return None
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        if not lines.count(b"\n") == lines.count(b"\r") == len(headers) or b"\0" in lines:
            return None  # h11 refuses it
        status = begun["status"]
        return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (status, STATUS_PHRASES[status], lines, body)

    def _may_be_plain(self, message: Any) -> bool:
        """Whether an answer that begins like this is plain, unless its body comes in several pieces."""
        if message["type"] != "http.response.start" or self.scope["method"] == "HEAD":
            return False
        names = {name.lower() for name, _ in message.get("headers", ())}
        whole = b"content-length" in names and names.isdisjoint({*_OTHER, b"connection"})
        return whole and message["status"] >= 200 and message["status"] not in _BODILESS
