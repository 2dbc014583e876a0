"""Subscribing to certificates, and ending it (S22.1).

Whoever subscribes shows that it has the certificate: its number and the leaf hash of its deposit, which
follows from the certificate's bytes (S3.4). A number alone is guessed easily (R14), and what is watched
would tell which numbers there are (R50).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from yinzheng.ledger.flow.threads import find_organisation
from yinzheng.ledger.flow.watched import derived
from yinzheng.ledger.organisations.addresses import check_webhook
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.ledger.store.models_watch import Subscription, Watched
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.webhook import ID_BYTES

MOST: Final = 32
"""Subscriptions of one organisation."""
MOST_CERTIFICATES: Final = 1000
"""Certificates of one subscription."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate that someone shows to have: its number and its deposit's leaf hash, 32 bytes."""

    number: str
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription as its organisation sees it."""

    id: bytes
    certificates: tuple[str, ...]
    webhook: str | None
    begin: int
    """Events from this number on are yet to be told by its webhook."""
    created_at: int


def subscribe(registry: Registry, code: str, shown: Sequence[Shown], webhook: str | None) -> Subscribed:
    """Watch certificates from now on.

    Raises `UsageFault` `organisation-unknown`, `webhook-address`, `subscriptions-many`; `DataFault`
    `certificate-unknown`, with the `index` of the first that is not one deposited here.
    """
    address = None if webhook is None else check_webhook(webhook)
    with registry.store.transaction() as session:
        find_organisation(session, code)
        _check_room(session, code)
        row = Subscription(
            id=registry.random(ID_BYTES),
            code=code,
            webhook=address,
            told=derived(session),
            created_at=registry.clock(),
        )
        session.add(row)
        session.flush()
        for subject in {_subject(session, one, index) for index, one in enumerate(shown)}:
            session.add(Watched(certificate=subject, subscription_id=row.id))
        session.flush()
        return _seen(session, row)


def subscriptions_of(session: Session, code: str) -> list[Subscribed]:
    """What an organisation watches, oldest first."""
    query = select(Subscription).where(Subscription.code == code)
    rows = session.exec(query.order_by(col(Subscription.created_at), col(Subscription.id)))
    return [_seen(session, row) for row in rows]


def unsubscribe(registry: Registry, code: str, id_: bytes) -> None:
    """End a subscription; what of it was not taken is not sent any more.

    Raises `UsageFault` `subscription-unknown`.
    """
    with registry.store.transaction() as session:
        row = find_subscription(session, code, id_)
        session.execute(
            update(Delivery)
            .where(col(Delivery.subscription_id) == id_, col(Delivery.state).in_(("pending", "dead")))
            .values(state="moot")
        )
        session.execute(delete(Watched).where(col(Watched.subscription_id) == id_))
        session.delete(row)


def find_subscription(session: Session, code: str, id_: bytes) -> Subscription:
    """The subscription of that organisation. Raises `UsageFault` `subscription-unknown`."""
    row = session.get(Subscription, id_)
    if row is None or row.code != code:
        raise UsageFault(
            "there is no such subscription of this organisation",
            code="subscription-unknown",
            hint="`yinzheng org watch list` shows them.",
        )
    return row


def _check_room(session: Session, code: str) -> None:
    if session.exec(select(func.count()).where(Subscription.code == code)).one() >= MOST:
        raise UsageFault(
            f"an organisation has at most {MOST} subscriptions",
            code="subscriptions-many",
            hint=f"End one; each may name {MOST_CERTIFICATES} certificates.",
        )


def _subject(session: Session, shown: Shown, index: int) -> bytes:
    query = (
        select(Certificate.subject)
        .join(Event, col(Event.id) == col(Certificate.event_id))
        .where(
            Certificate.number == shown.number,
            Certificate.state == "deposited",
            Event.leaf_hash == shown.leaf,
        )
    )
    subject = session.exec(query).first()
    if subject is None:
        raise DataFault(
            "no such certificate is deposited here",
            code="certificate-unknown",
            hint="Give number and deposit's leaf hash as the certificate's file has them; another registry's "
            "certificate is for that registry, which it names.",
            index=index,
        )
    return subject


def _seen(session: Session, row: Subscription) -> Subscribed:
    query = (
        select(Certificate.number)
        .join(Watched, col(Watched.certificate) == col(Certificate.subject))
        .where(Watched.subscription_id == row.id)
        .order_by(Certificate.number)
    )
    return Subscribed(row.id, tuple(session.exec(query)), row.webhook, row.told, row.created_at)
