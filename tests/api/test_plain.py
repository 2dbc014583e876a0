"""What is read and answered at once is what h11 would read and write, to the byte (RFC 9112)."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from tests.api.flood import Target, rest, served
from yinzheng.api.http import connections
from yinzheng.api.http.framing import Framing
from yinzheng.api.http.hangups import WHEN_GONE
from yinzheng.api.http.plain import MAX_BODY, MAX_HEAD, read_plain

PLAIN = b"POST /v1/a%20b?c=d HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nX-Kept: y: z\r\n\r\nbody"


def by_h11(data: bytes) -> tuple[Any, ...] | None:
    """Method, target, version, headers and body of the one request it reads, if it is one."""
    conn = Framing(h11.SERVER, MAX_HEAD)
    conn.receive_data(data)
    try:
        request, body = conn.next_event(), b""
        if not isinstance(request, h11.Request):
            return None
        while isinstance(event := conn.next_event(), h11.Data):
            body += event.data
    except h11.RemoteProtocolError:
        return None
    if not isinstance(event, h11.EndOfMessage) or conn.trailing_data[0] or conn.our_state is h11.MUST_CLOSE:
        return None
    headers = [(name.lower(), value) for name, value in request.headers]
    return request.method.decode(), request.target, request.http_version, headers, body


def test_the_plainest_request_is_read_whole() -> None:
    found = read_plain(PLAIN)
    assert found is not None
    assert (found.method, found.path, found.raw_path, found.query) == (
        "POST",
        "/v1/a b",
        b"/v1/a%20b",
        b"c=d",
    )
    assert found.headers == [(b"host", b"a"), (b"content-length", b"4"), (b"x-kept", b"y: z")]
    assert found.body == b"body"
    kept = read_plain(b"GET / HTTP/1.1\r\nhost: a\r\nConnection: Keep-Alive\r\n\r\n")
    assert kept is not None
    assert (kept.method, kept.body) == ("GET", b"")


HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
OTHERS = {
    "nothing": b"",
    "half a head": HEAD,
    "half a body": PLAIN[:-1],
    "more than a body": PLAIN + b"G",
    "two requests": PLAIN + PLAIN,
    "a body without a length": HEAD + b"\r\nbody",
    "an older version": b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\nX-Host: a\r\n\r\n",
    "no header": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": HEAD + b"host: b\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nb",
    "a list of lengths": HEAD + b"Content-Length: 1, 1\r\n\r\nb",
    "a length with a sign": HEAD + b"Content-Length: +1\r\n\r\nb",
    "a length of other digits": HEAD + "Content-Length: ¹\r\n\r\nb".encode("latin-1"),
    "a length too long to be read": HEAD + b"Content-Length: 0000001\r\n\r\nb",
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
    "a wait for leave": HEAD + b"Expect: 100-continue\r\n\r\n",
    "another protocol": HEAD + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "another protocol alone": HEAD + b"Upgrade: h2c\r\n\r\n",
    "an end": HEAD + b"Connection: close\r\n\r\n",
    "an end besides": HEAD + b"Connection: keep-alive\r\nConnection: close\r\n\r\n",
    "a tunnel": b"CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n",
    "a whole address": b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in small letters": b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a blank in the target": b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "a blank before the colon": HEAD + b"X : y\r\n\r\n",
    "no blank after the colon": HEAD + b"X:y\r\n\r\n",
    "a blank at the end": HEAD + b"X: y \r\n\r\n",
    "a tab": HEAD + b"X: y\tz\r\n\r\n",
    "no value": HEAD + b"X: \r\n\r\n",
    "no name": HEAD + b": y\r\n\r\n",
    "a line that goes on": HEAD + b"X: y\r\n z\r\n\r\n",
    "a line that ends in LF": HEAD + b"X: y\n\r\n",
    "a line that ends in CR": HEAD + b"X: y\rZ: z\r\n\r\n",
    "a head that ends in LF": HEAD + b"X: y\r\n\n",
    "a zero byte": HEAD + b"X: y\0\r\n\r\n",
    "letters beyond ASCII": HEAD + "X: é\r\n\r\n".encode("latin-1"),
    "an empty line before": b"\r\n" + HEAD + b"\r\n",
    "a long head": HEAD + b"X: " + b"y" * MAX_HEAD + b"\r\n\r\n",
    "a long body": HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1) + b"b" * (MAX_BODY + 1),
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_what_is_anything_else_is_for_h11(data: bytes) -> None:
    assert read_plain(data) is None


_PIECES = st.sampled_from(
    [
        *(
            b"GET",
            b"POST",
            b"HEAD",
            b"post",
            b"CONNECT",
            b" ",
            b"  ",
            b"\t",
            b"/",
            b"/a?b#c",
            b"*",
            b"HTTP/1.1",
        ),
        *(
            b"HTTP/1.0",
            b"\r\n",
            b"\n",
            b"\r",
            b"\r\n\r\n",
            b": ",
            b":",
            b",",
            b"Host: a",
            b"host: b",
            b"X: y",
        ),
        *(b"Content-Length: 4", b"content-length: 04", b"Content-Length: 0", b"Transfer-Encoding: chunked"),
        *(b"Connection: keep-alive", b"Connection: close", b"Expect: 100-continue", b"\0", b"\xff", b"body"),
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A plain request with a few pieces put somewhere, or taken out, or nothing but pieces."""
    data = draw(st.sampled_from([PLAIN, HEAD + b"\r\n", b"".join(draw(st.lists(_PIECES, max_size=12)))]))
    for _ in range(draw(st.integers(0, 3))):
        begin = draw(st.integers(0, len(data)))
        end = begin + draw(st.integers(0, 3))
        data = data[:begin] + draw(_PIECES) + data[end:]
    return data


