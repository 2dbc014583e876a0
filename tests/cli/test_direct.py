"""`yinzheng org direct`: an account of one's own, a node, and what the registry finds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import cast
from unittest.mock import Mock

import pytest
from sqlmodel import select

from tests.cli.commands import refused, run
from tests.cli.processes import node
from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.disputes.court import COURT
from tests.ledger.inlets.test_finding import fund
from tests.ledger.trades.market import EXCHANGE
from tests.ledger.withdrawals.clinic import NOTICE, Clinic
from tests.ledger.world import KEEPER, OFFICER, PASSPHRASE, Clock, World, actor_of, create
from yinzheng.api.org.direct import Inlets, Own
from yinzheng.api.org.member import create_member
from yinzheng.api.org.registry import pin
from yinzheng.ledger.chain.fees import Fees, Payable
from yinzheng.ledger.chain.outcomes import Mined
from yinzheng.ledger.chain.sender import Call, OutcomeOpen, Sender, SignedTransaction
from yinzheng.ledger.disputes.showing import Line, listed
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations.enrolment import enrol
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Objection
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import EnvironmentFault
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
    asked = ("org", "direct", "object", subject.hex(), "--org", who, "--out", kept)
    said = ("--objector", "某人", "--reasons", "数据来源不合法")
    with node(world.root) as url:
        poor = refused(*asked, *said, "--rpc", url, code="chain-unfunded", exit_code=3, env=SECRETS)
    assert member.account_key().address.hex() in poor["message"]
    assert not kept.exists()
    with world.open() as registry:
        fund(registry, member.account_key().address)
    with node(world.root) as url:  # which seals nothing
        told = run(*asked, *said, "--rpc", url, "--json", env=SECRETS)
        assert (told.error["code"], told.code) == ("direct-refused", 3)
    assert json.loads(kept.read_text(encoding="utf-8"))["body"]["objector"] == "某人"
    kept.unlink()
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


def test_what_a_node_is_silent_about_may_still_come(tmp_path: Path) -> None:
    kept, call = tmp_path / "kept.json", Call(b"\1" * 20, b"", 21_000)

    class Silent:
        address = b"\2" * 20

        def next_nonce(self) -> int:
            return 0

        def fees_for(self, gas: list[int]) -> Payable:
            return Payable(Fees(0, 0), len(gas))

        def prepare(self, *_: object) -> SignedTransaction:
            return SignedTransaction(b"raw", b"\3" * 32, 0)

        def broadcast(self, _: SignedTransaction) -> None:
            assert kept.exists()

        def wait(self, *_: object) -> Mined:
            raise OutcomeOpen("not yet", code="chain-timeout")

    own = Own.__new__(Own)
    own._sender, own.calls = cast("Sender", Silent()), cast("Inlets", Mock())
    with pytest.raises(EnvironmentFault) as caught:
        own.tell(call, kept.touch)
    assert (caught.value.code, caught.value.data) == ("direct-open", {"transaction": "03" * 32})


def test_a_court_opens_and_ends_a_dispute_with_a_registry_that_only_finds_out(tmp_path: Path) -> None:
    clock = Clock(int(time.time()) - 60)
    world = World(create(tmp_path / "state", clock), clock)
    who = tmp_path / "court"
    member, enrolment = create_member(
        who,
        SECRETS,
        code=COURT,
        name="某市中级人民法院",
        roles=["forum"],
        account=True,
        now=clock.now,
        term=86_400,
    )
    with world.open() as registry:
        people = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrol(registry, enrolment, people[0], administrator=people[1])
        settle(registry)
        _, number = w.to_deposited(registry, clock, tmp_path / "dossier")
        pin(who, dumps(trust_policy(registry.instance)))
        fund(registry, member.account_key().address)
    plan, opened, ended = (tmp_path / name for name in ("plan.json", "opened.json", "ended.json"))
    parties = [
        {"name": name, "code": None, "account": digit * 40, "key": None}
        for name, digit in (("甲", "1"), ("乙", "2"))
    ]
    said = {
        "kind": "forum",
        "forum": {"name": "某市中级人民法院", "code": COURT},
        "number": "(2026)粤01民初1号",
        "parties": parties,
        "certificates": [number],
        "cases": [],
        "consents": [],
    }
    plan.write_text(json.dumps(said), encoding="utf-8")
    judgment = tmp_path / "judgment.pdf"
    judgment.write_bytes(b"%PDF-1.7")
    clock.now = int(time.time())
    with node(world.root, "--seal", YINZHENG_PASSPHRASE=PASSPHRASE.decode()) as url:
        asked = ("--org", who, "--rpc", url, "--json")
        told = run("org", "direct", "open-dispute", plan, "--out", opened, *asked, env=SECRETS)
        assert told.code == 0, told.err
        refused(
            *("org", "direct", "open-dispute", plan, "--out", opened, *asked[:-1]),
            code="file-exists",
            exit_code=2,
            env=SECRETS,
        )  # what would prove it could not be kept: nothing is sent
    state = ("--state", world.root)
    env = {"YINZHENG_PASSPHRASE": PASSPHRASE.decode()}
    clock.now = int(time.time())
    with world.open() as registry:
        (line,) = listed_in(registry)
        assert (line.state, line.opener, line.subjects) == ("open", COURT, 1)
    taken = run("order", opened, *state, "--json", env=env)
    assert taken.code == 0, taken.err
    assert (taken.json["about"], taken.json["type"]) == (line.id, "dispute.opened")
    other = lost_account(world, who, tmp_path / "rotation.json", env)
    with world.open() as registry:
        fund(registry, other)
    with node(world.root, "--seal", YINZHENG_PASSPHRASE=PASSPHRASE.decode()) as url:
        sent = ("--org", who, "--rpc", url, "--json", "--out", ended)
        paper = ("--document", judgment, "--reference", "(2026)粤01民初1号判决")
        told = run("org", "direct", "release-dispute", opened, *paper, *sent, env=SECRETS)
        assert told.code == 0, told.err
    taken = run("order", ended, *state, "--json", env=env)
    assert taken.code == 0, taken.err
    clock.now = int(time.time())
    with world.open() as registry:
        (line,) = listed_in(registry)
        assert line.state == "released"
    assert world.audit() == []


def lost_account(world: World, who: Path, file: Path, env: dict[str, str]) -> bytes:
    """The court gets another account, by an officer and an administrator; gives it."""
    said = ("org", "key", "rotate", "--org", who)
    refused(*said, "--account", code="officer-needed", exit_code=2, env=SECRETS)
    made = run(*said, "--account", "--out", file, "--begins", str(int(time.time())), "--json", env=SECRETS)
    assert made.code == 0, made.err
    bind = ("rotate-key", file, "--state", world.root, "--as", OFFICER)
    refused(*bind, code="administrator-needed", exit_code=2, env=env)
    bound = run(*bind, "--administrator", KEEPER, "--json", env=env)
    assert bound.code == 0, bound.err
    return bytes.fromhex(made.json["account"])


def listed_in(registry: Registry) -> list[Line]:
    with registry.store.reading() as session:
        return listed(session)


def test_a_recipient_tells_the_chain_of_its_receipt_and_the_registry_has_to_hear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(int(time.time()) - 60)
    world = World(create(tmp_path / "state", clock), clock)
    who, kept = tmp_path / "lab", tmp_path / "receipt.json"
    member, _ = create_member(
        who,
        SECRETS,
        code=cw.LAB,
        name="某研究院",
        roles=["recipient"],
        account=True,
        now=clock.now,
        term=86_400,
    )
    with world.open() as registry:
        monkeypatch.setitem(cw.KEYS, cw.LAB, member.current(clock.now)[1])
        consents = cw.ConsentWorld(registry, **NOTICE)
        made = Clinic(world, registry, consents.notice, consents.digest)
        id_ = made.file(made.grant())
        made.freeze(id_)
        settle(registry)
        pin(who, dumps(trust_policy(registry.instance)))
        fund(registry, member.account_key().address)
    clock.now = int(time.time())
    of = ("--method", "key_destruction", "--operator", "数据管理员", "--org", who, "--out", kept)
    with node(world.root, "--seal", YINZHENG_PASSPHRASE=PASSPHRASE.decode()) as url:
        unknown = ("org", "direct", "destroyed", "11" * 32, *of, "--rpc", url)
        refused(*unknown, code="withdrawal-unknown", exit_code=2, env=SECRETS)
        assert not kept.exists()
        told = run("org", "direct", "destroyed", id_.hex(), *of, "--rpc", url, "--json", env=SECRETS)
        assert told.code == 0, told.err
    clock.now = int(time.time())
    assert {one.code for one in world.audit()} == {"inlet-unrecorded"}
    handed = run(
        "order", kept, "--state", world.root, "--json", env={"YINZHENG_PASSPHRASE": PASSPHRASE.decode()}
    )
    assert handed.code == 0, handed.err
    assert handed.json["type"] == "withdrawal.receipt"
    with world.open() as registry:
        withdrawal = registry.client.withdrawal(id_)
        assert withdrawal is not None
        assert withdrawal.receipts == 1
    assert world.audit() == []


def test_an_exchange_reserves_and_releases_with_a_registry_that_only_finds_out(tmp_path: Path) -> None:
    clock = Clock(int(time.time()) - 60)
    world = World(create(tmp_path / "state", clock), clock)
    who, cert = tmp_path / "exchange", tmp_path / "certificate.json"
    member, enrolment = create_member(
        who,
        SECRETS,
        code=EXCHANGE,
        name="某数据交易所",
        roles=["exchange"],
        account=True,
        now=clock.now,
        term=86_400,
    )
    with world.open() as registry:
        enrol(registry, enrolment, actor_of(registry, OFFICER), administrator=actor_of(registry, KEEPER))
        settle(registry)
        _, number = w.to_deposited(registry, clock, tmp_path / "dossier")
        pin(who, dumps(trust_policy(registry.instance)))
        fund(registry, member.account_key().address)
    with open_reader(world.root, clock) as reader:
        cert.write_bytes(reader.certificate_file(number) or b"")
    env = {"YINZHENG_PASSPHRASE": PASSPHRASE.decode()}
    reserved, released = tmp_path / "reserved.json", tmp_path / "released.json"
    clock.now = int(time.time())
    asked = ("--org", who, "--json")
    with node(world.root, "--seal", **env) as url:
        told = run("org", "direct", "reserve", cert, "--out", reserved, "--rpc", url, *asked, env=SECRETS)
        assert told.code == 0, told.err
    leaf = told.json["reservation"]
    assert {one.code for one in world.audit()} == {"inlet-unrecorded", "reservation-unknown"}
    taken = run("order", reserved, "--state", world.root, "--json", env=env)
    assert taken.code == 0, taken.err
    assert (taken.json["about"], taken.json["type"]) == (number, "reservation.made")
    assert world.audit() == []
    with node(world.root, "--seal", **env) as url:
        end = ("org", "direct", "release", cert, "--reservation", leaf, "--out", released, "--rpc", url)
        told = run(*end, *asked, env=SECRETS)
        assert told.code == 0, told.err
    taken = run("order", released, "--state", world.root, "--json", env=env)
    assert taken.code == 0, taken.err
    assert (taken.json["about"], taken.json["type"]) == (number, "reservation.released")
    assert world.audit() == []
