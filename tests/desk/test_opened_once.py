"""How often one request opens a consent: once, whatever it shows. Each opening unwraps a key."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from tests.desk.calls import PAGES, SHOWN
from tests.desk.conftest import Founded
from tests.ledger.consent_world import HOSPITAL
from tests.ledger.world import OFFICER, Clock, World, actor_of
from yinzheng.api.desk.patients import patients
from yinzheng.api.desk.server import Desk, DeskLimits
from yinzheng.api.http.memory import Memory
from yinzheng.ledger.consents import reading
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.handover import issue_receipt
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_consents import Attempt
from yinzheng.verifier.errors import UsageFault


class Opened:
    """Counts openings; `take` gives them since the last time."""

    def __init__(self) -> None:
        self.count = 0

    def take(self) -> int:
        count, self.count = self.count, 0
        return count


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    counted, opening = Opened(), reading.open_key

    def open_key(*args: Any) -> Any:
        counted.count += 1
        return opening(*args)

    monkeypatch.setattr(reading, "open_key", open_key)
    return counted


@pytest.fixture
def registry(founded: Founded, tmp_path: Path) -> Iterator[Registry]:
    shutil.copytree(founded.root, tmp_path / "state")
    with World(tmp_path / "state", Clock(int(time.time()))).open() as registry:
        yield registry


class _Here:
    """A desk that acts at once, in this process."""

    limits = DeskLimits()
    memory = Memory(limits.bytes_in_flight, limits.small_in_flight)
    pages = PAGES

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def do(self, act: Callable[[Registry], Any]) -> Any:
        return act(self._registry)


Post = Callable[[str, object], Any]


@pytest.fixture
def post(registry: Registry) -> Post:
    """Asks what a patient asks, of a desk in this process."""
    app = Starlette(routes=patients(cast("Desk", _Here(registry))).routes)

    async def asked(what: str, body: object) -> Any:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return (await client.post(f"/patient/v1/{what}", json=body, headers=SHOWN)).json()

    return lambda what, body: asyncio.run(asked(what, body))


def test_a_request_opens_its_consent_once(
    registry: Registry, post: Post, founded: Founded, opened: Opened
) -> None:
    subject = grant(registry, [founded.consent()], HOSPITAL)[0].subject
    settle(registry)
    qr = issue_receipt(registry, subject, actor_of(registry, OFFICER)).qr
    shown = {"receipt": qr, "born": "1980-02-29"}

    def asked(what: str, **more: object) -> Any:
        opened.take()
        return post(what, {**shown, **more})

    for number, scope in enumerate(("base", "third_party_research"), 1):
        extent = {"everything": False, "scopes": [scope], "recipients": []}
        assert asked("withdraw", guardian=False, extent=extent)["consent"] == subject.hex()
        assert opened.take() == 1
        assert len(asked("see")["withdrawals"]) == number
        assert opened.take() == 1
        assert len(asked("progress")["withdrawals"]) == number
        assert opened.take() == 1


def test_wrong_answers_count_though_nothing_else_happens(
    registry: Registry, post: Post, founded: Founded
) -> None:
    subject = grant(registry, [founded.consent()], HOSPITAL)[0].subject
    settle(registry)
    qr = issue_receipt(registry, subject, actor_of(registry, OFFICER)).qr
    for _ in range(2):
        with pytest.raises(UsageFault, match="open nothing here"):
            post("see", {"receipt": qr, "born": "1980-03-01"})
    with registry.store.reading() as session:
        assert session.get_one(Attempt, subject).wrong == 2
