"""Two pairs of Clique's four that wait for each other on two chains: made on purpose, named, and healed."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from scripts.network_parts import nodes, standstill
from tests.cli.commands import run
from tests.network.net import Net, Office
from yinzheng.ledger.flow.pipeline import settle


def pairs(net: Net) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """How the four would have to be parted now, no one sealing: the first pair's one block weighs two, the
    other's two blocks one each. None: those who sealed last leave no such pairs.
    """
    node = net["plain"]
    named = {str(one.validator).lower(): one.name for one in net.network.nodes if one.validator}
    turns, head = sorted(named), nodes.height(node) or 0
    last, before = (nodes.ask(node, "clique_getSigner", [hex(at)]) for at in (head, head - 1))
    first = turns[(head + 1) % 4]
    if first in (last, before) or turns[(head + 2) % 4] == before:
        return None
    (other,) = set(turns) - {last, before, first}
    return (named[last], named[first]), (named[before], named[other])


def seal(net: Net, *names: str) -> None:
    for name in names:
        nodes.ask(net[name], "miner_start")


def wait_for(net: Net, names: Sequence[str], head: int) -> None:
    net.wait(lambda: min(nodes.height(net[name]) or 0 for name in names) >= head, f"{names} have {head}")


def part(net: Net) -> None:
    """Have each pair seal while the other is down, until it cannot go on; then all run again."""
    four = [one.name for one in net.network.nodes if one.validator]
    while True:
        for name in four:
            nodes.ask(net[name], "miner_stop")
        net.wait(lambda: len({nodes.height(one) for one in net.network.nodes}) == 1, "all have one block")
        if (found := pairs(net)) is not None:
            break
        seal(net, *four)
        wait_for(net, four, (nodes.height(net["plain"]) or 0) + 1)
    head = nodes.height(net["plain"]) or 0
    for pair, others, blocks in ((found[0], found[1], 1), (found[1], found[0], 2)):
        net.kill(*others)
        nodes.start(net.network, pair)
        seal(net, *pair)
        wait_for(net, pair, head + blocks)
    nodes.start(net.network)
    seal(net, *found[0])


@pytest.mark.whole_network
def test_two_pairs_that_wait_for_each_other_are_named_and_healed(net: Net, office: Office) -> None:
    office.change(net.url("registry", "court", "notary", "exchange"))
    before = len(net.healed)
    with net.unattended():
        for _ in range(5):  # one that lost its last block when it was killed changes over
            part(net)
            if stands(net):
                break
        found = run("chain", "--state", office.world.root, "--json").json
        assert found["still"]
        assert len(found["apart"]) == 4
        assert "different blocks" in run("chain", "--state", office.world.root).out
    # Nobody is called by the registry's node, and others call it every half a minute.
    net.wait(lambda: len(net.healed) > before, "somebody has them follow one chain", 150)
    with office.world.open() as registry:
        office.consent(registry)
        settle(registry)


def stands(net: Net) -> bool:
    """Whether there are two chains and no block for so long that the registry says so."""
    heads = [standstill.head_of(one) for one in net.network.nodes]
    time.sleep(7)
    return len(standstill.sides_of(net.network)) == 2 and heads == [
        standstill.head_of(one) for one in net.network.nodes
    ]
