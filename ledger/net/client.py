"""The one HTTP client of registry and organisations: a transport of httpx and nothing around it.

No redirects, cookies, credentials from a `.netrc`, unpacking, nor variables beyond `routes`; the system's own
authorities are believed, not a list that came with a package. Every answer is bounded in bytes, and in time
as a whole: a socket's own timeout starts anew with each byte of a server that drips.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final

import httpcore
import httpx

from yinzheng.ledger.net.exchange import (
    NO_TRANSFORM,
    PIECE,
    Answer,
    Bounds,
    NoAnswer,
    NotSent,
    NotSentInTime,
    Sent,
    TooLate,
    TooLong,
    Untrusted,
    is_tls,
)
from yinzheng.ledger.net.routes import Proxy, proxy_for

_until: Final[ContextVar[float | None]] = ContextVar("until", default=None)
"""When the exchange of this thread is over, by the monotonic clock: streams serve one exchange at a time."""


class Client:
    """Sends requests, from any thread. `environment` names proxies; without one, none is ever used.

    `pinned` is the address (as text) that every connection goes to, whatever the name says; certificates are
    still checked against the name. With `keep`, connections are used again.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        context: ssl.SSLContext | None = None,
        pinned: str | None = None,
        keep: bool = False,
    ) -> None:
        self._environment = environment or {}
        self._context = context
        self._backend = _Backend(pinned)
        self._keep = keep
        self._ways: dict[tuple[bool, Proxy | None], _Transport] = {}

    def send(self, sent: Sent, bounds: Bounds) -> Answer:
        """Send, and take the whole answer, whatever its status.

        Raises `NoAnswer`, or more exactly `NotSent`, `Untrusted`, `TooLate`, `TooLong`; `EnvironmentFault`
        `proxy-unusable`.
        """
        with self.opened(sent, bounds) as (status, headers, pieces):
            return Answer(status, headers, b"".join(pieces))

    @contextmanager
    def opened(self, sent: Sent, bounds: Bounds) -> Iterator[tuple[int, Mapping[str, str], Iterator[bytes]]]:
        """Status, headers, and the body as it comes, for the block's duration. Raises as `send`."""
        try:
            request, way = self._request(sent, bounds), self._way(sent.url)
        except (httpx.InvalidURL, ValueError) as error:
            raise NotSent from error
        before = _until.set(None if bounds.total is None else time.monotonic() + bounds.total)
        try:
            with _faults():
                answer = way.handle_request(request)
            try:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                yield answer.status_code, headers, _pieces(answer, bounds.most)
            finally:
                answer.close()
        finally:
            _until.reset(before)

    def close(self) -> None:
        """Close what is kept open."""
        for way in self._ways.values():
            way.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def _request(self, sent: Sent, bounds: Bounds) -> httpx.Request:
        own = {k: v for k, v in NO_TRANSFORM.items() if not (self._keep and k == "Connection")}
        waits = {"connect": bounds.connect, "read": bounds.each, "write": bounds.each, "pool": bounds.each}
        return httpx.Request(
            sent.method,
            sent.url,
            headers={**own, **sent.headers},
            content=sent.body or None,
            extensions={"timeout": waits},
        )

    def _way(self, url: str) -> _Transport:
        way = (url.partition(":")[0].lower() == "https", proxy_for(url, self._environment))
        if way not in self._ways:
            # Made twice by two threads at once, one of them is merely not kept.
            context = (self._context or ssl.create_default_context()) if way[0] else None
            self._ways[way] = _Transport(self._backend, way[1], context, keep=self._keep)
        return self._ways[way]


class _Transport(httpx.HTTPTransport):
    """httpx's, over a pool of ours: its own constructor takes no network backend."""

    def __init__(
        self, backend: _Backend, proxy: Proxy | None, context: ssl.SSLContext | None, *, keep: bool
    ) -> None:
        common: dict[str, Any] = {
            "ssl_context": context,
            "max_connections": None,
            "max_keepalive_connections": 8 if keep else 0,
            "keepalive_expiry": 4.0,  # below the five seconds after which uvicorn closes
            "network_backend": backend,
        }
        if proxy is None:
            self._pool = httpcore.ConnectionPool(**common)
            return
        secret = [] if proxy.credentials is None else [(b"Proxy-Authorization", proxy.credentials.encode())]
        url = httpcore.URL(scheme=b"http", host=proxy.host.encode(), port=proxy.port, target=b"/")
        self._pool = httpcore.HTTPProxy(proxy_url=url, proxy_headers=secret, **common)


class _Backend(httpcore.SyncBackend):
    """Connects to the pinned address, if there is one, and hands out streams that keep to the deadline."""

    def __init__(self, pinned: str | None) -> None:
        self._pinned = pinned

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """See `httpcore.NetworkBackend`."""
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(self._pinned or host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends with the exchange."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See `httpcore.NetworkStream`."""
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write by pieces: a peer that takes a byte at a time would else outlast the deadline."""
        for start in range(0, len(buffer), PIECE):
            piece = buffer[start : start + PIECE]
            self._inner.write(piece, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """See `httpcore.NetworkStream`."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """See `httpcore.NetworkStream`."""
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        """See `httpcore.NetworkStream`."""
        return self._inner.get_extra_info(info)


def _left(timeout: float | None, over: type[httpcore.TimeoutException]) -> float | None:
    until = _until.get()
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise over("the exchange took too long")
    return left if timeout is None else min(timeout, left)


def _pieces(answer: httpx.Response, most: int) -> Iterator[bytes]:
    length = answer.headers.get("content-length", "0")
    packed = answer.headers.get("content-encoding", "identity").lower() != "identity"
    if packed or not length.isascii() or not length.isdigit() or len(length) > 18 or int(length) > most:
        raise TooLong
    taken = 0
    with _faults():
        for piece in answer.iter_raw():
            taken += len(piece)
            if taken > most:
                raise TooLong
            yield piece


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise NotSentInTime from error
    except httpx.TimeoutException as error:
        raise TooLate from error
    except (httpx.ConnectError, httpx.ProxyError) as error:
        raise (Untrusted if is_tls(error) else NotSent) from error
    except (httpx.HTTPError, OSError, UnicodeError) as error:
        raise (Untrusted if is_tls(error) else NoAnswer) from error
