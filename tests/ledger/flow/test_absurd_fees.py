"""A node tells a fee beyond all reason: nothing is signed that cannot be paid, no nonce is lost (ADR 85)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select
from web3 import Web3
from web3.providers.base import JSONBaseProvider

from tests.cli.commands import run
from tests.ledger import world as w
from tests.ledger.flow.test_outbidding import GWEI, Afterwards, Node, sent
from tests.ledger.world import World
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.fees import Fees, Payable, cheaper, fees_of, payable
from yinzheng.ledger.chain.reverts import NodeRefused
from yinzheng.ledger.chain.sender import Carrier, OutcomeOpen, Sender, SignedTransaction
from yinzheng.ledger.flow import carrying
from yinzheng.ledger.flow.network import waiting_calls
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import InjectedFault
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.models import ChainCall, EarlierTransaction
from yinzheng.verifier.errors import EnvironmentFault

ABSURD = 10**22
"""Wei for a unit of gas: more than even the embedded chain's accounts hold."""


@pytest.fixture
def world(demonstration_template: World, tmp_path: Path) -> World:
    return demonstration_template.copy(tmp_path / "state")


class Told:
    """What the node says its newest block asks; None: the truth."""

    base: int | None = None


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    told, real = Told(), EmbeddedProvider.make_request

    def make_request(self: EmbeddedProvider, method: Any, params: Any) -> Any:
        answer = real(self, method, params)
        if method == "eth_getBlockByNumber" and params[0] == "latest" and told.base is not None:
            answer = {**answer, "result": {**answer["result"], "baseFeePerGas": hex(told.base)}}
        return answer

    monkeypatch.setattr(EmbeddedProvider, "make_request", make_request)
    return told


def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """As programs signed that did not look at the balance."""
    monkeypatch.setattr(Sender, "fees_for", lambda self, gas: Payable(self.fees(), len(gas)))


def earlier(registry: Registry) -> list[EarlierTransaction]:
    with registry.store.reading() as session:
        return list(session.exec(select(EarlierTransaction)))


# ---------------------------------------------------------------- what is signed

amounts = st.integers(0, 10**12)


@given(st.integers(0, 10**18), amounts, amounts, st.lists(st.integers(21_000, 10**6), min_size=1, max_size=5))
def test_nothing_is_signed_that_might_cost_more_than_there_is(
    balance: int, base: int, tip: int, gas: list[int]
) -> None:
    asked = Fees(2 * base + tip, tip)
    try:
        found = payable(bytes(20), balance, asked, gas)
    except EnvironmentFault as fault:
        assert fault.code == "chain-unfunded"  # noqa: PT017
        assert gas[0] * (base + tip) > balance
        return
    assert found.count >= 1
    assert sum(gas[: found.count]) * found.fees.highest <= balance
    assert base + tip <= found.fees.highest <= asked.highest
    assert found.fees.priority == tip
    if found.count < len(gas) and found.fees == asked:
        assert sum(gas[: found.count + 1]) * asked.highest > balance


def test_what_is_asked_of_a_price_is_all_of_it() -> None:
    assert payable(bytes(20), 100, Fees(10, None), [10, 10]) == Payable(Fees(10, None), 1)
    with pytest.raises(EnvironmentFault, match="holds 99 wei"):
        payable(bytes(20), 99, Fees(10, None), [10])
    assert payable(bytes(20), 0, Fees(0, None), [10, 10]) == Payable(Fees(0, None), 2)


@pytest.mark.parametrize(
    ("paid", "now", "beyond", "anew"),
    [(100, 50, False, True), (100, 51, False, False), (100, 99, True, True), (100, 100, True, False)],
)
def test_a_small_fall_is_no_reason_to_sign_anew(paid: int, now: int, beyond: bool, anew: bool) -> None:
    assert cheaper(Fees(paid, 1), Fees(now, 1), beyond=beyond) is anew


