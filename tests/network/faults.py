"""Nodes that are down, behind or lying, and transactions that get stuck: all of it on real nodes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, func, select

from scripts.network_parts import nodes
from tests.cli.commands import run
from tests.ledger import world as w
from tests.ledger.world import open_keys
from tests.network.gate import lying
from tests.network.net import Net, Office, WallClock
from yinzheng.ledger.chain.connect import connect
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.fees import Fees, Payable, fees_of
from yinzheng.ledger.chain.network import read_network
from yinzheng.ledger.chain.reverts import NodeRefused
from yinzheng.ledger.chain.sender import Call, OutcomeOpen, Sender
from yinzheng.ledger.flow import carrying
from yinzheng.ledger.flow.network import look_at, waiting_calls
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import ChainCall, EarlierTransaction
from yinzheng.verifier.errors import EnvironmentFault, UsageFault, YinzhengError


def anchored(registry: Registry) -> bool:
    """Whether everything decided is on the chain, by the registry's node."""
    head = registry.client.latest_anchor()
    return head is not None and head.size == registry.log.size


def test_init_takes_no_others_than_seal(net: Net, office: Office) -> None:
    ask = asking(connect(net["plain"].url))
    with pytest.raises(UsageFault) as fault:
        read_network(ask, [bytes(19) + b"\1"])
    assert fault.value.code == "validators-differ"
    assert len(read_network(ask, ()).validators) == 4


def test_with_one_validator_down_it_goes_on(net: Net, office: Office) -> None:
    net.kill("exchange")
    with office.world.open() as registry:
        office.consent(registry)
        settle(registry)
        assert anchored(registry)
        with registry.store.reading() as session:
            seen = look_at(registry.w3, registry.instance, session, office.world.clock())
    last = {one.validator: one.last or 0 for one in seen.sealing}
    gone = (net["exchange"].validator or "")[2:].lower()
    assert last.pop(gone) < min(last.values())


