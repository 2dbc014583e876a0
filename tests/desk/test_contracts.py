"""Contracts about data against a desk that runs, by the commands of both parties (R56, S21.10)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import refused, run
from tests.desk.calls import DeskProcess, Got, running_desk
from tests.ledger import world as w
from tests.ledger.trades.market import BUYER, EXCHANGE, RIVAL
from tests.ledger.world import KEEPER, OFFICER, Clock, World, actor_of, create
from tests.verifier.contracts import OFF, applies, contract
from yinzheng.api.org.member import Member, create_member
from yinzheng.api.org.registry import pin
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.trade_events import TradeDestruction, sign_destruction

SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of a party"}
SELLER = str(w.APPLICANT["code"])
STRANGER = "91110000600007156J"
NAMES = {
    SELLER: str(w.APPLICANT["name"]),
    BUYER["code"]: BUYER["name"],
    STRANGER: "旁人（虚构）",
    EXCHANGE: "某数据交易所（虚构）",
    RIVAL: "另一数据交易所（虚构）",
}


@dataclass
class Floor:
    """A running desk, the folders of everyone, and the certificate that is traded."""

    desk: DeskProcess
    folder: Path
    number: str
    leaf: bytes
    kept: int = 0

    def at(self, code: str) -> tuple[object, ...]:
        return ("--org", self.folder / code, "--desk", self.desk.url)

    def draft(self, kind: str = "share", **changes: Any) -> Path:
        """A contract's file that nothing is wrong with, unsigned."""
        self.kept += 1
        parties = {
            side: {"name": NAMES[code], "code": code, "region": "44"}
            for side, code in (("seller", SELLER), ("buyer", BUYER["code"]))
        }
        about = {"certificate": {"number": self.number, "leaf": self.leaf.hex()}}
        said = {"number": f"合同 {self.kept}", **parties, **about, "made_at": int(time.time()), **changes}
        file = self.folder / f"contract-{self.kept}.json"
        value = {"format": "yinzheng/trade-contract/1", "contract": contract(kind, **said), "signatures": []}
        file.write_bytes(dumps(value))
        return file

    def signed(self, kind: str = "share", **changes: Any) -> Path:
        file = self.draft(kind, **changes)
        for code in (SELLER, BUYER["code"]):
            done("holder", "contract", "sign", file, "--org", self.folder / code)
        return file

    def sent(self, kind: str = "share", by: str = SELLER, **changes: Any) -> str:
        told = done("holder", "contract", "send", self.signed(kind, **changes), *self.at(by))
        return str(told["contract"])

    def tell(self, subject: str, what: str, by: str, **said: Any) -> tuple[object, ...]:
        file = self.folder / f"{what}.json"
        file.write_bytes(dumps({**SAID[what], **said}))
        return ("holder", "contract", "event", subject, what, file, *self.at(by))

    def told(self, subject: str, what: str, by: str, **said: Any) -> str:
        return str(done(*self.tell(subject, what, by, **said))["state"])

    def raw(self, path: str, body: object, by: str) -> Got:
        """What a program of somebody else's make sends."""
        _, key = Member.open(self.folder / by, SECRETS).current(int(time.time()))
        return self.desk.call("POST", path, body, org=by, key=key)

    def receipt(self, subject: str, by: str, key: Sm2PrivateKey | None = None, **changes: Any) -> Got:
        """A receipt of destruction as it is, whatever our command would sign."""
        own, held = Member.open(self.folder / by, SECRETS).current(int(time.time()))
        said = {
            "contract": bytes.fromhex(subject), "by": by, "kid": own.kid, "method": "overwrite", "copies": 1,
            "operator": "运维", "destroyed_at": int(time.time()), **changes,
        }  # fmt: skip
        made = sign_destruction(TradeDestruction(**said), key or held).to_json()
        return self.raw(f"/v1/trade-contracts/{subject}/destroy", {"signed": made}, by)


STANDING = contract()["standing"]
SAID: dict[str, dict[str, Any]] = {
    "deliver": {"way": "package", "content": None, "words": "已交付"},
    "accept": {"words": "如约"},
    "object": {"words": "字段缺失"},
    "track": {"way": "audit", "personal_found": False, "report": None, "words": "未见异常"},
    "end": {"ground": "term", "words": "期满"},
    "burn": {},
}


