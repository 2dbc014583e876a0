"""Validators voted out and in on a real network: taken up, stated, and followed by a reader's policy."""

from __future__ import annotations

import json

import pytest

from scripts.network_parts import nodes
from tests.ledger import world as w
from tests.ledger.world import open_keys
from tests.network.net import Net, Office
from yinzheng.ledger.flow.network import look_at
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.state.changing import take_up
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.following import follow
from yinzheng.verifier.judge.trust import Operator, parse_trust


def operators(net: Net, *names: str) -> tuple[Operator, ...]:
    listed = {name: json.loads((net.network.folder / name / "validator.json").read_bytes()) for name in names}
    return tuple(
        Operator(one["name"], one["code"], frozenset(map(bytes.fromhex, one["validators"])))
        for one in listed.values()
    )


def vote(net: Net, candidate: str, come: bool, *voters: str) -> None:
    address = net[candidate].validator
    assert address is not None
    for name in voters:
        nodes.ask(net[name], "clique_propose", [address, come])
    net.wait(
        lambda: (address.lower() in nodes.ask(net["court"], "clique_getSigners")) is come,
        f"{candidate} is voted",
        60,
    )
    for name in voters:
        nodes.ask(net[name], "clique_discard", [address])
    beyond(net, nodes.height(net["court"]) or 0)  # the last blocks are sealed by those who are left


@pytest.mark.whole_network
def test_a_member_goes_and_comes_back(net: Net, office: Office) -> None:
    root, clock = office.world.root, office.world.clock
    with office.world.open() as registry:
        number = w.to_deposited(registry, clock, office.dossier())[1]
    kept = canonical.dumps(trust_policy(read_instance(root)[1]))  # a reader's, from before
    vote(net, "exchange", False, "registry", "court", "notary")
    with pytest.raises(UsageFault) as fault:
        take_up(root, operators(net, "registry", "court"), open_keys, clock)
    assert fault.value.code == "validators-differ"
    three = take_up(root, operators(net, "registry", "court", "notary"), open_keys, clock)
    assert (len(three.sets), len(three.validators)) == (2, 3)
    beyond(net, three.sets[-1].first)
    assert office.world.verify(number).authentic.value == "genuine"

    vote(net, "exchange", True, "registry", "court")
    net.wait(lambda: sealed_by_a_stranger(office), "the one who came back seals")
    four = take_up(root, operators(net, "registry", "court", "notary", "exchange"), open_keys, clock)
    assert [one.first for one in four.sets] == sorted(one.first for one in four.sets)
    assert [one.last for one in four.sets] == [four.sets[1].first - 1, four.sets[2].first - 1, None]
    with pytest.raises(UsageFault) as fault:
        take_up(root, four.operators, open_keys, clock)
    assert fault.value.code == "validators-same"

    followed = kept
    for change in four.changes:
        followed = canonical.dumps(follow(followed, canonical.dumps(dict(change))).policy)
    assert parse_trust(followed) == parse_trust(canonical.dumps(trust_policy(four)))
    beyond(net, four.sets[-1].first)
    with open_reader(root, clock) as reader:
        data = reader.certificate_file(number)
    assert data is not None
    target = read_target(data)
    assert verify(target, parse_trust(followed), now=clock()).authentic.value == "genuine"


def beyond(net: Net, first: int) -> None:
    """The last final block is one of the new set."""
    net.wait(lambda: (nodes.height(net["registry"]) or 0) > first + 5, "there are blocks of the new set")


def sealed_by_a_stranger(office: Office) -> bool:
    with office.world.open() as registry, registry.store.reading() as session:
        return bool(look_at(registry.w3, registry.instance, session, office.world.clock()).strangers)
