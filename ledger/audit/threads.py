"""Is every statement outside the applications in the thread it belongs to, and does its body open it?

Organisations, notices, consents with their withdrawals, disputes, supervision, and registered certificates.
A statement that no thread reaches, a body whose key is gone without a tombstone, and a sealed one that a
tombstone calls destroyed are all named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from yinzheng.ledger.audit.contracts import check_contracts
from yinzheng.ledger.audit.erasures import check_remains
from yinzheng.ledger.audit.event import check_event
from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.audit.supervision import check_supervisions
from yinzheng.ledger.audit.trades import check_trades
from yinzheng.ledger.certificates.work import deposit_leaf, statements_of
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import is_told_elsewhere, thread
from yinzheng.ledger.organisations.keys import keys_at
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate, Event
from yinzheng.ledger.store.models_consents import Consent, Notice, Organisation, Pooled
from yinzheng.ledger.store.models_disputes import Dispute, EvidenceItem
from yinzheng.ledger.store.models_inlets import Inlet
from yinzheng.ledger.store.sealed import SealedValue, check_file
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import NOTED
from yinzheng.verifier.formats.evidence_items import parse_item
from yinzheng.verifier.formats.inlet import inlets_subject
from yinzheng.verifier.formats.notice import MAX_NOTICE, parse_notice
from yinzheng.verifier.log.statement import Statement, verify_body

BATCH = 2000
"""Consents looked at together; a bound on memory."""


def check_threads(audit: Audit) -> None:
    """Check every thread, trade check and contract, that no statement is outside of them."""
    with audit.store.reading() as session:
        seen = _organisations(audit, session) + _notices(audit, session)
        seen += _consents(audit, session) + _disputes(audit, session) + _certificates(audit, session)
        seen += check_trades(audit, session) + check_contracts(audit, session)
        seen += check_supervisions(audit, session) + _found(audit, session)
        loose = (
            select(func.count()).select_from(Event).where(col(Event.case_id).is_(None), Event.type != NOTED)
        )
        there = session.exec(loose).one()
        if there != seen:
            audit.found(
                "event-unlinked", f"{there} statements lie outside the applications, threads reach {seen}"
            )


def _walk(
    audit: Audit,
    events: Iterable[Event],
    seal: SealedValue | None,
    subject: bytes,
    prev: bytes | None = None,
    **where: object,
) -> int:
    count = 0
    for event in events:
        with audit.finding(event=event.id, **where):
            check_event(event, seal, prev, subject)
        prev = event.leaf_hash
        count += 1
    return count


def _organisations(audit: Audit, session: Session) -> int:
    seen = 0
    for row in session.exec(select(Organisation).order_by(Organisation.code)):
        with audit.finding(organisation=row.code):
            events = thread(session, row.head)
            seen += _walk(audit, events, None, row.subject, organisation=row.code)
            keys = keys_at(session, row.head)
            if keys[-1].grant.code != row.code:
                raise DataFault("an organisation's keys are another's", code="organisation-altered")
    return seen


def _found(audit: Audit, session: Session) -> int:
    """What was found on the chain is one thread, in its order there."""
    last = select(Inlet.leaf).order_by(col(Inlet.block).desc(), col(Inlet.log).desc())
    head = session.exec(last).first()
    if head is None:
        return 0
    with audit.finding(thread="inlets"):
        return _walk(audit, thread(session, head), None, inlets_subject(audit.instance.origin))
    return 0


def _notices(audit: Audit, session: Session) -> int:
    seen = 0
    for row in session.exec(select(Notice).order_by(col(Notice.id))):
        with audit.finding(notice=row.leaf.hex()):
            events = thread(session, row.leaf)
            newest = events[-1]
            check_event(newest, None, events[-2].leaf_hash if len(events) > 1 else None, row.subject)
            body = parse_notice(canonical.loads(newest.public or b"", max_bytes=MAX_NOTICE))
            if (body.version, body.controller.code) != (row.version, row.controller) or len(
                events
            ) != row.version:
                raise DataFault("a notice's row is not what its body says", code="notice-altered")
            seen += 1
    return seen


def _consents(audit: Audit, session: Session) -> int:
    """Consents nobody withdrew are their thread's only statement, and are fetched by the thousand."""
    wrapper = audit.keys.wrapper()
    seen, last = 0, b""
    while rows := _next(session, last):
        last = rows[-1].subject
        heads = [row.head for row in rows]
        events = {
            event.leaf_hash: event
            for event in session.exec(select(Event).where(col(Event.leaf_hash).in_(heads))).all()
        }
        for row in rows:
            with audit.finding(consent=row.subject.hex()):
                head = events.get(row.head)
                if head is None:
                    _pooled(session, row, wrapper.unwrap(row.wrapped_key or b"", row.subject))
                    continue
                own = [head] if head.type == "consent.granted" else thread(session, row.head)
                seen += _consent(audit, row, own)
        session.expunge_all()
    return seen


