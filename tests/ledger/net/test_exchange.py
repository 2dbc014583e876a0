"""Answers that take too long, are too long, packed, cut short, or none: both clients are bounded alike."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable

import pytest

from tests.ledger.net.servers import Reply, answered, listening, replies
from yinzheng.ledger.net import plain
from yinzheng.ledger.net.client import Client
from yinzheng.ledger.net.exchange import (
    Answer,
    Bounds,
    NoAnswer,
    NotSent,
    Sent,
    TooLate,
    TooLong,
    Untrusted,
)

Send = Callable[[Sent, Bounds], Answer]

BOUNDS = Bounds(1000, total=5, each=5, connect=2)


def by_httpx(sent: Sent, bounds: Bounds) -> Answer:
    with Client({}) as client:
        return client.send(sent, bounds)


def by_the_library(sent: Sent, bounds: Bounds) -> Answer:
    return plain.send(sent, bounds, {})


@pytest.fixture(params=[by_httpx, by_the_library])
def send(request: pytest.FixtureRequest) -> Send:
    found: Send = request.param
    return found


def failing(send: Send, reply: Reply, bounds: Bounds = BOUNDS) -> type[NoAnswer]:
    with listening(reply) as server, pytest.raises(NoAnswer) as fault:
        send(Sent("POST", server.url + "/x", b"{}"), bounds)
    return fault.type


def test_an_exchange(send: Send) -> None:
    data = answered(404, b"none", "Content-Type: Text/Plain; charset=x", "Set-Cookie: a=b")
    with listening(replies(data)) as server:
        for _ in range(2):
            got = send(Sent("POST", server.url + "/a/b?c=d", b"{}", {"X-Y": "z"}), BOUNDS)
            assert (got.status, got.body, got.media) == (404, b"none", "text/plain")
        first, second = server.seen
    assert first.startswith(b"POST /a/b?c=d HTTP/1.1\r\n")
    assert first.endswith(b"\r\n\r\n{}")
    assert b"x-y: z" in first.lower()
    assert b"accept-encoding: identity" in first.lower()
    assert first == second, "no cookie comes back"


def test_redirects_are_answers(send: Send) -> None:
    with listening(replies(answered(307, b"", "Location: /elsewhere"))) as server:
        assert send(Sent("GET", server.url), BOUNDS).status == 307
        assert len(server.seen) == 1


def drip_head(_request: bytes, connection: socket.socket) -> None:
    for _ in range(500):
        connection.sendall(b"H")
        time.sleep(0.02)


def drip_body(_request: bytes, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    drip_head(b"", connection)


def informs(_request: bytes, connection: socket.socket) -> None:
    for _ in range(500):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


def silent(_request: bytes, connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize("reply", [drip_head, drip_body, informs, silent])
def test_time_is_bounded_as_a_whole(send: Send, reply: Reply) -> None:
    began = time.monotonic()
    assert issubclass(failing(send, reply, Bounds(1000, total=0.4, each=5)), TooLate)
    assert time.monotonic() - began < 3


def endless(_request: bytes, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(65536))


def headers(_request: bytes, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-A: " + b"b" * 60_000 + b"\r\n")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (replies(answered(200, bytes(1001))), TooLong),
        (endless, TooLong),
        (headers, NoAnswer),
        (replies(answered(200, gzip.compress(bytes(10**6)), "Content-Encoding: gzip")), TooLong),
        (replies(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"), NoAnswer),
        (replies(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), NoAnswer),
        (replies(b"SSH-2.0-OpenSSH_9\r\n"), NoAnswer),
        (replies(b""), NoAnswer),
        (replies(b"HTTP/1.1 nonsense\r\n\r\n"), NoAnswer),
        (replies(bytes(range(256)) * 10), NoAnswer),
    ],
)
def test_what_is_no_answer(send: Send, reply: Reply, expected: type[NoAnswer]) -> None:
    assert issubclass(failing(send, reply), expected)


def test_nobody_there(send: Send) -> None:
    for url in ("http://127.0.0.1:9/", "http://node.invalid:1/", "http://[bad/", "http://h:port/"):
        with pytest.raises(NotSent):
            send(Sent("POST", url, b"{}"), BOUNDS)


def test_a_server_that_does_not_speak_tls(send: Send) -> None:
    with listening(replies(answered(200, b""))) as server, pytest.raises(Untrusted):
        send(Sent("POST", f"https://127.0.0.1:{server.port}/", b"{}"), BOUNDS)


def test_a_pinned_address_is_the_one_connected_to() -> None:
    with listening(replies(answered(200, b"here"))) as server, Client(pinned="127.0.0.1") as client:
        got = client.send(Sent("GET", f"http://hospital.example:{server.port}/"), BOUNDS)
        assert got.body == b"here"
        assert f"host: hospital.example:{server.port}".encode() in server.seen[0].lower()


def test_a_file_goes_out_piece_by_piece() -> None:
    def pieces(length: int) -> list[bytes]:
        return [bytes([n]) * 1000 for n in range(length)]

    with listening(replies(answered(200, b"ok"))) as server, Client({}) as client:
        sent = Sent("POST", server.url, iter(pieces(50)), {"Content-Length": "50000"})
        assert client.send(sent, Bounds(10, total=None, each=5)).body == b"ok"
        assert server.seen[0].endswith(b"".join(pieces(50)))


def test_connections_are_kept_only_if_asked() -> None:
    count = 0

    def twice(_request: bytes, connection: socket.socket) -> None:
        nonlocal count
        count += 1
        connection.sendall(answered(200, b"1"))
        if connection.recv(65536):
            connection.sendall(answered(200, b"2"))

    with listening(twice) as server, Client({}, keep=True) as client:
        got = [client.send(Sent("POST", server.url, b"{}"), BOUNDS).body for _ in range(2)]
        assert (got, count) == ([b"1", b"2"], 1)
