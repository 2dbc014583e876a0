"""The desk and the pages of one registry, asked in this process: every layer they have, and no network."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, cast

import httpx
from fastapi import FastAPI
from starlette.applications import Starlette

from tests.ledger.organisations.enrolling import Member
from tests.tables.grid import YES
from yinzheng.api.desk.app import create_app
from yinzheng.api.desk.quotas import Quota
from yinzheng.api.desk.running import settle_what_waits
from yinzheng.api.desk.server import Desk, DeskLimits
from yinzheng.api.desk.streams import StreamLimits
from yinzheng.api.desk.worker import Worker
from yinzheng.api.http.limits import Limits, Rate
from yinzheng.api.http.pages import HEADER as WORD_HEADER
from yinzheng.api.http.pages import Pages
from yinzheng.api.web.app import create_app as pages_app
from yinzheng.api.web.desk import HttpDesk
from yinzheng.ledger.net.client import Client
from yinzheng.ledger.net.exchange import Bounds, Sent
from yinzheng.ledger.notify.sending import Courier
from yinzheng.ledger.organisations.requests import Admitted
from yinzheng.ledger.reading import Reader
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.formats.request import HEADER, Request, sign_request

FAST: Final = Rate(1e6, 10**6)
WORD: Final = "5c" * 32
FROM_PAGES: Final = {WORD_HEADER: WORD}
"""The header by which the desk knows the pages."""
JSON_MEDIA: Final = "application/json"


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    body: bytes = field(repr=False)
    code: str
    media: str = ""

    @property
    def cell(self) -> tuple[str, str]:
        """As the table has it: whether it was done, else the status; and the code of a refusal."""
        return (YES, "") if self.status < 400 else (str(self.status), self.code)

    @property
    def json(self) -> Any:
        return httpx.Response(200, content=self.body).json()


class _Now:
    """A writer that does at once what it is asked, with the registry it was given."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def do(self, act: Callable[[Registry], Any], *, admitted: Admitted | None = None) -> Future[Any]:
        return self.do_together(None, None, lambda registry, _: [act(registry)], admitted=admitted)

    def do_together(
        self,
        _alike: Hashable,
        item: Any,
        run: Callable[[Registry, Sequence[Any]], Sequence[Any]],
        *,
        patient: bool = False,
        admitted: Admitted | None = None,
    ) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(run(self._registry, [item])[0])
        except Exception as fault:
            done.set_exception(fault)
        return done


class _Passing:
    """Carries what the pages send to the desk, over no network."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def send(self, sent: Sent, bounds: Bounds) -> Got:
        path = sent.url.removeprefix("http://127.0.0.1:8001")
        body = b"".join([sent.body] if isinstance(sent.body, bytes) else sent.body)
        return self._asking.ask(self._asking.desk, sent.method, path, body, sent.headers)


class Asking:
    """Whoever asks a registry that is open in this process."""

    registry: Registry
    courier = Courier()
    """Which addresses notices go to."""
    streams = StreamLimits(longest=0)

    def settle(self) -> None:
        """Carry to the chain what is acknowledged, as the desk does after each request."""
        settle_what_waits(self.registry)

    @cached_property
    def desk(self) -> Starlette:
        """The desk's own application, with every layer it has."""
        limits = DeskLimits(organisation=FAST, address=FAST, quota=Quota(FAST, 1, FAST))
        worker = cast("Worker", _Now(self.registry))
        desk = Desk(
            worker,
            self.registry.store,
            self.registry.clock,
            limits,
            registry=self.registry.instance.registry_id,
            pages=Pages(WORD),
            courier=self.courier,
            streams=self.streams,
        )
        return create_app(desk)

    @cached_property
    def pages(self) -> FastAPI:
        """The pages, which read beside the desk and hand forms on to it."""
        registry, desk = self.registry, HttpDesk("http://127.0.0.1:8001", lambda: WORD)
        desk._client = cast("Client", _Passing(self))
        reader = Reader(registry.paths, registry.instance, registry.store, registry.w3)
        limits = Limits(FAST, FAST, 1, FAST, FAST, FAST)
        return pages_app(reader, clock=registry.clock, limits=limits, desk=desk)

    def ask(
        self,
        app: Any,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        host: str = "127.0.0.1",
    ) -> Got:
        """One request, as it is."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app, client=(host, 50_000))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, content=body, headers=dict(headers or {}))

        got = self._loop(app).run(asked())
        media = got.headers.get("content-type", "").partition(";")[0]
        problem = media.startswith("application/problem") and got.content
        return Got(got.status_code, got.content, str(got.json()["code"]) if problem else "", media)

    def request(self, member: Member, method: str, path: str, body: bytes = b"") -> Request:
        """What an organisation signs of a request."""
        return Request(
            registry=self.registry.instance.registry_id,
            org=member.code,
            key=member.kid,
            method=method,
            path=path,
            body=digest_pair(body),
            at=self.registry.clock(),
            nonce=secrets.token_bytes(16),
        )

    def sent_by(
        self, member: Member, method: str, path: str, body: bytes = b"", media: str = JSON_MEDIA
    ) -> Got:
        """What an organisation that is enrolled sends to the desk."""
        token = sign_request(self.request(member, method, path, body), member.key)
        return self.ask(self.desk, method, path, body, {"Content-Type": media, HEADER: token})

    @cached_property
    def _opened(self) -> ExitStack:
        return ExitStack()

    @cached_property
    def _loops(self) -> dict[int, asyncio.Runner]:
        return {}

    def _loop(self, app: Any) -> asyncio.Runner:
        """The loop in which an application answers: one for each, as a server has it."""
        if id(app) not in self._loops:
            self._loops[id(app)] = self._opened.enter_context(asyncio.Runner())
        return self._loops[id(app)]

    def close(self) -> None:
        """End the loops."""
        self._opened.close()
