"""One cheap client closes nothing for others: silent, slow and deaf connections."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from tests.api.flood import Target, one_answer, rest, served, status
from yinzheng.api.http import serving
from yinzheng.api.http.connections import ConnectionLimits
from yinzheng.api.http.proxies import check_proxies
from yinzheng.api.http.serving import cannot_listen, url_of, within_descriptors
from yinzheng.api.web.schemas import ProblemOut
from yinzheng.verifier.errors import UsageFault

LIMITS = ConnectionLimits(
    total=40,
    each=20,
    head_seconds=0.3,
    idle_seconds=1,
    linger_seconds=0.3,
    unread_seconds=0.3,
)
HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Says who asks, as far as it knows; `/read` reads the body first, `/large` says much."""
    assert scope["type"] == "http"
    if scope["path"] == "/read":
        while (message := await receive()).get("more_body"):
            if message["type"] == "http.disconnect":
                return
    said = scope["client"][0].encode() if scope["path"] != "/large" else b"x" * (32 << 20)
    headers = [(b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with served(app, LIMITS) as found:
        yield found


@pytest.fixture(scope="module")
def patient() -> Iterator[Target]:
    """With times longer than any test waits: a connection that ends was ended."""
    with served(app) as found:
        yield found


def ends_within(connection: socket.socket, seconds: float) -> bytes:
    begun = time.monotonic()
    said = rest(connection)
    assert time.monotonic() - begun < seconds
    return said


def test_silent_connections_close_nothing_for_others(target: Target) -> None:
    """As many as are allowed in all, from several addresses, and half a head from every second."""
    held = []
    for number in range(3 * LIMITS.total):
        held.append(made := target.connect(f"127.0.0.{2 + number % 5}"))
        if number % 2:
            made.sendall(HEAD)
    assert status(target.ask()) == 200
    assert status(target.ask(source="127.0.0.2")) == 200, "one that shares an address with them"
    for made in held:
        made.close()


def test_a_silent_connection_ends_without_a_word(target: Target) -> None:
    with target.connect() as made:
        assert ends_within(made, 2) == b""


def test_a_head_that_drips_is_not_waited_for(target: Target) -> None:
    begun = time.monotonic()
    with target.connect() as made:
        made.sendall(HEAD)
        try:
            while time.monotonic() - begun < 2:
                made.sendall(b"X: y\r\n")
                time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert time.monotonic() - begun < 2


def test_half_a_head_is_told_that_it_took_too_long(target: Target) -> None:
    with target.connect() as made:
        made.sendall(HEAD)
        said = ends_within(made, 2)
    assert status(said) == 408
    assert b"\r\nConnection: close\r\n" in said
    assert ProblemOut.model_validate_json(said.partition(b"\r\n\r\n")[2]).code == "head-slow"


def test_a_second_head_has_its_time_too(target: Target) -> None:
    with target.connect() as made:
        made.sendall(HEAD + b"\r\n")
        assert status(one_answer(made)) == 200
        made.sendall(HEAD)
        assert status(ends_within(made, 2)) == 408


def test_an_idle_connection_serves_again_and_then_ends(target: Target) -> None:
    with target.connect() as made:
        for _ in range(3):
            made.sendall(HEAD + b"\r\n")
            assert status(one_answer(made)) == 200
        assert ends_within(made, 3) == b""


def test_a_body_nobody_waits_for_is_not_taken_for_ever(target: Target) -> None:
    begun = time.monotonic()
    with target.connect() as made:
        made.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx")
        assert status(one_answer(made)) == 200
        try:
            while time.monotonic() - begun < 2:
                made.sendall(b"x")
                time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert time.monotonic() - begun < 2


def test_who_still_sends_reads_the_answer_that_ends_the_connection(patient: Target) -> None:
    """Closed with a body unread, a connection is reset, and what was said on it may never be read."""
    size = 8 << 20
    head = HEAD.replace(b"GET", b"POST") + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size
    for _ in range(3):
        assert status(patient.ask(head + bytes(size))) == 200


def test_who_never_stops_sending_is_cut_off(target: Target) -> None:
    head = HEAD.replace(b"GET", b"POST") + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % (1 << 40)
    with target.connect() as made:
        made.sendall(head + b" ")
        assert one_answer(made).endswith(b"127.0.0.1")
        begun = time.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() - begun < 10 * LIMITS.linger_seconds + 5:
                made.sendall(bytes(1000))
                time.sleep(0.01)


def test_a_body_that_comes_after_its_answer_ends_nothing(target: Target) -> None:
    with target.connect() as made:
        made.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
        assert status(one_answer(made)) == 200
        made.sendall(b"body" + HEAD + b"\r\n")
        assert status(one_answer(made)) == 200
        assert ends_within(made, 3) == b""


CHUNKS = b"Transfer-Encoding: chunked\r\n"
AMBIGUOUS = {
    "a length first": b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n" + CHUNKS,
    "chunks first": b"POST /read HTTP/1.1\r\nHost: a\r\n" + CHUNKS + b"content-length: 5\r\n",
    "otherwise written": b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n" + CHUNKS.swapcase(),
    "no body is looked for": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + CHUNKS,
    "a length in a line that goes on": b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n",
    "a line that goes on with a length": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tContent-Length: 5\r\n",
    "a line without CR": b"GET / HTTP/1.1\r\nHost: a\nContent-Length: 0\r\n",
    "an end without CR": b"GET / HTTP/1.1\r\nHost: a\r\n\nContent-Length: 0\r\n",
    "a version without chunks": b"POST /read HTTP/1.0\r\nConnection: keep-alive\r\n" + CHUNKS,
}


@pytest.mark.parametrize("head", AMBIGUOUS.values(), ids=AMBIGUOUS)
@pytest.mark.parametrize("before", [0, 1])
def test_two_lengths_are_refused_and_nothing_after_them_is_heard(
    patient: Target, head: bytes, before: int
) -> None:
    """RFC 9112, 6.1 and 6.3. What follows may be another's request, or one that a proxy never saw."""
    with (
        served(app) as patient,
        patient.connect() as made,
    ):  # the idle time is longer than what is waited here
        made.sendall((HEAD + b"\r\n") * before + head + b"\r\n0\r\n\r\n" + HEAD + b"\r\n")
        said = ends_within(made, 5)
    answers = said.split(b"HTTP/1.1 ")[1:]
    assert [one[:3] for one in answers] == [b"200"] * before + [b"400"]
    head, _, body = answers[-1].partition(b"\r\n\r\n")
    assert b"\r\nConnection: close\r\n" in head + b"\r\n"
    assert ProblemOut.model_validate_json(body).code == "http-malformed"


TRAILERS = {
    "a line without CR": b"X: a\n",
    "an end without CR": b"X: a\r\n\n",
    "a line that goes on": b"X: a\r\n b\r\n",
}


@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
@pytest.mark.parametrize("pause", [False, True])
def test_what_follows_chunks_has_one_end(target: Target, trailer: bytes, pause: bool) -> None:
    """Two readers may end it in two places, and what one takes for a field be another's request."""
    with target.connect() as made:
        made.sendall(b"POST /read HTTP/1.1\r\nHost: a\r\n" + CHUNKS + b"\r\n1\r\nx\r\n0\r\n")
        time.sleep(0.1 * pause)
        made.sendall(trailer + b"\r\n" + HEAD + b"\r\n")
        said = rest(made)
    assert [one[:3] for one in said.split(b"HTTP/1.1 ")[1:]] == [b"400"]


def test_chunks_alone_are_a_body(target: Target) -> None:
    with target.connect() as made:
        for _ in range(2):
            made.sendall(b"POST /read HTTP/1.1\r\nHost: a\r\n" + CHUNKS + b"\r\n1\r\nx\r\n0\r\n\r\n")
            assert status(one_answer(made)) == 200


def test_a_body_may_arrive_byte_by_byte_and_end_in_a_new_line(target: Target) -> None:
    chunks = CHUNKS + b"\r\n2;a=b\r\n\nx\r\n1\r\n\n\r\n0\r\nX: a\r\n\r\n"
    with target.connect() as made:
        for rest_ in (chunks, b"Content-Length: 2\r\n\r\n\n\n"):
            for byte in b"POST /read HTTP/1.1\r\nHost: a\r\n" + rest_:
                made.sendall(bytes([byte]))
                time.sleep(0.0005)
            assert status(one_answer(made)) == 200


def test_an_answer_nobody_reads_is_given_up(target: Target) -> None:
    with target.connect() as made:
        made.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(1.2)
        said = rest(made)
    assert status(said) == 200
    assert len(said) < 32 << 20


def test_who_has_a_request_in_hand_keeps_its_place(target: Target) -> None:
    """An address whose connections are all at work is refused one more; others are not."""
    held = []
    for _ in range(LIMITS.each):
        held.append(made := target.connect("127.0.0.9"))
        head = b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        made.sendall(head)
        assert status(made.recv(65536)) == 100, "it is being read"
    with target.connect("127.0.0.9") as refused:
        said = ends_within(refused, 2)
    assert status(said) == 503
    assert b"\r\nRetry-After: 5\r\n" in said
    assert ProblemOut.model_validate_json(said.partition(b"\r\n\r\n")[2]).code == "server-busy"
    assert status(target.ask()) == 200
    for made in held:
        made.sendall(b"123456789")
        assert status(one_answer(made)) == 200
        made.close()


def test_a_proxys_word_is_taken_of_no_one_else(target: Target) -> None:
    request = HEAD + b"X-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n"
    assert target.ask(request).endswith(b"127.0.0.1")
    with served(app, LIMITS, proxies=["127.0.0.5"]) as behind:
        assert behind.ask(request, "127.0.0.5").endswith(b"203.0.113.7")
        assert behind.ask(request, "127.0.0.6").endswith(b"127.0.0.6")
        held = [behind.connect("127.0.0.5") for _ in range(LIMITS.each + 5)]
        held[0].sendall(HEAD + b"\r\n")
        assert status(one_answer(held[0])) == 200, "its places are bounded by all together alone"
        for made in held:
            made.close()


@pytest.mark.parametrize("address", ["*", "localhost", "10.0.0.0/8", ""])
def test_a_proxy_has_an_address(address: str) -> None:
    check_proxies(["127.0.0.1", "::1"])
    with pytest.raises(UsageFault) as caught:
        check_proxies([address])
    assert caught.value.code == "proxy-address"


def test_descriptors_are_looked_at_before_anything_is_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = LIMITS.total + serving.BACKLOG + serving.OTHERS
    bounds = [(256, 100_000)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: bounds[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, bound: bounds.append(bound))
    assert within_descriptors(LIMITS) == LIMITS
    assert bounds[-1] == (wanted, 100_000)
    assert within_descriptors(LIMITS) == LIMITS
    assert len(bounds) == 2
    assert not caplog.records
    bounds.append((256, wanted - 10))
    assert within_descriptors(LIMITS).total == LIMITS.total - 10
    assert "ulimit -n" in caplog.text


def test_ipv6_addresses_stand_in_brackets() -> None:
    assert url_of("::1", 8080) == "http://[::1]:8080"
    assert url_of("127.0.0.1", 80) == "http://127.0.0.1:80"
    assert "[::1]:8080" in cannot_listen("::1", 8080, OSError()).message
