"""One cheap client against everyone else: what twenty honest ones see of a server under floods (ADR 38)."""

from __future__ import annotations

import asyncio
import io
import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path

from PIL import Image

from scripts.bench_parts.clients import get, post, serving
from scripts.bench_parts.measure import Figure, Say, percentile
from scripts.bench_parts.site import Site, make_site

HONEST = 20
PAUSE = 0.5
"""Seconds an honest client looks at an answer before it asks again."""
GOAL = 1.0
MIB = 1024 * 1024
FLOODER = "127.0.0.2"
SECONDS_TO_BUILD = 3.0
"""A flood runs so long before anything is measured."""


@dataclass
class Seen:
    """What honest clients saw: seconds of each kind of request, and how many were not answered with 200."""

    cheap: list[float] = field(default_factory=list)
    codes: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    refused: int = 0


def measure_floods(folder: Path, seconds: float, say: Say) -> list[Figure]:
    """Let each flood run for `seconds` while honest clients ask; the same without a flood is the floor."""
    site = make_site(folder, certified=True)
    (pdf,) = (folder / "out").glob("*.pdf")
    figures: list[Figure] = []
    quiet: Seen | None = None
    for name, flood in FLOODS.items():
        say(f"under a flood: {name}")
        with serving("serve", site.state) as port:
            seen = _under(flood, port, site, pdf.read_bytes(), seconds)
        quiet = quiet or seen
        figures += _figures(name, seen, quiet)
    return figures


def _figures(name: str, seen: Seen, quiet: Seen) -> list[Figure]:
    figures = []
    for what, times, floor in (
        ("a page, 99th percentile", seen.cheap, quiet.cheap),
        ("a QR code verified, 99th percentile", seen.codes, quiet.codes),
        ("a certificate's PDF verified, median", seen.files, quiet.files),
        ("a certificate's PDF verified, slowest", seen.files, quiet.files),
    ):
        share = 0.99 if "99th" in what else 1.0 if "slowest" in what else 0.5
        value = percentile(times, share)
        aimed = "a page" in what and seen is not quiet
        figures.append(
            Figure("floods", f"{name}: {what}", value * 1e3, "ms",
                   "" if seen is quiet else "without a flood",
                   None if seen is quiet else percentile(floor, share) * 1e3,
                   goal="≤ 1 s" if aimed else "", met=value <= GOAL if aimed else None)
        )  # fmt: skip
    asked = len(seen.cheap) + len(seen.codes) + len(seen.files) + seen.refused
    figures.append(Figure("floods", f"{name}: honest requests refused", seen.refused, f"of {asked}"))
    return figures


# ---------------------------------------------------------------- the honest


def _under(flood: Callable[[int, Event], None] | None, port: int, site: Site, pdf: bytes, s: float) -> Seen:
    context = multiprocessing.get_context("spawn")
    over = context.Event()
    process = None if flood is None else context.Process(target=flood, args=(port, over), daemon=True)
    if process is not None:
        process.start()
        time.sleep(SECONDS_TO_BUILD)
    try:
        return asyncio.run(_honest(port, str(json.loads(site.certificate)["qr"]), pdf, s))
    finally:
        over.set()
        if process is not None:
            process.join(10)
            process.terminate()


async def _honest(port: int, qr: str, pdf: bytes, seconds: float) -> Seen:
    seen = Seen()
    end = time.monotonic() + seconds
    page = get("/verify")
    code = post("/v1/verify", json.dumps({"text": qr}).encode())
    file = _upload(pdf)

    async def one(address: str, requests: list[tuple[bytes, list[float]]]) -> None:
        turn = int(address.rpartition(".")[2])  # they do not all ask for the same at once
        while time.monotonic() < end:
            request, times = requests[turn % len(requests)]
            turn += 1
            took = await _ask(port, address, request)
            if took is None:
                seen.refused += 1
            else:
                times.append(took)
            await asyncio.sleep(PAUSE)

    usual = [(page, seen.cheap)] * 7 + [(code, seen.codes)]
    clients = [one(f"127.0.1.{number}", usual) for number in range(1, HONEST + 1)]
    await asyncio.gather(*clients, one("127.0.2.1", [(file, seen.files)]))
    return seen


async def _ask(port: int, address: str, request: bytes) -> float | None:
    """Seconds from connecting to the last byte; None for anything but 200."""
    begin = time.perf_counter()
    writer = None
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        writer.write(request.replace(b"Host:", b"Connection: close\r\nHost:", 1))
        answer = await asyncio.wait_for(reader.read(-1), 60)
    except (OSError, TimeoutError):
        return None
    finally:
        if writer is not None:
            writer.close()
    return time.perf_counter() - begin if answer.startswith(b"HTTP/1.1 200") else None


def _upload(content: bytes, length: int | None = None) -> bytes:
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = start + content + b"\r\n--b--\r\n"
    return (
        b"POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: %d\r\n\r\n" % (length or len(body)) + body
    )


# ---------------------------------------------------------------- the floods, each a process


def silent(port: int, over: Event) -> None:
    """2,000 connections from one address, every second with half a head; those that end are opened anew."""
    held: list[socket.socket] = []
    while not over.is_set():
        while len(held) < 2000 and not over.is_set():
            made = _connect(port, FLOODER)
            if made is not None:
                if len(held) % 2:
                    made.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
                made.setblocking(False)
                held.append(made)
        held = [one for one in held if _is_open(one)]
        over.wait(1)


def stalled(port: int, over: Event) -> None:
    """Eight uploads of 64 MiB from one address that stop two bytes before the end, again and again."""
    _eight(port, over, [FLOODER] * 8)


def stalled_apart(port: int, over: Event) -> None:
    """The same from eight addresses."""
    _eight(port, over, [f"127.0.3.{number}" for number in range(1, 9)])


def pictures(port: int, over: Event) -> None:
    """48 costly pictures at a time from one address, which waits for no answer to send the next."""
    request = _upload(_costly())
    threads = [threading.Thread(target=_send, args=(port, over, request), daemon=True) for _ in range(48)]
    for thread in threads:
        thread.start()
    over.wait()


FLOODS: dict[str, Callable[[int, Event], None] | None] = {
    "no flood": None,
    "2,000 silent connections": silent,
    "8 stalled uploads of 64 MiB, one address": stalled,
    "8 stalled uploads of 64 MiB, eight addresses": stalled_apart,
    "48 costly pictures, one address": pictures,
}


def _eight(port: int, over: Event, addresses: list[str]) -> None:
    whole = _upload(b"x" * (63 * MIB), 63 * MIB + 1000)
    for address in addresses:
        threading.Thread(target=_send, args=(port, over, whole, address), daemon=True).start()
    over.wait()


def _send(port: int, over: Event, request: bytes, address: str = FLOODER) -> None:
    while not over.is_set():
        made = _connect(port, address)
        if made is not None:
            with suppress(OSError), made:
                made.settimeout(20)
                made.sendall(request)
                made.recv(1000)
        over.wait(0.05)


def _connect(port: int, address: str) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), 5, source_address=(address, 0))
    except OSError:
        return None


def _is_open(connection: socket.socket) -> bool:
    try:
        if connection.recv(1000):
            return True
    except BlockingIOError:
        return True
    except OSError:
        pass
    connection.close()
    return False


def _costly() -> bytes:
    """A picture of nearly as many pixels as are decoded, and no code in it."""
    buffer = io.BytesIO()
    noise = Image.effect_noise((790, 790), 60)
    noise.resize((6300, 6300)).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
