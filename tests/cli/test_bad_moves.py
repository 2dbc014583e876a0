"""Bad input about rights, trades and contracts, as a user sends it to a desk that runs (issue 9's list).

One desk for all. Each is refused by the desk, and by the command line where a command sends it: with a status
or exit code, and words that say what is wrong, by which rule, and what to do; nothing is recorded, and what
was refused bars nothing afterwards.
"""

from __future__ import annotations

import base64
import copy
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.commands import Said, refused, run
from tests.cli.rights_world import said_well
from tests.desk.calls import KEYS_OF_STATE, DeskProcess, Got, running_desk, signed
from tests.ledger.disputes.court import COURT, FORUM, Court, address
from tests.ledger.moves.parties import CONTRACT, FIRM, HOSPITAL, INSTITUTE, Parties, settled
from tests.ledger.organisations.enrolling import Member
from tests.ledger.trades.market import (
    BUYER,
    RIVAL,
    contract_between,
    market,
    signed_by,
    trade_of,
)
from tests.ledger.trades.test_reserving import order
from tests.ledger.world import (
    APPLICANT,
    KEEPER,
    OFFICER,
    Clock,
    World,
    actor_of,
    create,
    rows,
    to_deposited,
)
from tests.tables.making import exchange_order
from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.org.member import create_member
from yinzheng.api.org.registry import pin
from yinzheng.ledger.cases.prepared import read_prepared, require_shown
from yinzheng.ledger.certificates import remarks
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.disputes.plans import Concerned
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.formats.request import HEADER
from yinzheng.verifier.formats.reservation import Reserved, parse_reserved

pytestmark = pytest.mark.slow
DAY = 86_400
SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}
LOST = "91440101DEM00079EH"
"""A holder whose key was reported lost."""
SENT = "contract.txt"


@dataclass
class Bench(Court):
    """A court that holds one certificate."""

    number: str = ""

    def concerned(self) -> Concerned:
        return Concerned((self.number,), (), ())


@dataclass
class Scene:
    """The desk that runs, everyone's keys, and a certificate for each thing that may bar a move."""

    desk: DeskProcess
    folder: Path
    parties: dict[str, Parties]
    """By how the certificate stands: `free`, `seized`, `held`, `reserved`, `narrow`, `joint`."""
    exchange: Member
    case: str
    """A licence of the free certificate, prepared: both holders are to sign."""
    request: JointRequest
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def free(self) -> Parties:
        return self.parties["free"]

    def send(self, who: Member, method: str, path: str, body: Any, key: Sm2PrivateKey | None = None) -> Got:
        return self.desk.call(method, path, body, org=who.code, key=key or who.key)

    def submit(self, joint: Any) -> Got:
        """A joint request over HTTP, as its first party hands it in."""
        said: Any = joint.to_json() if isinstance(joint, JointRequest) else joint
        who = said["request"]["parties"][0]["code"]
        content = base64.b64encode(CONTRACT).decode()
        body = {"request": said, "documents": [{"path": SENT, "content": content}]}
        return self.send(self.free.members[who], "POST", "/org/v1/requests", body)

    def applied(self, joint: Any, folder: Path) -> tuple[object, ...]:
        """The same by an officer's command: `yinzheng apply`."""
        folder.mkdir()
        said = joint.to_json() if isinstance(joint, JointRequest) else joint
        (folder / "request.json").write_bytes(dumps(said))
        (folder / SENT).write_bytes(CONTRACT)
        return ("apply", folder, "--state", self.desk.state)

    def kept(self) -> Any:
        """What is recorded: everything but nonces, access lines and what counts requests."""
        from contextlib import closing

        from yinzheng.ledger.state.address import sqlite_url
        from yinzheng.ledger.state.instance import Paths
        from yinzheng.ledger.store.database import open_store_read_only

        with closing(open_store_read_only(sqlite_url(Paths(self.desk.state).database))) as store:
            found: Any = rows(SimpleNamespace(store=store))  # type: ignore[arg-type]
        return {name: len(value) for name, value in found.items() if name not in _COUNTING}

    def refuses(self, got: Got, code: str) -> None:
        assert got.code == code, got.body
        problem = got.json
        said_well(problem["detail"], problem["hint"])
        told(code)


