"""Events of certificates as those who watch them hear of them, read from what was derived (S22.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlmodel import Session, col, select

from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.ledger.store.models_watch import CertificateEvent, Subscription, Watched
from yinzheng.verifier.formats.watched import MAX_CERTIFICATES, WatchedEvent
from yinzheng.verifier.log.statement import Statement

ONCE: Final = 100
"""Events read at once."""


def events_of_subscription(session: Session, id_: bytes, first: int, most: int) -> list[WatchedEvent]:
    """The first events of one subscription from number `first` on."""
    return _events(session, Watched.subscription_id == id_, first, most)


def events_of_organisation(session: Session, code: str, first: int, most: int = ONCE) -> list[WatchedEvent]:
    """The first events from number `first` on of all that an organisation watches."""
    own = select(Subscription.id).where(Subscription.code == code)
    return _events(session, col(Watched.subscription_id).in_(own), first, most)


def _events(session: Session, whose: Any, first: int, most: int) -> list[WatchedEvent]:
    numbers = (
        select(CertificateEvent.number)
        .join(Watched, col(Watched.certificate) == col(CertificateEvent.certificate))
        .where(whose, CertificateEvent.number >= first)
        .distinct()
        .order_by(col(CertificateEvent.number))
        .limit(most)
    )
    found = session.exec(numbers).all()
    return [_event(session, number, _concerned(session, number, whose)) for number in found]


def _concerned(session: Session, number: int, whose: Any) -> Sequence[str]:
    """Of what is watched, the certificates that an event is about."""
    query = (
        select(Certificate.number)
        .join(CertificateEvent, col(CertificateEvent.certificate) == col(Certificate.subject))
        .join(Watched, col(Watched.certificate) == col(CertificateEvent.certificate))
        .where(whose, CertificateEvent.number == number)
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
