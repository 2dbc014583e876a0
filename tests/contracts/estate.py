"""Certificates whose holders have accounts, and shorthand for what is done with them (S5.20 to S5.25)."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_account.signers.local import LocalAccount

from tests.contracts.disputes import DAY, Court
from tests.contracts.holders import FIRM, HOSPITAL, INSTITUTE, KEYS, OFFICER, Accounts, enrolled
from tests.contracts.world import MEMBERS, address, b32, person
from tests.wallet import sign
from yinzheng.ledger.chain.approvals import Deposit
from yinzheng.ledger.chain.approvals_moves import (
    NOBODY,
    NOTHING,
    Cancellation,
    Change,
    LaterConclusion,
    Licence,
    LicenceEnd,
    RemarkEntry,
    RemarkLifting,
    Renewal,
    Reservation,
    ReservationRelease,
    SuccessionMessage,
    Transfer,
)
from yinzheng.ledger.chain.contracts import EXCHANGE
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records import Procedure, Record
from yinzheng.ledger.chain.records_moves import CancellationGround, Holdings, Initiator, LicenceOnChain
from yinzheng.ledger.chain.sender import Call
from yinzheng.verifier.chain.holdings import holdings_digest

MEMBER = MEMBERS[0]
HOLD, USE, OPERATE, ALL = 1, 2, 4, 7
SEIZURE, CONTROL, OTHER, PLEDGE = 2, 4, 8, 16
EVERYWHERE = (1 << 34) - 1
ALONE, JOINT = b32(801), b32(802)
"""A certificate of the hospital's alone, and one it has together with the firm (ordinary procedure)."""
HELD: dict[bytes, Holdings] = {
    ALONE: ((HOSPITAL, ALL),),
    JOINT: ((HOSPITAL, HOLD | USE), (FIRM, USE | OPERATE)),
}
EXCHANGES = person(8001), person(8002)
YEAR = 365 * DAY
HOUR = 3600


