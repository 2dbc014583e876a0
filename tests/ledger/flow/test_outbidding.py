"""A transaction whose fee the network has outgrown is signed anew, and whichever is mined counts (ADR 69)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from tests.cli.commands import run
from tests.ledger import world as w
from tests.ledger.world import World
from yinzheng.ledger.chain.fees import Fees, dearer, fees_of
from yinzheng.ledger.chain.outcomes import Mined, Outcome, Pending
from yinzheng.ledger.chain.reverts import NodeRefused
from yinzheng.ledger.chain.sender import Carrier, OutcomeOpen, Sender, SignedTransaction
from yinzheng.ledger.flow import carrying, outbidding
from yinzheng.ledger.flow.network import waiting_calls
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.endpoints import change_endpoints
from yinzheng.ledger.state.faults import Faults, InjectedFault
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.models import ChainCall, EarlierTransaction
from yinzheng.verifier.errors import DataFault, UsageFault

GWEI = 10**9
SIGNED = "chain.outbid.before"
fees = st.integers(0, 10**12)


@given(fees, fees, fees, fees)
def test_what_replaces_pays_a_tenth_more_of_both_and_keeps_to_the_limit(
    paid: int, tip: int, base: int, most: int
) -> None:
    before = Fees(2 * paid + tip, tip)
    after = dearer(before, Fees(2 * base + tip, tip), most)
    if after is None:
        return
    assert after.priority is not None
    assert 10 * after.priority >= 11 * tip
    assert 10 * after.highest >= 11 * before.highest
    assert after.priority <= max(most, 0)
    assert after.highest >= after.priority


@pytest.mark.parametrize(
    ("paid", "now", "after"),
    [
        (Fees(9, 1), Fees(9, 1), 2),  # nobody suggests more: twice as much
        (Fees(9, 1), Fees(90, 50), 50),
        (Fees(900, 60), Fees(900, 60), 100),  # as far as the limit goes
        (Fees(900, 95), Fees(900, 99), None),  # less than a tenth to the limit
        (Fees(900, 100), Fees(900, 500), None),
        (Fees(0, 0), Fees(0, 0), None),  # where nothing can be paid nothing is
        (Fees(8, 0), Fees(200, 0), 0),  # the base fee alone has grown
        (Fees(8, None), Fees(8, None), 16),
        (Fees(8, None), Fees(8, 4), None),
    ],
)
def test_twice_as_much_or_what_is_suggested(paid: Fees, now: Fees, after: int | None) -> None:
    found = dearer(paid, now, 100)
    assert (found and (found.highest if found.priority is None else found.priority)) == after


@pytest.mark.parametrize("raw", [b"", b"\2", b"\2\xc0", b"\1\xc3\1\2\3", b"\xc2\1\2"])
def test_what_is_no_transaction_of_ours_is_refused(raw: bytes) -> None:
    with pytest.raises(DataFault):
        fees_of(raw)


class Node:
    """A node that mines what pays enough: a made-up one before the embedded chain."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wants = 0
        """Wei for the sealers; what offers less is kept and never mined."""
        self.kept: dict[int, SignedTransaction] = {}
        self.refuses = False
        """Whether nothing is taken in another's place."""
        real, known = Carrier.broadcast, Carrier.outcome

        def broadcast(carrier: Carrier, one: SignedTransaction) -> None:
            there = self.kept.get(one.nonce)
            if there is not None and there.hash != one.hash and self.refuses:
                raise NodeRefused("replacement transaction underpriced", code="chain-refused")
            self.kept[one.nonce] = one
            self.mine(carrier, real)

        def outcome(carrier: Carrier, name: bytes) -> Outcome:
            found = known(carrier, name)
            waits = any(one.hash == name for one in self.kept.values())
            return Pending() if waits and not isinstance(found, Mined) else found

        def broadcast_all(carrier: Carrier, some: list[SignedTransaction]) -> None:
            for one in some:
                broadcast(carrier, one)

        monkeypatch.setattr(Carrier, "broadcast", broadcast)
        monkeypatch.setattr(Carrier, "broadcast_all", broadcast_all)
        monkeypatch.setattr(Carrier, "outcome", outcome)
        monkeypatch.setattr(Sender, "fees", lambda _: Fees(2 * GWEI, GWEI))
        self._real = real

    def mine(self, carrier: Carrier, real: object = None) -> None:
        for nonce, one in sorted(self.kept.items()):
            if (fees_of(one.raw).priority or 0) >= self.wants:
                self._real(carrier, self.kept.pop(nonce))
            else:
                return


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(carrying, "PATIENCE_SECONDS", 0.05)
    return Node(monkeypatch)


@pytest.fixture
def world(demonstration_template: World, tmp_path: Path) -> World:
    return demonstration_template.copy(tmp_path / "state")