class Nodes(JSONBaseProvider):
    """Several nodes of which each says something else."""

    def __init__(self, bases: Sequence[str | None], suggested: Sequence[str]) -> None:
        super().__init__()
        self._said: dict[str, list[Any]] = {
            "eth_getBlockByNumber": [{} if one is None else {"baseFeePerGas": one} for one in bases],
            "eth_maxPriorityFeePerGas": list(suggested),
            "eth_gasPrice": list(suggested),
        }

    def each(self, method: str, params: list[Any]) -> list[Any]:
        return self._said[method]

    def make_request(self, method: Any, params: Any) -> Any:
        return {"jsonrpc": "2.0", "id": 1, "result": {"eth_chainId": "0x7", "eth_getBalance": "0x9"}[method]}


@pytest.mark.parametrize(
    ("bases", "suggested", "fees"),
    [
        (["0x64"], ["0x5"], Fees(205, 5)),
        ([hex(ABSURD), "0x64"], ["0x5", hex(GWEI)], Fees(205, 5)),
        (["0x64", hex(ABSURD)], [hex(GWEI), "0x5"], Fees(205, 5)),
        (["0x0", "0x64", "0x65"], ["0x0", "0x5", "0x5"], Fees(205, 5)),
        (["0x64", "0x64"], [], Fees(200, 0)),
        ([None, None, "0x64"], ["0x5", "0x6", "0x7"], Fees(6, None)),
        ([None, "0x64"], ["0x5"], Fees(5, None)),
    ],
)
def test_of_several_nodes_the_middle_one_is_believed(
    bases: list[str | None], suggested: list[str], fees: Fees
) -> None:
    sender = Sender(
        Web3(Nodes(bases, suggested), middleware=[]), Account.from_key(bytes([7]) * 32), lambda _: None
    )
    assert sender.fees() == fees


# ---------------------------------------------------------------- what becomes of it


def test_an_absurd_base_fee_signs_nothing_and_is_told(world: World, told: Told, tmp_path: Path) -> None:
    with world.open(settle=False) as registry:
        w.apply(registry, tmp_path / "work")
        told.base = ABSURD
        with pytest.raises(EnvironmentFault) as fault:
            settle(registry)
        assert fault.value.code == "chain-unfunded"
        assert "0x" + registry.sender.address.hex() in fault.value.message
        assert sent(registry) == []
        told.base = None
        settle(registry)
        assert earlier(registry) == []
    assert world.codes() == set()