@dataclass
class Estate:
    """A court's chain with certificates, their holders and two exchanges."""

    court: Court
    accounts: Accounts
    held: dict[bytes, Holdings]
    _numbers: Iterator[int]
    keys: dict[bytes, LocalAccount] = field(default_factory=lambda: dict(KEYS))

    @classmethod
    def create(cls, court: Court, first: int = 10**6) -> "Estate":
        """Enter the holders, deposit the certificates, let the exchanges be such.

        Fresh identifiers count from `first`.
        """
        accounts = enrolled(court, HOSPITAL, FIRM, INSTITUTE)
        for exchange in EXCHANGES:
            court.send(court.client.grant_role(EXCHANGE, address(exchange)), court.world.admin)
        estate = cls(court, accounts, dict(HELD), itertools.count(first))
        estate.deposit(ALONE, Procedure.SIMPLIFIED)
        estate.deposit(JOINT, Procedure.ORDINARY)
        return estate

    @property
    def now(self) -> int:
        return self.court.now

    def fresh(self) -> bytes:
        """An identifier or leaf hash nobody had before."""
        return b32(next(self._numbers))

    def deposit(self, id_: bytes, procedure: Procedure, **changes: Any) -> None:
        """Deposit a first registration of what `held` says."""
        case_id = self.fresh()
        self.court.send(self.court.world.publish(case_id, procedure, waived=True))
        fields: dict[str, Any] = {
            "content": self.fresh(),
            "registered_at": self.now,
            "valid_until": self.now + YEAR,
            "holdings": holdings_digest(self.held[id_]),
        }
        order = Deposit(id_, case_id, **fields | changes)
        people = (OFFICER, MEMBER) if procedure is Procedure.ORDINARY else (OFFICER,)
        self.court.send(self.court.world.deposit(order, people))

    def published(self, procedure: Procedure = Procedure.SIMPLIFIED, *, waived: bool = True) -> bytes:
        """A case whose publicity is over."""
        case_id = self.fresh()
        self.court.send(self.court.world.publish(case_id, procedure, waived=waived))
        if not waived:
            case = self.court.client.case(case_id)
            assert case is not None
            self.court.pass_to(case.publicity_end)
        return case_id

    def record(self, id_: bytes) -> Record:
        found = self.court.client.record(id_)
        assert found is not None
        return found

    def licence(self, id_: bytes) -> LicenceOnChain:
        found = self.court.client.licence(id_)
        assert found is not None
        return found

    def office(self, id_: bytes) -> tuple[LocalAccount, ...]:
        """Who signs for the registry under a certificate's procedure."""
        ordinary = self.record(id_).procedure is Procedure.ORDINARY
        return (OFFICER, MEMBER) if ordinary else (OFFICER,)

    def _sign(
        self, decision: Message, people: Sequence[LocalAccount], *, standing: bool = False
    ) -> list[bytes]:
        client = self.court.client
        domain = client.standing_domain if standing else client.moves_domain
        return [sign(decision, domain, one) for one in people]

    def _settling(self, exchange: LocalAccount | None) -> tuple[LocalAccount, ...]:
        return (exchange,) if exchange else ()

    # ---------------------------------------------------------------- licences

    def license(
        self,
        *people: LocalAccount,
        listed: Holdings | None = None,
        exchange: LocalAccount | None = None,
        signed: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Call:
        """License use of ALONE from the hospital to the firm for a month, unless `changes` say otherwise.

        `signed`: what the signatures are over differs so from what is sent.
        """
        fields: dict[str, Any] = {
            "id": self.fresh(),
            "certificate": ALONE,
            "licensor": HOSPITAL,
            "licensee": FIRM,
            "rights": USE,
            "acts": 0b000111,
            "territory": EVERYWHERE,
            "valid_from": self.now,
            "valid_until": self.now + 30 * DAY,
            "exclusive": False,
            "statement": self.fresh(),
            "exchange": address(exchange) if exchange else NOBODY,
        } | changes
        order = Licence(**fields)
        known = [self.keys[one] for one in (order.licensor, order.licensee) if one in self.keys]
        everyone = (*self.office(order.certificate), *known, *self._settling(exchange))
        approvals = self._sign(Licence(**fields | (signed or {})), people or everyone)
        where = self.held[order.certificate] if listed is None else listed
        return self.court.client.license(order, where, approvals)

    def licensed(self, **changes: Any) -> bytes:
        """Give a licence; its identifier."""
        id_ = self.fresh()
        self.court.send(self.license(id=id_, **changes))
        return id_

    def end_licence(self, id_: bytes, *people: LocalAccount, **changes: Any) -> Call:
        given = self.licence(id_)
        both = (self.keys[given.licensor], self.keys[given.licensee])
        order = LicenceEnd(id_, **{"statement": self.fresh()} | changes)
        approvals = self._sign(order, people or (*self.office(given.certificate), *both))
        return self.court.client.end_licence(order, approvals)

    # ---------------------------------------------------------------- successors

    def transfer(
        self,
        *people: LocalAccount,
        listed: Holdings | None = None,
        exchange: LocalAccount | None = None,
        signed: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Call:
        """Transfer all rights in ALONE from the hospital to the institute, unless `changes` say otherwise."""
        id_ = changes.get("predecessor", ALONE)
        record = self.record(id_)
        fields: dict[str, Any] = {
            "predecessor": id_,
            "case_id": self.fresh(),
            "transferor": HOSPITAL,
            "transferee": INSTITUTE,
            "rights": ALL,
            "successor": self.fresh(),
            "content": self.fresh(),
            "registered_at": self.now,
            "valid_until": record.valid_until,
            "statement": self.fresh(),
            "exchange": address(exchange) if exchange else NOBODY,
        } | changes
        if any(fields.get("remainder", NOTHING)):
            fields.setdefault("remainder_content", self.fresh())
        order = Transfer(**fields)
        known = [self.keys[one] for one in (order.transferor, order.transferee) if one in self.keys]
        everyone = (*self.office(id_), *known, *self._settling(exchange))
        approvals = self._sign(Transfer(**fields | (signed or {})), people or everyone)
        return self.court.client.transfer(order, self.held[id_] if listed is None else listed, approvals)

    def transferred(self, **changes: Any) -> tuple[bytes, bytes]:
        """Transfer, with a certificate for what stays if something does; both identifiers."""
        id_, rights = changes.get("predecessor", ALONE), changes.get("rights", ALL)
        transferor, transferee = changes.get("transferor", HOSPITAL), changes.get("transferee", INSTITUTE)
        left = tuple(
            (one, kept)
            for one, had in self.held[id_]
            if (kept := had & ~rights if one == transferor else had)
        )
        successor, remainder = self.fresh(), self.fresh() if left else NOTHING
        self.court.send(self.transfer(successor=successor, remainder=remainder, **changes))
        self.held[successor] = ((transferee, rights),)
        if left:
            self.held[remainder] = left
        return successor, remainder

    def succession(
        self,
        kind: type[SuccessionMessage],
        *people: LocalAccount,
        listed: Holdings | None = None,
        signed: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Call:
        """Change or renew ALONE after the publicity of a case, unless `changes` say otherwise."""
        id_ = changes.get("predecessor", ALONE)
        until = self.record(id_).valid_until
        fields: dict[str, Any] = {"predecessor": id_} | changes
        if "case_id" not in fields:
            fields["case_id"] = self.published(self.record(id_).procedure)
        defaults: dict[str, Any] = {
            "successor": self.fresh(),
            "content": self.fresh(),
            "registered_at": self.now,
            "valid_until": until if kind is Change else until + YEAR,
            "statement": self.fresh(),
        }
        fields = defaults | fields
        order = kind(**fields)
        where = self.held[id_] if listed is None else listed
        everyone = (*self.office(id_), *(self.keys[one] for one, _ in where if one in self.keys))
        approvals = self._sign(kind(**fields | (signed or {})), people or everyone)
        client = self.court.client
        if isinstance(order, Change):
            return client.change(order, where, approvals)
        assert isinstance(order, Renewal)
        return client.renew(order, where, approvals)

    # ---------------------------------------------------------------- standing

    def remark(self, kind: int, by: LocalAccount = OFFICER, **changes: Any) -> Call:
        fields: dict[str, Any] = {"id": ALONE, "statement": self.fresh()} | changes
        order = RemarkEntry(kind=kind, **fields)
        (approval,) = self._sign(order, (by,), standing=True)
        return self.court.client.enter_remark(order, approval)

    def lift(self, kind: int, remark: bytes, by: LocalAccount = OFFICER, **changes: Any) -> Call:
        fields: dict[str, Any] = {"id": ALONE, "statement": self.fresh()} | changes
        order = RemarkLifting(kind=kind, remark=remark, **fields)
        (approval,) = self._sign(order, (by,), standing=True)
        return self.court.client.lift_remark(order, approval)

    def conclude(self, objection: bytes, by: LocalAccount = OFFICER, **changes: Any) -> Call:
        fields: dict[str, Any] = {"id": ALONE, "conclusion": self.fresh(), "upheld": False} | changes
        order = LaterConclusion(objection=objection, **fields)
        (approval,) = self._sign(order, (by,), standing=True)
        return self.court.client.conclude_later_objection(order, approval)

    def reserve(self, by: LocalAccount = EXCHANGES[0], hours: int = 72, **changes: Any) -> Call:
        fields: dict[str, Any] = {"id": ALONE, "until": self.now + hours * HOUR, "statement": self.fresh()}
        order = Reservation(**fields | changes)
        (approval,) = self._sign(order, (by,), standing=True)
        return self.court.client.reserve(order, approval)

    def release(self, by: LocalAccount = EXCHANGES[0], **changes: Any) -> Call:
        order = ReservationRelease(**{"id": ALONE, "statement": self.fresh()} | changes)
        (approval,) = self._sign(order, (by,), standing=True)
        return self.court.client.release_reservation(order, approval)

    def cancel(
        self,
        initiator: Initiator,
        *people: LocalAccount,
        ground: CancellationGround | None = None,
        listed: Holdings | None = None,
        **changes: Any,
    ) -> Call:
        """Cancel ALONE as `initiator`, on the first ground it has, after publicity where there is any."""
        id_, forum = changes.get("id", ALONE), initiator is Initiator.FORUM
        holders = self.held[id_] if initiator is Initiator.HOLDERS else ()
        fields: dict[str, Any] = {"id": id_, "initiator": initiator, "statement": self.fresh()} | changes
        first = CancellationGround.DOCUMENT if forum else CancellationGround.ASKED
        fields["ground"] = first if ground is None else ground
        if "case_id" not in fields:
            fields["case_id"] = (
                NOTHING if forum else self.published(waived=initiator is not Initiator.REGISTRY)
            )
        order = Cancellation(**fields)
        everyone = {
            Initiator.HOLDERS: (*self.office(id_), *(self.keys[one] for one, _ in holders)),
            Initiator.REGISTRY: (OFFICER, MEMBER),
        }
        approvals = self._sign(order, people or everyone[initiator], standing=True)
        return self.court.client.cancel(order, holders if listed is None else listed, approvals)

    # ---------------------------------------------------------------- trying

    def code(self, call: Call) -> str | None:
        """Simulate; the error's code, None if it would pass."""
        return self.court.code(call)

    def send(self, call: Call) -> None:
        self.court.send(call)
