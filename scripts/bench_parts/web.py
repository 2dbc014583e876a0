"""Verification over the web: the real server in its own process, fifty clients on loopback."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.bench_parts.checks import raw_verification
from scripts.bench_parts.measure import Figure, in_turns, percentile
from scripts.bench_parts.site import Site
from verifier.certificate import decode_qr
from verifier.trust import parse_trust

CLIENTS = 50
START_SECONDS = 30
RATE = 100_000
"""Requests a second the server grants the bench: it would refuse one client more than 50 (R50)."""


@dataclass(frozen=True, slots=True)
class _Load:
    """What came of one kind of request. Seconds."""

    times: list[float]
    whole: float

    @property
    def rate(self) -> float:
        return len(self.times) / self.whole


def measure_web(site: Site, requests: int) -> list[Figure]:
    """Send `requests` of each kind, and as many of the cheapest kind beside them."""
    qr = str(json.loads(site.certificate)["qr"])
    core, trust = decode_qr(qr), parse_trust(site.trust)
    raw = raw_verification(trust.issuers[core.kid].key.point, core.signed, core.signature)
    in_process = 1 / in_turns({"raw": raw}, rounds=5, repeat=100)["raw"]
    with _server(site) as port:
        warm = asyncio.run(_load(port, _get("/healthz"), CLIENTS))
        if not warm.times:
            raise SystemExit("bench: the server answers nothing")
        trivial = asyncio.run(_load(port, _get("/static/style.css"), requests))
        posted = asyncio.run(_load(port, _post("/v1/verify", {"text": qr}), requests))
        shown = asyncio.run(_load(port, _get("/V/" + qr.partition("/V/")[2]), requests))
    figures = [
        Figure("web", "raw SM2 verification in process, for comparison", in_process, "1/s"),
        Figure("web", "a static file", trivial.rate, "1/s"),
    ]
    for name, load in (("POST /v1/verify", posted), ("GET /V/… (the page)", shown)):
        figures += [
            Figure("web", name, load.rate, "1/s", "a static file from the same server", trivial.rate,
                   load.rate / trivial.rate),
            Figure("web", f"{name}, median", percentile(load.times, 0.5) * 1e3, "ms"),
            Figure("web", f"{name}, 99th percentile", percentile(load.times, 0.99) * 1e3, "ms",
                   "a static file from the same server", percentile(trivial.times, 0.99) * 1e3),
        ]  # fmt: skip
    return figures


@contextmanager
def _server(site: Site) -> Iterator[int]:
    port = _free_port()
    yinzheng = str(Path(sys.executable).with_name("yinzheng"))
    command = [yinzheng, "serve", "--state", str(site.state), "--port", str(port), "--rate", str(RATE)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _await(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
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


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def _post(path: str, value: object) -> bytes:
    body = json.dumps(value).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _load(port: int, request: bytes, requests: int) -> _Load:
    """`CLIENTS` connections, each sending its next request when its last is answered."""
    times: list[float] = []
    begin = time.perf_counter()
    await asyncio.gather(*(_client(port, request, requests // CLIENTS, times) for _ in range(CLIENTS)))
    return _Load(times, time.perf_counter() - begin)


async def _client(port: int, request: bytes, count: int, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        begin = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            raise SystemExit(f"bench: the server answers {head[:40]!r}")
        await reader.readexactly(int(length[1]))
        times.append(time.perf_counter() - begin)
    writer.close()
    await writer.wait_closed()
