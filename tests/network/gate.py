"""Ports that stand before others: one that can hold everything back, one that changes what a node answers."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.listening import Quiet, listening


class Gate:
    """Hands connections on to another port. While it is shut nothing passes, and nothing is cut off."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port: int = self._listener.getsockname()[1]
        self.target = 0
        self._open = threading.Event()
        self._open.set()
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Part what is behind it from the others for the block's duration."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    @property
    def is_shut(self) -> bool:
        """Whether nothing passes now."""
        return not self._open.is_set()

    def open(self) -> None:
        """Let everything through that was held back."""
        self._open.set()

    def _accept(self) -> None:
        while True:
            try:
                made, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(made,), daemon=True).start()

    def _serve(self, made: socket.socket) -> None:
        self._open.wait()
        try:
            other = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            made.close()
            return
        other.settimeout(None)
        for one, two in ((made, other), (other, made)):
            threading.Thread(target=self._pump, args=(one, two), daemon=True).start()

    def _pump(self, one: socket.socket, two: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                self._open.wait()
                two.sendall(data)
        for end in (one, two):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections."""
        self._open.set()
        self._listener.close()


Change = Callable[[str, Any], Any]
"""What is answered instead, given the method and the result of the node."""


@contextmanager
def lying(url: str, change: Change) -> Iterator[str]:
    """The address of a node that answers as another does, but for what `change` makes of it."""

    class Handler(Quiet):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=10) as answer:
                value = json.load(answer)
            asked = json.loads(body)
            if isinstance(value, dict) and value.get("result") is not None:
                value["result"] = change(asked["method"], value["result"])
            self.answer(200, json.dumps(value).encode())

    with listening(Handler) as found:
        yield found
