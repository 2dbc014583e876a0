"""Connections with an end: uvicorn's HTTP/1.1 protocol, a time for each phase, places for each address.

uvicorn bounds the size of a head and the idle time between requests. What it leaves open, and what a silent
client lives on, is bounded here: the time until a head is there, bytes that nobody waits for, answers that
nobody reads, and how many connections one address and all together may hold. Bodies are `api.http.bodies`'.

Whoever has a request in hand keeps the connection. One that waits for a request gives way, the oldest first,
to whoever comes when there is no place left: thousands of silent connections cost their owner its own.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from yinzheng.api.http.framing import Framing
from yinzheng.api.http.hangups import WHEN_GONE
from yinzheng.api.http.joined import Joined
from yinzheng.api.http.limits import client_of
from yinzheng.api.http.plain import MAX_HEAD, PlainCycle, read_plain
from yinzheng.api.http.problems import PROBLEM_MEDIA, Problem
from yinzheng.api.http.proxies import Proxies


def _answer(status: HTTPStatus, code: str, message: str, hint: str, retry_after: int | None = None) -> bytes:
    """Problem details, as everything else answers, after which the connection ends."""
    problem = Problem(status, code, message, hint, retry_after)
    body = json.dumps(problem.to_json()).encode()
    headers = {
        "Content-Type": PROBLEM_MEDIA,
        "Content-Length": str(len(body)),
        "Connection": "close",
        **problem.headers(),
    }
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{said}\r\n".encode() + body


_FULL: Final = _answer(
    HTTPStatus.SERVICE_UNAVAILABLE, "server-busy", "too many connections", "Try again in a moment.", 5
)
_LATE: Final = _answer(
    HTTPStatus.REQUEST_TIMEOUT, "head-slow", "the request's head took too long", "Send it at once."
)
_MALFORMED: Final = _answer(
    HTTPStatus.BAD_REQUEST,
    "http-malformed",
    "this is no HTTP request, or its head is too long, or its end is not clear",
    "Send a head of at most 32 KiB, with Content-Length or Transfer-Encoding, but not both (RFC 9112).",
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What is granted to connections. Times are seconds."""

    total: int = 2000
    """Open at once."""
    each: int = 128
    """Of one address (an IPv6 /64), unless it is a proxy's; a hospital's may be of many people."""
    head_seconds: float = 10
    """From the connection, or from the first byte after an answer, until the head is complete."""
    idle_seconds: int = 15
    """Between an answer and the next request."""
    linger_seconds: float = 5
    """For the rest of a body that was answered before it was read, also where the connection ends with it."""
    unread_seconds: float = 30
    """An answer may stand still for so long because its receiver does not read."""


class Places:
    """Who holds how many connections. Lives in the event loop's thread."""

    def __init__(self, limits: ConnectionLimits, proxies: Proxies) -> None:
        self.limits = limits
        self._proxies = proxies
        self._held: dict[str, int] = {}
        self.total = 0
        """Connections that hold a place."""
        self._waiting: dict[str, OrderedDict[Connection, None]] = {}
        """By address, those without a request in hand, the longest waiting first."""

    def enter(self, connection: Connection) -> bool:
        """Give it a place, another's if need be; False where everyone has a request in hand."""
        address = connection.address
        crowded = self._held.get(address, 0) >= self.limits.each and address not in self._proxies
        if crowded and not self._give_way(address):
            return False
        if not crowded and self.total >= self.limits.total:
            most = max(self._waiting, key=lambda one: len(self._waiting[one]), default=None)
            if most is None or not self._give_way(most):
                return False
        self._held[address] = self._held.get(address, 0) + 1
        self.total += 1
        self.wait(connection)
        return True

    def leave(self, connection: Connection) -> None:
        """Take its place back; once for each that has entered."""
        self.work(connection)
        self.total -= 1
        left = self._held[connection.address] - 1
        if left:
            self._held[connection.address] = left
        else:
            del self._held[connection.address]

    def wait(self, connection: Connection) -> None:
        """It has no request in hand."""
        self._waiting.setdefault(connection.address, OrderedDict())[connection] = None

    def work(self, connection: Connection) -> None:
        """It has one."""
        waiting = self._waiting.get(connection.address)
        if waiting is None:
            return
        waiting.pop(connection, None)
        if not waiting:
            del self._waiting[connection.address]

    def _give_way(self, address: str) -> bool:
        waiting = self._waiting.get(address)
        if not waiting:
            return False
        next(iter(waiting)).give_way()
        return True


