"""What the desk does though nobody asks, and batches, over a real registry."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.desk.conftest import Founded
from tests.ledger.consent_world import HOSPITAL, LAB
from tests.ledger.world import OFFICER, Clock, World, actor_of
from yinzheng.api.desk import rounds as rounding
from yinzheng.api.desk.rounds import Rounds
from yinzheng.api.desk.running import settle_what_waits
from yinzheng.api.desk.worker import Pace, Worker
from yinzheng.ledger.consents.batches import Batch, grant_batches
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import answers, enrolment
from yinzheng.ledger.organisations.answers import recall, remember
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.extent import EVERYTHING, Way
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.store.database import Store, open_store
from yinzheng.ledger.store.models_consents import Answer, Consent, Delivery
from yinzheng.ledger.withdrawals.claims import DocumentClaim
from yinzheng.ledger.withdrawals.filing import file
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.webhook import parse_webhook

HOOK = "https://hospital.example/notices"


@pytest.fixture
def world(founded: Founded, tmp_path: Path) -> World:
    shutil.copytree(founded.root, tmp_path / "state")
    return World(tmp_path / "state", Clock(int(time.time())))


@pytest.fixture
def store(world: World) -> Iterator[Store]:
    with closing(open_store(sqlite_url(world.paths.database))) as opened:
        yield opened


@pytest.fixture
def worker(world: World) -> Iterator[Worker]:
    made = Worker(world.open, settle_what_waits, pace=Pace(idle=0.01, turn=0.0))
    made.start()
    yield made
    made.stop()


def withdrawn(world: World, founded: Founded) -> bytes:
    """A withdrawal of which the hospital, that has a webhook, is to be told."""
    with world.open() as registry:
        enrolment.change_webhook(registry, HOSPITAL, HOOK, actor_of(registry, OFFICER))
        batch = Batch(HOSPITAL, None, b"", [founded.consent()])
        answer: Any = grant_batches(registry, [batch])[0]
        subject = bytes.fromhex(answer["granted"][0]["subject"])
        claim = DocumentClaim("identity_card")
        return file(registry, subject, EVERYTHING, channel=Way.CONTROLLER, claim=claim, controller=HOSPITAL)


def deliveries(store: Store) -> list[Delivery]:
    with store.reading() as session:
        return list(session.exec(select(Delivery)))


def test_a_notice_is_delivered_once(world: World, founded: Founded, store: Store, worker: Worker) -> None:
    id_ = withdrawn(world, founded)
    sent: list[tuple[str, bytes]] = []
    rounds = Rounds(worker, store, world.clock, lambda url, body, _header: sent.append((url, body)))
    rounds.look()
    rounds.look()
    told = [parse_webhook(body) for url, body in sent if url == HOOK]
    assert len(told) == len(sent) == len({one.kind for one in told})
    assert {one.data["withdrawal"] for one in told} == {id_.hex()}
    assert {row.state for row in deliveries(store) if row.code == HOSPITAL} == {"delivered"}
    assert {row.state for row in deliveries(store) if row.code != HOSPITAL} == {"pending"}


def test_what_is_wrong_with_a_withdrawal_keeps_no_notice_waiting(
    world: World, founded: Founded, store: Store, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Registry) -> None:
        raise DataFault("a statement is missing from its thread", code="thread-broken")

    monkeypatch.setattr(rounding, "tick", broken)
    withdrawn(world, founded)
    rounds = Rounds(worker, store, world.clock, lambda *_: None)
    with pytest.raises(DataFault):
        rounds.look()
    assert {row.state for row in deliveries(store) if row.code == HOSPITAL} == {"delivered"}
    rounds.look()  # it is looked at again after a while


def test_a_server_that_fails_is_tried_again_later(
    world: World, founded: Founded, store: Store, worker: Worker
) -> None:
    withdrawn(world, founded)
    tried: list[str] = []

    def send(url: str, _body: bytes, _header: str) -> None:
        tried.append(url)
        raise EnvironmentFault("it does not answer", code="webhook-unreachable")

    rounds = Rounds(worker, store, world.clock, send)
    rounds.look()
    rounds.look()
    assert len(tried) == 1  # what else it is to be told waits with it
    states = {(row.state, row.last_error) for row in deliveries(store) if row.code == HOSPITAL}
    assert states == {("pending", "webhook-unreachable")}
    world.clock.advance(61)
    rounds.look()
    assert len(tried) == 2


def test_what_was_acknowledged_and_not_settled_is_carried_on(
    world: World, founded: Founded, store: Store, worker: Worker
) -> None:
    withdrawn(world, founded)  # closed without settling
    with world.open(settle=False) as registry:
        before = registry.log.size
    Rounds(worker, store, world.clock, lambda *_: None).look()
    worker.stop()
    with world.open(settle=False) as registry:
        assert registry.log.size > before
        assert registry.client.latest_anchor().size == registry.log.size  # type: ignore[union-attr]


def test_rounds_go_on_after_trouble_and_end_when_told(
    world: World, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def closed() -> Registry:
        raise EnvironmentFault("another command is writing", code="state-locked")

    worker = Worker(closed, settle_what_waits, pace=Pace(idle=0.01, turn=0.0))  # type: ignore[arg-type]
    worker.start()
    rounds = Rounds(worker, store, world.clock, lambda *_: None, every=0.01)
    rounds.start()
    for _ in range(1000):
        if "state-locked" in caplog.text:
            break
        rounds._ending.wait(0.01)
    rounds.stop()
    worker.stop()
    assert "what is due waits: state-locked" in caplog.text


def test_what_the_writer_does_not_get_to_is_not_done_later(
    world: World, founded: Founded, store: Store, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that nobody sends any more would put the notice off, each time for longer."""
    withdrawn(world, founded)
    monkeypatch.setattr(rounding, "PATIENCE_SECONDS", 0.2)
    going, free = threading.Event(), threading.Event()

    def occupied(_: Registry) -> bool:
        going.set()
        return free.wait(20)

    busy = worker.do(occupied)
    assert going.wait(20)
    rounds = Rounds(worker, store, world.clock, lambda *_: None)
    rounds._ticked = world.clock.now
    with pytest.raises(EnvironmentFault) as caught:
        rounds._send_due(world.clock.now)
    assert caught.value.code == "server-busy"  # the log says what it is, and not that something broke
    free.set()
    busy.result(20)
    worker.do(lambda _: None).result(20)
    assert {row.attempts for row in deliveries(store)} == {0}