_COUNTING = ("nonce", "access_line", "access_batch", "access", "guess", "quota", "alembic_version")


def told(code: str) -> None:
    """The interface that speaks Chinese has it in Chinese."""
    assert code in FAULTS, f"{code} has no words in Chinese"
    for label in (FAULTS[code].message, FAULTS[code].hint):
        assert re.search(r"[\u4e00-\u9fff]", label.zh), code
        assert label.en, code


def _until_now(registry: Registry, clock: Clock) -> None:
    """Let time pass up to a moment ago, with a sign of life now and then."""
    while clock.now < (now := int(time.time()) - 60):
        clock.now = min(clock.now + 6 * DAY, now)
        beat(registry)
        settle(registry)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("bad-moves")
    clock = Clock(int(time.time()) - 200 * DAY)
    world = World(create(folder / "state", clock), clock)
    name = str(APPLICANT["name"])
    with world.open() as registry:
        free = settled(world, registry, folder / "d0")
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        exchange = market()
        lost = Member(LOST, ("holder",), "丢失密钥的机构（虚构）", wallet=EthereumKey.generate())
        free.members[LOST] = lost
        enrolment.enrol(registry, exchange.enrolment(registry.clock()), officer, administrator=keeper)
        enrolment.enrol(registry, lost.holding(registry), officer)
        settle(registry)
        partly = [{"name": name, "code": HOSPITAL, "rights": ["hold", "use"]}]
        jointly = [*partly, {"name": free.members[FIRM].name, "code": FIRM, "rights": ["hold", "operate"]}]
        made: dict[str, dict[str, Any]] = {
            "seized": {},
            "reserved": {},
            "narrow": {"profile": "NDA-2026/1", "rights": ["hold", "use"], "holders": partly},
            "joint": {"holders": jointly},
            "held": {},
            "limited": {"limits": "仅限医学研究使用，不得转让，不得对外提供"},
        }
        parties = {"free": free}
        for which, changes in made.items():
            parties[which] = free.take(to_deposited(registry, clock, folder / which, **changes)[1])
        _until_now(registry, clock)
        seized, kept = parties["seized"], parties["reserved"]
        grounds = Grounds("查封", digest_pair(b"order"), "(2026)粤01执1号")
        remarks.enter(registry, seized.number, RemarkKind.SEIZURE, grounds, officer)
        now = registry.clock()
        body = Reserved(kept.number, now + 3 * DAY - 60, Party(exchange.name, exchange.code), now)
        order(registry, exchange, body)
        court = Member(COURT, ("forum",), "某市中级人民法院", address(FORUM))
        enrolment.enrol(registry, court.enrolment(registry.clock()), officer, administrator=keeper)
        settle(registry)
        disputed = Bench(world, registry, None, number=parties["held"].number)  # type: ignore[arg-type]
        disputed.open("forum")
        request = free.licence()
        case = free.reviewed(request)
        free.prepare(case)
        told_lost = lost.revocation("lost", registry.clock())
        enrolment.revoke(registry, told_lost, officer)
        settle(registry)
        policy = dumps(trust_policy(registry.instance))
        (folder / "trust.json").write_bytes(policy)
        for who, role, code in (("rival", "exchange", RIVAL), ("stranger", "party", BUYER["code"])):
            _, enrolled = create_member(
                folder / who,
                SECRETS,
                code=code,
                name=f"{who}（虚构）",
                roles=[role],
                account=role == "exchange",
                now=clock.now - 60,
                term=DAY * 300,
            )
            pin(folder / who, policy)
            by = keeper if role == "exchange" else None
            enrolment.enrol(registry, enrolled, officer, administrator=by)
        settle(registry)
        domains = {"moves": registry.client.moves_domain, "standing": registry.client.standing_domain}
        shown = read_prepared(free.prepared(case).to_json())
        made_scene = Scene(None, folder, parties, exchange, case, request)  # type: ignore[arg-type]
        made_scene.shown = {"prepared": shown, **domains}
        reserving = {"until": registry.clock() + 3600}
        made_scene.shown["73 hours"] = exchange_order(
            registry, free.number, exchange, reserving, parse_reserved
        )
        made_scene.shown["an hour"] = copy.deepcopy(made_scene.shown["73 hours"])
        made_scene.shown["73 hours"]["body"]["until"] = registry.clock() + 73 * 3600
    with running_desk(world.root) as desk:
        made_scene.desk = desk
        yield made_scene
    assert "Traceback" not in desk.log.read_text()