@contextmanager
def blocks_pass(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if so many blocks had come since whatever was signed."""
    with monkeypatch.context() as patched:
        patched.setattr(outbidding, "BLOCKS", 0)
        yield


def stuck(registry: Registry, folder: Path) -> list[ChainCall]:
    """Have things decided and sent for too little; gives what waits."""
    w.apply(registry, folder)
    with pytest.raises(OutcomeOpen):
        settle(registry)
    return sent(registry)


def sent(registry: Registry) -> list[ChainCall]:
    with registry.store.reading() as session:
        return list(session.exec(select(ChainCall).where(ChainCall.state == "sent")))


def fee_of(call: ChainCall) -> int | None:
    assert call.raw_tx is not None
    return fees_of(call.raw_tx).priority


def test_it_is_signed_anew_dearer_until_it_is_mined(
    world: World, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.open(settle=False) as registry:
        node.wants = 3 * GWEI
        first = stuck(registry, tmp_path / "work")
        with pytest.raises(OutcomeOpen):
            settle(registry)  # no block has come: it is waited for
        assert [one.tx_hash for one in sent(registry)] == [one.tx_hash for one in first]
        with blocks_pass(monkeypatch):
            with pytest.raises(OutcomeOpen):
                settle(registry)
            assert [fee_of(one) for one in sent(registry)] == [2 * GWEI for _ in first]
            with registry.store.reading() as session:
                told = waiting_calls(session, registry.clock())
            assert {(one.fee, one.raised) for one in told} == {(2 * GWEI, 1)}
            settle(registry)
        with registry.store.reading() as session:
            done = session.get_one(ChainCall, first[0].id)
            assert (done.state, done.nonce, fee_of(done)) == ("confirmed", first[0].nonce, 4 * GWEI)
            assert len(session.exec(select(EarlierTransaction)).all()) == 2 * len(first)
    assert world.codes() == set()


def test_whichever_is_mined_is_the_calls(
    world: World, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sealer that wants no more took the first one, and the dearer can never be."""
    with world.open(settle=False) as registry:
        node.wants = 100 * GWEI
        first = stuck(registry, tmp_path / "work")
        node.refuses = True
        with blocks_pass(monkeypatch), pytest.raises(OutcomeOpen):
            settle(registry)
        dearer_ones = {one.tx_hash for one in sent(registry)}
        assert not dearer_ones & {one.tx_hash for one in first}
        node.wants = 0
        node.mine(registry.sender)
        settle(registry)
        with registry.store.reading() as session:
            done = session.get_one(ChainCall, first[0].id)
            assert (done.state, done.tx_hash) == ("confirmed", first[0].tx_hash)
            kept = {one.tx_hash for one in session.exec(select(EarlierTransaction))}
        assert kept >= dearer_ones - {one.tx_hash for one in sent(registry)}
    assert world.codes() == set()


class Afterwards(Faults):
    """A fault at `point`, the next time after transactions are signed anew."""

    def __init__(self, point: str) -> None:
        self._point, self._armed = point, point == SIGNED

    def hit(self, point: str) -> None:
        super().hit(point)
        if self._armed and point == self._point:
            raise InjectedFault(point)
        self._armed = self._armed or point == SIGNED


@pytest.mark.parametrize(
    "point", [SIGNED, "store.commit.before", "store.commit.after", "chain.send.before", "chain.send.after"]
)
def test_killed_between_signing_keeping_and_sending(
    world: World, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    with world.open(settle=False) as registry:
        node.wants = 2 * GWEI
        first = stuck(registry, tmp_path / "work")[0]
    with blocks_pass(monkeypatch):
        with pytest.raises(InjectedFault), world.open(Afterwards(point), settle=False) as registry:
            settle(registry)
        if unseen := point == "chain.send.before":  # a sealer takes the first, for nobody has seen another
            node.wants = GWEI
        with world.open(settle=False) as registry:
            if unseen:
                node.mine(registry.sender)
            settle(registry)
            with registry.store.reading() as session:
                done = session.get_one(ChainCall, first.id)
            assert (done.state, done.nonce) == ("confirmed", first.nonce)
            # What was kept and never sent is itself passed over here, and signed anew once more.
            assert fee_of(done) == {"chain.send.before": 1, "store.commit.after": 4}.get(point, 2) * GWEI
    assert world.codes() == set()


def test_the_limit_is_kept_and_said(
    world: World, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, instance = read_instance(world.root)
    assert instance.fee_limit == 100 * GWEI
    paths.instance.write_bytes(replace(instance, fee_limit=GWEI).to_json())
    assert read_instance(world.root)[1].fee_limit == GWEI
    with world.open(settle=False) as registry:
        node.wants = 2 * GWEI
        first = stuck(registry, tmp_path / "work")
        with blocks_pass(monkeypatch), pytest.raises(OutcomeOpen):
            settle(registry)
        assert [one.tx_hash for one in sent(registry)] == [one.tx_hash for one in first]
    world.clock.now += 600
    said = run("chain", "--state", world.root).out
    assert f"{GWEI} wei" in said
    assert "raise it with --fee-limit" in said
    with pytest.raises(UsageFault, match="embedded"):
        change_endpoints(world.root, fee_limit=1)
