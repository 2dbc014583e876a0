"""A right that moves: holders with accounts, and moves signed by all concerned, straight to the chain.

The statements that the chain names are the test's to make: nothing here decides anything.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from tests.ledger.organisations.enrolling import HOSPITAL, LAB, Member
from tests.ledger.world import KEEPER, MEMBER, OFFICER, Clock, actor_of, to_deposited
from tests.verifier.licences import end_json, licence_json
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.chain.approvals_moves import (
    NOBODY,
    NOTHING,
    LicenceEnd,
    RemarkEntry,
    RemarkLifting,
    Transfer,
)
from yinzheng.ledger.chain.approvals_moves import Licence as LicenceOrder
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records import Record
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.recording import Occurrence, compose, record
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.chain.holdings import holdings_of
from yinzheng.verifier.chain.terms import ACTS, RIGHTS, TERRITORY, bits_of
from yinzheng.verifier.formats.body import MAX_BODY, Body, parse_body
from yinzheng.verifier.formats.certificate import encode_qr, statement_of
from yinzheng.verifier.formats.licence import (
    Licence,
    ended_statement,
    given_statement,
    parse_licence,
    parse_licence_end,
)
from yinzheng.verifier.log.statement import Statement, certificate_subject, organisation_subject

EVERYWHERE = (1 << 34) - 1
DAY = 86_400
USE, ALL = 2, 7
SEIZURE, CONTROL, PLEDGE = 2, 4, 16


def fresh() -> bytes:
    return secrets.token_bytes(32)


@dataclass
class Life:
    """One registry, its clock, two holders, and what they hold under which certificate."""

    registry: Registry
    clock: Clock
    members: dict[str, Member] = field(default_factory=dict)
    held: dict[bytes, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    @classmethod
    def begin(cls, registry: Registry, clock: Clock) -> Life:
        life = cls(registry, clock)
        for code, name in ((HOSPITAL, "云汐第一医院（虚构）"), (LAB, "岭澜研究有限公司（虚构）")):
            member = Member(code, ("holder",), name, wallet=EthereumKey.generate())
            enrolment.enrol(registry, member.holding(registry), actor_of(registry, OFFICER))
            life.members[code] = member
        settle(registry)
        return life

    def register(self, folder: Path, code: str = HOSPITAL, **changes: Any) -> str:
        """A first registration of all rights; the certificate's number."""
        rights = ("hold", "use", "operate")
        holder = {"name": self.members[code].name, "code": code}
        _, number = to_deposited(
            self.registry,
            self.clock,
            folder,
            applicant={**holder, "contact": None},
            holders=[{**holder, "rights": list(rights)}],
            **changes,
        )
        self.held[certificate_subject(number)] = {code: rights}
        return number

    @property
    def now(self) -> int:
        return int(self.registry.w3.eth.get_block("latest")["timestamp"])

    def pass_time(self, seconds: int) -> None:
        self.clock.advance(seconds)

    def record(self, subject: bytes) -> Record:
        found = self.registry.client.record(subject)
        assert found is not None
        return found

    # ---------------------------------------------------------------- what the registry states

    def state(
        self,
        statement: Statement,
        body: dict[str, Any],
        case_id: str | None = None,
        beside: Callable[[Event], SQLModel] | None = None,
    ) -> bytes:
        """Record a public statement, and a row beside it, and carry it into log and chain; its leaf hash."""
        happened = Occurrence(
            type=statement.type,
            profile=statement.profile,
            subject=statement.subject,
            at=statement.at,
            by=statement.by,
            body=body,
            prev=statement.prev,
            case_id=case_id,
        )
        made = compose(happened, None, now=self.clock())
        assert made.statement == statement
        with self.registry.store.transaction() as session:
            record(session, [made])
            event = repository.event_by_leaf(session, made.leaf_hash)
            assert event is not None
            if beside is not None:
                session.add(beside(event))
        settle(self.registry)
        return made.leaf_hash

    def body_of(self, number: str) -> Body:
        with self.registry.store.reading() as session:
            row = session.get_one(Certificate, number)
        return parse_body(canonical.loads(row.body, max_bytes=MAX_BODY))

    def licensed(self, number: str, name: str, **changes: Any) -> Licence:
        """State a licence of use from the hospital to the lab, and give it on chain."""
        under, now = self.body_of(number), self.clock()
        body = licence_json(
            number=name,
            profile=under.profile,
            certificate={"number": number, "leaf": statement_of(under).leaf_hash.hex()},
            licensor=self._party(HOSPITAL),
            licensee=self._party(LAB),
            registry={"name": under.registry.name, "code": under.registry.code},
            registered_at=now,
            begins=now,
            ends=now + 30 * DAY,
            **changes,
        )
        licence = parse_licence(body)
        leaf = self.state(given_statement(licence), body)
        self.license(
            certificate_subject(number),
            id=licence.subject,
            rights=bits_of(licence.rights, RIGHTS),
            acts=bits_of(licence.acts, ACTS),
            territory=bits_of(licence.territory, TERRITORY),
            valid_from=licence.begins,
            valid_until=licence.ends,
            exclusive=licence.exclusive,
            statement=leaf,
        )
        return licence

    def licence_over(self, licence: Licence) -> None:
        """State that both parties ended a licence, and end it on chain."""
        body = end_json(
            number=licence.number,
            profile=licence.profile,
            given=given_statement(licence).leaf_hash.hex(),
            registry={"name": licence.registry.name, "code": licence.registry.code},
            ended_at=self.clock(),
        )
        leaf = self.state(ended_statement(parse_licence_end(body)), body)
        self.end_licence(licence.subject, statement=leaf)

    def transferred(self, number: str, successor: str, to: str = LAB) -> None:
        """State the certificate that follows a transfer of everything, and deposit it on chain."""
        before = self.body_of(number)
        subject = certificate_subject(number)
        body = before.to_json() | {
            "number": successor,
            "type": "transfer",
            "holders": [{**self._party(to), "rights": ["hold", "use", "operate"]}],
            "follows": [{"number": number, "leaf": statement_of(before).leaf_hash.hex()}],
            "registered_at": self.clock(),
        }
        after = parse_body(body)
        instance, keys = self.registry.instance, self.registry.keys
        with self.registry.store.reading() as session:
            case_id = session.get_one(Certificate, number).case_id

        def row(event: Event) -> Certificate:
            return Certificate(
                number=successor,
                subject=certificate_subject(successor),
                case_id=case_id,
                body=after.canonical(),
                qr=encode_qr(after, keys.sm2("issuer"), instance.host),
                state="deposited",
                event_id=event.id,
                registered_at=after.registered_at,
                valid_until=after.valid_until,
            )

        leaf = self.state(statement_of(after), after.to_json(), case_id, row)
        self.transfer(
            subject,
            to=to,
            successor=certificate_subject(successor),
            content=leaf,
            registered_at=after.registered_at,
        )

    def _party(self, code: str) -> dict[str, str]:
        return {"name": self.members[code].name, "code": code}

    # ---------------------------------------------------------------- moves

    def license(
        self, subject: bytes, *, licensor: str = HOSPITAL, licensee: str = LAB, **changes: Any
    ) -> bytes:
        """Give a licence of use for 30 days from now; its identifier."""
        begins = self.clock()
        fields: dict[str, Any] = {
            "id": fresh(),
            "certificate": subject,
            "licensor": organisation_subject(licensor),
            "licensee": organisation_subject(licensee),
            "rights": USE,
            "acts": 0b11,
            "territory": EVERYWHERE,
            "valid_from": begins,
            "valid_until": begins + 30 * DAY,
            "exclusive": False,
            "statement": fresh(),
            "exchange": NOBODY,
        }
        order = LicenceOrder(**fields | changes)
        signed = self._moves(order, self._office(subject), (licensor, licensee))
        self._send(self.registry.client.license(order, self._listed(subject), signed))
        return order.id

    def end_licence(self, id_: bytes, *parties: str, statement: bytes | None = None) -> None:
        order = LicenceEnd(id_, statement or fresh())
        given = self.registry.client.licence(id_)
        assert given is not None
        office = self._office(given.certificate)
        self._send(
            self.registry.client.end_licence(order, self._moves(order, office, parties or (HOSPITAL, LAB)))
        )

    def transfer(self, subject: bytes, *, to: str = LAB, **changes: Any) -> bytes:
        """Transfer everything from the one holder there is; the successor's subject."""
        ((holder, rights),) = self.held[subject].items()
        fields: dict[str, Any] = {
            "predecessor": subject,
            "case_id": fresh(),
            "transferor": organisation_subject(holder),
            "transferee": organisation_subject(to),
            "rights": ALL,
            "successor": fresh(),
            "content": fresh(),
            "registered_at": self.clock(),
            "valid_until": self.record(subject).valid_until,
            "remarks": self.record(subject).remarks & (CONTROL | PLEDGE),
            "statement": fresh(),
        }
        order = Transfer(**fields | changes)
        signed = self._moves(order, self._office(subject), (holder, to))
        self._send(self.registry.client.transfer(order, self._listed(subject), signed))
        self.held[order.successor] = {to: rights}
        return order.successor

    def remark(self, subject: bytes, kind: int, **changes: Any) -> bytes:
        """Enter a remark on a document; its statement."""
        fields: dict[str, Any] = {"statement": fresh(), "document": fresh()}
        order = RemarkEntry(**fields | {"id": subject, "kind": kind} | changes)
        self._send(self.registry.client.enter_remark(order, self._standing(order)))
        return order.statement

    def lift(self, subject: bytes, kind: int, remark: bytes = NOTHING, **changes: Any) -> bytes:
        fields: dict[str, Any] = {"remark": remark, "statement": fresh(), "document": fresh()}
        order = RemarkLifting(**fields | {"id": subject, "kind": kind} | changes)
        self._send(self.registry.client.lift_remark(order, self._standing(order)))
        return order.statement

    # ---------------------------------------------------------------- plumbing

    def _send(self, call: Call) -> None:
        # Anyone may send: the relay's own transactions are those the database knows of.
        anyone = actor_of(self.registry, KEEPER).key
        Sender(self.registry.w3, anyone.account(), time.sleep).send(call, 20)

    def _listed(self, subject: bytes) -> tuple[tuple[bytes, int], ...]:
        return tuple(holdings_of(self.held[subject].items()))

    def _office(self, subject: bytes) -> Sequence[str]:
        return (OFFICER, MEMBER) if int(self.record(subject).procedure) == 1 else (OFFICER,)

    def _moves(self, order: Message, office: Iterable[str], codes: Iterable[str]) -> list[bytes]:
        domain = self.registry.client.moves_domain
        keys = [actor_of(self.registry, name).key for name in office]
        for code in codes:
            wallet = self.members[code].wallet
            assert wallet is not None
            keys.append(wallet)
        return [sign(order, domain, key) for key in keys]

    def _standing(self, order: Message) -> bytes:
        return sign(order, self.registry.client.standing_domain, actor_of(self.registry, OFFICER).key)