# ---------------------------------------------------------------- joint requests

Made = Callable[[Scene], Any]


def altered(joint: JointRequest, edit: Callable[[Any], None]) -> Any:
    """What a program of any make would send: the file, with something in it otherwise."""
    value: Any = joint.to_json()
    edit(value)
    return value


def _to_itself(value: Any) -> None:
    first, second = value["request"]["parties"]
    second.update(code=first["code"], name=first["name"])


def _other_nonce(value: Any) -> None:
    value["request"]["nonce"] = "00" * 16


def over_other_bytes(at: Scene) -> Any:
    return altered(at.free.licence(), _other_nonce)


def by_wrong_key(at: Scene) -> Any:
    asked = at.free.licence()
    bare = replace(asked, signatures=())
    return bare.signed_by(HOSPITAL, Sm2PrivateKey.generate()).signed_by(FIRM, at.free.members[FIRM].key)


def to_another_registry(at: Scene) -> JointRequest:
    parties = at.free
    asked = parties.licence().request
    return parties.signed(
        parties.request(
            "licence",
            asked.terms.to_json(),
            ((HOSPITAL, "licensor"), (FIRM, "licensee")),
            registry="12440000MB2DEM1WXP",
        )
    )


def of_another_registry(at: Scene) -> JointRequest:
    return replace_number(at, "SJ9912026110001")


def replace_number(at: Scene, number: str) -> JointRequest:
    other = Parties(at.free.world, at.free.registry, number, at.free.leaf, at.free.members)
    return other.licence()


def changed(at: Scene, which: str, changes: dict[str, Any]) -> JointRequest:
    return at.parties[which].of_holders("change", {"changes": changes, "ground": "entry", "summary": "变更"})


def cancelled(at: Scene, which: str) -> JointRequest:
    terms = {"ground": "asked", "summary": "申请注销"}
    return at.parties[which].of_holders("cancellation", terms, HOSPITAL)


def alone(at: Scene) -> JointRequest:
    return cancelled(at, "joint")


def again(at: Scene) -> JointRequest:
    return at.request


