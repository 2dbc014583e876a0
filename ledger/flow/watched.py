"""Events of certificates, derived from what the log holds and the chain has anchored, in the log's order.

An event is numbered by its place in the log. It becomes one when a head that covers it is anchored: by then
the calls that its decision asked for are on the chain too, and whoever hears of it can have it proved. How
far was derived stands in the same transaction as what was: a kill in between repeats or loses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, not_, or_, select
from sqlmodel import Session, col

from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.watched import HOLDING, OF_PERSONS, SILENT
from yinzheng.ledger.store import register, repository
from yinzheng.ledger.store.models import Certificate, ChainCall, Counter, Event, table_of
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject
from yinzheng.ledger.store.models_watch import CertificateEvent
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.moves import SUCCESSIONS
from yinzheng.verifier.formats.watched import NAMING, named_by
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED, certificate_subject

SCOPE: Final = "certificate-events"
"""Of the counter that says how many statements of the log were looked at."""

MAX_BODY: Final = 8 * 1024 * 1024

_ASKED: Final = 5_000
"""Subjects in one question to the database."""


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
    looked_at = _looked_at(session, counter.last, end)
    before = _before(session, looked_at)
    for stated in looked_at:
        if not refused.isdisjoint(_names(stated)):
            continue
        if _is_deposit(stated):
            register.enter(session, session.get_one(Certificate, stated.certificate))
        for subject in sorted(_subjects(session, stated, before)):
            session.add(CertificateEvent(number=stated.number, certificate=subject, about=stated.subject))
            before[stated.subject].add(subject)
    counter.last = end
    session.add(counter)
    return end < head.size


class _Stated(NamedTuple):
    """A statement of the log that may be about a certificate, with the one whose subject it has."""

    number: int
    id: int
    type: str
    subject: bytes
    leaf_hash: bytes
    public: bytes | None
    certificate: str | None
    deposited: int | None
    """The event by which that certificate was deposited."""


def _looked_at(session: Session, first: int, end: int) -> list[_Stated]:
    """What may be about a certificate, in the log's order.

    It has a certificate's subject, names or holds certificates, or has the subject of what did so before, or
    does among these: nothing is about any otherwise (`_subjects`).
    """
    event, known = table_of(Event).c, select(table_of(CertificateEvent).c.about)
    certified = table_of(Certificate).c.number.is_not(None)
    telling = event.type.in_(NAMING | HOLDING)
    found = _stated(session, first, end, or_(certified, telling, event.subject.in_(known)))
    told = list({stated.subject for stated in found if stated.certificate is None})
    for asked in range(0, len(told), _ASKED):
        found |= _stated(session, first, end, event.subject.in_(told[asked : asked + _ASKED]))
    return sorted(found)


def _stated(session: Session, first: int, end: int, which: ColumnElement[bool]) -> set[_Stated]:
    """Of the statements in these places of the log: rows and no objects, for it may be very many."""
    event, certificate = table_of(Event).c, table_of(Certificate).c
    query = (
        select(
            event.log_index,
            event.id,
            event.type,
            event.subject,
            event.leaf_hash,
            event.public,
            certificate.number,
            certificate.event_id,
        )
        .join_from(table_of(Event), table_of(Certificate), certificate.subject == event.subject, isouter=True)
        .where(event.log_index >= first, event.log_index < end, event.type.not_in(SILENT))
        .where(not_(or_(*(event.type.startswith(beginning) for beginning in OF_PERSONS))), which)
    )
    return {_Stated(*row) for row in session.execute(query)}


def _before(session: Session, looked_at: Sequence[_Stated]) -> defaultdict[bytes, set[bytes]]:
    """The certificates that earlier statements of the same subjects were about, by subject."""
    found: defaultdict[bytes, set[bytes]] = defaultdict(set)
    subjects = list({stated.subject for stated in looked_at if stated.certificate is None})
    about = col(CertificateEvent.about)
    for first in range(0, len(subjects), _ASKED):
        some = subjects[first : first + _ASKED]
        query = select(about, col(CertificateEvent.certificate)).where(about.in_(some)).distinct()
        for subject, certificate in session.execute(query):
            found[subject].add(certificate)
    return found


def _refused(session: Session) -> set[str]:
    """What calls that the contracts refused name: leaf hashes of what was stated, and did not take effect."""
    query = select(col(ChainCall.about), col(ChainCall.part))
    rows = session.execute(query.where(col(ChainCall.state).in_(("withdrawn", "failed"))))
    return {name for row in rows for name in row}


def _names(stated: _Stated) -> set[str]:
    """By what a call names a statement: its leaf hash; of a succession, what follows by it."""
    names = {stated.leaf_hash.hex()}
    if stated.type in SUCCESSIONS and stated.public is not None:
        match canonical.loads(stated.public, max_bytes=MAX_BODY):
            case {"successor": {"leaf": str(leaf)}}:
                names.add(leaf)
    return names


def _subjects(session: Session, stated: _Stated, before: Mapping[bytes, set[bytes]]) -> set[bytes]:
    """The certificates that a statement is about."""
    if stated.type == CERTIFICATE_DEPOSITED and not _is_deposit(stated):
        return set()  # the contracts refused it, and it was stated anew (S3.5)
    found = set() if stated.certificate is None else {stated.subject}
    if stated.public is not None and stated.type in NAMING:
        body = canonical.loads(stated.public, max_bytes=MAX_BODY)
        found |= {certificate_subject(number) for number in named_by(stated.type, body)}
    if stated.type in HOLDING:
        return found | _held(session, stated.subject)
    return found or set(before.get(stated.subject, ()))


def _is_deposit(stated: _Stated) -> bool:
    return stated.type == CERTIFICATE_DEPOSITED and stated.deposited == stated.id


def _held(session: Session, dispute: bytes) -> set[bytes]:
    query = (
        select(col(DisputeSubject.subject))
        .join(Dispute)
        .where(col(Dispute.subject) == dispute, col(DisputeSubject.kind) == "record")
    )
    return set(session.scalars(query))