def _next(session: Session, last: bytes) -> Sequence[Consent]:
    query = select(Consent).where(col(Consent.subject) > last).order_by(col(Consent.subject)).limit(BATCH)
    return session.exec(query).all()


def _consent(audit: Audit, row: Consent, events: list[Event]) -> int:
    check_remains(events, alive=row.wrapped_key is not None)
    if row.wrapped_key is None:
        return _walk(audit, events, None, row.subject, consent=row.subject.hex())
    seal = SealedValue(audit.keys.wrapper().unwrap(row.wrapped_key, row.subject))
    return _walk(audit, events, seal, row.subject, consent=row.subject.hex())


def _pooled(session: Session, row: Consent, key: bytes) -> None:
    pooled = session.get(Pooled, row.head)
    if pooled is None:
        raise DataFault("a consent has no statement", code="event-missing")
    statement = Statement.from_bytes(pooled.statement)
    body, secret = open_event(SealedValue(key), pooled.sealed, pooled.leaf)
    verify_body(statement, canonical.dumps(body), secret)
    if (statement.leaf_hash, statement.subject) != (pooled.leaf, row.subject):
        raise DataFault("a waiting consent is not the one its row names", code="event-altered")


def _disputes(audit: Audit, session: Session) -> int:
    seen = 0
    for row in session.exec(select(Dispute).where(col(Dispute.head).is_not(None)).order_by(Dispute.id)):
        assert row.head is not None  # the query's condition
        with audit.finding(dispute=row.id):
            key = audit.dossier_key(session, row.dossier_id)
            events = thread(session, row.head)
            before = Statement.from_bytes(events[0].statement).prev if events else None
            unstated = before if before is not None and is_told_elsewhere(session, before) else None
            seal = SealedValue(key) if key else None
            seen += _walk(audit, events, seal, row.subject, unstated, dispute=row.id)
            check_remains(events, alive=key is not None)
            if key is not None:
                _items(audit, session, row, events, key)
    return seen


def _certificates(audit: Audit, session: Session) -> int:
    """What was recorded about certificates since their deposits."""
    seen = 0
    for row in session.exec(select(Certificate).where(col(Certificate.head).is_not(None))):
        with audit.finding(number=row.number):
            events = statements_of(session, row)
            case = session.get_one(Case, row.case_id)
            key = audit.dossier_key(session, case.dossier_id)
            seal = SealedValue(key) if key else None
            first = deposit_leaf(session, row)
            seen += _walk(audit, events, seal, row.subject, first, number=row.number)
            private = [event for event in events if event.public is None]
            if key is None and private:
                check_remains([*repository.events_of_case(session, row.case_id), *private], alive=False)
            if any(Statement.from_bytes(event.statement).profile != case.profile for event in events):
                raise DataFault("a certificate changed its rule profile", code="event-altered")
    return seen


def _items(audit: Audit, session: Session, row: Dispute, events: Sequence[Event], key: bytes) -> None:
    """Every item's bytes are those its statement names, to the last one."""
    items = session.exec(
        select(EvidenceItem).where(EvidenceItem.dispute_id == row.id).order_by(col(EvidenceItem.number))
    ).all()
    stated = [event for event in events if event.type == "dispute.evidence"]
    if [item.leaf for item in items] != [event.leaf_hash for event in stated]:
        raise DataFault("the items listed are not those stated", code="evidence-altered")
    files = {file.number: file for file in repository.files_of(session, row.dossier_id)}
    for number, event in enumerate(stated):
        with audit.finding(dispute=row.id, item=number + 1):
            body, _ = open_event(SealedValue(key), event.sealed, event.leaf_hash)
            item = parse_item(body)
            if number not in files:
                raise DataFault("an item's bytes are not in the dossier", code="evidence-altered")
            check_file(audit.blobs, key, row.dossier_id, number, files[number].blob, item.size, item.digest)