REQUESTS: list[tuple[str, Made, str]] = [
    ("a licence to oneself", lambda at: altered(at.free.licence(), _to_itself), "same-organisation"),
    (
        "a licence of a right not held",
        lambda at: at.parties["narrow"].licence(rights=["operate"]),
        "rights-not-held",
    ),
    ("a licence by who holds nothing", lambda at: at.free.licence(FIRM, INSTITUTE), "rights-not-held"),
    (
        "a licence beyond the limits",
        lambda at: at.parties["limited"].licence(acts=["provide"]),
        "limits-forbid",
    ),
    (
        "a licence that outlasts the certificate",
        lambda at: at.free.licence(ends=at.free.clock.now + 4 * 365 * DAY),
        "licence-term",
    ),
    ("a licence that is over", lambda at: at.free.licence(ends=at.free.clock.now - DAY), "licence-term"),
    (
        "a transfer of what one does not hold",
        lambda at: at.free.transfer("use", frm=FIRM, to=INSTITUTE),
        "rights-not-held",
    ),
    ("a transfer that the limits forbid", lambda at: at.parties["limited"].transfer("use"), "limits-forbid"),
    ("a transfer under seizure", lambda at: at.parties["seized"].transfer("use"), "move-barred"),
    ("a transfer under a hold", lambda at: at.parties["held"].transfer("use"), "move-barred"),
    ("a cancellation under a reservation", lambda at: cancelled(at, "reserved"), "move-barred"),
    ("a request signed by the wrong key", by_wrong_key, "request-key"),
    (
        "a request signed by a key that was reported lost",
        lambda at: at.free.licence(licensee=LOST),
        "request-key",
    ),
    ("a signature over other bytes", over_other_bytes, "joint-signature"),
    ("a request that was handed in before", again, "request-taken"),
    ("a joint holder alone", alone, "request-holders"),
    (
        "a renewal before its window",
        lambda at: at.free.of_holders("renewal", {"years": 1, "summary": "续期"}),
        "renewal-outside",
    ),
    (
        "another holder under NDA-2026",
        lambda at: changed(at, "narrow", {"names": [{"code": FIRM, "name": "岭南数据有限公司（虚构）"}]}),
        "change-holder",
    ),
    (
        "another source under NDA-2026",
        lambda at: changed(at, "narrow", {"source": "derived"}),
        "change-refused",
    ),
    ("a request to another registry", to_another_registry, "request-registry"),
    ("a certificate of another registry", of_another_registry, "certificate-unknown"),
]


def _officer(*args: object) -> Said:
    """A command beside the desk, given again while the desk is writing."""
    for _ in range(5):
        said = run(*args, env=KEYS_OF_STATE)
        if "another command is writing" not in said.err:
            break
    return said


@pytest.mark.parametrize(("make", "code"), [one[1:] for one in REQUESTS], ids=[one[0] for one in REQUESTS])
def test_requests_that_nobody_grants(scene: Scene, tmp_path: Path, make: Made, code: str) -> None:
    joint = make(scene)
    before = scene.kept()
    scene.refuses(scene.submit(joint), code)
    spoken = _officer(*scene.applied(joint, tmp_path / "asked"))
    assert spoken.err.startswith("yinzheng: "), spoken
    said = _officer("apply", tmp_path / "asked", "--state", scene.desk.state, "--json")
    assert (said.error["code"], said.code in (1, 2)) == (code, True), said
    assert scene.kept() == before


# ---------------------------------------------------------------- signatures under what is prepared


def approval(at: Scene, who: str, wallet: EthereumKey | None = None, domain: str = "moves") -> bytes:
    """An account's signature under the licence that is prepared, or as if for another contract."""
    own = wallet or at.free.members[who].wallet
    assert own is not None
    message = require_shown(at.shown["prepared"], at.shown["moves"], at.request.request)
    return sign(message, at.shown[domain], own)


APPROVALS: list[tuple[str, str, Callable[[Scene], bytes], str]] = [
    (
        "another account's",
        HOSPITAL,
        lambda at: approval(at, HOSPITAL, EthereumKey.generate()),
        "signer-not-holder",
    ),
    ("the other party's", HOSPITAL, lambda at: approval(at, FIRM), "signer-not-holder"),
    ("over other bytes", HOSPITAL, lambda at: approval(at, HOSPITAL, domain="standing"), "signer-not-holder"),
    ("nothing", HOSPITAL, lambda _: bytes(65), "approval-malformed"),
    ("a stranger's", INSTITUTE, lambda at: approval(at, INSTITUTE), "case-unknown"),
]


