"""What was decided reaches the chain though nonces are taken or vanish, and blocks are orphaned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import col, select

from tests.ledger import world as w
from tests.ledger.world import World
from yinzheng.ledger.chain.outcomes import Mined, Unknown
from yinzheng.ledger.chain.reverts import BlockBehind, NodeRefused, WrongState
from yinzheng.ledger.chain.sender import Call, Carrier, OutcomeOpen, Sender, SignedTransaction, pauses
from yinzheng.ledger.flow import carrying, finality, outbox, pipeline
from yinzheng.ledger.flow.aside import NONCE_MISSING
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.early import NotYet
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.outbox import nothing_to
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.store.models import ChainCall
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.log.statement import certificate_subject


def calls(registry: Registry) -> list[ChainCall]:
    with registry.store.reading() as session:
        return list(session.exec(select(ChainCall).order_by(col(ChainCall.id))))


def last(registry: Registry) -> ChainCall:
    return calls(registry)[-1]


def keep(registry: Registry, row: ChainCall, nonce: int) -> None:
    """Sign a call, and keep what was signed; nothing is sent."""
    made = registry.sender.prepare(Call(row.target, row.data, row.gas), nonce, registry.sender.fees())
    row.raw_tx, row.tx_hash, row.nonce, row.state = made.raw, made.hash, made.nonce, "sent"


@pytest.fixture
def stuck(demonstration_template: World, tmp_path: Path) -> World:
    """A registry whose newest head is signed for the chain, kept, and never sent."""
    world = demonstration_template.copy(tmp_path / "state")
    with (
        pytest.raises(InjectedFault),
        world.open(RaiseAt("chain.send.before"), settle=False) as registry,
    ):
        w.apply(registry, tmp_path / "work")
        settle(registry)
    return world


def test_a_nonce_that_another_transaction_took_for_good_is_signed_anew(stuck: World) -> None:
    """As a heartbeat nobody kept once did: from then on every settling said "refused"."""
    with stuck.open(settle=False) as registry:
        kept = last(registry)
        assert (kept.state, kept.nonce) == ("sent", registry.sender.next_nonce())
        registry.sender.send(nothing_to(registry.sender), 10)
        settle(registry)
        done = last(registry)
        assert (done.id, done.state) == (kept.id, "confirmed")
        assert done.nonce == (kept.nonce or 0) + 1
        assert done.tx_hash != kept.tx_hash
    assert stuck.codes() == set()


def test_a_nonce_taken_in_a_block_that_is_not_final_is_waited_for(
    stuck: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stuck.open(settle=False) as registry:
        kept = last(registry)
        registry.sender.send(nothing_to(registry.sender), 10)
        monkeypatch.setattr(Registry, "last_final", lambda self: self.w3.eth.block_number - 1)
        monkeypatch.setattr(carrying, "PATIENCE_SECONDS", 0.2)
        with pytest.raises(OutcomeOpen) as told:
            settle(registry)
        assert told.value.code == "chain-timeout"
        assert "is recorded" in told.value.message
        assert last(registry).tx_hash == kept.tx_hash  # it may still be the one
        monkeypatch.undo()
        settle(registry)
        assert last(registry).state == "confirmed"
    assert stuck.codes() == set()


def test_it_is_not_taken_by_another_where_one_of_several_nodes_lags(
    stuck: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted by a node that has the block, looked for at one that has not: it was signed a second time."""
    with stuck.open(settle=False) as registry:
        kept = last(registry)
        real = type(registry.sender).outcome
        looks = iter(range(100))
        monkeypatch.setattr(
            Sender, "outcome", lambda self, hash_: Unknown() if next(looks) < 5 else real(self, hash_)
        )
        settle(registry)
        assert (last(registry).tx_hash, last(registry).state) == (kept.tx_hash, "confirmed")


def test_nonces_that_nothing_has_are_used_up(stuck: World) -> None:
    """What had them vanished: no node mines what comes after a nonce that is missing."""
    with stuck.open(settle=False) as registry:
        with registry.store.transaction() as session:
            row = session.get_one(ChainCall, last(registry).id)
            keep(registry, row, (row.nonce or 0) + 2)
            made = row.nonce or 0
        settle(registry)
        gaps = [one for one in calls(registry) if (one.kind, one.part) == ("heartbeat", "gap")]
        assert [one.state for one in gaps] == ["confirmed", "confirmed"]
        assert {one.nonce for one in gaps} == {made - 2, made - 1}
        assert registry.sender.next_nonce() == made + 1
        assert all(one.state == "confirmed" for one in calls(registry))
    assert stuck.codes() == set()


