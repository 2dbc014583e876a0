"""`yinzheng org direct`: an account of one's own, a node, and what the registry finds."""

from __future__ import annotations

import json
import time
from pathlib import Path

from sqlmodel import select

from tests.cli.commands import refused, run
from tests.cli.processes import node
from tests.ledger import world as w
from tests.ledger.inlets.test_finding import fund
from tests.ledger.trades.market import EXCHANGE
from tests.ledger.world import PASSPHRASE, Clock, World, create
from yinzheng.api.org.member import create_member
from yinzheng.api.org.registry import pin
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Objection
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.log.statement import commit_private

SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of somebody"}


def test_somebody_objects_through_a_node_and_the_registry_has_to_hear(tmp_path: Path) -> None:
    clock = Clock(int(time.time()) - 60)
    world = World(create(tmp_path / "state", clock), clock)
    who, kept = tmp_path / "who", tmp_path / "kept.json"
    member, _ = create_member(
        who,
        SECRETS,
        code=EXCHANGE,
        name="某人",
        roles=["exchange"],
        account=True,
        now=clock.now,
        term=86_400,
    )
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier", profile="GD-HEALTH/1")
        settle(registry)
        with registry.store.reading() as session:
            subject = repository.find_case(session, case).subject
        pin(who, dumps(trust_policy(registry.instance)))
        fund(registry, member.account_key().address)
    asked = ("org", "direct", "object", subject.hex(), "--org", who, "--out", kept)
    said = ("--objector", "某人", "--reasons", "数据来源不合法")
    refused(*asked, *said, "--rpc", "http://127.0.0.1:9", code="chain-unreachable", exit_code=3, env=SECRETS)
    assert not kept.exists()
    with node(world.root, "--seal", YINZHENG_PASSPHRASE=PASSPHRASE.decode()) as url:
        elsewhere = ("org", "direct", "object", "11" * 32, "--org", who, "--out", kept, "--rpc", url)
        refused(*elsewhere, *said, code="case-state", exit_code=2, env=SECRETS)
        assert not kept.exists()
        told = run(*asked, *said, "--rpc", url, "--json", env=SECRETS)
        assert told.code == 0, told.err
        name = told.json["objection"]
    proof = json.loads(kept.read_text(encoding="utf-8"))
    commitment = commit_private(bytes.fromhex(proof["secret"]), dumps(proof["body"])).sha256
    assert (proof["objection"], len(commitment)) == (name, 32)
    clock.now = int(time.time())
    assert {one.code for one in world.audit()} == {"inlet-unrecorded", "objections-differ"}
    with world.open() as registry, registry.store.reading() as session:
        (row,) = session.exec(select(Objection))
        assert (row.case_id, row.leaf.hex()) == (case, name)
    assert world.audit() == []
