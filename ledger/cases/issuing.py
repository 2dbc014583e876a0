"""Issuing: the number, the final body, the approvals over it, and the deposit (R9, R13, R14, D5).

The first approver's `issue` allocates the number and fixes the body; every approver signs the leaf hash that
will be deposited, so what was approved and what is deposited cannot differ (docs/adr/0004). With the last
approval the procedure needs, the deposit is recorded; nothing remains to be decided after that. Until then an
approval counts only while who gave it may act (R47).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import Session, col, delete, select

from yinzheng.ledger.cases.body import certificate_body
from yinzheng.ledger.cases.calls import DEPOSIT
from yinzheng.ledger.cases.deciding import application_of, importance_of_case
from yinzheng.ledger.cases.work import CaseThread, approve, work_on
from yinzheng.ledger.chain.approvals import Deposit
from yinzheng.ledger.disputes.work import holds_on
from yinzheng.ledger.people.acting import Actor, gone
from yinzheng.ledger.people.decisions import Content
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.approvals import Approval as GivenApproval
from yinzheng.ledger.rules.approvals import approvals_needed, check_approvals
from yinzheng.ledger.rules.certificates import remark_bits
from yinzheng.ledger.rules.disputes import Act, check_hold
from yinzheng.ledger.rules.numbers import month_of, next_number
from yinzheng.ledger.rules.states import Capacity, Move, State
from yinzheng.ledger.rules.terms import Procedure, RemarkKind
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Approval, Certificate, Person
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.chain.holdings import holdings_digest, holdings_of
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import MAX_BODY, Body, parse_body
from yinzheng.verifier.formats.certificate import encode_qr, statement_of

DRAFT_SECONDS = 86_400 - 600
"""How long approvals may be collected: the contract refuses dates a day old (S5.8); ten minutes spare."""


@dataclass(frozen=True, slots=True)
class Issued:
    """Where issuing stands: the number, who still has to approve, whether numbers run short (R14)."""

    number: str
    missing: tuple[Capacity, ...]
    running_out: bool = False


def issue(registry: Registry, case_id: str, by: Actor) -> Issued:
    """Approve the certificate of a case as `by`; with the last approval it is recorded for deposit.

    Raises `UsageFault`: `move-…` (publicity running, objection open, wrong capacity), `approval-twice`,
    `held-waits` (a dispute holds the case, R38);
    `DataFault` from the contracts' simulation. Nothing is written then.
    """
    with work_on(registry, case_id) as work:
        check_hold(Act.DEPOSIT, holds_on(work.session, work.case.subject))
        certificate, running_out = _draft(work, by)
        body = parse_body(canonical.loads(certificate.body, max_bytes=MAX_BODY))
        decision = deposit_of(work.case.subject, body)
        capacity = Capacity(by.capacity)  # whom the table let issue or cosign
        _forget_who_left(work.session, case_id)
        _refuse_second(work.session, case_id, by.person, capacity)
        told = Content(statement_of(body), cast("dict[str, Any]", body.to_json()), None)
        approve(work, decision, "deposit", by, capacity, told)
        work.session.flush()
        given = _given(work.session, case_id)
        needed = approvals_needed(Move.DEPOSIT, Procedure(work.case.procedure))
        missing = tuple(sorted(needed - {capacity for capacity, _ in given}))
        if not missing:
            _deposit(work, certificate, body, decision, given)
        return Issued(certificate.number, missing, running_out)


def _draft(work: CaseThread, by: Actor) -> tuple[Certificate, bool]:
    """The certificate's row with a body that may still be deposited: the standing draft, or a new one."""
    # A first registration makes one certificate; what makes several drafts them all before anyone approves.
    standing = next(iter(repository.certificates_of_case(work.session, work.case.id)), None)
    if work.situation.state is State.ISSUING:
        assert standing is not None  # issuing begins with a draft, in the same transaction
        fresh = work.now - standing.registered_at <= DRAFT_SECONDS
        if fresh:
            if work.capacity(by) is not Capacity.REGISTRY:
                work.allow(Move.COSIGN, by)
            return standing, False
        work.move_to(State.PUBLICITY)
    rule = work.allow(Move.ISSUE, by)
    work.session.exec(
        delete(Approval).where(col(Approval.case_id) == work.case.id, col(Approval.kind) == "deposit")
    )
    number, running_out = (standing.number, False) if standing else _allocate(work)
    body = _body(work, number)
    if standing is None:
        standing = Certificate(
            number=number,
            subject=statement_of(body).subject,
            case_id=work.case.id,
            body=b"",
            state="draft",
            registered_at=0,
            valid_until=0,
        )
        work.session.add(standing)
    standing.body = canonical.dumps(body.to_json())
    standing.registered_at, standing.valid_until = body.registered_at, body.valid_until
    work.move_to(rule.to)
    return standing, running_out


