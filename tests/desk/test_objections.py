"""The desk takes what the pages hand on: an objection once, followed by who has its secret (R24)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from sqlmodel import select
from starlette.applications import Starlette

from tests.desk.calls import PAGES, SHOWN
from tests.ledger import world as w
from tests.ledger.world import World
from yinzheng.api.desk.app import _fault
from yinzheng.api.desk.objections import objections
from yinzheng.api.desk.server import Desk, DeskLimits
from yinzheng.api.http.memory import Memory
from yinzheng.api.http.pages import HEADER
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.publicity import FORM_BYTES
from yinzheng.ledger.store.models import Event, Objection
from yinzheng.verifier.errors import YinzhengError

FILE = {"name": "信.pdf", "content": base64.b64encode(b"%PDF-1.7").decode()}
SECRET = "0f" * 16
LARGE = base64.b64encode(bytes(FORM_BYTES + 1)).decode()
"""One byte more than the form takes, in a body that is not too long by itself."""


class _Here:
    """A desk that acts at once, in this process."""

    limits = DeskLimits()
    memory = Memory(limits.bytes_in_flight, limits.small_in_flight)
    pages = PAGES

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def do(self, act: Callable[[Registry], Any]) -> Any:
        return act(self._registry)


def asked(registry: Registry, what: str, body: object, **headers: str) -> httpx.Response:
    routes = objections(cast("Desk", _Here(registry))).routes
    app = Starlette(routes=routes, exception_handlers={YinzhengError: _fault})

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return await client.post(f"/public/v1/{what}", content=content, headers=SHOWN | headers)

    return asyncio.run(ask())


def test_an_objection_handed_on(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        with registry.store.reading() as session:
            notice = session.exec(select(Event.leaf_hash).where(Event.type == "publicity.opened")).one()
        body = {
            "notice": notice.hex(),
            "secret": SECRET,
            "objector": "某研究院",
            "contact": "",
            "reasons": "协议已终止。",
            "files": [FILE],
        }
        got = asked(registry, "object", body)
        assert got.status_code == 201, got.text
        assert got.json()["case"] == case
        assert asked(registry, "object", body).json() == got.json()
        settle(registry)
        with registry.store.reading() as session:
            assert len(session.exec(select(Objection)).all()) == 1
        number = got.json()["number"]
        standing = asked(registry, "follow", {"number": number, "secret": SECRET}).json()
        assert standing["concluded_at"] is None
        wrong = asked(registry, "follow", {"number": number, "secret": "00" * 16})
        assert wrong.json()["code"] == "objection-secret"
        for changes, code in (
            ({"notice": "00" * 32}, "notice-unknown"),
            ({"files": []}, "objection-empty"),
            ({"files": [FILE] * 6}, "field-value"),
            ({"files": [{**FILE, "content": "?"}]}, "field-value"),
            ({"files": [{**FILE, "name": "a/b"}]}, "material-name"),
            ({"files": [{**FILE, "content": LARGE}]}, "too-large"),
            ({"secret": "0f"}, "field-value"),
            ({"more": 1}, "field-unknown"),
        ):
            with w.unchanged(registry):
                assert (
                    asked(registry, "object", {**body, "secret": "aa" * 16, **changes}).json()["code"] == code
                )


@pytest.mark.parametrize("what", ["object", "follow"])
def test_the_pages_alone_are_heard(world: World, what: str) -> None:
    with world.open() as registry:
        for other in ({"X-Forwarded-For": "203.0.113.9"}, {HEADER: ""}, {HEADER: "cd" * 32}):
            got = asked(registry, what, {}, **other)
            assert (got.status_code, got.json()["code"]) == (404, "not-found")
        assert asked(registry, what, b"[]").json()["code"] == "json-malformed"
        assert asked(registry, what, b"x" * 12 * 1024 * 1024).json()["code"] == "too-large"
