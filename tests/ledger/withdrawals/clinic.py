"""A hospital with its notice and recipients, and what patients and organisations do about a withdrawal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import select

from tests.ledger import consent_world as cw
from tests.ledger.access_lines import lines_of, said
from tests.ledger.world import World, actor_of
from tests.verifier import bodies
from yinzheng.ledger.consents import credentials
from yinzheng.ledger.consents.granting import Granted, grant
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.consents.receipts import sign_code
from yinzheng.ledger.flow import pipeline
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.extent import EVERYTHING, Extent, Way
from yinzheng.ledger.store.models_consents import Delivery, Notice, Withdrawal, WithdrawalRecipient
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.withdrawals import course, filing
from yinzheng.ledger.withdrawals.claims import Claim, ReceiptClaim
from yinzheng.ledger.withdrawals.ending import Ticked
from yinzheng.ledger.withdrawals.verifying import verify_guardian
from yinzheng.ledger.withdrawals.work import work_on
from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.destruction import DestructionReceipt, SignedReceipt, sign_receipt
from yinzheng.verifier.formats.receipt import decode_receipt_qr, with_credential
from yinzheng.verifier.formats.webhook import Webhook, parse_webhook
from yinzheng.verifier.formats.withdrawal_steps import check_proof
from yinzheng.verifier.log.statement import Statement

HOUR, DAY = 3600, 86_400
HOSPITAL, LAB, INSURER = cw.HOSPITAL, cw.LAB, cw.INSURER
BORN = "1980-02-29"
PURPOSES = [
    *bodies.notice()["purposes"],
    {"scope": "commercial_use", "purpose": "产品开发", "method": "汇总统计", "route": "anonymised"},
]
RECIPIENTS = [
    bodies.recipient(),
    {**bodies.recipient(INSURER, "commercial_use", "anonymised"), "name": "某保险公司"},
]
NOTICE = {"purposes": PURPOSES, "recipients": RECIPIENTS, "genetic": True}
"""Research at the hospital and at the institute; anonymised data for the insurer."""


@dataclass
class Template:
    """A registry with enrolled organisations and the notice; nobody writes to it."""

    world: World
    notice: Notice
    digest: DigestPair

    @classmethod
    def create(cls, world: World) -> Template:
        with world.open() as registry:
            made = cw.ConsentWorld(registry, **NOTICE)
        return cls(world, made.notice, made.digest)


@dataclass
class Clinic:
    """An open registry of its own with the template's organisations."""

    world: World
    registry: Registry
    notice: Notice
    digest: DigestPair
    granted: int = 0
    """How many people gave a consent by `grant`: no two give the same."""
    credentials: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    """Of the patients' receipts, by subject."""

    # ---------------------------------------------------------------- consents

    def grant(self, *, settle: bool = True, born: str = BORN, genetic: bool = False) -> bytes:
        """A consent to everything in the notice; gives its subject. A child's is given by a parent."""
        self.granted += 1
        body = self.body(self.granted, born=born, genetic=genetic)
        (granted,) = grant(self.registry, [body], HOSPITAL)
        if settle:
            pipeline.settle(self.registry)
        return granted.subject

    def body(self, number: int, *, born: str = BORN, genetic: bool = False) -> dict[str, Any]:
        now = self.registry.clock()
        body = cw.consent_body(self.notice, self.digest, now, number, genetic=genetic)
        body["person"]["born"] = born
        body["scopes"]["commercial_use"] = True
        body["recipients"] = [{**recipient, "answer": True} for recipient in RECIPIENTS]
        if born > "2003":
            body["guardian"] = cw.guardian(now)
        return body

    def grant_many(self, count: int) -> list[Granted]:
        return grant(self.registry, [self.body(n) for n in range(count)], HOSPITAL)

    def claim(self, subject: bytes) -> ReceiptClaim:
        """What the right person shows; the receipt is handed out the first time, and kept."""
        with self.registry.store.transaction() as session:
            opened = open_consent(self.registry, session, subject)
            if subject not in self.credentials:
                known = bool(credentials.issued(session, opened.seal, subject))
                self.credentials[subject] = credentials.issue(
                    session, opened.seal, subject, self.registry.clock(), replaces=known
                )
        return ReceiptClaim(decode_receipt_qr(self.own(subject)), opened.consent.person.born)

    def own(self, subject: bytes) -> str:
        """The text of the code on the patient's own receipt."""
        if subject not in self.credentials:
            self.claim(subject)
        with self.registry.store.reading() as session:
            opened = open_consent(self.registry, session, subject)
        return with_credential(sign_code(self.registry, opened), self.credentials[subject])

    # ---------------------------------------------------------------- withdrawals

    def file(
        self,
        subject: bytes,
        extent: Extent = EVERYTHING,
        *,
        channel: Way = Way.RECEIPT,
        claim: Claim | None = None,
        actor: str | None = None,
        received_at: int | None = None,
    ) -> bytes:
        return filing.file(
            self.registry,
            subject,
            extent,
            channel=channel,
            claim=claim or self.claim(subject),
            officer=actor_of(self.registry, actor) if actor and channel is Way.COUNTER else None,
            controller=actor if channel is Way.CONTROLLER else None,
            received_at=received_at,
        )

    def prove_guardian(self, id_: bytes, by: str = HOSPITAL, **changes: Any) -> None:
        """A parent shows what R33 asks for, at the hospital's counter or to an officer."""
        shown = cw.guardian(self.registry.clock())
        del shown["name"]
        proof = check_proof(shown | changes, "$")
        officer = None if by.isupper() else actor_of(self.registry, by)
        with work_on(self.registry, id_) as work:
            verify_guardian(work, proof, officer=officer, org="" if officer else by)

    def freeze(self, id_: bytes) -> None:
        with work_on(self.registry, id_) as work:
            course.freeze(work, HOSPITAL)

    def receipt(
        self, id_: bytes, code: str, *, key: Sm2PrivateKey | None = None, **changes: Any
    ) -> SignedReceipt:
        """A destruction receipt of an organisation, signed with its key."""
        signer = key or cw.KEYS[code]
        fields: dict[str, Any] = {
            "withdrawal": id_,
            "request": self.request_leaf(id_),
            "recipient": code,
            "kid": key_id(signer.public_key.point),
            "method": "key_destruction",
            "copies": 2,
            "operator": "数据管理员",
            "evidence": None,
            "destroyed_at": self.registry.clock(),
        }
        return sign_receipt(DestructionReceipt(**fields | changes), signer)

    def confirm(self, id_: bytes, *codes: str) -> None:
        """Receipts of these organisations arrive."""
        for code in codes:
            signed = self.receipt(id_, code)
            with work_on(self.registry, id_) as work:
                course.receipt(work, signed)

    def complete(self, id_: bytes, *owing: str) -> None:
        """The whole course after the request."""
        self.freeze(id_)
        self.confirm(id_, *(owing or (LAB, HOSPITAL)))

    def tick(self) -> Ticked:
        return course.tick(self.registry)

    # ---------------------------------------------------------------- looking

    def row(self, id_: bytes) -> Withdrawal:
        with self.registry.store.reading() as session:
            return session.get_one(Withdrawal, id_)

    def recipients(self, id_: bytes) -> dict[str, WithdrawalRecipient]:
        with self.registry.store.reading() as session:
            query = select(WithdrawalRecipient).where(WithdrawalRecipient.withdrawal_id == id_)
            return {one.code: one for one in session.exec(query)}

    def request_leaf(self, id_: bytes) -> bytes:
        subject = self.row(id_).consent
        with self.registry.store.reading() as session:
            opened = open_consent(self.registry, session, subject)
        for one in opened.events:
            body = one.body
            if (
                one.statement.type == "withdrawal.requested"
                and isinstance(body, dict)
                and body["withdrawal"] == id_.hex()
            ):
                return one.statement.leaf_hash
        raise AssertionError("nobody withdrew")

    def thread(self, subject: bytes) -> list[Statement]:
        with self.registry.store.reading() as session:
            return [one.statement for one in open_consent(self.registry, session, subject).events]

    def types(self, subject: bytes) -> list[str]:
        """Types of the statements about withdrawals, without their common prefix."""
        return [
            one.type.removeprefix("withdrawal.") for one in self.thread(subject) if "withdrawal" in one.type
        ]

    def told(self, id_: bytes) -> Counter[tuple[str, str]]:
        """How often each organisation was told what."""
        return Counter((one.kind.removeprefix("withdrawal."), one.to) for one in self.webhooks(id_))

    def notices(self, id_: bytes, kind: str) -> list[Mapping[str, Any]]:
        """What notices of a kind said, in no order."""
        return [one.data for one in self.webhooks(id_) if one.kind == kind]

    def webhooks(self, id_: bytes) -> list[Webhook]:
        with self.registry.store.reading() as session:
            rows = session.exec(select(Delivery).where(Delivery.withdrawal_id == id_)).all()
        notices = [parse_webhook(row.body) for row in rows]
        assert [(n.to, n.kind, n.id) for n in notices] == [(row.code, row.kind, row.id) for row in rows]
        return notices

    def handled(self) -> list[tuple[str, str]]:
        """Who did something about which withdrawal, by the access lines."""
        assert all(line.consent for line in lines_of(self.registry) if line.kind == "withdrawal")
        return [(who, what) for who, _, kind, what in said(self.registry) if kind == "withdrawal"]

    def dispute(self, reference: str) -> Dispute:
        with self.registry.store.reading() as session:
            return session.get_one(Dispute, reference)
