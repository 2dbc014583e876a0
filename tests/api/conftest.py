from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from tests.api.fake import FakeReader
from tests.verifier.world import NOW
from yinzheng.api.web.app import create_app


class Client:
    """Asks an application directly, one request at a time."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def request(self, method: str, url: str, *, host: str = "203.0.113.7", **options: Any) -> httpx.Response:
        return asyncio.run(self.ask(method, url, host=host, **options))

    def together(self, method: str, url: str, requests: list[dict[str, Any]]) -> list[httpx.Response]:
        """All at once, in one event loop as a server has it."""

        async def ask() -> list[httpx.Response]:
            return await asyncio.gather(*(self.ask(method, url, **options) for options in requests))

        return asyncio.run(ask())

    async def ask(
        self, method: str, url: str, *, host: str = "203.0.113.7", **options: Any
    ) -> httpx.Response:
        """In a loop that runs."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(host, 50_000))
        options["headers"] = {"accept-language": "en", **options.get("headers", {})}
        async with httpx.AsyncClient(transport=transport, base_url="http://registry.test") as client:
            return await client.request(method, url, **options)

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> httpx.Response:
        return self.request("HEAD", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.request("POST", url, **options)

    def delete(self, url: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", url, **options)


Serve: TypeAlias = Callable[..., Client]


@pytest.fixture
def reader(tmp_path: Path) -> FakeReader:
    return FakeReader(tmp_path / "log")


@pytest.fixture
def serve() -> Serve:
    """A client of a server over some reader. Its clock stands still, and so do its rates."""

    def make(reader: FakeReader, *, now: int = NOW, **options: Any) -> Client:
        return Client(create_app(reader, clock=lambda: now, monotonic=lambda: 0.0, **options))

    return make


@pytest.fixture
def client(reader: FakeReader, serve: Serve) -> Client:
    return serve(reader)
