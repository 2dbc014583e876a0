"""A court, two parties, and what they dispute: a certificate, a published case, a consent. Nobody is real."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlmodel import select

from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.organisations.enrolling import Member
from tests.ledger.withdrawals import clinic
from tests.ledger.world import KEEPER, OFFICER, World, actor_of
from tests.wallet import sign
from yinzheng.ledger.audit.finding import Finding
from yinzheng.ledger.chain.approvals import Release
from yinzheng.ledger.chain.records import Dispute as ChainDispute
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.disputes import opening, packing, release
from yinzheng.ledger.disputes.evidence import Offered, add_items
from yinzheng.ledger.disputes.plans import Concerned, Plan
from yinzheng.ledger.disputes.showing import Shown, look
from yinzheng.ledger.disputes.work import work_on
from yinzheng.ledger.flow import pipeline
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_consents import Delivery, Notice
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey, digest_pair
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.dispute import Disputant, Resumption
from yinzheng.verifier.formats.webhook import parse_webhook
from yinzheng.verifier.judge.pack.report import PackReport
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.words.court.html import render_html

COURT, OPENER = "11440100MB2DEMC01T", cw.CLINIC
APPLICANT = w.APPLICANT["code"] or ""
FORUM, FIRST, SECOND, STRANGER = (Account.from_key(bytes([n]) * 32) for n in (201, 202, 203, 204))
PATIENT_KEY = Sm2PrivateKey(0xFEED)
DEAL = digest_pair("和解协议".encode())
JUDGMENT = digest_pair("(2026)粤01民初1号判决书".encode())


def address(account: LocalAccount) -> bytes:
    return bytes.fromhex(account.address[2:])


def claim(now: int, **changes: Any) -> dict[str, Any]:
    """An item as a party offers it."""
    return {
        "v": 1,
        "kind": "file",
        "title": "合同",
        "about": {"name": "合同.txt", "media_type": "text/plain"},
        "collector": {"name": "某诊所", "code": OPENER},
        "tool": "cp",
        "environment": "Debian 12",
        "captured_at": now,
        "provenance": "双方于签约日各执一份",
        "custody": [],
        "witnesses": [],
        **changes,
    }


@dataclass
class Template:
    """A registry with all of it; nobody writes to it."""

    world: World
    case: str
    """Deposited."""
    number: str
    published: str
    """A case in open publicity."""
    consent: bytes
    notice: Notice
    digest: DigestPair

    @classmethod
    def create(cls, world: World, dossiers: Path) -> Template:
        with world.open() as registry:
            made = cw.ConsentWorld(registry, **clinic.NOTICE)
            cw.enrol_one(registry, OPENER, "party")
            members = (
                Member(COURT, ("forum",), "某市中级人民法院", address(FORUM)),
                Member(APPLICANT, ("controller",), w.APPLICANT["name"] or ""),
            )
            for member in members:
                enrolment.enrol(
                    registry,
                    member.enrolment(registry.clock()),
                    actor_of(registry, OFFICER),
                    administrator=actor_of(registry, KEEPER),
                )
            pipeline.settle(registry)
            case, number = w.to_deposited(registry, world.clock, dossiers / "a")
            published = w.to_publicity(registry, dossiers / "b")
            bench = clinic.Clinic(world, registry, made.notice, made.digest)
            granted = grant(registry, [bench.body(1)], cw.HOSPITAL)[0]
            pipeline.settle(registry)
        return cls(world, case, number, published, granted.subject, made.notice, made.digest)


@dataclass
class Court:
    """An open registry of its own, and shorthand for what people do in a dispute."""

    world: World
    registry: Registry
    made: Template
    opened: ExitStack = field(default_factory=ExitStack)
    """Closes the registry."""

    def audit(self) -> set[str]:
        """Close the registry and audit it; codes of what was found."""
        return {one.code for one in self.findings()}

    def findings(self) -> list[Finding]:
        """The same, with what is said of each."""
        self.opened.close()
        return self.world.audit()

    @property
    def now(self) -> int:
        return self.world.clock.now

    @property
    def clinic(self) -> clinic.Clinic:
        """The same registry, for withdrawals."""
        return clinic.Clinic(self.world, self.registry, self.made.notice, self.made.digest)

    # ---------------------------------------------------------------- opening

    def concerned(self) -> Concerned:
        made = self.made
        return Concerned((made.number,), (made.published,), (made.consent,))

    def plan(self, kind: str = "party", **changes: Any) -> Plan:
        parties = (
            Disputant("某诊所", OPENER, address(FIRST), None),
            Disputant("测试患者", None, address(SECOND), PATIENT_KEY.public_key.point),
        )
        fields: dict[str, Any] = {
            "kind": kind,
            "forum": Party("某市中级人民法院", COURT),
            "number": "(2026)粤01民初1号",
            "parties": parties,
            "concerned": self.concerned(),
        }
        return Plan(**fields | changes)

    def offer(self, content: bytes = b"a contract", **changes: Any) -> Offered:
        return Offered(claim(self.now, **changes), [content])

    def open(
        self,
        kind: str = "party",
        offers: Sequence[Offered] | None = None,
        *,
        settle: bool = True,
        **changes: Any,
    ) -> str:
        """A dispute opened in one go; by a party with one item, unless it says otherwise."""
        code, account = (COURT, FORUM) if kind == "forum" else (OPENER, FIRST)
        id_ = opening.draft(self.registry, code, self.plan(kind, **changes))
        given = ([self.offer()] if kind == "party" else []) if offers is None else offers
        if given:
            opening.add_to_draft(self.registry, id_, given)
        decision = opening.prepare(self.registry, id_, address(account))
        opening.open_dispute(self.registry, id_, self.sign(decision, account))
        if settle:
            pipeline.settle(self.registry)
        return id_

    def sign(self, decision: Any, account: LocalAccount) -> bytes:
        return sign(decision, self.registry.client.preservation_domain, account)

    def add(self, id_: str, *offers: Offered, by: Capacity = Capacity.PARTY) -> list[bytes]:
        leaves = add_items(self.registry, id_, offers, by)
        pipeline.settle(self.registry)
        return leaves

    # ---------------------------------------------------------------- end

    def prepare_settlement(self, id_: str) -> Release:
        signers = [address(FIRST), address(SECOND)]
        return release.prepare_release(self.registry, id_, "settlement", DEAL, "和解协议", signers)

    def settle_dispute(self, id_: str) -> tuple[Resumption, ...]:
        decision = self.prepare_settlement(id_)
        signatures = [self.sign(decision, account) for account in (SECOND, FIRST)]
        resumed = release.release(self.registry, id_, "settlement", signatures)
        pipeline.settle(self.registry)
        return resumed

    def execute(self, id_: str, account: LocalAccount = FORUM) -> tuple[Resumption, ...]:
        decision = release.prepare_release(
            self.registry, id_, "document", JUDGMENT, "(2026)粤01民初1号判决", [address(account)]
        )
        resumed = release.release(self.registry, id_, "document", [self.sign(decision, account)])
        pipeline.settle(self.registry)
        return resumed

    # ---------------------------------------------------------------- looking

    def show(self, id_: str) -> Shown:
        with work_on(self.registry, id_) as work:
            return look(work)

    def chain(self, id_: str) -> ChainDispute:
        found = self.registry.client.dispute(self.show(id_).subject)
        assert found is not None
        return found

    def record_holds(self) -> int:
        with self.registry.store.reading() as session:
            subject = session.get_one(Certificate, self.made.number).subject
        record = self.registry.client.record(subject)
        assert record is not None
        return record.holds

    def case_holds(self) -> int:
        with self.registry.store.reading() as session:
            subject = repository.find_case(session, self.made.published).subject
        case = self.registry.client.case(subject)
        assert case is not None
        return case.holds

    def consent_holds(self) -> int:
        found = self.registry.client.withdrawal(self.made.consent)
        return 0 if found is None else found.holds

    def told(self, kind: str) -> Counter[tuple[str, str]]:
        """Who was told of which lists of subjects, by number of subjects in them."""
        with self.registry.store.reading() as session:
            rows = session.exec(select(Delivery).where(Delivery.kind == kind)).all()
        found: Counter[tuple[str, str]] = Counter()
        for row in rows:
            data = parse_webhook(row.body).data
            for name in ("records", "cases", "consents"):
                subjects = data[name]
                assert isinstance(subjects, list)
                found[row.code, name] += len(subjects)
        return +found

    # ---------------------------------------------------------------- packs

    def pack(self, id_: str, selection: packing.Selection = packing.EVERYTHING, name: str = "a") -> Path:
        target = self.world.root.parent / f"{name}.zip"
        packing.build_pack(
            self.registry,
            id_,
            target,
            by=actor_of(self.registry, OFFICER),
            selection=selection,
            progress=silent,
        )
        return target

    def judge(self, data: bytes) -> PackReport:
        """What the verifier, trusting the exported policy alone, makes of a pack."""
        policy = parse_trust(canonical.dumps(trust_policy(self.registry.instance)))
        return verify_pack(io.BytesIO(data), policy, now=self.now, render=render_html)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
