"""Nonces of signed requests are used up with what is done for them, or before anything is told (S11.3)."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import SimpleQueue, get_context
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from starlette.requests import Request as HttpRequest

from tests.desk.conftest import Founded
from tests.ledger.consent_world import HOSPITAL, KEYS
from tests.ledger.world import Clock, World
from yinzheng.api.desk.server import Desk as Server
from yinzheng.api.desk.worker import Pace, Worker
from yinzheng.ledger.consents.batches import Batch, grant_batches
from yinzheng.ledger.organisations.requests import Admissions, Admitted
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import NO_FAULTS, Faults, InjectedFault, KillAt, RaiseAt, Recorder
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models_consents import Consent, Nonce
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import DataFault, YinzhengError
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import HEADER, Received, Request, sign_request

REGISTRY = bytes(32)
PATH = "/org/v1/consents"


def anyone(_code: str) -> None:
    """Nobody asks too often here."""


class Desk:
    """The writer of a registry, and who lets requests in."""

    def __init__(self, registry: Registry, founded: Founded) -> None:
        self.registry = registry
        self.founded = founded
        self.admissions = Admissions(registry.store, anyone)
        self.worker = Worker(self._opened, lambda _: None, pace=Pace(idle=0.02, turn=0.0))

    @contextmanager
    def _opened(self) -> Iterator[Registry]:
        yield self.registry

    def token(self) -> str:
        key = KEYS[HOSPITAL]
        asked = Request(
            registry=REGISTRY,
            org=HOSPITAL,
            key=key_id(key.public_key.point),
            method="POST",
            path=PATH,
            body=digest_pair(b"{}"),
            at=self.registry.clock(),
            nonce=secrets.token_bytes(16),
        )
        return sign_request(asked, key)

    def let_in(self, token: str) -> Admitted:
        now = self.registry.clock()
        return self.admissions.let_in(token, lambda one: Received(REGISTRY, "POST", PATH, one.body, now))

    def refused(self, token: str) -> str:
        with pytest.raises(YinzhengError) as raised:
            self.let_in(token)
        return raised.value.code

    def consent(self, admitted: Admitted, number: int, **changes: object) -> Future[Any]:
        given = {"given_at": self.registry.clock() - 5, **changes}  # its clock stands still
        values: list[Any] = [self.founded.consent(number, **given)]
        item = Batch(HOSPITAL, None, b"", values)
        return self.worker.do_together("consents", item, grant_batches, admitted=admitted)

    def counted(self) -> tuple[int, int]:
        """Consents and nonces that are durable."""
        with self.registry.store.reading() as session:
            kept = len(session.exec(select(col(Consent.subject))).all())
            return kept, len(session.exec(select(col(Nonce.nonce))).all())


Opening = Callable[..., Desk]


@pytest.fixture
def opening(founded: Founded, tmp_path: Path) -> Iterator[Opening]:
    """Opens a desk over a registry of its own, with faults if asked."""
    shutil.copytree(founded.root, tmp_path / "state")
    made: list[tuple[Any, Desk]] = []

    def opened(faults: Faults = NO_FAULTS) -> Desk:
        context = World(tmp_path / "state", Clock(int(time.time()))).open(faults)
        desk = Desk(context.__enter__(), founded)
        made.append((context, desk))
        return desk

    yield opened
    for context, desk in made:
        desk.worker.stop()
        context.__exit__(None, None, None)


def said(answer: Future[Any]) -> str:
    """The code of a refusal; nothing where it was done."""
    try:
        answer.result(30)
    except YinzhengError as error:
        return error.code
    return ""


def test_a_request_and_its_effect_are_one_transaction(opening: Opening) -> None:
    recorder = Recorder()
    desk = opening(recorder)
    tokens = [desk.token() for _ in range(3)]
    answers = [desk.consent(desk.let_in(token), number) for number, token in enumerate(tokens)]
    recorder.seen.clear()
    desk.worker.start()
    assert [said(one) for one in answers] == [""] * 3
    assert recorder.seen.count("store.commit.after") == 1, "one wait for the disk for all that wait"
    assert desk.counted() == (3, 3)
    assert [desk.refused(token) for token in tokens] == ["request-replayed"] * 3


def test_what_is_in_hand_is_refused_like_what_was_done(opening: Opening) -> None:
    desk = opening()
    token = desk.token()
    first = desk.let_in(token)
    assert desk.refused(token) == "request-replayed"
    desk.admissions.use_up([first])
    assert desk.refused(token) == "request-replayed"


@pytest.mark.parametrize(("point", "kept"), [("store.commit.before", 0), ("store.commit.after", 1)])
def test_a_commit_that_fails_lets_no_request_in_again(opening: Opening, point: str, kept: int) -> None:
    desk = opening()
    desk.registry.store._faults = RaiseAt(point)
    token = desk.token()
    answer = desk.consent(desk.let_in(token), 1)
    desk.worker.start()
    assert said(answer) == "internal"
    assert desk.counted() == (kept, 1)
    assert desk.refused(token) == "request-replayed"


@pytest.mark.parametrize(("point", "kept"), [("store.commit.before", 0), ("store.commit.after", 3)])
def test_a_kill_at_the_one_commit_of_several_leaves_all_of_them_or_none(
    opening: Opening, founded: Founded, tmp_path: Path, point: str, kept: int
) -> None:
    tokens: Any = SimpleQueue()
    told: Any = SimpleQueue()
    child = get_context("fork").Process(
        target=_killed_at, args=(point, founded, tmp_path / "state", tokens, told), daemon=True
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert told.empty(), "nobody is told before the disk has it, and nobody was left to tell after"
    desk = opening()
    sent = tokens.get()
    assert desk.counted() == (kept, kept), "each nonce with its consent"
    if kept:
        assert [desk.refused(token) for token in sent] == ["request-replayed"] * 3
        return
    answers = [desk.consent(desk.let_in(token), number) for number, token in enumerate(sent)]
    desk.worker.start()
    assert [said(one) for one in answers] == [""] * 3, "they are requests that never arrived"
    assert desk.counted() == (3, 3)


def _killed_at(point: str, founded: Founded, state: Path, tokens: Any, told: Any) -> None:
    """Be a desk that does three requests in one transaction, and dies at its commit."""
    with World(state, Clock(int(time.time()))).open() as registry:
        desk = Desk(registry, founded)
        registry.store._faults = KillAt(point)
        sent = [desk.token() for _ in range(3)]
        tokens.put(sent)
        answers = [desk.consent(desk.let_in(token), number) for number, token in enumerate(sent)]
        for one in answers:
            one.add_done_callback(lambda done: told.put(done.exception() is None))
        desk.worker.start()
        time.sleep(50)


def test_what_is_refused_is_not_taken_again(opening: Opening) -> None:
    desk = opening()
    token = desk.token()
    answer = desk.consent(desk.let_in(token), 1, until=5)
    desk.worker.start()
    assert said(answer) != ""
    assert desk.counted() == (0, 1)
    assert desk.refused(token) == "request-replayed"


def test_what_only_reads_is_told_once_its_nonce_is_durable(opening: Opening) -> None:
    desk = opening()
    token = desk.token()
    answer = desk.worker.do(lambda _: desk.counted(), admitted=desk.let_in(token))
    desk.worker.start()
    assert answer.result(30) == (0, 0)
    assert desk.counted() == (0, 1)


def test_of_those_done_together_a_replay_alone_is_refused(opening: Opening) -> None:
    desk = opening()
    admitted = [desk.let_in(desk.token()) for _ in range(3)]
    # Let in by another process, between the look and the write.
    Admissions(desk.registry.store, anyone).use_up([admitted[1]])
    admitted[1].used = False
    answers = [desk.consent(one, number) for number, one in enumerate(admitted)]
    desk.worker.start()
    assert [said(one) for one in answers] == ["", "request-replayed", ""]
    assert desk.counted() == (2, 3)


def test_a_job_that_nobody_waits_for_leaves_the_nonce_to_whoever_held_it(opening: Opening) -> None:
    desk = opening()
    admitted = desk.let_in(desk.token())
    gone, other = desk.consent(admitted, 1), desk.consent(desk.let_in(desk.token()), 2)
    gone.cancel()
    desk.worker.start()
    assert said(other) == ""
    assert admitted.claim(), "the writer left it alone"
    desk.admissions.use_up([admitted])
    assert desk.counted() == (1, 2)


def test_the_nonce_comes_with_the_first_thing_that_is_kept(opening: Opening) -> None:
    desk = opening()

    def act(registry: Registry) -> int:
        with registry.store.rehearsal().transaction():
            pass
        with pytest.raises(InjectedFault), registry.store.transaction():
            raise InjectedFault
        before = desk.counted()[1]
        with registry.store.transaction():
            pass
        return before

    answer = desk.worker.do(act, admitted=desk.let_in(desk.token()))
    desk.worker.start()
    assert answer.result(30) == 0
    assert desk.counted() == (0, 1)


def test_what_is_kept_is_not_done_again_for_what_comes_after(opening: Opening) -> None:
    desk, done = opening(), []

    def run(registry: Registry, items: Sequence[Any]) -> list[int]:
        with registry.store.transaction():
            done.append(len(items))
        raise InjectedFault

    let_in = [desk.let_in(desk.token()) for _ in range(3)]
    answers = [desk.worker.do_together("alike", 0, run, admitted=one) for one in let_in]
    desk.worker.start()
    assert [said(one) for one in answers] == ["internal"] * 3
    assert done == [3]
    assert desk.counted() == (0, 3)


def test_a_ledger_whose_time_stands_ahead_forgets_no_nonce_too_soon(opening: Opening) -> None:
    desk = opening()
    now, ahead = desk.registry.clock(), 0
    desk.registry = replace(desk.registry, clock=lambda: now + ahead)
    first, second = desk.token(), desk.token()
    let_in = [desk.let_in(first), desk.let_in(second)]
    ahead = 3600  # an operator let it stand still there, until the machine's clock has caught up
    desk.worker.start()
    for admitted in let_in:
        assert desk.worker.do(lambda _: 0, admitted=admitted).result(30) == 0
        ahead += 1
    ahead = 0
    assert [desk.refused(token) for token in (first, second)] == ["request-replayed"] * 2


def test_who_goes_while_the_signature_is_looked_at_leaves_nothing_in_hand(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opening()
    # A file of ours is looked into at once; a database elsewhere is asked in a thread, which goes on.
    monkeypatch.setattr(Store, "dialect", property(lambda _: "postgresql"))
    none: Any = None
    server = Server(desk.worker, desk.registry.store, desk.registry.clock, registry=REGISTRY, pages=none)
    begun, looked = threading.Event(), threading.Event()
    at_once = server._admissions.let_in

    def let_in(*args: Any) -> Admitted:
        begun.set()
        looked.wait(10)
        return at_once(*args)

    monkeypatch.setattr(server._admissions, "let_in", let_in)
    headers = [(HEADER.lower().encode(), desk.token().encode())]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": headers}
    scope |= {"path": PATH, "raw_path": PATH.encode(), "query_string": b""}

    async def asks() -> None:
        async with server.signed(HttpRequest(scope)):
            raise AssertionError("its client is gone")

    async def gone() -> None:
        asking = asyncio.create_task(asks())
        while not begun.is_set():
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        looked.set()
        until = time.monotonic() + 10
        while desk.counted() != (0, 1) and time.monotonic() < until:
            await asyncio.sleep(0.02)

    asyncio.run(gone())
    assert desk.counted() == (0, 1)
    assert not server._admissions._in_hand


def test_who_is_not_admitted_is_not_in_hand(opening: Opening) -> None:
    desk = opening()
    token = desk.token()

    def nobody(_code: str) -> None:
        raise DataFault("too many", code="rate-limited")

    now = desk.registry.clock()
    strict = Admissions(desk.registry.store, nobody)
    for _ in range(2):
        with pytest.raises(DataFault) as raised:
            strict.let_in(token, lambda one: Received(REGISTRY, "POST", PATH, one.body, now))
        assert raised.value.code == "rate-limited"
    assert desk.counted() == (0, 0)
