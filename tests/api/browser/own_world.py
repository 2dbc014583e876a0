"""A registry with two certificates, their holder, a licensee and an exchange, each with its own folder.

One licence is given; another is prepared and waits for its parties; a third is signed and not handed in.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.api.browser.rights_world import served
from tests.cli.processes import environment
from tests.desk.calls import DeskProcess, running_desk
from tests.forked import Forked
from tests.ledger import world as w
from tests.ledger.moves.parties import CONTRACT, FIRM, HOSPITAL, Parties
from tests.ledger.organisations.enrolling import Member as Keys
from tests.ledger.trades.market import EXCHANGE
from tests.ledger.world import KEEPER, OFFICER, Clock, World, actor_of, create
from tests.tables.making import exchange_order
from yinzheng.api.org.asking import Document, sign_request, write_request
from yinzheng.api.org.member import Member, create_member
from yinzheng.api.org.registry import pin
from yinzheng.ledger.cases.protests import Material, Protest
from yinzheng.ledger.certificates import objecting, remarks
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.organisations.accounts import domain_of
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.formats.order import parse_order
from yinzheng.verifier.formats.reservation import parse_reserved
from yinzheng.verifier.judge.trust import parse_trust

SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}
NAMES = {
    HOSPITAL: str(w.APPLICANT["name"]),
    FIRM: "岭南数据有限公司（虚构）",
    EXCHANGE: "某数据交易所（虚构）",
}
PLEDGED = Grounds("质押至2027年", digest_pair("质押合同".encode()), "动产融资登记 0123456789")

LETTER = Material("来函.txt", lambda: ["来函".encode()])
OBJECTION = Protest("某研究院", "来源协议已终止。\n见附件。", [LETTER])


@dataclass(frozen=True)
class Own:
    """What is there, and the pages of the holder and of the exchange."""

    folder: Path
    desk: DeskProcess
    first: str
    """Number of the certificate that is licensed and asked about."""
    second: str
    """Of one that is pledged."""
    case: str
    """Of the licence that waits to be signed."""
    third: str
    """Of one that the exchange reserved for a licence that both parties signed."""
    disputed: str
    """Of one that is objected to."""
    sale: str
    """The case of that one."""
    holder: Pages
    exchange: Pages
    public: str
    """Address of the registry's own pages."""
    voucher: bytes
    """The file of the licence's voucher."""


@dataclass
class Pages:
    """One `yinzheng org pages`, and the addresses it printed."""

    process: subprocess.Popen[str]

    def address(self) -> str:
        """The next one, which lets one browser in."""
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if line == "}\n":
                return str(json.loads(text)["url"])
        raise AssertionError("the pages ended")


@contextmanager
def pages_of(org: Path, desk: str) -> Iterator[Pages]:
    """Serve an organisation's own pages on a free port, as the command does."""
    command = ["org", "pages", "--org", str(org), "--desk", desk, "--port", "0", "--json"]
    with Forked(*command, env=environment(**SECRETS), stdout=subprocess.PIPE) as process:
        try:
            yield Pages(process)
        finally:
            process.terminate()


@contextmanager
def own_world(root: Path) -> Iterator[Own]:
    """Everything, until the block ends."""
    clock = Clock(int(time.time()) - 7200)
    world = World(create(root / "state", clock), clock)
    with world.open() as registry:
        first, second, third, disputed = (
            w.to_deposited(registry, clock, root / f"dossier{n}")[1] for n in range(4)
        )
        policy = dumps(trust_policy(registry.instance))
        (root / "trust.json").write_bytes(policy)
        members = {code: _member(registry, root, code, policy, clock) for code in NAMES}
        settle(registry)
        parties = Parties(world, registry, "", b"", {code: _keys(one) for code, one in members.items()})
        parties = parties.take(first)
        remarks.enter(registry, second, RemarkKind.PLEDGE, PLEDGED, actor_of(registry, OFFICER))
        objecting.object_to_certificate(registry, disputed, OBJECTION)
        parties.done(parties.licence())
        assert clock.now < time.time()
        clock.now = int(time.time()) - 5
        waiting = parties.licence(purposes="慢病随访研究", acts=["process", "use"])
        case = parties.reviewed(waiting)
        parties.prepare(case)
        (root / "contract.txt").write_bytes(CONTRACT)
        _folder(root / "asked", root / "contract.txt", parties.licence(purposes="临床决策支持"), members)
        sold = parties.take(third)
        until = {"until": clock.now + 7200}
        order = exchange_order(registry, third, parties.members[EXCHANGE], until, parse_reserved)
        execute(registry, parse_order(order))
        settle(registry)
        sale = sold.licence(purposes="药物经济学研究")
        _folder(root / "sold", root / "contract.txt", sale, members)
        sale_case = sold.reviewed(sale)
        sold.prepare(sale_case)
        for one in (HOSPITAL, FIRM):
            sold.sign(sale_case, one, sale)
        settle(registry)
    with open_reader(world.root, clock) as reader:
        voucher = reader.voucher_file("L-2026-000001")
    assert voucher is not None
    with ExitStack() as stack:
        desk = stack.enter_context(running_desk(world.root))
        holder, exchange = (
            stack.enter_context(pages_of(root / code, desk.url)) for code in (HOSPITAL, EXCHANGE)
        )
        public, _ = stack.enter_context(served(world.root, desk.url))
        yield Own(
            root, desk, first, second, case, third, disputed, sale_case, holder, exchange, public, voucher
        )


def _member(registry: Registry, root: Path, code: str, policy: bytes, clock: Clock) -> Member:
    trades = code == EXCHANGE
    member, made = create_member(
        root / code,
        SECRETS,
        code=code,
        name=NAMES[code],
        roles=["exchange" if trades else "holder"],
        account=True,
        now=clock.now,
        term=86_400 * 300,
        domain=None if trades else domain_of(parse_trust(policy)),
    )
    pin(root / code, policy)
    officer = actor_of(registry, OFFICER)
    keeper: dict[str, Any] = {"administrator": actor_of(registry, KEEPER)} if trades else {}
    enrolment.enrol(registry, made, officer, **keeper)
    return member


def _keys(member: Member) -> Keys:
    """The same organisation, as the tests of moves know one."""
    profile = member.profile
    key, wallet = member.keystore.sm2(profile.keys[0].name), member.account_key()
    return Keys(profile.code, profile.roles, profile.name, profile.account, key, wallet)


def _folder(folder: Path, document: Path, joint: JointRequest, members: dict[str, Member]) -> None:
    """A request's folder as its parties have it once both have signed, on their own machines."""
    write_request(folder, joint.request, [Document(document, "consideration", "合同")])
    for one in joint.request.parties:
        sign_request(folder, members[one.code], int(time.time()))
