"""A server of ours on loopback, and clients without manners: raw sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from yinzheng.api.http.connections import ConnectionLimits
from yinzheng.api.http.serving import configuration

PATIENCE = 10.0


@dataclass(frozen=True)
class Target:
    """Where to."""

    port: int

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection; each address of 127.0.0.0/8 counts as a client of its own."""
        made = socket.create_connection(("127.0.0.1", self.port), PATIENCE, source_address=(source, 0))
        made.settimeout(PATIENCE)
        return made

    def ask(self, request: bytes = b"", source: str = "127.0.0.1") -> bytes:
        """The whole answer to a request after which the connection ends."""
        with self.connect(source) as made:
            made.sendall(request or b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return rest(made)


def rest(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            found += piece
    return found


def one_answer(connection: socket.socket) -> bytes:
    """One answer, after which the connection may go on."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = connection.recv(65536)
        if not piece:
            return found
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
    while len(body) < length and (piece := connection.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body


def status(answer: bytes) -> int:
    """The status of an answer; 0 where there was none."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


@contextmanager
def served(
    app: ASGIApp, limits: ConnectionLimits | None = None, proxies: Sequence[str] = ()
) -> Iterator[Target]:
    """The app behind our own limits, in a thread."""
    config = configuration(app, "127.0.0.1", 0, limits=limits, proxies=proxies)
    with config.bind_socket() as listening:
        listening.listen(512)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Target(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(20)


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that is to come about soon."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)
