"""Events of certificates as those who watch them hear of them, read from what was derived (S22.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import true
from sqlmodel import Session, col, select

from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.ledger.store.models_watch import CertificateEvent, Subscription, Watched
from yinzheng.verifier.formats.watched import MAX_CERTIFICATES, WatchedEvent
from yinzheng.verifier.log.statement import Statement

ONCE: Final = 100
"""Events read at once."""


@dataclass(frozen=True, slots=True)
class Period:
    """Decided from `since` to before `until`, UTC seconds, as their statements say."""

    since: int
    until: int


ALWAYS: Final = Period(0, 2**53 - 1)


def events_of_subscription(session: Session, id_: bytes, first: int, most: int) -> list[WatchedEvent]:
    """The first events of one subscription from number `first` on."""
    return _events(session, _watched(Watched.subscription_id == id_), first, most, ALWAYS)


def events_of_organisation(
    session: Session, code: str, first: int, most: int = ONCE, period: Period = ALWAYS
) -> list[WatchedEvent]:
    """The first events from number `first` on of all that an organisation watches."""
    own = select(Subscription.id).where(Subscription.code == code)
    return _events(session, _watched(col(Watched.subscription_id).in_(own)), first, most, period)


def events_of_certificates(
    session: Session, subjects: Sequence[bytes] | None, first: int, most: int, period: Period
) -> list[WatchedEvent]:
    """The first events from number `first` on of these certificates; None: of all there are."""
    which = true() if subjects is None else col(CertificateEvent.certificate).in_(subjects)
    return _events(session, which, first, most, period)


def _watched(whose: Any) -> Any:
    return col(CertificateEvent.certificate).in_(select(Watched.certificate).where(whose))


def _events(session: Session, which: Any, first: int, most: int, period: Period) -> list[WatchedEvent]:
    numbers = (
        select(CertificateEvent.number)
        .join(Event, col(Event.log_index) == col(CertificateEvent.number))
        .where(which, CertificateEvent.number >= first)
        .where(Event.at >= period.since, Event.at < period.until)
        .distinct()
        .order_by(col(CertificateEvent.number))
        .limit(most)
    )
    found = session.exec(numbers).all()
    return [_event(session, number, _concerned(session, number, which)) for number in found]


def _concerned(session: Session, number: int, which: Any) -> Sequence[str]:
    """Of what is asked for, the certificates that an event is about."""
    query = (
        select(Certificate.number)
        .join(CertificateEvent, col(CertificateEvent.certificate) == col(Certificate.subject))
        .where(which, CertificateEvent.number == number)
        .distinct()
        .order_by(Certificate.number)
        .limit(MAX_CERTIFICATES)
    )
    return session.exec(query).all()


def _event(session: Session, number: int, certificates: Sequence[str]) -> WatchedEvent:
    statement = session.exec(select(Event.statement).where(Event.log_index == number)).one()
    block = repository.anchoring_block(session, number)
    assert block is not None  # or it would not have been derived
    return WatchedEvent(number, tuple(certificates), Statement.from_bytes(statement), block)