def done(*args: object) -> Any:
    got = run(*args, "--json", env=SECRETS)
    assert got.code == 0, got.err
    return got.json


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    folder = tmp_path_factory.mktemp("floor")
    clock = Clock(int(time.time()) - 7200)
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry:
        _, number = w.to_deposited(registry, clock, folder / "d")
        policy = dumps(trust_policy(registry.instance))
        (folder / "trust.json").write_bytes(policy)
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        for code, name in NAMES.items():
            trades = code in (EXCHANGE, RIVAL)
            _, made = create_member(
                folder / code,
                SECRETS,
                code=code,
                name=name,
                roles=["exchange" if trades else "party"],
                account=trades,
                now=clock.now,
                term=86_400 * 300,
            )
            pin(folder / code, policy)
            enrolment.enrol(registry, made, officer, administrator=keeper if trades else None)
        settle(registry)
        with registry.store.reading() as session:
            row = session.get_one(Certificate, number)
            leaf = session.get_one(Event, row.event_id).leaf_hash
    with running_desk(world.root) as desk:
        yield Floor(desk, folder, number, leaf)


def test_a_contract_is_printed_and_proves_itself(floor: Floor) -> None:
    draft, pdf = floor.draft(), floor.folder / "draft.pdf"
    assert not done("holder", "contract", "print", draft, "--out", pdf)["proved"]
    trust = ("--trust", floor.folder / "trust.json", "--lang", "en")
    said = run("verify", pdf, *trust)
    assert (said.code, said.out.splitlines()[0]) == (3, "A draft: nobody has signed it")
    subject = floor.sent()
    refused(
        "holder", "contract", "print", subject, "--out", floor.folder / "x.pdf", *floor.at(STRANGER),
        code="contract-unknown", exit_code=2, env=SECRETS,
    )  # fmt: skip
    for side, code in (("seller", SELLER), ("buyer", BUYER["code"])):
        pdf = floor.folder / f"{side}.pdf"
        printing = ("holder", "contract", "print", subject, "--out", pdf, *floor.at(code))
        for _ in range(50):
            got = run(*printing, env=SECRETS)
            if got.code == 0:
                break
            assert "contract-unanchored" in got.err or "Ask again" in got.err, got.err
            time.sleep(0.2)
        said = run("verify", pdf, *trust)
        assert said.code == 0, said.out + said.err
        assert "a contract that both signed" in said.out
        assert "Applies" in said.out
        found = run("verify", pdf, *trust, "--json").json
        assert found["recorded"]["contract"] == subject
    refused(*printing, code="file-exists", exit_code=2, env=SECRETS)


def test_a_member_signs_with_its_own_key_alone(floor: Floor) -> None:
    """What is on the paper is the key that the ledger has."""
    file = floor.signed()
    kids = {one["code"]: one["kid"] for one in json.loads(file.read_bytes())["signatures"]}
    own, _ = Member.open(floor.folder / SELLER, SECRETS).current(int(time.time()))
    assert kids[SELLER] == own.kid.hex()


