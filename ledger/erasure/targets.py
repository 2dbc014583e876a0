"""What an erasure is of: a consent, an application or a dispute, as its rows say; nothing is opened.

Each has one key (of its own, or its dossier's) under which everything private of it lies sealed, and one
chain of statements to which the tombstone is added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, select

from yinzheng.ledger.cases.files import events_beside
from yinzheng.ledger.disputes.work import holds_on
from yinzheng.ledger.erasure.periods import periods_in
from yinzheng.ledger.flow.threads import find_consent, find_dispute, thread
from yinzheng.ledger.rules.destruction import TargetKind
from yinzheng.ledger.rules.retention import PERIODS, Period, RecordKind, kept_until
from yinzheng.ledger.rules.states import State as CaseState
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Dossier, Event
from yinzheng.ledger.store.models_consents import Consent, Withdrawal
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.store.models_supervision import Supervision
from yinzheng.ledger.supervision.work import find as find_supervision
from yinzheng.verifier.errors import DataFault, UsageFault

RECORD_KINDS = {
    TargetKind.CASE: RecordKind.REGISTRATION_FILE,
    TargetKind.DISPUTE: RecordKind.REGISTRATION_FILE,
    TargetKind.SUPERVISION: RecordKind.REGISTRATION_FILE,
}
"""Whose retention a target follows (R42). For consents there is none: they end with their purpose."""
_ENDED = frozenset({CaseState.DEPOSITED, CaseState.RECORDED, CaseState.REFUSED, CaseState.CLOSED})


@dataclass(frozen=True, slots=True)
class Target:
    """One record that may be destroyed."""

    kind: TargetKind
    subject: bytes
    reference: str
    """What people call it: the reference of a case, dispute or supervision, a consent's subject in hex."""
    owner: bytes
    """Primary key of the row that holds its key: of the consent, or of its dossier."""
    case_id: str | None
    profile: str | None
    """The rule profile of a case; None: the registry's."""
    events: tuple[Event, ...]
    """Oldest first."""
    alive: bool
    """Whether its key is still there."""
    files: tuple[str, ...]
    """Names of its blobs."""
    ended_at: int | None
    """When its retention began to run, UTC seconds; None: it is still going on, or has no such time."""
    beside: tuple[Event, ...] = ()
    """Of a case: what was said in private about its certificates since, under the same key."""
    periods: Mapping[RecordKind, Period] = field(default_factory=lambda: PERIODS)
    """How long this registry keeps what (R42)."""

    @property
    def head(self) -> bytes:
        """Leaf hash of its latest statement."""
        return self.events[-1].leaf_hash

    @property
    def private(self) -> tuple[bytes, ...]:
        """Leaf hashes of its statements with private bodies, ascending."""
        return tuple(sorted(one.leaf_hash for one in (*self.events, *self.beside) if one.public is None))

    @property
    def kept_until(self) -> int | None:
        """The end of its statutory retention; None where there is none, or it does not run yet."""
        kind = RECORD_KINDS.get(self.kind)
        if kind is None or self.ended_at is None:
            return None
        return kept_until(kind, self.ended_at, self.periods)

    def holds(self, session: Session) -> int:
        """How many open disputes hold it (R39)."""
        named = {self.subject}
        if self.kind is TargetKind.CONSENT:
            named |= set(session.exec(select(Withdrawal.id).where(Withdrawal.consent == self.subject)).all())
        if self.case_id is not None:
            named |= {one.subject for one in repository.certificates_of_case(session, self.case_id)}
        return sum(holds_on(session, subject) for subject in named)


def find_target(session: Session, kind: TargetKind, reference: str) -> Target:
    """Find by what people call it.

    Raises `UsageFault`: `subject-malformed`, `consent-unknown`, `case-unknown`, `dispute-unknown`,
    `supervision-unknown`, `erasure-pooled` (a consent that is not yet in the log), `erasure-running` (a
    dispute nobody opened).
    """
    if kind is TargetKind.CONSENT:
        return _consent(session, _subject(reference))
    if kind is TargetKind.CASE:
        return _case(session, repository.find_case(session, reference))
    if kind is TargetKind.SUPERVISION:
        return _supervision(session, find_supervision(session, reference))
    return _dispute(session, find_dispute(session, reference))