@pytest.mark.parametrize(
    ("who", "make", "code"), [one[1:] for one in APPROVALS], ids=[one[0] for one in APPROVALS]
)
def test_signatures_that_move_nothing(
    scene: Scene, who: str, make: Callable[[Scene], bytes], code: str
) -> None:
    path, before = f"/org/v1/requests/{scene.case}/approval", scene.kept()
    got = scene.send(scene.free.members[who], "POST", path, {"signature": make(scene).hex()})
    scene.refuses(got, code)
    assert scene.kept() == before


def test_a_request_to_the_desk_is_the_signers_own(scene: Scene) -> None:
    """Under a wrong or revoked key, over other bytes, for another address, or sent once more."""
    members, path = scene.free.members, "/org/v1/trade-checks"
    path = "/org/v1/requests"
    before = scene.kept()
    body = dumps({"request": scene.free.licence().to_json(), "documents": []})
    hospital = members[HOSPITAL]
    token = signed(scene.desk, "POST", path, body, org=HOSPITAL, key=hospital.key)
    own = {HEADER: token, "Content-Type": "application/json"}
    scene.refuses(scene.desk.send("POST", path, body.replace(b"2026", b"2027", 1), own), "request-mismatch")
    scene.refuses(scene.send(hospital, "POST", path, {}, key=members[FIRM].key), "request-key-unknown")
    scene.refuses(scene.send(members[LOST], "GET", path, None), "request-key-unknown")
    token = signed(scene.desk, "GET", path, b"", org=HOSPITAL, key=hospital.key)
    assert scene.desk.send("GET", path, headers={HEADER: token}).status == 200
    scene.refuses(scene.desk.send("GET", path, headers={HEADER: token}), "request-replayed")
    assert scene.kept() == before


# ---------------------------------------------------------------- trades


def exchanged(at: Scene, method: str, path: str, body: Any) -> Got:
    return at.send(at.exchange, method, path, body)


def test_a_reservation_is_bounded_and_an_exchanges_alone(scene: Scene) -> None:
    before, number = scene.kept(), scene.free.number
    scene.refuses(exchanged(scene, "POST", "/v1/reservations", scene.shown["73 hours"]), "reservation-long")
    own = ("--org", scene.folder / "rival", "--desk", scene.desk.url)
    refused(
        "org",
        "trade",
        "reserve",
        number,
        "--hours",
        73,
        *own,
        code="reservation-long",
        exit_code=1,
        env=SECRETS,
    )
    stranger = scene.free.members[INSTITUTE]
    scene.refuses(
        scene.send(stranger, "POST", "/v1/reservations", scene.shown["an hour"]), "organisation-other"
    )
    other = ("--org", scene.folder / "stranger", "--desk", scene.desk.url)
    refused("org", "trade", "reserve", number, *other, code="account-elsewhere", exit_code=2, env=SECRETS)
    taken = scene.parties["reserved"].number
    refused("org", "trade", "reserve", taken, *own, code="reservation-differs", exit_code=2, env=SECRETS)
    foreign = "SJ9912026110001"
    refused("org", "trade", "reserve", foreign, *own, code="certificate-unknown", exit_code=2, env=SECRETS)
    assert scene.kept() == before


@pytest.mark.parametrize(
    "address",
    [
        "https://10.0.0.7/hook", "https://192.168.1.9/", "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/", "https://[::1]/", "https://[fd00::1]/", "https://localhost/",
    ],
)  # fmt: skip
def test_no_letter_goes_to_a_private_address(scene: Scene, address: str) -> None:
    before, leaf = scene.kept(), scene.free.leaf.hex()
    shown = {"number": scene.free.number, "leaf": leaf}
    body = {"certificates": [shown], "webhook": address}
    scene.refuses(exchanged(scene, "POST", "/org/v1/subscriptions", body), "webhook-private")
    told = refused(
        *("org", "watch", "add", f"{scene.free.number}:{leaf}", "--webhook", address),
        *("--org", scene.folder / "rival", "--desk", scene.desk.url),
        code="webhook-private",
        exit_code=2,
        env=SECRETS,
    )
    assert "https address of the open Internet" in told["hint"]
    assert scene.kept() == before