@pytest.mark.parametrize("asked", ["counted", "next_nonce"])
def test_a_node_that_was_put_back_revives_nothing(
    stuck: World, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """A node killed at work may come back hours older, while the desk holds the registry open.

    What it lacks was final and is done; once it was taken for missing, sent anew, and its effects written a
    second time: a case that was issued anew would have been taken back.
    """
    with stuck.open(settle=False) as registry:
        settle(registry)
        with registry.store.transaction() as session:
            row = outbox.outbox(session, outbox.BEAT, "1", nothing_to(registry.sender), 0)
            if asked == "counted":
                keep(registry, row, registry.sender.next_nonce())
        standing = [(one.id, one.state, one.tx_hash) for one in calls(registry)]
        fewer = registry.sender.next_nonce() - 1
        monkeypatch.setattr(Sender, asked, lambda *_: fewer)
        with pytest.raises(YinzhengError) as told:
            settle(registry)
        assert told.value.code == "chain-behind-database"
        assert [(one.id, one.state, one.tx_hash) for one in calls(registry)] == standing
        monkeypatch.undo()
        settle(registry)
        assert {one.state for one in calls(registry)} == {"confirmed"}
    assert stuck.codes() == set()


def test_an_older_head_on_a_node_is_not_built_upon(stuck: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with stuck.open(settle=False) as registry:
        settle(registry)
        standing = calls(registry)
        monkeypatch.setattr(type(registry.client), "latest_anchor", lambda _self: None)
        with pytest.raises(YinzhengError) as told:
            settle(registry)
        assert told.value.code == "chain-behind-database"
        assert [one.id for one in calls(registry)] == [one.id for one in standing]


def test_a_node_at_odds_with_itself_is_waited_for_and_not_asked_without_end(
    stuck: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several nodes behind one address: one has the block, another counts as if there were none."""
    with stuck.open(settle=False) as registry:
        with registry.store.transaction() as session:
            first = session.get_one(ChainCall, last(registry).id)
            second = outbox.outbox(session, outbox.BEAT, "1", nothing_to(registry.sender), 0)
            keep(registry, second, (first.nonce or 0) + 1)
            lowest, counted = first.tx_hash, first.nonce
        real = type(registry.sender).outcome
        monkeypatch.setattr(Sender, "counted", lambda *_: counted)
        monkeypatch.setattr(
            Sender,
            "outcome",
            lambda self, hash_: Mined(1, bytes(32), 0, None) if hash_ == lowest else real(self, hash_),
        )
        monkeypatch.setattr(Sender, "broadcast", lambda *_: None)
        monkeypatch.setattr(Sender, "broadcast_all", lambda *_: None)
        monkeypatch.setattr(carrying, "PATIENCE_SECONDS", 0.2)
        with pytest.raises(OutcomeOpen):
            settle(registry)


def test_a_call_is_confirmed_once_its_block_is_final(stuck: World, monkeypatch: pytest.MonkeyPatch) -> None:
    finals = iter([0, 0, 0])
    states: list[str] = []

    def final(self: Registry) -> int:
        states.append(last(self).state)
        return next(finals, self.w3.eth.block_number)

    monkeypatch.setattr(Registry, "last_final", final)
    with stuck.open(settle=False) as registry:
        settle(registry)
        assert states == ["sent"] * 4
        assert last(registry).state == "confirmed"


def test_what_another_sent_is_carried_out_once_its_block_is_final(
    stuck: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forum's own call, in a block that may be orphaned: ours is refused meanwhile, and not done yet."""
    sent_by_a_forum = CallKind("heartbeat", done=lambda *_: True)
    with stuck.open(settle=False) as opened:
        refused = Call(opened.instance.deployment.rights, b"none of its functions", 100_000)
        registry = replace(opened, kinds={**opened.kinds, "heartbeat": sent_by_a_forum})
        settle(registry)
        with registry.store.transaction() as session:
            outbox.outbox(session, sent_by_a_forum, "1", refused, 0)
        monkeypatch.setattr(Registry, "last_final", lambda self: self.w3.eth.block_number - 1)
        monkeypatch.setattr(carrying, "PATIENCE_SECONDS", 0.2)
        with pytest.raises(OutcomeOpen):
            settle(registry)
        assert last(registry).state == "pending"
        monkeypatch.undo()
        settle(registry)
        assert last(registry).state == "confirmed"


def test_what_vanished_with_an_orphaned_block_is_sent_again(
    stuck: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen in a block that is not final, then gone: the node knows nothing of it."""
    with stuck.open(settle=False) as registry:
        real = type(registry.sender).outcome
        seen = iter([Mined(10**9, bytes(32), 0, None), Unknown()])
        sent: list[bytes] = []

        def outcome(self: Sender, hash_: bytes) -> object:
            return next(seen, None) or real(self, hash_)

        def broadcast(self: Sender, one: SignedTransaction) -> None:
            sent.append(one.hash)
            self._w3.eth.send_raw_transaction(one.raw)

        monkeypatch.setattr(Sender, "outcome", outcome)
        monkeypatch.setattr(Sender, "broadcast", broadcast)
        settle(registry)
        assert sent == [last(registry).tx_hash]
        assert last(registry).state == "confirmed"


def test_a_heartbeat_waits_like_everything_else(stuck: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that timed out is kept, with its nonce; what is decided after it gets another."""
    with stuck.open(settle=False) as registry:
        stuck.clock.advance(1000)
        standing = registry.w3.eth.block_number
        with monkeypatch.context() as patched:
            patched.setattr(carrying, "PATIENCE_SECONDS", 0.1)
            patched.setattr(Sender, "broadcast", lambda *_: None)
            patched.setattr(Sender, "broadcast_all", lambda *_: None)
            for _ in range(2):
                with pytest.raises(OutcomeOpen):
                    beat(registry, older_than=0)
        beats = [one for one in calls(registry) if one.kind == "heartbeat"]
        assert [(one.state, one.about) for one in beats] == [("pending", str(standing))]
        assert beat(registry, older_than=0)
        assert {one.state for one in calls(registry)} == {"confirmed"}
    assert stuck.codes() == set()


def test_patience_is_what_it_says() -> None:
    now = [0.0]

    def paused(patience: float, look: float) -> Iterator[float]:
        for pause in pauses(patience, lambda: now[0]):
            now[0] += pause + look
            yield pause

    quick = list(paused(60, 0))
    assert 60 <= sum(quick) < 61.5
    assert quick[0] == 0.05
    assert max(quick) == 1.0
    now[0] = 0
    assert len(list(paused(60, 20))) == 3  # a node that hangs for 20 seconds


def test_who_alone_can_sign_is_told_that_the_nonce_is_taken(stuck: World) -> None:
    with stuck.open(settle=False) as registry:
        kept = last(registry)
        with registry.store.transaction() as session:
            session.get_one(ChainCall, kept.id).sender = "keeper-wu"
        registry.sender.send(nothing_to(registry.sender), 10)
        with pytest.raises(NodeRefused) as told:
            settle(registry)
        assert told.value.code == "nonce-taken"
        assert last(registry).state == "failed"


def test_a_chain_that_stands_still_stops_nobody_from_recording(
    stuck: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(carrying, "PATIENCE_SECONDS", 0.1)
        patched.setattr(Sender, "broadcast", lambda *_: None)
        patched.setattr(Sender, "broadcast_all", lambda *_: None)
        with open_registry(
            stuck.root, w.open_keys, clock=stuck.clock, leap=None, tell=told.append
        ) as registry:
            w.apply(registry, tmp_path / "meanwhile")
    assert len(told) == 1
    assert "is recorded" in told[0]
    with stuck.open() as registry:
        assert {one.state for one in calls(registry)} == {"confirmed"}
    assert stuck.codes() == set()


def test_the_head_goes_along_with_the_last_call_that_waits(stuck: World, tmp_path: Path) -> None:
    """One block to wait for, and not two; a call that is refused leaves the head to a block of its own."""
    with stuck.open(settle=False) as registry:
        settle(registry)
        waited: list[list[str]] = []
        real = carrying.carry_out

        def carry_out(registry: Registry, rows: Sequence[ChainCall]) -> list[ChainCall]:
            waited.append([row.kind for row in rows])
            return real(registry, rows)

        with registry.store.transaction() as session:
            outbox.outbox(session, outbox.BEAT, "1", nothing_to(registry.sender), 0)
        w.apply(registry, tmp_path / "more")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(pipeline, "carry_out", carry_out)
            settle(registry)
        assert waited == [["heartbeat", "anchor"]]
        assert {one.state for one in calls(registry)} == {"confirmed"}
    assert stuck.codes() == set()


def test_a_refusal_is_believed_once_what_it_rests_on_is_final(
    stuck: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another's transaction stood in the way, in a block that was orphaned then."""
    with stuck.open(settle=False) as registry:
        settle(registry)
        with registry.store.transaction() as session:
            outbox.outbox(session, outbox.BEAT, "1", nothing_to(registry.sender), 0)
        answers = iter([WrongState("It is open already.", code="dispute-state")])
        finals = iter([0, 0])

        def simulate(*_: object) -> None:
            if (refusal := next(answers, None)) is not None:
                raise refusal

        monkeypatch.setattr(type(registry.client), "simulate", simulate)
        monkeypatch.setattr(
            Registry, "last_final", lambda self: next(finals, None) or self.w3.eth.block_number
        )
        settle(registry)
        assert last(registry).state == "confirmed"


def test_a_persons_call_behind_a_missing_nonce_holds_up_nobody(
    stuck: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What that account had sent elsewhere vanished with its block; nobody here can send it again."""
    with stuck.open(settle=False) as registry:
        settle(registry)
        key = EthereumKey.generate()
        person = Sender(registry.w3, key.account(), lambda _: None)
        with registry.store.transaction() as session:
            row = outbox.outbox(session, outbox.BEAT, "7", nothing_to(registry.sender), 0)
            made = person.prepare(nothing_to(person), 1, person.fees())
            row.sender, row.state = "keeper-wu", "sent"
            row.raw_tx, row.tx_hash, row.nonce = made.raw, made.hash, made.nonce
            outbox.outbox(session, outbox.BEAT, "8", nothing_to(registry.sender), 0)
        with monkeypatch.context() as patched:
            patched.setattr(carrying, "PATIENCE_SECONDS", 0.1)
            patched.setattr(Carrier, "broadcast_all", lambda *_: None)  # a node keeps it for later
            patched.setattr(Carrier, "broadcast", lambda *_: None)
            with suppress(OutcomeOpen):
                settle(registry)
        settle(registry)
        aside, other = calls(registry)[-2:]
        assert (aside.state, aside.error) == ("sent", NONCE_MISSING)
        assert other.state == "confirmed"
        registry.sender.send(Call(person.address, b"", 21_000, 10**18), 10)
        person.send(nothing_to(person), 10)
        settle(registry)
        assert (calls(registry)[-2].state, calls(registry)[-2].error) == ("confirmed", None)


def test_a_block_that_is_behind_our_clock_is_waited_for(
    demonstration_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a validator's is whose clock is, or a late one: what was dated now was refused, or given up."""
    world = demonstration_template.copy(tmp_path / "state")
    with world.open() as registry:
        real, tries, ahead = type(registry.client).simulate, iter(range(1, 999)), 0

        def simulate(client: Any, call: Call, sender: bytes) -> None:
            if next(tries) % 3:
                due = world.clock.now + ahead
                raise BlockBehind("behind", code="registration-time", due=due, latest=due - 1)
            real(client, call, sender)

        monkeypatch.setattr(type(registry.client), "simulate", simulate)
        number = w.to_deposited(registry, world.clock, tmp_path / "dossier")[1]
        assert registry.client.record(certificate_subject(number)) is not None
        ahead = 60  # a date that no clock of ours says is refused, and nothing is recorded
        with pytest.raises(BlockBehind):
            w.to_deposited(registry, world.clock, tmp_path / "other")
    monkeypatch.undo()
    assert world.codes() == set()


@pytest.mark.parametrize("gap", [1, 100])
def test_a_block_that_stays_behind_our_clock_holds_up_nothing_else(
    stuck: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gap: int
) -> None:
    """Where the next blocks will do they are waited for a little; else not at all."""
    waited: list[float] = []
    monkeypatch.setattr(finality, "time", SimpleNamespace(sleep=waited.append))
    with stuck.open() as registry:
        with registry.store.transaction() as session:
            late = outbox.outbox(session, outbox.BEAT, "1", nothing_to(registry.sender), 0)
        size, real = registry.log.size, type(registry.client).simulate

        def simulate(client: Any, call: Call, sender: bytes) -> None:
            if call.to == registry.sender.address:
                raise BlockBehind("behind", code="registration-time", due=gap + 1, latest=1)
            real(client, call, sender)

        monkeypatch.setattr(type(registry.client), "simulate", simulate)
        with pytest.raises(NotYet) as told:
            w.to_publicity(registry, tmp_path / "other")
        assert (told.value.code, "recorded" in told.value.message) == ("chain-clock-behind", True)
        assert told.value.ids == {late.id}
        head = registry.client.latest_anchor()
        assert head is not None
        assert head.size == registry.log.size > size
        assert bool(waited) == (gap == 1)
        assert sum(waited) < 10 * (finality.BEHIND_SECONDS + 1)
        monkeypatch.undo()
        settle(registry)
        assert pipeline.pending(registry) == set()
    assert stuck.codes() == set()