@given(requests())
def test_what_is_read_at_once_h11_reads_no_otherwise(data: bytes) -> None:
    found = read_plain(data)
    if found is None:
        return
    target = found.raw_path + (b"?" + found.query if b"?" in data.split(b" ")[1] else b"")
    assert by_h11(data) == (found.method, target, b"1.1", found.headers, found.body)
    assert found.data == data


ANSWERS: dict[str, list[dict[str, Any]]] = {
    "/plain": [
        {"status": 201, "headers": [(b"Content-Type", b"text/x"), (b"content-length", b"4")]},
        {"body": b"some"},
    ],
    "/none": [{"status": 404, "headers": []}, {}],
    "/no-content": [{"status": 204, "headers": [(b"content-length", b"0")]}, {}],
    "/not-modified": [{"status": 304, "headers": [(b"content-length", b"9")]}, {}],
    "/pieces": [
        {"status": 200, "headers": [(b"content-length", b"6")]},
        {"body": b"one", "more_body": True},
        {"body": b"two"},
    ],
    "/chunks": [{"status": 200}, {"body": b"one", "more_body": True}, {"body": b"two"}],
    "/unmeasured": [{"status": 200}, {"body": b"one"}],
    "/end": [
        {"status": 200, "headers": [(b"content-length", b"3"), (b"Connection", b"close")]},
        {"body": b"end"},
    ],
    "/short": [{"status": 200, "headers": [(b"content-length", b"9")]}, {"body": b"short"}],
    "/split": [
        {"status": 200, "headers": [(b"content-length", b"3"), (b"x", b"y\r\nz: injected")]},
        {"body": b"one"},
    ],
    "/bare-lf": [
        {"status": 200, "headers": [(b"content-length", b"3"), (b"x", b"y\nz: w")]},
        {"body": b"one"},
    ],
    "/bare-cr": [{"status": 200, "headers": [(b"content-length", b"3"), (b"x", b"y\rz")]}, {"body": b"one"}],
    "/zero": [{"status": 200, "headers": [(b"content-length", b"3"), (b"x", b"y\0")]}, {"body": b"one"}],
    "/twice": [{"status": 200, "headers": [(b"content-length", b"3")]}, {"status": 200}, {"body": b"one"}],
    "/half": [{"status": 200, "headers": [(b"content-length", b"3")]}],
    "/nothing": [],
}
"""What the app below sends: the first and what has a status begins an answer, the rest are bodies."""