class Connection(H11Protocol):
    """One connection, with `places` shared by all of a server."""

    def __init__(self, places: Places, **given: Any) -> None:
        super().__init__(**given)
        self.conn = Framing(h11.SERVER, MAX_HEAD)
        self._places = places
        self._limits = places.limits
        self._placed = False
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._joined: Joined
        self.address = "unknown"
        """Who is at the other end, as far as places are concerned."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or say that there is none."""
        joined = self._joined = Joined(transport, self.loop, self._sent_half)
        super().connection_made(joined)
        self.address = client_of(self.client[0] if self.client else None)
        self._placed = self._places.enter(self)
        if self._placed:
            self._start("head", self._limits.head_seconds, self._late)
        else:
            self._end(_FULL)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._leave()
        super().connection_lost(exc)
        if isinstance(self.cycle, PlainCycle):
            self.cycle.gone()

    def data_received(self, data: bytes) -> None:
        """Hand on what arrived, and see in which phase the connection is."""
        if self._joined.said:
            return  # the rest of what was answered: read, or closing would reset what was said
        if not self._begin_plain(data):
            super().data_received(data)
        self._look()
        if not self._busy() and "linger" not in self._timers:
            self._start("head", self._limits.head_seconds, self._late)

    def _begin_plain(self, data: bytes) -> bool:
        """Begin with what came, where it is a plain request alone, and nothing else is under way."""
        if isinstance(self.cycle, PlainCycle) and self._busy():
            self.cycle.hand_over()
        state = (self.conn.their_state, self.conn.our_state)
        if state != (h11.IDLE, h11.IDLE) or self.conn.trailing_data[0]:
            return False
        request = read_plain(data)
        if request is None:
            return False
        self._unset_keepalive_if_required()
        self.headers = request.headers
        self.scope = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,  # type: ignore[typeddict-item]  # it is set with the connection
            "method": request.method,
            "root_path": self.root_path,
            "path": self.root_path + request.path,
            "raw_path": self.root_path.encode("ascii") + request.raw_path,
            "query_string": request.query,
            "headers": request.headers,
            "state": self.app_state.copy(),
        }
        self.cycle = PlainCycle(
            request,
            scope=self.scope,
            conn=self.conn,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            on_response=self.on_response_complete,
        )
        self.scope[WHEN_GONE] = self.cycle.when_gone  # type: ignore[typeddict-unknown-key]  # our own
        task = self.loop.create_task(self.cycle.run_asgi(self.app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        return True

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, and end the connection."""
        self._end(_MALFORMED)

    def on_response_complete(self) -> None:
        """See in which phase the connection is; the idle time is uvicorn's to count."""
        self._joined.flush()
        super().on_response_complete()
        self._look()

    def timeout_keep_alive_handler(self) -> None:
        """End it, also if the last answer was never read."""
        super().timeout_keep_alive_handler()
        self._look()

    def pause_writing(self) -> None:
        """Begin to wait for a receiver that does not read."""
        super().pause_writing()
        self._start("unread", self._limits.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop("unread")

    def give_way(self) -> None:
        """End it, for there is no place left and it has no request in hand."""
        self._end(b"")

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _sent_half(self) -> bool:
        """Whether there was an answer before the whole body had come."""
        return self.cycle is not None and not self._busy() and self.conn.their_state is h11.SEND_BODY

    def _look(self) -> None:
        if self.transport.is_closing():
            self._leave()
            self._start("unread", self._limits.unread_seconds, self.transport.abort)
        elif self._busy():
            self._places.work(self)
            self._stop("head")
            self._stop("linger")
        else:
            self._places.wait(self)
            if self._sent_half():
                self._start("linger", self._limits.linger_seconds, partial(self._end, b""))
            else:
                self._stop("linger")

    def _late(self) -> None:
        # Browsers open connections in advance: whoever has said nothing is told nothing.
        self._end(_LATE if self.conn.trailing_data[0] else b"")

    def _end(self, said: bytes) -> None:
        if said and not self.transport.is_closing():
            self.transport.write(said)
        self._joined.end()
        self._look()

    def _leave(self) -> None:
        if self._placed:
            self._placed = False
            self._places.leave(self)

    def _start(self, name: str, seconds: float, act: Callable[[], None]) -> None:
        """Start a timer unless it runs."""
        if name not in self._timers:
            self._timers[name] = self.loop.call_later(seconds, act)

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()


def protocol(limits: ConnectionLimits, proxies: Sequence[str] = ()) -> Callable[..., Connection]:
    """What uvicorn is to make connections with: `uvicorn.Config(http=…)`."""
    return partial(Connection, Places(limits, Proxies(proxies)))
