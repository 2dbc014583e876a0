"""Is every row about a case what its statement, its commitment and its history say?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, or_
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from yinzheng.ledger.audit.erasures import check_remains
from yinzheng.ledger.audit.finding import SOME, Audit
from yinzheng.ledger.cases.calls import refused_decisions
from yinzheng.ledger.cases.protests import meant
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.course import Course
from yinzheng.ledger.rules.numbers import CertificateNumber
from yinzheng.ledger.rules.states import COURSES, Move, State, StatementType
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Approval, Case, Certificate, Event, Objection, table_of
from yinzheng.ledger.store.models_inlets import Inlet
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.ledger.store.session import Objects
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import MAX_BODY, parse_body
from yinzheng.verifier.formats.certificate import decode_qr, statement_of
from yinzheng.verifier.formats.dossier import committed_form
from yinzheng.verifier.formats.tombstone import TOMBSTONE
from yinzheng.verifier.log.statement import Body, Statement, verify_body

_OF_OTHERS: Final = frozenset(
    rule.statement.value
    for course in COURSES.values()
    for rule in course.rules
    if rule.move in (Move.SUCCEED, Move.DEPOSIT) and rule.statement is not None
)
"""Statements of a case whose subject is a certificate or a licence (S2.4)."""

_OBJECTED: Final = table_of(Objection).c
_OBJECTIONS: Final = Objects(Objection, _OBJECTED.case_id == bindparam("of"), order_by=[_OBJECTED.id])
_APPROVED: Final = table_of(Approval).c
_SIGNERS: Final = Prepared(
    rows_of(_APPROVED.address).where(
        _APPROVED.case_id == bindparam("of"), or_(_APPROVED.kind == "deposit", _APPROVED.kind == "move")
    )
)


def check_cases(audit: Audit) -> None:
    """Check every case with its events."""
    some = select(Case).where(*audit.part.of(Case.id)).order_by(Case.id)
    with audit.store.reading() as session:
        for case in session.exec(some.execution_options(yield_per=SOME)):
            with audit.finding(case=case.id):
                _check_case(audit, session, case)


def check_certificates(audit: Audit) -> None:
    """Check every certificate against the statement of its deposit."""
    stated = select(Certificate, Event.leaf_hash).join(
        Event, col(Event.id) == col(Certificate.event_id), isouter=True
    )
    some = stated.where(*audit.part.of(Certificate.number)).order_by(Certificate.number)
    with audit.store.reading() as session:
        for certificate, leaf in session.exec(some.execution_options(yield_per=SOME)):
            with audit.finding(number=certificate.number):
                _check_certificate(session, certificate, leaf)


def _check_case(audit: Audit, session: Session, case: Case) -> None:
    events = repository.events_of_case(session, case.id)
    if not events:
        raise DataFault("a case has no events", code="event-missing")
    objections = _OBJECTIONS.all(session, of=case.id)
    with audit.finding(case=case.id):
        _check_state(session, case, events, objections)
    seal = audit.seal(session, case.dossier_id)
    with audit.finding(case=case.id):
        check_remains(events, alive=seal is not None)
        _check_objections(objections, seal)
    prev: bytes | None = None
    for event in events:
        with audit.finding(case=case.id, event=event.id):
            _check_event(case, event, seal, prev)
        prev = event.leaf_hash


def _check_event(case: Case, event: Event, seal: SealedValue | None, prev: bytes | None) -> None:
    statement = Statement.from_bytes(event.statement)
    of_row = (event.type, event.subject, event.at, event.leaf_hash)
    if of_row != (statement.type, statement.subject, statement.at, statement.leaf_hash):
        raise DataFault("an event's columns are not those of its statement", code="event-altered")
    if statement.prev != prev or (statement.subject != case.subject and statement.type not in _OF_OTHERS):
        raise DataFault("an event is not the next of its case", code="event-unlinked")
    if statement.profile != case.profile:
        raise DataFault("a case changed its rule profile", code="case-altered")
    if (event.public is not None) is not (statement.body_kind is Body.PUBLIC):
        raise DataFault("an event lacks its public body, or shows a private one", code="event-altered")
    if event.public is not None:
        verify_body(statement, event.public)
    if seal is not None:
        body, secret = open_event(seal, event.sealed, event.leaf_hash)
        verify_body(statement, canonical.dumps(committed_form(statement.type, body)), secret)


def _check_state(
    session: Session, case: Case, events: Sequence[Event], objections: Sequence[Objection]
) -> None:
    """The stored state must be one that the table of moves reaches by these statements."""
    taken_back = _check_deposits(session, case, events)
    course = COURSES[CaseType(case.type)]
    states = {State.NEW}
    for event in events:
        if event.type == TOMBSTONE:
            continue  # it ends the dossier, and moves the case nowhere
        reached = _quietly(course, states, taken_back)
        states = {
            rule.to
            for rule in course.rules
            if rule.state in reached and rule.statement is not None and rule.statement.value == event.type
        }
    if case.state not in _quietly(course, states, taken_back):
        raise DataFault(f"the case is stored as {case.state}, its events say otherwise", code="case-altered")
    objections = [one for one in objections if one.certificate is None]  # not to what came of it
    raised = sum(1 for event in events if event.type == StatementType.OBJECTION_RAISED)
    if objections:
        found = select(Inlet.name).where(Inlet.inlet == "objection", Inlet.about == case.subject)
        raised += len({*session.exec(found)} & {one.leaf for one in objections})
    concluded = sum(1 for event in events if event.type == StatementType.OBJECTION_CONCLUDED)
    if len(objections) != raised or sum(o.concluded_at is not None for o in objections) != concluded:
        raise DataFault("objections and their events do not match", code="objection-altered")


def _check_objections(objections: Sequence[Objection], seal: SealedValue | None) -> None:
    """What was handed in of objections raised on the chain is what the chain names; gone with its dossier."""
    for objection in objections:
        if seal is not None:
            meant(objection, seal)
        elif objection.sealed:
            raise DataFault("an objection outlived its dossier", code="erasure-unproved")


def _check_deposits(session: Session, case: Case, events: Sequence[Event]) -> bool:
    """Each deposit stated stands or was refused by the contracts; tells whether any was refused."""
    stated = sum(1 for event in events if event.type == StatementType.CERTIFICATE_DEPOSITED)
    certificates = repository.certificates_of_case(session, case.id)
    refused = refused_decisions(session, case, certificates)
    withdrawn = refused * len(certificates)
    standing = sum(one.event_id is not None for one in certificates)
    if stated != withdrawn + standing:
        raise DataFault(
            f"{stated} deposits are stated; {standing} stand, {withdrawn} were refused",
            code="certificate-altered",
        )
    return refused > 0


def _quietly(course: Course[State, Move], states: set[State], taken_back: bool) -> set[State]:
    """Add what is reached without a statement: issuing, back from it, and back from a refused decision."""
    quiet = [(rule.state, rule.to) for rule in course.rules if rule.statement is None]
    ends = {rule.to for rule in course.rules if rule.move is Move.DEPOSIT}
    found = set(states)
    if taken_back and ends & found:
        found |= {state for pair in quiet for state in pair}
    issuing = {state for pair in quiet if found & {*pair} for state in pair}
    return found | issuing


def _check_certificate(session: Session, certificate: Certificate, leaf: bytes | None) -> None:
    """`leaf`: hash of the statement of its deposit, if that is there."""
    body = parse_body(canonical.loads(certificate.body, max_bytes=MAX_BODY))
    statement = statement_of(body)
    of_row = (certificate.number, certificate.subject, certificate.registered_at, certificate.valid_until)
    if of_row != (body.number, statement.subject, body.registered_at, body.valid_until):
        raise DataFault("a certificate's columns are not those of its body", code="certificate-altered")
    if certificate.event_id is None:
        if certificate.state != "draft":
            raise DataFault(
                "a certificate was never deposited, its row says it was", code="certificate-altered"
            )
        return
    if leaf != statement.leaf_hash:
        raise DataFault("a certificate is not the one its deposit states", code="certificate-altered")
    if certificate.qr is None or decode_qr(certificate.qr).statement() != statement:
        raise DataFault("a certificate's code is not of its body", code="certificate-altered")
    signed = _SIGNERS.all(session, of=certificate.case_id)
    if len({*signed}) != len(signed) or not signed:
        raise DataFault("a deposited certificate lacks its approvals", code="approval-missing")


def check_numbers(audit: Audit) -> None:
    """Numbers of a month run from 0001 without gaps up to the counter (R14)."""
    by_month: dict[str, list[int]] = {}
    with audit.store.reading() as session:
        for text in session.exec(select(Certificate.number).order_by(Certificate.number)):
            with audit.finding(number=text):
                number = CertificateNumber.parse(text)
                by_month.setdefault(number.month, []).append(number.serial)
        for month, serials in by_month.items():
            used = repository.serials_used(session, month)
            if serials != list(range(1, used + 1)):
                audit.found("number-gap", f"certificate numbers of {month} are not 1 to {used}", month=month)
