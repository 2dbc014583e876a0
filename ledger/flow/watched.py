"""Events of certificates, derived from what the log holds and the chain has anchored, in the log's order.

An event is numbered by its place in the log. It becomes one when a head that covers it is anchored: by then
the calls that its decision asked for are on the chain too, and whoever hears of it can have it proved. How
far was derived stands in the same transaction as what was: a kill in between repeats or loses nothing.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, col, not_, or_, select

from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.watched import HOLDING, OF_PERSONS, SILENT
from yinzheng.ledger.store import register, repository
from yinzheng.ledger.store.models import Certificate, ChainCall, Counter, Event
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject
from yinzheng.ledger.store.models_watch import CertificateEvent
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.moves import SUCCESSIONS
from yinzheng.verifier.formats.watched import NAMING, named_by
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED, certificate_subject

SCOPE: Final = "certificate-events"
"""Of the counter that says how many statements of the log were looked at."""

MAX_BODY: Final = 8 * 1024 * 1024


def derived(session: Session) -> int:
    """How many statements of the log have been looked at: events are numbered below that."""
    row = session.get(Counter, SCOPE)
    return 0 if row is None else row.last


def is_behind(session: Session) -> bool:
    """Whether the chain has anchored statements that were not looked at."""
    head = repository.latest_checkpoint(session, anchored=True)
    return head is not None and derived(session) < head.size


def derive(registry: Registry) -> None:
    """Look at everything that was anchored since."""
    behind = True
    while behind:
        with registry.store.transaction() as session:
            behind = _step(session)


def _step(session: Session) -> bool:
    head = repository.latest_checkpoint(session, anchored=True)
    counter = session.get(Counter, SCOPE) or Counter(scope=SCOPE, last=0)
    if head is None or counter.last >= head.size:
        return False
    end = min(counter.last + repository.BATCH, head.size)
    refused = _refused(session)
    for event, certificate in _events(session, counter.last, end):
        if not refused.isdisjoint(_names(event)):
            continue
        assert event.log_index is not None  # asked for by it
        if certificate is not None and _is_deposit(event, certificate):
            register.enter(session, certificate)
        for subject in sorted(_subjects(session, event, certificate)):
            session.add(CertificateEvent(number=event.log_index, certificate=subject, about=event.subject))
        session.flush()
    counter.last = end
    session.add(counter)
    return end < head.size


def _events(session: Session, first: int, end: int) -> list[tuple[Event, Certificate | None]]:
    """What may be about a certificate, in order, with the one whose subject it has."""
    of_persons = or_(*(col(Event.type).startswith(beginning) for beginning in OF_PERSONS))
    query = (
        select(Event, Certificate)
        .join(Certificate, col(Certificate.subject) == col(Event.subject), isouter=True)
        .where(col(Event.log_index) >= first, col(Event.log_index) < end)
        .where(col(Event.type).not_in(SILENT), not_(of_persons))
        .order_by(col(Event.log_index))
    )
    return list(session.exec(query))


def _refused(session: Session) -> set[str]:
    """What calls that the contracts refused name: leaf hashes of what was stated, and did not take effect."""
    query = select(ChainCall.about, ChainCall.part)
    rows = session.exec(query.where(col(ChainCall.state).in_(("withdrawn", "failed"))))
    return {name for row in rows for name in row}


def _names(event: Event) -> set[str]:
    """By what a call names a statement: its leaf hash; of a succession, what follows by it."""
    names = {event.leaf_hash.hex()}
    if event.type in SUCCESSIONS and event.public is not None:
        match canonical.loads(event.public, max_bytes=MAX_BODY):
            case {"successor": {"leaf": str(leaf)}}:
                names.add(leaf)
    return names


def _subjects(session: Session, event: Event, certificate: Certificate | None) -> set[bytes]:
    """The certificates that an event is about."""
    if event.type == CERTIFICATE_DEPOSITED and (certificate is None or not _is_deposit(event, certificate)):
        return set()  # the contracts refused it, and it was stated anew (S3.5)
    found = set() if certificate is None else {certificate.subject}
    if event.public is not None and event.type in NAMING:
        body = canonical.loads(event.public, max_bytes=MAX_BODY)
        found |= {certificate_subject(number) for number in named_by(event.type, body)}
    if event.type in HOLDING:
        return found | _held(session, event.subject)
    if certificate is None and not found:
        before = select(CertificateEvent.certificate).where(CertificateEvent.about == event.subject)
        return set(session.exec(before))
    return found


def _is_deposit(event: Event, certificate: Certificate) -> bool:
    return event.type == CERTIFICATE_DEPOSITED and certificate.event_id == event.id


def _held(session: Session, dispute: bytes) -> set[bytes]:
    query = (
        select(DisputeSubject.subject)
        .join(Dispute)
        .where(Dispute.subject == dispute, DisputeSubject.kind == "record")
    )
    return set(session.exec(query))
