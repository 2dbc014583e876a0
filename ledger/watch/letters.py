"""Letters: notices with the events of a subscription, in order, one on its way at a time (S11.4, S22.3).

A letter says from which number to which it tells of everything watched: it begins where the one before ended,
so whoever receives it sees at once that one is missing, or came before. How far a subscription was told
stands in the transaction that puts the letter into the queue.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import update
from sqlmodel import Session, col, or_, select

from yinzheng.ledger.flow.watched import derived
from yinzheng.ledger.notify.queue import queue
from yinzheng.ledger.store.models import Counter
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.ledger.store.models_watch import CertificateEvent, Subscription, Watched
from yinzheng.ledger.watch.events import events_of_subscription
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.webhook import MAX_EVENTS

KIND: Final = "certificate.events"

SCOPE: Final = "certificate-events-told"
"""Of the counter that says up to which event subscriptions were looked for."""


def letters_are_due(session: Session) -> bool:
    """Whether `write_letters` has anything to do."""
    if session.exec(select(Subscription.id).where(col(Subscription.webhook).is_not(None))).first() is None:
        return False
    return _looked(session).last < derived(session) or bool(_behind(session, 1))


def write_letters(session: Session, now: int) -> None:
    """Put a letter into the queue for each subscription that has events to hear of and none on its way."""
    _look(session)
    for row in _behind(session):
        _write(session, row, now)


def _looked(session: Session) -> Counter:
    return session.get(Counter, SCOPE) or Counter(scope=SCOPE, last=0)


def _look(session: Session) -> None:
    """Mark the subscriptions that the events since the last look concern."""
    counter, end = _looked(session), derived(session)
    if counter.last >= end:
        return
    concerned = (
        select(Watched.subscription_id)
        .join(CertificateEvent, col(CertificateEvent.certificate) == col(Watched.certificate))
        .where(CertificateEvent.number >= counter.last, CertificateEvent.number < end)
    )
    session.execute(
        update(Subscription)
        .where(col(Subscription.webhook).is_not(None), col(Subscription.id).in_(concerned))
        .values(behind=True)
    )
    counter.last = end
    session.add(counter)
    session.flush()


def _behind(session: Session, most: int | None = None) -> list[Subscription]:
    query = (
        select(Subscription)
        .join(Delivery, col(Delivery.id) == col(Subscription.letter), isouter=True)
        .where(col(Subscription.behind), or_(col(Delivery.state).is_(None), Delivery.state != "pending"))
        .order_by(col(Subscription.told))
        .limit(most)
    )
    return list(session.exec(query))


def _write(session: Session, row: Subscription, now: int) -> None:
    found = events_of_subscription(session, row.id, row.told, MAX_EVENTS + 1)
    told, more = found[:MAX_EVENTS], found[MAX_EVENTS:]
    end = more[0].number if more else derived(session)
    if told:
        data: dict[str, JSON] = {
            "subscription": row.id.hex(),
            "begin": row.told,
            "end": end,
            "events": [event.to_json() for event in told],
        }
        row.letter = queue(session, row.code, KIND, data, now, subscription_id=row.id)
        row.told = end
    row.behind = bool(more)
    session.add(row)
