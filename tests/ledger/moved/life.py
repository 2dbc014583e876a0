"""A right that moves: holders with accounts, and moves signed by all concerned, straight to the chain.

The statements that the chain names are the test's to make: nothing here decides anything.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ledger.organisations.enrolling import HOSPITAL, LAB, Member
from tests.ledger.world import KEEPER, MEMBER, OFFICER, Clock, actor_of, to_deposited
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.chain.approvals_moves import (
    NOBODY,
    NOTHING,
    Licence,
    LicenceEnd,
    RemarkEntry,
    RemarkLifting,
    Transfer,
)
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records import Record
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.chain.holdings import holdings_of
from yinzheng.verifier.log.statement import certificate_subject, organisation_subject

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
        order = Licence(**fields | changes)
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