def test_what_was_signed_beyond_the_balance_is_signed_anew(
    world: World, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.open(settle=False) as registry:
        w.apply(registry, tmp_path / "work")
        with monkeypatch.context() as patched, pytest.raises(NodeRefused):
            as_before(patched)
            told.base = ABSURD
            settle(registry)
        (first,) = sent(registry)
        with pytest.raises(EnvironmentFault, match="holds"):
            settle(registry)  # it is asked still
        with registry.store.reading() as session:
            (waits,) = waiting_calls(session, registry.clock(), 7, GWEI, registry.sender.balance())
        assert (waits.unpaid, waits.below) == (True, False)
        told.base = None
        settle(registry)
        with registry.store.reading() as session:
            done = session.get_one(ChainCall, first.id)
        assert (done.state, done.nonce) == ("confirmed", first.nonce)
        assert [one.tx_hash for one in earlier(registry)] == [first.tx_hash], "it is looked for still"
    assert world.codes() == set()


@pytest.mark.parametrize(
    "point",
    ["chain.outbid.before", "store.commit.before", "store.commit.after", "chain.send.after"],
)
def test_killed_while_it_is_signed_anew(
    world: World, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    with world.open(settle=False) as registry:
        w.apply(registry, tmp_path / "work")
        with monkeypatch.context() as patched, pytest.raises(NodeRefused):
            as_before(patched)
            told.base = ABSURD
            settle(registry)
        (first,) = sent(registry)
    told.base = None
    with pytest.raises(InjectedFault), world.open(Afterwards(point), settle=False) as registry:
        settle(registry)
    with world.open(settle=False) as registry:
        settle(registry)
        with registry.store.reading() as session:
            done = session.get_one(ChainCall, first.id)
        assert (done.state, done.nonce) == ("confirmed", first.nonce)
        assert len(earlier(registry)) == 1
    assert world.codes() == set()


def test_what_the_account_can_pay_and_a_node_does_not_take_for_its_fee(
    world: World, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As geth's `rpc.txfeecap`: an ether for a transaction."""
    real = Carrier.broadcast

    def broadcast(carrier: Carrier, one: SignedTransaction) -> None:
        if fees_of(one.raw).highest > 10**13:
            raise NodeRefused("tx fee exceeds the configured cap", code="chain-refused")
        real(carrier, one)

    def broadcast_all(carrier: Carrier, some: Sequence[SignedTransaction]) -> None:
        for one in some:
            broadcast(carrier, one)

    monkeypatch.setattr(Carrier, "broadcast", broadcast)
    monkeypatch.setattr(Carrier, "broadcast_all", broadcast_all)
    with world.open(settle=False) as registry:
        w.apply(registry, tmp_path / "work")
        told.base = 10**14
        for _ in range(2):
            with pytest.raises(NodeRefused):
                settle(registry)
        assert earlier(registry) == []
        told.base = None
        settle(registry)
        assert len(earlier(registry)) == 1
    assert world.codes() == set()


def test_one_that_a_node_took_after_all_counts(
    world: World, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cheaper is not taken in its place; whichever is mined is the call's."""
    monkeypatch.setattr(carrying, "PATIENCE_SECONDS", 0.05)
    node = Node(monkeypatch)
    node.wants = GWEI + 1
    with world.open(settle=False) as registry:
        w.apply(registry, tmp_path / "work")
        with monkeypatch.context() as patched, pytest.raises(OutcomeOpen):
            as_before(patched)
            patched.setattr(Sender, "fees", lambda _: Fees(9 * GWEI, GWEI))
            settle(registry)  # the node keeps it
        first, kept = sent(registry)[0], dict(node.kept)
        node.kept.clear()  # and forgets it …
        node.refuses = True
        with monkeypatch.context() as patched, pytest.raises(NodeRefused):
            patched.setattr(Carrier, "broadcast_all", refuse)
            settle(registry)
        anew = sent(registry)[0]
        assert anew.tx_hash != first.tx_hash
        node.kept.update(kept)  # … until another hands it on
        with pytest.raises(OutcomeOpen):
            settle(registry)
        node.wants = 0
        node.mine(registry.sender)
        settle(registry)
        with registry.store.reading() as session:
            done = session.get_one(ChainCall, first.id)
        assert (done.state, done.tx_hash) == ("confirmed", first.tx_hash)
        assert anew.tx_hash in {one.tx_hash for one in earlier(registry)}
    assert world.codes() == set()


def refuse(*_: object) -> None:
    raise NodeRefused("insufficient funds for gas * price + value", code="chain-refused")


def test_a_limit_below_what_was_paid_is_said_with_what_to_do(
    world: World, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "PATIENCE_SECONDS", 0.05)
    node = Node(monkeypatch)
    node.wants = 10 * GWEI
    with world.open(settle=False) as registry:
        w.apply(registry, tmp_path / "work")
        with pytest.raises(OutcomeOpen):
            settle(registry)
        with registry.store.reading() as session:
            (waits,) = waiting_calls(session, registry.clock(), 3 * GWEI, GWEI // 2, 10**27)
            assert (waits.offers, waits.below, waits.limit_needed) == (2 * GWEI, True, 11 * GWEI // 10)
            (fits,) = waiting_calls(session, registry.clock(), GWEI, 2 * GWEI, 10**27)
            assert (fits.below, fits.limit_needed, fits.unpaid) == (False, None, False)
    paths, instance = read_instance(world.root)
    paths.instance.write_bytes(replace(instance, fee_limit=GWEI // 2).to_json())
    told.base = 3 * GWEI
    said = run("chain", "--state", world.root).out
    assert f"--fee-limit {11 * GWEI // 10}" in said
    assert f"a block asks {3 * GWEI}" in said