_OTHERWISE = ("client", "app", "state", WHEN_GONE)
"""What is not the same of every request, or the connection's own."""


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends what `ANSWERS` has; `/echo` tells the request, `/raise` fails, `/late` once it has begun."""
    if scope["type"] != "http":
        return
    path = scope["path"]
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    if path == "/raise":
        raise ValueError
    if path == "/echo":
        told = {name: value for name, value in scope.items() if name not in _OTHERWISE}
        said = repr((sorted(told.items(), key=str), body)).encode()
        answer: list[dict[str, Any]] = [
            {"status": 200, "headers": [(b"content-length", b"%d" % len(said))]},
            {"body": said},
        ]
    else:
        answer = ANSWERS.get(path, ANSWERS["/plain"])
    for part in answer:
        kind = "http.response.start" if "status" in part else "http.response.body"
        await send({"type": kind, **part})
        if path == "/late":
            raise ValueError


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with served(app) as found:
        yield found


def undated(answer: bytes) -> bytes:
    return re.sub(rb"date: [^\r]*", b"date: then", answer)


def asked(target: Target, request: bytes) -> bytes:
    """Everything that is said to a request, and to another after it that ends the connection."""
    with target.connect() as made:
        made.sendall(request)
        time.sleep(0.02)
        made.sendall(b"GET /plain HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n")
        return undated(rest(made))


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
@pytest.mark.parametrize("path", [*ANSWERS, "/raise", "/late", "/echo", "/echo?a=%20&b", "/%e4%b8%ad"])
def test_an_answer_is_to_the_byte_as_by_h11(
    target: Target, monkeypatch: pytest.MonkeyPatch, method: bytes, path: str
) -> None:
    body = b"Content-Length: 4\r\n\r\nbody" if method == b"POST" else b"\r\n"
    request = b"%b %b HTTP/1.1\r\nHost: a\r\nX-Some: thing\r\n%b" % (method, path.encode(), body)
    read: list[bool] = []

    def seen(data: bytes) -> Any:
        found = read_plain(data)
        read.append(found is not None)
        return found

    monkeypatch.setattr(connections, "read_plain", seen)
    at_once = asked(target, request)
    assert read[0]
    monkeypatch.setattr(connections, "read_plain", lambda _data: None)
    by_piece = asked(target, request)
    if path in BEGUN and method != b"HEAD":
        assert at_once == b""
        assert by_piece.startswith(b"HTTP/1.1 20")
    else:
        assert at_once == by_piece


BEGUN = ("/late", "/half")
"""An app that breaks off between head and body: by h11 the head had gone."""


@pytest.mark.parametrize("gap", [0, 0.02])
def test_requests_that_come_while_one_is_in_hand_are_answered_in_order(target: Target, gap: float) -> None:
    one = b"POST /echo?%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n<%d>"
    with target.connect() as made:
        for number in range(6):
            made.sendall(one % (number, number))
            time.sleep(gap)
        made.sendall(b"GET /plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answers = rest(made)
    assert re.findall(rb"<(\d)>", answers) == [b"%d" % number for number in range(6)]
    assert answers.endswith(b"some")


def test_one_that_comes_before_the_body_of_an_answer_changes_nothing_of_it() -> None:
    """The head of a plain answer is kept until its body is there: what comes meanwhile is h11's to keep."""
    begun, go_on = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = [(b"content-length", b"3")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/slow":
            loops.append(asyncio.get_running_loop())
            begun.set()
            await go_on.wait()
        await send({"type": "http.response.body", "body": b"one" if scope["path"] == "/slow" else b"two"})

    with served(slow) as target, target.connect() as made:
        made.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert begun.wait(5)
        made.sendall(b"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        time.sleep(0.1)
        loops[0].call_soon_threadsafe(go_on.set)
        heads = [one[-3:] for one in rest(made).split(b"HTTP/1.1 200 OK")[1:]]
    assert heads == [b"one", b"two"]