def target_of(session: Session, kind: TargetKind, subject: bytes) -> Target:
    """Find by its subject (S2.4); as `find_target`, `DataFault` `erasure-target` where it is not there."""
    if kind is TargetKind.CONSENT:
        return _consent(session, subject)
    if kind is TargetKind.CASE:
        case = session.exec(select(Case).where(Case.subject == subject)).first()
        if case is not None:
            return _case(session, case)
    if kind is TargetKind.SUPERVISION:
        supervised = session.exec(select(Supervision).where(Supervision.subject == subject)).first()
        if supervised is not None:
            return _supervision(session, supervised)
    dispute = session.exec(select(Dispute).where(Dispute.subject == subject)).first()
    if dispute is None:
        raise DataFault("an erasure is of something that is not there", code="erasure-target")
    return _dispute(session, dispute)


def kind_of(session: Session, subject: bytes) -> TargetKind | None:
    """What a subject is; None for none of them."""
    if session.get(Consent, subject) is not None:
        return TargetKind.CONSENT
    if session.exec(select(Case.id).where(Case.subject == subject)).first() is not None:
        return TargetKind.CASE
    if session.exec(select(Supervision.id).where(Supervision.subject == subject)).first() is not None:
        return TargetKind.SUPERVISION
    known = session.exec(select(Dispute.id).where(Dispute.subject == subject)).first()
    return None if known is None else TargetKind.DISPUTE


def _subject(reference: str) -> bytes:
    try:
        subject = bytes.fromhex(reference)
    except ValueError:
        subject = b""
    if len(subject) != 32:
        raise UsageFault("a consent is named by its subject, 64 hex characters", code="subject-malformed")
    return subject


def _consent(session: Session, subject: bytes) -> Target:
    row = find_consent(session, subject)
    if repository.event_by_leaf(session, row.head) is None:
        raise UsageFault(
            "this consent is not in the log yet",
            code="erasure-pooled",
            hint="It waits for company (R49); try again in ten minutes.",
        )
    return Target(
        kind=TargetKind.CONSENT,
        subject=subject,
        reference=subject.hex(),
        owner=subject,
        case_id=None,
        profile=None,
        events=tuple(thread(session, row.head)),
        alive=row.wrapped_key is not None,
        files=(),
        ended_at=None,
    )


def _case(session: Session, row: Case) -> Target:
    ended: int | None = row.changed_at if CaseState(row.state) in _ENDED else None
    if ended is not None:
        certificates = repository.certificates_of_case(session, row.id)
        ended = max([ended, *(one.valid_until for one in certificates if one.event_id is not None)])
    return Target(
        kind=TargetKind.CASE,
        subject=row.subject,
        reference=row.id,
        owner=row.dossier_id,
        case_id=row.id,
        profile=row.profile,
        events=tuple(repository.events_of_case(session, row.id)),
        beside=tuple(events_beside(session, row.id)),
        alive=_alive(session, row.dossier_id),
        files=_blobs(session, row.dossier_id),
        ended_at=ended,
        periods=periods_in(session),
    )


def _dispute(session: Session, row: Dispute) -> Target:
    if row.head is None:
        raise UsageFault(
            "this dispute was never opened", code="erasure-running", hint="Open it, or leave it a draft."
        )
    return _of_thread(session, TargetKind.DISPUTE, row, row.head, row.released_at)


def _supervision(session: Session, row: Supervision) -> Target:
    assert row.head is not None  # it begins with its suspicion
    return _of_thread(session, TargetKind.SUPERVISION, row, row.head, row.closed_at)


def _of_thread(
    session: Session, kind: TargetKind, row: Dispute | Supervision, head: bytes, ended: int | None
) -> Target:
    """What has a thread and a dossier of its own, and belongs to no case."""
    return Target(
        kind=kind,
        subject=row.subject,
        reference=row.id,
        owner=row.dossier_id,
        case_id=None,
        profile=None,
        events=tuple(thread(session, head)),
        alive=_alive(session, row.dossier_id),
        files=_blobs(session, row.dossier_id),
        ended_at=ended,
        periods=periods_in(session),
    )


def _alive(session: Session, dossier_id: bytes) -> bool:
    return session.get_one(Dossier, dossier_id).wrapped_key is not None


def _blobs(session: Session, dossier_id: bytes) -> tuple[str, ...]:
    files: Sequence[str] = [file.blob for file in repository.files_of(session, dossier_id)]
    return tuple(files)