def _allocate(work: CaseThread) -> tuple[str, bool]:
    month = month_of(work.now)
    serial = repository.next_certificate_serial(work.session, month)
    following = next_number(work.registry.instance.prefix, month, serial - 1)
    return str(following.number), following.running_out


def _body(work: CaseThread, number: str) -> Body:
    prev = repository.last_leaf(work.session, work.case.id)
    assert prev is not None  # a case begins with its application
    return certificate_body(
        application_of(work),
        work.registry.instance,
        work.rules,
        number,
        work.now,
        prev,
        Procedure(work.case.procedure),
        importance_of_case(work),
        _remarks(work),
    )


def _remarks(work: CaseThread) -> list[dict[str, str]]:
    """Remarks it starts with (R16): that publicity was waived, which the record must say (R24)."""
    notice = work.bodies("publicity.opened")[-1]
    if not notice["waived"]:
        return []
    return [{"kind": RemarkKind.OTHER.value, "text": "公示经申请免除 Publicity was waived on request"}]


def deposit_of(case_subject: bytes, body: Body) -> Deposit:
    """The decision that approvers of a certificate sign; `case_subject` is its case's on chain, 32 bytes."""
    statement = statement_of(body)
    return Deposit(
        id=statement.subject,
        case_id=case_subject,
        content=statement.leaf_hash,
        registered_at=body.registered_at,
        valid_until=body.valid_until,
        holdings=holdings_digest(holdings_of((holder.code, holder.rights) for holder in body.holders)),
        remarks=remark_bits(RemarkKind(remark.kind) for remark in body.remarks),
    )


def _forget_who_left(session: Session, case_id: str) -> None:
    """Take back the approvals of those who act no more, so that others give them (ADR 42)."""
    given = [approval for _, approval in _given(session, case_id)]
    left = gone(session, (approval.person for approval in given))
    for approval in given:
        if approval.person in left:
            session.delete(approval)
    session.flush()


def _refuse_second(session: Session, case_id: str, person: str, capacity: Capacity) -> None:
    """One approval a person and a capacity: a second of one capacity could never be deposited (S5.6)."""
    for given, approval in _given(session, case_id):
        if approval.person == person or given is capacity:
            raise UsageFault(
                f"{approval.person} has approved this certificate for the {given} already",
                code="approval-twice",
                hint="The registry's and the committee's approvals must come from two persons.",
            )


def _given(session: Session, case_id: str) -> list[tuple[Capacity, Approval]]:
    query = select(Approval).where(Approval.case_id == case_id, Approval.kind == "deposit")
    given = session.exec(query.order_by(col(Approval.id))).all()
    return [(Capacity(session.get_one(Person, row.person).role), row) for row in given]


def _deposit(
    work: CaseThread,
    certificate: Certificate,
    body: Body,
    decision: Deposit,
    given: list[tuple[Capacity, Approval]],
) -> None:
    registry = work.registry
    rule = work.allow(Move.DEPOSIT, Capacity.REGISTRY)
    procedure = Procedure(work.case.procedure)
    check_approvals(Move.DEPOSIT, procedure, [GivenApproval(row.person, capacity) for capacity, row in given])
    by_capacity = {capacity: row.signature for capacity, row in given}
    order = (Capacity.REGISTRY, Capacity.COMMITTEE)
    call = registry.client.deposit(decision, [by_capacity[c] for c in order if c in by_capacity])
    recorded = work.compose(rule, body.to_json(), subject=decision.id, at=body.registered_at)
    if recorded.leaf_hash != decision.content:
        raise DataFault("the statement is not the one approved", code="statement-differs")
    work.call(DEPOSIT, certificate.number, call)
    work.write(rule, recorded)
    work.session.flush()
    event = repository.event_by_leaf(work.session, recorded.leaf_hash)
    assert event is not None  # written just above
    certificate.event_id = event.id
    certificate.qr = encode_qr(body, registry.keys.sm2("issuer"), registry.instance.host)