def contracted(at: Scene, **changes: Any) -> Any:
    """A contract that both signed, over something that is wrong with it."""
    members, number = at.free.members, at.free.number
    row = SimpleNamespace(number=number)
    seller, buyer = members[HOSPITAL], members[FIRM]
    value = contract_between(row, at.free.leaf, seller, buyer, **changes)  # type: ignore[arg-type]
    return signed_by(value, seller, buyer).to_json()


def _both(value: Any) -> None:
    value["contract"]["clauses"]["confidentiality"] = {"applies": False, "terms": {"years": 3}}


def _neither(value: Any) -> None:
    value["contract"]["clauses"]["confidentiality"] = {"applies": True}


def with_clause(edit: Callable[[Any], None]) -> Made:
    def make(at: Scene) -> Any:
        value = contracted(at)
        edit(value)
        return value

    return make


PUBLIC = {"business_scope": "诊疗服务", "public_hospital": True, "for_profit": True}
CONTRACTS: list[tuple[str, Made, str]] = [
    ("a clause that applies and does not", with_clause(_both), "clause-both"),
    ("a clause that says neither", with_clause(_neither), "clause-neither"),
    (
        "a public hospital that sells for profit",
        lambda at: contracted(at, standing=PUBLIC),
        "contract-refused",
    ),
]


@pytest.mark.parametrize(("make", "code"), [one[1:] for one in CONTRACTS], ids=[one[0] for one in CONTRACTS])
def test_contracts_that_are_none(scene: Scene, tmp_path: Path, make: Made, code: str) -> None:
    value, before = make(scene), scene.kept()
    scene.refuses(scene.send(scene.free.members[HOSPITAL], "POST", "/v1/trade-contracts", value), code)
    file = tmp_path / "contract.json"
    file.write_bytes(dumps(value))
    own = ("--org", scene.folder / "rival", "--desk", scene.desk.url)
    said = run("holder", "contract", "send", file, *own, "--json", env=SECRETS)
    assert (said.error["code"], said.code in (1, 2)) == (code, True), said
    assert scene.kept() == before


@pytest.mark.parametrize(
    ("changes", "number", "reason"),
    [
        ({"declarations": {"may_sell": False}}, None, "seller-may-not-sell"),
        ({}, "SJ9912026110001", "certificate-foreign"),
    ],
)
def test_what_no_exchange_may_let_trade_is_refused_with_its_rule(
    scene: Scene, tmp_path: Path, changes: dict[str, Any], number: str | None, reason: str
) -> None:
    asked = trade_of(scene.free.number, int(time.time()), **dict(changes))
    asked["certificate"] = number or scene.free.number
    got = exchanged(scene, "POST", "/v1/trade-checks", asked)
    assert (got.status, got.json["answer"]) == (201, "refuse")
    (why,) = [one for one in got.json["reasons"] if one["code"] == reason]
    assert why["rule"]
    assert why["zh"]
    assert why["en"]
    file = tmp_path / "trade.json"
    file.write_bytes(dumps(asked))
    own = ("--org", scene.folder / "rival", "--desk", scene.desk.url)
    said = run("org", "trade", "check", file, *own, env=SECRETS)
    assert said.code == 1, said
    assert why["rule"] in said.out


def test_the_good_ones_pass_afterwards(scene: Scene) -> None:
    """Nothing that was refused stands in the way of what is lawful."""
    got = scene.submit(scene.free.licence(licensee=INSTITUTE))
    assert got.status == 201, got.body
    path = f"/org/v1/requests/{scene.case}/approval"
    for code in (HOSPITAL, FIRM):
        got = scene.send(scene.free.members[code], "POST", path, {"signature": approval(scene, code).hex()})
        assert got.status == 200, got.body