# ---------------------------------------------------------------- batches


def consents(registry: Registry) -> int:
    with registry.store.reading() as session:
        return len(session.exec(select(Consent.subject)).all())


def test_requests_of_one_moment_are_recorded_together_and_each_once(world: World, founded: Founded) -> None:
    once = secrets.token_bytes(16)
    one, two = founded.consent(1), founded.consent(2)
    numbered = Batch(HOSPITAL, once, dumps(one), [one])
    with world.open() as registry:
        before = consents(registry)
        batches = [numbered, Batch(HOSPITAL, None, dumps(two), [two]), numbered]
        first, second, third = grant_batches(registry, batches)
        assert first == third
        assert first != second
        assert consents(registry) == before + 2
        assert grant_batches(registry, [numbered]) == [first]
        assert consents(registry) == before + 2
        with pytest.raises(DataFault) as raised:
            grant_batches(registry, [Batch(HOSPITAL, once, dumps(two), [two])])
        assert raised.value.code == "once-other-body"


def test_nothing_of_a_request_that_fails_is_remembered(world: World, founded: Founded) -> None:
    bad = founded.consent(1, until=5)
    once = secrets.token_bytes(16)
    with world.open() as registry:
        before = consents(registry)
        for _ in range(2):
            with pytest.raises(DataFault):
                grant_batches(registry, [Batch(HOSPITAL, once, dumps(bad), [bad])])
        assert consents(registry) == before


def test_answers_open_for_their_sender_alone_and_are_forgotten(world: World) -> None:
    once = secrets.token_bytes(16)

    def kept(session: Session) -> int:
        return len(session.exec(select(Answer)).all())

    with world.open() as registry:
        with registry.store.transaction() as session:
            remember(session, HOSPITAL, once, b"body", b"answer", 1000)
            assert recall(session, HOSPITAL, once, b"body") == b"answer"
            assert recall(session, LAB, once, b"body") is None
            (row,) = session.exec(select(Answer)).all()
            assert b"answer" not in row.sealed
            with pytest.raises(DataFault):
                recall(session, HOSPITAL, once, b"Body")
        with registry.store.transaction() as session:
            remember(session, HOSPITAL, bytes(16), b"b", b"c", 1000 + answers.KEPT)
            assert kept(session) == 1


def test_a_writer_that_is_at_work_is_not_asked_to_settle(
    world: World, founded: Founded, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It settles what it leaves itself; asking it too made twice as many blocks."""
    withdrawn(world, founded)
    asked: list[object] = []
    worker = Worker(world.open, settle_what_waits, pace=Pace(idle=20.0, turn=0.0))
    worker.start()
    monkeypatch.setattr(worker, "_settle_what_waits", asked.append)
    rounds = Rounds(worker, store, world.clock, lambda *_: None)
    monkeypatch.setattr(rounds, "_do", lambda act, **_: asked.append(act))
    monkeypatch.setattr(rounds, "_deliver", lambda _now: None)
    rounds._ticked = world.clock.now
    monkeypatch.setattr(rounding, "is_unsettled", lambda *_: True)
    assert not worker.busy
    rounds.look()
    assert asked == [settle]
    worker.do(lambda _registry: None).result(20)
    assert worker.busy
    del asked[:]
    rounds.look()
    assert settle not in asked
    worker.stop()
    assert not worker.busy
