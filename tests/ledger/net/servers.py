"""Real servers on this machine: one that answers as told, and a proxy that notes what passes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Reply = Callable[[bytes, socket.socket], None]
"""Gets a request's head and body as they came, and writes what it likes."""


@dataclass
class Listening:
    """A server. `seen` has every request's bytes, as far as they came."""

    port: int
    seen: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answered(status: int, body: bytes, *headers: str) -> bytes:
    """An HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def replies(data: bytes) -> Reply:
    return lambda _request, connection: connection.sendall(data)


@contextmanager
def listening(reply: Reply) -> Iterator[Listening]:
    """Serve until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Listening(server.getsockname()[1])

        def one(connection: socket.socket) -> None:
            with connection:
                connection.settimeout(5)
                try:
                    request = _read(connection)
                    found.seen.append(request)
                    reply(request, connection)
                except OSError:
                    pass

        def serve() -> None:
            while not found.over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        server.settimeout(0.05)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield found
        finally:
            found.over.set()
            thread.join()


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        data += piece
        if not piece or data[0] == 0x16:  # TLS
            return data
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body
