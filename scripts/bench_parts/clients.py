"""A server of ours in a process of its own, and clients that ask it as fast as it answers."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Load:
    """What came of many requests: seconds of each, and of all together."""

    times: list[float]
    whole: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times) / self.whole


class Port(int):
    """The port that a server listens on, and its process."""

    process: int


@contextmanager
def serving(command: str, state: Path, *options: str, passphrase: bytes | None = None) -> Iterator[Port]:
    """Run `yinzheng COMMAND` over a state folder, which `passphrase` opens; gives its port."""
    port = free_port()
    yinzheng = str(Path(sys.executable).with_name("yinzheng"))
    arguments = [yinzheng, command, "--state", str(state), "--port", str(port), *options]
    given = {} if passphrase is None else {"YINZHENG_PASSPHRASE": passphrase.decode()}
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, env=os.environ | given)
    try:
        _await(process, port)
        served = Port(port)
        served.process = process.pid
        yield served
    finally:
        process.terminate()
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("bench: the server does not start")


def get(path: str) -> bytes:
    """A request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def post(path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A request with a JSON body."""
    lines = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**lines, **(headers or {})}.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def ask(port: int, queues: Sequence[Iterable[bytes]]) -> Load:
    """A connection for each queue, sending its next request when its last is answered with success.

    Connection n comes from 127.0.0.(n+1), as the clients of a server come from addresses of their own.
    """
    return asyncio.run(_ask(port, queues))


async def _ask(port: int, queues: Sequence[Iterable[bytes]]) -> Load:
    times: list[float] = []
    begin = time.perf_counter()
    clients = (_client(port, f"127.0.0.{number}", queue, times) for number, queue in enumerate(queues, 1))
    await asyncio.gather(*clients)
    return Load(times, time.perf_counter() - begin)


async def _client(port: int, address: str, queue: Iterable[bytes], times: list[float]) -> None:
    local = (address, 0) if sys.platform == "linux" else None  # elsewhere there is 127.0.0.1 alone
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=local)
    for request in queue:
        begin = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")) or length is None:
            raise SystemExit(f"bench: the server answers {head[:40]!r}")
        await reader.readexactly(int(length[1]))
        times.append(time.perf_counter() - begin)
    writer.close()
    await writer.wait_closed()
