"""A registered certificate, holders with keys and accounts, and what they ask for together."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import select

from tests.ledger.organisations.enrolling import Member
from tests.ledger.world import (
    APPLICANT,
    MEMBER,
    OFFICER,
    Clock,
    World,
    accept,
    actor_of,
    past_publicity,
    to_deposited,
)
from yinzheng.ledger.cases import deciding, issuing, publicity, requesting
from yinzheng.ledger.cases.asked import facts_of
from yinzheng.ledger.cases.files import FilePart
from yinzheng.ledger.cases.prepared import PreparedFile, is_cancellation, read_prepared, require_shown
from yinzheng.ledger.cases.showing import prepared_file
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair, sha256
from yinzheng.verifier.formats.move_request import JointRequest, read_request

HOSPITAL, FIRM, INSTITUTE = str(APPLICANT["code"]), "91310000132200821H", "91350100M000100Y43"
CONTRACT = "许可合同，对价若干（虚构）".encode()
YEAR = 365 * 86_400


def holder(code: str, name: str) -> Member:
    """With keys that are the same each time: a registry that was copied knows them."""
    key, wallet = (sha256(f"{what} of {code}".encode()) for what in ("key", "account"))
    return Member(code, ("holder",), name, key=Sm2PrivateKey.from_bytes(key), wallet=EthereumKey(wallet))


def holders() -> dict[str, Member]:
    """By credit code."""
    return {
        HOSPITAL: holder(HOSPITAL, str(APPLICANT["name"])),
        FIRM: holder(FIRM, "岭南数据有限公司（虚构）"),
        INSTITUTE: holder(INSTITUTE, "云汐研究院（虚构）"),
    }


@dataclass
class Parties:
    """A registry with one certificate of the hospital, and three enrolled holders."""

    world: World
    registry: Registry
    number: str
    leaf: bytes
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        return self.world.clock

    # ---------------------------------------------------------------- asking

    def request(
        self, kind: str, terms: dict[str, Any], parties: Sequence[tuple[str, str]], **changes: Any
    ) -> JointRequest:
        """Unsigned; `parties` are credit codes and roles."""
        value = {
            "v": 1,
            "registry": self.registry.instance.registry_code,
            "type": kind,
            "certificate": {"number": self.number, "leaf": self.leaf.hex()},
            "parties": [
                {"name": self.members[code].name, "code": code, "role": role} for code, role in parties
            ],
            "terms": terms,
            "documents": [
                {
                    "path": "contract.txt",
                    "role": "consideration",
                    "title": "合同",
                    "size": len(CONTRACT),
                    "digest": digest_pair(CONTRACT).to_json(),
                }
            ],
            "made_at": self.clock.now,
            "nonce": secrets.token_hex(16),
            **changes,
        }
        return JointRequest(read_request(value), (), ())

    def signed(self, request: JointRequest, *codes: str) -> JointRequest:
        """Signed by these, or by all its parties."""
        for code in codes or [one.code for one in request.request.parties]:
            request = request.signed_by(code, self.members[code].key)
        return request

    def licence(self, licensor: str = HOSPITAL, licensee: str = FIRM, **changes: Any) -> JointRequest:
        """Signed; `changes` are of the terms."""
        terms = {
            "rights": ["use"],
            "acts": ["process", "use"],
            "territory": ["44"],
            "purposes": "医学研究",
            "exclusive": False,
            "begins": None,
            "ends": self.clock.now + YEAR,
            **changes,
        }
        return self.signed(self.request("licence", terms, ((licensor, "licensor"), (licensee, "licensee"))))

    def transfer(self, *rights: str, frm: str = HOSPITAL, to: str = FIRM) -> JointRequest:
        return self.signed(
            self.request("transfer", {"rights": list(rights)}, ((frm, "transferor"), (to, "transferee")))
        )

    def of_holders(self, kind: str, terms: dict[str, Any], *codes: str) -> JointRequest:
        return self.signed(
            self.request(kind, terms, [(code, "holder") for code in sorted(codes or (HOSPITAL,))])
        )

    # ---------------------------------------------------------------- the registry's part

    def receive(self, request: JointRequest, content: bytes = CONTRACT) -> str:
        part = FilePart("contract.txt", "consideration", "合同", lambda: [content])
        return requesting.receive(self.registry, request, [part], silent)

    def review(self, case: str) -> None:
        with work_on(self.registry, case) as work:
            facts = facts_of(work)
        officer = actor_of(self.registry, OFFICER)
        deciding.review(self.registry, case, officer, *favourable_review(facts, ("contract.txt",)))

    def reviewed(self, request: JointRequest) -> str:
        """Taken in, accepted in the procedure of the certificate, reviewed."""
        case = self.receive(request)
        accept(self.registry, case)
        self.review(case)
        with work_on(self.registry, case) as work:
            ordinary = work.case.procedure == "ordinary"
        if ordinary:
            deciding.decide(self.registry, case, actor_of(self.registry, MEMBER))
        return case

    def publish(self, case: str) -> None:
        publicity.publish(self.registry, case, actor_of(self.registry, OFFICER))
        settle(self.registry)
        past_publicity(self.registry, self.clock, case)

    def prepare(self, case: str) -> PreparedFile:
        """Approved by the registry, and read back as a holder reads it."""
        if "committee" in issuing.issue(self.registry, case, actor_of(self.registry, OFFICER)).missing:
            issuing.issue(self.registry, case, actor_of(self.registry, MEMBER))
        return self.prepared(case)

    def prepared(self, case: str) -> PreparedFile:
        return read_prepared(prepared_file(self.registry, case).to_json())

    def sign(self, case: str, code: str, request: JointRequest) -> issuing.Issued:
        """As the organisation does: it makes the message again, compares, signs."""
        wallet = self.members[code].wallet
        assert wallet is not None
        shown, client = self.prepared(case), self.registry.client
        domain = client.standing_domain if is_cancellation(shown) else client.moves_domain
        message = require_shown(shown, domain, request.request)
        return issuing.sign(self.registry, case, code, sign(message, domain, wallet))

    def done(self, request: JointRequest) -> str:
        """The whole way, settled."""
        case = self.reviewed(request)
        if CaseType(request.request.type).published:
            self.publish(case)
        self.prepare(case)
        for party in request.request.parties:
            self.sign(case, party.code, request)
        settle(self.registry)
        return case

    def take(self, number: str) -> Parties:
        """The same about another certificate."""
        with self.registry.store.reading() as session:
            row = session.get_one(Certificate, number)
            leaf = session.get_one(Event, row.event_id).leaf_hash
        return Parties(self.world, self.registry, number, leaf, self.members)


def settled(world: World, registry: Registry, folder: Path, **changes: Any) -> Parties:
    """Register a certificate, and enrol its holder and two others."""
    to_deposited(registry, world.clock, folder, **changes)
    for member in holders().values():
        enrolment.enrol(registry, member.holding(registry), actor_of(registry, OFFICER))
    settle(registry)
    return parties_of(world, registry)


def parties_of(world: World, registry: Registry) -> Parties:
    """Those of a registry that `settled` made, and nobody has added to."""
    with registry.store.reading() as session:
        (number,) = session.exec(select(Certificate.number))
    return Parties(world, registry, "", b"", holders()).take(number)
