"""The same exchange with the standard library alone, for `yinzheng verify` without the registry's packages.

One request, one connection; `client.Client` is what everything else uses.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping

from yinzheng.ledger.net.exchange import (
    NO_TRANSFORM,
    PIECE,
    Answer,
    Bounds,
    NoAnswer,
    NotSent,
    Sent,
    TooLate,
    TooLong,
    Untrusted,
    is_tls,
)
from yinzheng.ledger.net.routes import address_of, proxy_for


class _CutShort(Exception):  # noqa: N818 - what became of an answer
    """Fewer bytes came than were announced."""


def send(sent: Sent, bounds: Bounds, environment: Mapping[str, str]) -> Answer:
    """Send, and take the whole answer, whatever its status. `bounds.total` must be given.

    Raises `NoAnswer`, or more exactly `NotSent`, `Untrusted`, `TooLate`, `TooLong`; `EnvironmentFault`
    `proxy-unusable`.
    """
    assert bounds.total is not None
    assert isinstance(sent.body, bytes)
    try:
        connection = _connection(sent.url, bounds, environment)
    except (ValueError, http.client.InvalidURL) as error:
        raise NotSent from error
    with contextlib.closing(connection), _watched(connection, bounds.total) as expired:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise (Untrusted if is_tls(error) else NotSent) from error
        assert connection.sock is not None
        connection.sock.settimeout(bounds.each)
        parts, _, _ = address_of(sent.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(sent.method, target, sent.body or None, {**NO_TRANSFORM, **sent.headers})
            return _taken(connection.getresponse(), bounds.most)
        except (OSError, ValueError, http.client.HTTPException, _CutShort) as error:
            late = expired.is_set() or isinstance(error, TimeoutError)
            raise (TooLate if late else NoAnswer) from error


def _connection(url: str, bounds: Bounds, environment: Mapping[str, str]) -> http.client.HTTPConnection:
    parts, host, port = address_of(url)
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=bounds.connect)
    context = ssl.create_default_context()
    proxy = proxy_for(url, environment)
    if proxy is None:
        return http.client.HTTPSConnection(host, port, timeout=bounds.connect, context=context)
    connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=bounds.connect, context=context)
    secret = {} if proxy.credentials is None else {"Proxy-Authorization": proxy.credentials}
    connection.set_tunnel(host, port, secret)
    return connection


def _taken(answer: http.client.HTTPResponse, most: int) -> Answer:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise TooLong
    body = bytearray()
    while piece := answer.read(min(PIECE, most + 1 - len(body))):
        body += piece
        if len(body) > most:
            raise TooLong
    if answer.length:
        raise _CutShort
    return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, bytes(body))


@contextlib.contextmanager
def _watched(connection: http.client.HTTPConnection, seconds: float) -> Iterator[threading.Event]:
    """Cut the connection when the time is up: a socket's timeout starts anew with each byte that drips."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        with contextlib.suppress(OSError, AttributeError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    watch = threading.Timer(seconds, expire)
    watch.daemon = True
    watch.start()
    try:
        yield expired
    finally:
        watch.cancel()