def test_with_two_down_it_records_and_waits(
    net: Net, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    net.kill("notary", "exchange")
    monkeypatch.setattr(carrying, "PATIENCE_SECONDS", 4)
    with office.world.open() as registry:
        office.consent(registry)
        with pytest.raises(OutcomeOpen) as told:
            settle(registry)
        for words in ("recorded", "seconds old", "after 4 seconds"):
            assert words in told.value.message
        assert "settle" in (told.value.hint or "")
    told_when_opened: list[str] = []
    with open_anew(office, told_when_opened) as registry:
        office.consent(registry)  # nobody's decision waits for blocks
    assert any("recorded" in one for one in told_when_opened)
    found = still(office)
    assert found["waiting"]
    assert found["period"] == 1
    said = run("chain", "--state", office.world.root)
    assert "no block for" in said.out
    assert "docs/network.md" in said.out
    monkeypatch.undo()
    net.running()
    with office.world.open() as registry:
        settle(registry)
        assert anchored(registry)
    assert run("chain", "--state", office.world.root, "--json").json["still"] is False


def still(office: Office) -> dict[str, Any]:
    """What `yinzheng chain` tells once the chain is said to stand still."""
    seen: list[dict[str, Any]] = []

    def is_told() -> bool:
        seen.append(run("chain", "--state", office.world.root, "--json").json)
        return bool(seen[-1]["still"])

    office.net.wait(is_told, "the chain is said to stand still")
    return seen[-1]


def open_anew(office: Office, told: list[str]) -> AbstractContextManager[Registry]:
    return open_registry(office.world.root, open_keys, clock=office.world.clock, leap=None, tell=told.append)


def test_a_node_that_lags_is_left_and_named(net: Net, office: Office) -> None:
    own, court = net["registry"], net["court"]
    with net.gate.shut():
        net.wait(
            lambda: (nodes.height(court) or 0) > (nodes.height(own) or 0) + 6,
            "the registry's node lags",
            90,
        )
        office.change(net.url("registry", "court"))
        told: list[str] = []
        with open_anew(office, told) as registry:
            office.consent(registry)
            settle(registry)
            assert anchored(registry)
        assert any(own.url in one and "blocks behind" in one for one in told)
        # Asked alone it cannot be used, and nothing is said to be missing.
        office.change(net.url("registry"))
        with pytest.raises(EnvironmentFault) as fault:
            office.codes()
        assert fault.value.code == "chain-behind-database"


def test_a_node_that_lies_is_caught_and_left(net: Net, office: Office) -> None:
    def change(method: str, result: Any) -> Any:
        if method == "eth_getBlockByNumber" and int(result["number"], 16) > 0:
            return {**result, "stateRoot": "0x" + "11" * 32}
        return result

    def proofs(method: str, result: Any) -> Any:
        return {**result, "accountProof": result["accountProof"][:-1]} if method == "eth_getProof" else result

    with office.world.open() as registry:
        number = w.to_deposited(registry, office.world.clock, office.dossier())[1]
    for lie in (change, proofs):
        with lying(net["court"].url, lie) as liar:
            office.change((liar, net["court"].url))
            assert office.world.verify(number).authentic.value == "genuine"
            office.change((liar,))
            with (
                open_reader(office.world.root, office.world.clock) as reader,
                pytest.raises(YinzhengError) as fault,
            ):
                reader.certificate_file(number)
            assert fault.value.code in ("node-inconsistent", "chain-unreachable")


def test_a_transaction_whose_nonce_another_takes_is_signed_anew(net: Net, office: Office) -> None:
    with office.world.open(settle=False) as registry:
        relay = open_keys(registry.paths).account(RELAY)
        own = Sender(connect(net["notary"].url), relay, time.sleep)
        own.send(Call(own.address, b"", 21_000), 30)  # by somebody with a copy of the key
        with registry.store.reading() as session:
            before = session.exec(select(func.count()).select_from(ChainCall)).one()
        office.consent(registry)
        settle(registry)
        assert anchored(registry)
        with registry.store.reading() as session:
            rows = list(session.exec(select(ChainCall).order_by(col(ChainCall.id)).offset(before)))
        assert {row.state for row in rows} == {"confirmed"}


@pytest.mark.whole_network
def test_a_fee_that_the_network_has_outgrown_is_raised(
    net: Net, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other sealers ask for more than the registry's node knows of; its own seals nothing meanwhile."""
    others = [net[name] for name in ("court", "notary", "exchange")]
    nodes.ask(net["registry"], "miner_stop")
    try:
        for node in others:
            nodes.ask(node, "miner_setGasPrice", [hex(3 * 10**9)])
        monkeypatch.setattr(carrying, "PATIENCE_SECONDS", 3)
        with office.world.open() as registry:
            office.consent(registry)
            with pytest.raises(OutcomeOpen):
                settle(registry)
            with registry.store.reading() as session:
                waits = waiting_calls(session, registry.clock())
            assert max(one.fee or 0 for one in waits) < 3 * 10**9
            net.wait(lambda: raised(registry), "the network takes what it is offered", 90)
            assert anchored(registry)
            with registry.store.reading() as session:
                done = session.get_one(ChainCall, session.exec(select(func.max(ChainCall.id))).one())
                assert session.exec(
                    select(EarlierTransaction).where(EarlierTransaction.call == done.id)
                ).all()
            assert (fees_of(done.raw_tx or b"").priority or 0) >= 3 * 10**9
    finally:
        for node in others:
            nodes.ask(node, "miner_setGasPrice", [hex(10**9)])
    assert office.codes() == set()


@pytest.mark.whole_network
def test_an_absurd_fee_that_a_node_tells_costs_no_nonce(
    net: Net, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(method: str, result: Any) -> Any:
        return {**result, "baseFeePerGas": hex(10**24)} if method == "eth_getBlockByNumber" else result

    own = net.url("registry")
    with lying(net["court"].url, change) as liar:
        office.change((liar, *own))
        with office.world.open() as registry:
            office.consent(registry)
            settle(registry)
            assert anchored(registry)
    office.change(own)
    with office.world.open() as registry:
        for absurd in (10**24, 10**15):  # beyond the balance; beyond what geth takes (`rpc.txfeecap`)
            office.consent(registry)
            with monkeypatch.context() as patched:
                patched.setattr(
                    Sender, "fees_for", lambda _, gas, most=absurd: Payable(Fees(most, 1), len(gas))
                )
                with pytest.raises(NodeRefused):
                    settle(registry)
            with registry.store.reading() as session:
                signed = [one for one in waiting_calls(session, registry.clock()) if one.nonce is not None]
            assert {one.offers for one in signed} == {absurd}
            settle(registry)
            assert anchored(registry)


def raised(registry: Registry) -> bool:
    """Carry on; tells whether nothing waits any more."""
    try:
        settle(registry)
    except OutcomeOpen:
        return False
    return True


@pytest.mark.parametrize("after", [0.0, 1.3])
def test_ours_is_killed_with_transactions_pending(
    net: Net, office: Office, after: float, tmp_path: Path
) -> None:
    kill(office.world.root, tmp_path / "work", after)
    with office.world.open() as registry:
        assert anchored(registry)


def kill(root: Path, work: Path, after: float) -> None:
    """Have another process decide something and kill it so many seconds after it began to send."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.network.killed", str(root), str(work)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"sending\n"
        time.sleep(after)
        os.kill(process.pid, signal.SIGKILL)


@pytest.mark.whole_network
def test_a_clock_that_is_not_the_networks(net: Net, office: Office) -> None:
    clock = office.world.clock
    assert isinstance(clock, WallClock)
    try:
        clock.skew = -240
        with office.world.open() as registry:
            office.consent(registry)
            settle(registry)
            assert anchored(registry)
        clock.skew = -400
        with pytest.raises(EnvironmentFault) as fault, office.world.open():
            pass
        assert fault.value.code == "clock-behind"
    finally:
        clock.skew = 0