def test_a_share_from_its_recording_to_its_destruction(floor: Floor) -> None:
    buyer = BUYER["code"]
    subject = floor.sent()
    burn = ("holder", "contract", "destroyed", subject, "--method", "overwrite", "--operator", "运维")
    refused(*floor.tell(subject, "accept", buyer), code="move-not-allowed", exit_code=2, env=SECRETS)
    refused(*floor.tell(subject, "deliver", buyer), code="contract-side", exit_code=2, env=SECRETS)
    refused(*floor.tell(subject, "deliver", STRANGER), code="contract-unknown", exit_code=2, env=SECRETS)
    refused(*burn, *floor.at(buyer), code="move-not-allowed", exit_code=2, env=SECRETS)
    assert floor.told(subject, "deliver", SELLER) == "delivered"
    refused(*floor.tell(subject, "deliver", SELLER), code="move-not-allowed", exit_code=2, env=SECRETS)
    assert floor.told(subject, "object", buyer) == "objected"
    refused(*floor.tell(subject, "accept", buyer), code="move-not-allowed", exit_code=2, env=SECRETS)
    assert floor.told(subject, "deliver", SELLER) == "delivered"
    assert floor.told(subject, "accept", buyer) == "accepted"
    assert floor.told(subject, "track", SELLER) == "accepted"
    wrong = floor.tell(subject, "track", SELLER, at=1)
    refused(*wrong, code="field-unknown", exit_code=1, env=SECRETS)
    unheard = floor.tell(subject, "burn", SELLER)
    refused(*unheard, code="contract-unknown", exit_code=2, env=SECRETS)
    refused(*burn, *floor.at(SELLER), code="contract-kind", exit_code=2, env=SECRETS)
    assert floor.told(subject, "end", buyer) == "ended"
    refused(*floor.tell(subject, "end", SELLER), code="move-not-allowed", exit_code=2, env=SECRETS)
    refused(*burn, *floor.at(SELLER), code="contract-side", exit_code=2, env=SECRETS)
    early = floor.receipt(subject, buyer, destroyed_at=int(time.time()) - 3600)
    assert (early.status, early.code) == (422, "destruction-early")
    assert "before what it destroys was delivered" in early.json["detail"]
    forged = floor.receipt(subject, buyer, key=Sm2PrivateKey.generate())
    assert (forged.status, forged.code) == (422, "contract-signature")
    assert done(*burn, *floor.at(buyer))["state"] == "closed"
    refused(*burn, *floor.at(buyer), code="move-not-allowed", exit_code=2, env=SECRETS)


def test_a_transfer_handed_in_by_its_exchange(floor: Floor) -> None:
    subject = floor.sent("transfer", by=EXCHANGE)
    assert floor.told(subject, "deliver", SELLER) == "delivered"
    burn = ("holder", "contract", "destroyed", subject, "--method", "key_destruction", "--operator", "运维")
    refused(*burn, *floor.at(SELLER), code="move-not-allowed", exit_code=2, env=SECRETS)
    assert floor.told(subject, "accept", BUYER["code"]) == "accepted"
    refused(*floor.tell(subject, "end", SELLER), code="contract-kind", exit_code=2, env=SECRETS)
    refused(*burn, *floor.at(BUYER["code"]), code="contract-side", exit_code=2, env=SECRETS)
    assert done(*burn, *floor.at(SELLER))["state"] == "cleared"
    assert floor.told(subject, "track", EXCHANGE) == "cleared"
    refused(*floor.tell(subject, "end", EXCHANGE), code="contract-side", exit_code=2, env=SECRETS)
    refused(*floor.tell(subject, "track", RIVAL), code="contract-unknown", exit_code=2, env=SECRETS)


def test_what_the_desk_does_not_record(floor: Floor) -> None:
    send = ("holder", "contract", "send")
    for file, by, code in (
        (floor.draft(), SELLER, "contract-unsigned"),
        (floor.signed(), STRANGER, "contract-stranger"),
        (floor.signed(standing={**STANDING, "public_hospital": True}), SELLER, "contract-refused"),
        (floor.signed(clauses={"forum": OFF}), SELLER, "contract-refused"),
        (floor.signed(certificate={"number": floor.number, "leaf": "00" * 32}), SELLER, "contract-refused"),
    ):
        said = refused(*send, file, *floor.at(by), code=code, exit_code=2, env=SECRETS)
        if '"public_hospital":true' in file.read_text():
            assert "seller-may-not-sell [R56]" in said["message"]
    file = floor.signed()
    assert run(*send, file, *floor.at(BUYER["code"]), env=SECRETS).code == 0
    refused(*send, file, *floor.at(SELLER), code="contract-known", exit_code=2, env=SECRETS)


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ({**applies("forum"), "applies": False}, "clause-both"),
        ({"applies": True}, "clause-neither"),
        ({}, "field-missing"),
    ],
)
def test_a_clause_applies_or_does_not_whoever_sends_it(
    floor: Floor, clause: dict[str, Any], code: str
) -> None:
    """The command refuses it before it is sent; the desk refuses it of a program of somebody else's make."""
    file = floor.signed()
    value = json.loads(file.read_bytes())
    value["contract"]["clauses"]["forum"] = clause
    file.write_bytes(dumps(value))
    refused("holder", "contract", "send", file, *floor.at(SELLER), code=code, exit_code=1, env=SECRETS)
    got = floor.raw("/v1/trade-contracts", value, SELLER)
    assert (got.status, got.code) == (422, code)
    assert "$.contract.clauses.forum" in got.json["detail"]
