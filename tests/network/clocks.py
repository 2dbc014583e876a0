"""Validators whose clocks are wrong, on real nodes: what the network does, what the registry does and says.

Nodes refuse a block that is yet to come by their own clock. So a validator that is ahead seals for itself,
and one that is behind takes the others' blocks late.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from scripts.network_parts import nodes
from scripts.network_parts.binaries import NoProgram, find_geth_with_a_clock
from scripts.network_parts.nodes import Off
from tests.cli.commands import run
from tests.network.faults import anchored
from tests.network.net import Net, Office
from yinzheng.ledger.chain.sender import OutcomeOpen
from yinzheng.ledger.flow import carrying
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.verifier.errors import EnvironmentFault


@contextmanager
def off(net: Net, seconds: int, *names: str) -> Iterator[None]:
    """These validators' clocks are off by so many seconds; afterwards they are right, and all follow one."""
    try:
        binary = find_geth_with_a_clock()
    except NoProgram as fault:
        pytest.skip(str(fault))
    try:
        with net.unattended():
            net.kill(*names)
            nodes.start(net.network, names, off=Off(binary, seconds))
            for name in names:
                nodes.ask(net[name], "miner_start")
            yield
    finally:
        net.kill(*names)
        net.running()


def ahead(net: Net, name: str) -> float:
    """Seconds by which a node's newest block is dated ahead."""
    return int(nodes.ask(net[name], "eth_getBlockByNumber", ["latest", False])["timestamp"], 16) - time.time()


def goes_on(office: Office) -> None:
    """What is decided is final and anchored, once."""
    with office.world.open() as registry:
        office.consent(registry)
        settle(registry)
        assert anchored(registry)


def told(office: Office, url: str) -> tuple[Mapping[str, Any], Mapping[str, Any], str]:
    """What `yinzheng chain` says: all of it, of one node, and as text."""
    found = run("chain", "--state", office.world.root, "--json").json
    (node,) = (one for one in found["nodes"] if one["name"] == url)
    return found, node, run("chain", "--state", office.world.root).out


@pytest.mark.whole_network
def test_a_validator_whose_clock_is_ahead_seals_for_itself_and_is_left(net: Net, office: Office) -> None:
    wrong = net["exchange"].url
    with off(net, 90, "exchange"):
        net.wait(lambda: ahead(net, "exchange") > 60, "it seals for itself")
        office.change((wrong, *net.url("registry", "court")))
        for _ in range(3):
            goes_on(office)
        net.wait(lambda: ahead(net, "exchange") > 60, "it seals for itself again")

        def is_left() -> bool:  # it takes the others' blocks now and then: what is true is so at one look
            _, node, said = told(office, wrong)
            return all("seconds ahead of our clock" in one for one in (node["fault"] or "", said))

        net.wait(is_left, "it is left, and named", 90)
        found, _, _ = told(office, wrong)
        assert not found["still"]
        assert not found["ahead"]
        # Asked alone it is believed to follow the chain, and what it stands on is said.
        office.change((wrong,))
        net.wait(lambda: told(office, wrong)[0]["ahead"] > 60, "its own blocks are told", 90)
        net.wait(lambda: "has a wrong clock" in told(office, wrong)[2], "and that a clock is wrong", 90)
    goes_on(office)


@pytest.mark.whole_network
def test_a_validator_whose_clock_is_behind_lags_and_is_left(net: Net, office: Office) -> None:
    wrong = net["exchange"].url
    with off(net, -90, "exchange"):
        net.wait(lambda: ahead(net, "exchange") < -10, "it takes no more blocks")
        office.change((wrong, *net.url("registry", "court")))
        for _ in range(2):
            goes_on(office)
        found, node, _ = told(office, wrong)
        assert "blocks behind" in node["fault"]
        assert not found["still"]
        office.change((wrong,))
        with pytest.raises(EnvironmentFault) as fault:
            goes_on(office)
        assert fault.value.code == "chain-behind-database"
    goes_on(office)


@pytest.mark.whole_network
def test_with_two_ahead_nothing_is_final_and_nothing_lost(
    net: Net, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of four are no quorum on either side. Once their clocks are right they go back (`standstill`)."""
    monkeypatch.setattr(carrying, "PATIENCE_SECONDS", 4)
    with off(net, 600, "notary", "exchange"):
        net.wait(lambda: ahead(net, "exchange") > 500, "it seals for itself")
        net.wait(lambda: ahead(net, "registry") < -8, "the others stand still")
        with office.world.open() as registry:
            office.consent(registry)
            with pytest.raises(OutcomeOpen) as fault:
                settle(registry)
            assert "recorded" in fault.value.message
        net.wait(lambda: told(office, net["registry"].url)[0]["still"], "it is said")
        assert "whether their clocks are right" in told(office, net["registry"].url)[2]
    monkeypatch.undo()
    goes_on(office)
