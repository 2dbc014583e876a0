from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.api.fake import FakeReader
from tests.verifier.world import NOW
from yinzheng.api.http.limits import Limits, Rate
from yinzheng.api.web.app import create_app

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]


def chromium_path() -> str:
    """A real Chromium. Where there is none, tests are skipped, but never in continuous integration."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    found = found or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium found; set CHROMIUM to its path")
        pytest.skip("no Chromium found; set CHROMIUM to its path")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the session: while Playwright runs, this thread has an event loop, and can start no other.
    path = chromium_path()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=60_000)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def serve_http() -> Iterator[Callable[[FakeReader], str]]:
    """Serves readers on free ports of the loopback; gives the address of each."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(reader: FakeReader, **options: Any) -> str:
        generous = Limits(requests=Rate(10_000, 10_000), lookups=Rate(10_000, 10_000))
        app = create_app(reader, clock=lambda: NOW, **{"limits": generous, **options})
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread))
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(10)


@dataclass
class Watched:
    """A page, with what it asked for and complained of."""

    page: Page
    bases: tuple[str, ...]
    """The servers it may talk to."""
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def go(self, address: str, status: int = 200) -> None:
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.status == status

    def check(self) -> None:
        assert self.complaints == []
        assert self.elsewhere == []


def _failed(watched: Watched, request: Request) -> None:
    """Note a request that failed, unless the browser gave it up itself because the page was left."""
    if request.failure != "net::ERR_ABORTED":
        watched.complaints.append(request.url)


def watch(context: BrowserContext, bases: tuple[str, ...]) -> Watched:
    """Open a page that notes console errors, page errors, failed requests and requests to elsewhere."""
    page = context.new_page()
    page.set_default_timeout(30_000)
    watched = Watched(page, bases)
    page.on("console", lambda message: watched.complaints.append(message.text))
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("requestfailed", lambda request: _failed(watched, request))
    page.on(
        "request",
        lambda request: None if request.url.startswith(bases) else watched.elsewhere.append(request.url),
    )
    return watched
