"""A block that one validator sealed alone, orphaned: nothing that stood in it is lost, or there twice."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
from sqlmodel import col, select

from scripts.network_parts import nodes
from tests.ledger import world as w
from tests.ledger.disputes import court
from tests.ledger.withdrawals import clinic
from tests.ledger.world import OFFICER, actor_of
from tests.network.net import Net, Office
from yinzheng.ledger.cases import issuing, publicity
from yinzheng.ledger.chain.records import CaseState
from yinzheng.ledger.disputes.plans import Concerned
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Case, ChainCall
from yinzheng.verifier.log.statement import certificate_subject


def newest(registry: Registry, kind: str) -> ChainCall:
    with registry.store.reading() as session:
        calls = select(ChainCall).where(ChainCall.kind == kind).order_by(col(ChainCall.id).desc())
        return session.exec(calls.limit(1)).one()


def orphan(office: Office, registry: Registry, kind: str) -> None:
    """Have a call of that kind carried out in a block that the registry's node seals alone, and loses."""
    net, own = office.net, office.net["registry"]
    nodes.ask(own, "miner_stop")
    head = nodes.height(own) or 0
    net.wait(lambda: (nodes.height(own) or 0) >= head + 3, "it may seal again")
    with office.settling(registry) as faults:
        with net.gate.shut():
            net.wait(lambda: faults or newest(registry, kind).tx_hash, f"{kind} is signed")
            assert faults == []
            sent = newest(registry, kind).tx_hash
            assert sent is not None
            net.wait(lambda: net.knows(own, sent), f"{kind} is sent")
            nodes.ask(own, "miner_start")
            net.wait(lambda: net.block_of(own, sent), f"{kind} is in a block")
            found = net.block_of(own, sent)
            assert found is not None
            number, hash_ = found
            net.wait(lambda: (nodes.height(net["court"]) or 0) >= number + 2, "the others go on", 90)
            assert net.hash_at(net["court"], number) != hash_
            time.sleep(1.2)  # long enough for somebody who believes one seal
            assert newest(registry, kind).state == "sent"
        net.wait(lambda: net.hash_at(own, number) not in (None, hash_), "its block is orphaned", 90)
    assert faults == []
    done = newest(registry, kind)
    assert done.state == "confirmed"
    kept = net.block_of(net["court"], done.tx_hash or b"")
    assert kept is not None
    assert kept[0] == done.block_number
    assert kept[1] != hash_


def test_publicity_and_deposit(office: Office) -> None:
    with office.world.open() as registry:
        case = w.to_reviewed(registry, office.dossier())
        settle(registry)
        publicity.publish(registry, case, actor_of(registry, OFFICER))
        orphan(office, registry, "publicity")
        with registry.store.reading() as session:
            row = session.get_one(Case, case)
        on_chain = registry.client.case(row.subject)
        assert on_chain is not None
        assert (on_chain.state, on_chain.publicity_end) == (CaseState.PUBLICITY, row.publicity_end)

        w.past_publicity(registry, office.world.clock, case)
        issued = issuing.issue(registry, case, actor_of(registry, OFFICER))
        orphan(office, registry, "deposit")
        assert w.state_of(registry, case) == "deposited"
        assert registry.client.record(certificate_subject(issued.number)) is not None
    assert office.world.verify(issued.number).authentic.value == "genuine"


Begin = Callable[[Office, Registry], str]


def withdrawn(office: Office, registry: Registry) -> str:
    bench = clinic.Clinic(office.world, registry, office.notice, office.digest)
    subject = office.consent(registry)
    settle(registry)
    bench.file(subject)
    return "withdrawal"


def disputed(office: Office, registry: Registry) -> str:
    subject = office.consent(registry)
    settle(registry)
    made = court.Template(office.world, "", "", "", subject, office.notice, office.digest)
    quarrel = court.Court(office.world, registry, made)
    quarrel.open(settle=False, concerned=Concerned((), (), (subject,)))
    return "dispute"


@pytest.mark.whole_network
@pytest.mark.parametrize("begin", [withdrawn, disputed])
def test_withdrawal_and_opening(office: Office, begin: Begin) -> None:
    with office.world.open() as registry:
        orphan(office, registry, begin(office, registry))


def test_the_network_is_read(net: Net, office: Office) -> None:
    with office.world.open() as registry:
        instance = registry.instance
    named = [bytes.fromhex(one.validator[2:]) for one in net.network.nodes if one.validator]
    assert instance.consensus.name == "clique"
    assert sorted(instance.validators) == sorted(named)
    for node in net.network.nodes:  # every address of this machine but the one is another's
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", node.peer), timeout=5)
