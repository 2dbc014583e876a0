"""A decision about to be taken: its statements, the message about them, and who signs it (ADR 47)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from yinzheng.ledger.cases.prepared import Stated
from yinzheng.ledger.cases.work import CaseThread
from yinzheng.ledger.chain.approvals import Domain
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records import Record
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.terms import Procedure, RemarkKind
from yinzheng.ledger.store import repository
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.holdings import holdings_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.move_request import MoveRequest
from yinzheng.verifier.log.statement import organisation_subject

Holdings = tuple[tuple[bytes, int], ...]


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose approval is needed: a person's of the registry, or an organisation's by its account."""

    capacity: Capacity
    code: str = ""
    """Credit code of the organisation, where it is one that is known by it."""
    account: bytes = b""
    """20 bytes: the account that signs now; empty for a person, and for an organisation that has none."""

    @property
    def name(self) -> str:
        """As people are told who is still to approve."""
        return f"{self.capacity} {self.code}".strip()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A decision about to be taken."""

    stated: tuple[Stated, ...]
    """What follows first, the decision last."""
    message: Message
    domain: Domain
    signers: tuple[Signer, ...]
    """In the order of the contract's list."""
    kind: CallKind
    about: str
    part: str
    call: Callable[[Sequence[bytes]], Call]
    tell: tuple[str, ...] = ()
    """Credit codes of the holders that are told of the decision, which is not their own (R7)."""

    @property
    def decision(self) -> Stated:
        """What decides."""
        return self.stated[-1]


def waived(work: CaseThread) -> list[Any]:
    """That publicity was waived, which the record must say (R24)."""
    notices = work.bodies("publicity.opened")
    if not notices or not notices[-1]["waived"]:
        return []
    return [{"kind": RemarkKind.OTHER.value, "text": "公示经申请免除 Publicity was waived on request"}]


def officials(work: CaseThread) -> tuple[Signer, ...]:
    """The registry, and the committee where the procedure is ordinary."""
    ordinary = Procedure(work.case.procedure) is Procedure.ORDINARY
    needed = (Capacity.REGISTRY, Capacity.COMMITTEE) if ordinary else (Capacity.REGISTRY,)
    return tuple(Signer(capacity) for capacity in needed)


def organisations(work: CaseThread, request: MoveRequest) -> tuple[Signer, ...]:
    """The parties by their accounts: two as they are named, holders in the order of the holdings."""
    named = list(request.parties)
    if named[0].role == "holder":
        named.sort(key=lambda one: organisation_subject(one.code))
    return tuple(
        Signer(Capacity.FORUM if one.role == "forum" else Capacity.HOLDER, one.code, _account(work, one.code))
        for one in named
    )


def _account(work: CaseThread, code: str) -> bytes:
    """An organisation's account now; a forum's is in its enrolment."""
    found = work.registry.client.holder(organisation_subject(code))
    if found is not None:
        return found.account_at(work.now) or b""
    return repository.account_of(work.session, code) or b""


def settling(account: bytes | None) -> tuple[Signer, ...]:
    """The exchange whose reservation a move settles, by its account; nobody without one (R46)."""
    return () if account is None else (Signer(Capacity.EXCHANGE, "", account),)


def listed_of(body: Body) -> Holdings:
    """Who holds what under a certificate, as contracts take it (S5.17)."""
    return tuple(holdings_of((holder.code, holder.rights) for holder in body.holders))


def record_of(work: CaseThread) -> Record:
    """What the chain holds of the certificate that a move is about. Raises `DataFault` `record-missing`."""
    assert work.case.certificate is not None  # a move's has one
    row = repository.find_certificate(work.session, work.case.certificate)
    record = work.registry.client.record(row.subject)
    if record is None:
        raise missing_record(row.number)
    return record


def registry_party(work: CaseThread) -> dict[str, JSON]:
    """The registry, as bodies name it."""
    instance = work.registry.instance
    return {"name": instance.registry_name, "code": instance.registry_code}


def instant_of(work: CaseThread) -> int:
    """The time that what is prepared bears."""
    assert work.case.prepared_at is not None  # set where issuing begins
    return work.case.prepared_at


def head_of(work: CaseThread) -> bytes:
    """Leaf hash of the last statement of the case."""
    head = work.head
    assert head is not None  # a case begins with its application
    return head


def missing_record(what: str) -> DataFault:
    """What is told where the chain lacks what the database has."""
    return DataFault(
        f"the chain does not hold {what} yet",
        code="record-missing",
        hint="Run `yinzheng settle`, then try again.",
    )
