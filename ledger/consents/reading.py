"""Opening a consent: the key of its own, what was consented to, and everything that happened to it since."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import Session

from yinzheng.ledger.consents.versions import notice_at
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import find_consent, statement_of, thread, unknown_consent
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Consent as ConsentRow
from yinzheng.ledger.store.models_consents import Notice as NoticeRow
from yinzheng.ledger.store.models_consents import Pooled
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.consent import Consent, parse_consent
from yinzheng.verifier.formats.notice import Notice
from yinzheng.verifier.formats.withdrawal import Portion, granted, parse_requested
from yinzheng.verifier.log.statement import Statement


@dataclass(frozen=True, slots=True)
class OpenedEvent:
    """One event of a consent's thread, opened."""

    event: Event
    statement: Statement
    body: JSON = field(repr=False)
    secret: bytes | None = field(repr=False)
    """Of the commitment; None for a public body."""


@dataclass(frozen=True, slots=True)
class OpenedConsent:
    """A consent as its keeper sees it."""

    row: ConsentRow
    seal: SealedValue
    consent: Consent = field(repr=False)
    secret: bytes = field(repr=False)
    """Of the commitment of `consent.granted`: what the patient's receipt carries."""
    notice: Notice
    notice_leaf: bytes
    events: tuple[OpenedEvent, ...]
    """The thread, oldest first. An event that still waits in the pool has no `id` and no `log_index`."""

    @property
    def granted(self) -> OpenedEvent:
        """The event of the consent itself."""
        return self.events[0]


def require_controller(session: Session, subject: bytes, code: str) -> None:
    """Answer about a consent to its controller alone, known by its notice and so also once it is erased.

    Whoever else asks learns nothing: not that it exists, nor that it did (R50). Raises `UsageFault`
    `consent-unknown`, the same in every case.
    """
    row = session.get(ConsentRow, subject)
    if row is None or session.get_one(NoticeRow, row.notice_id).controller != code:
        raise unknown_consent()


def require_named(session: Session, subject: bytes, code: str) -> None:
    """Answer about a consent to whom its notice names, also once it is erased; as `require_controller`."""
    row = session.get(ConsentRow, subject)
    notice = None if row is None else notice_at(session, session.get_one(NoticeRow, row.notice_id).leaf)
    if notice is None or code not in {notice.controller.code, *(one.code for one in notice.recipients)}:
        raise unknown_consent()


def open_key(registry: Registry, row: ConsentRow) -> SealedValue:
    """Unwrap a consent's key. Raises `UsageFault` (`consent-erased`), `DataFault` (`seal-broken`)."""
    if row.wrapped_key is None:
        raise UsageFault(
            "this consent was erased: its key is destroyed, and nobody can open it",
            code="consent-erased",
            hint="Its tombstone tells when and why.",
        )
    return SealedValue(registry.keys.wrapper().unwrap(row.wrapped_key, row.subject))


def events_of(session: Session, head: bytes) -> list[Event]:
    """The thread of a consent, oldest first, also while its only statement waits in the pool.

    Raises `DataFault` (`thread-broken`).
    """
    pooled = session.get(Pooled, head)
    if pooled is None:
        return thread(session, head)
    return [
        Event(
            subject=pooled.subject,
            type="consent.granted",
            at=pooled.at,
            statement=pooled.statement,
            leaf_hash=pooled.leaf,
            sealed=pooled.sealed,
            created_at=pooled.created_at,
        )
    ]


def open_consent(registry: Registry, session: Session, subject: bytes) -> OpenedConsent:
    """Open the consent of that subject, 32 bytes.

    Raises `UsageFault` (`consent-unknown`, `consent-erased`), `DataFault` (`seal-broken`, `thread-broken`).
    """
    row = find_consent(session, subject)
    seal = open_key(registry, row)
    events = tuple(_open(seal, event) for event in events_of(session, row.head))
    first = events[0]
    if first.secret is None:
        raise DataFault("a consent's thread does not begin with a consent", code="thread-broken")
    consent = parse_consent(first.body)
    leaf = consent.notice.leaf
    return OpenedConsent(row, seal, consent, first.secret, notice_at(session, leaf), leaf, events)


def force_at(opened: OpenedConsent, at: int) -> Portion:
    """What of a consent was in force at `at`, UTC seconds: a withdrawal ends its part when it is received.

    Whether the consent's term had begun or ended by then is not looked at.
    """
    force = granted(opened.consent)
    for one in opened.events:
        if one.statement.type == "withdrawal.requested":
            request = parse_requested(one.body)
            if request.received_at <= at:
                force = request.remains
    return force


def _open(seal: SealedValue, event: Event) -> OpenedEvent:
    statement = statement_of(event)
    if event.public is not None:
        return OpenedEvent(event, statement, None, None)
    body, secret = open_event(seal, event.sealed, event.leaf_hash)
    return OpenedEvent(event, statement, body, secret)
