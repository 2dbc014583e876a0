"""A dispute's thread, opened for one step (R37 to R39), and what waits in it for a signature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.work import DossierThread, dossier_key
from yinzheng.ledger.flow.recording import Recorded
from yinzheng.ledger.flow.threads import find_dispute
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.calendar import date_of, day_of
from yinzheng.ledger.rules.course import Rule
from yinzheng.ledger.rules.disputes import COURSE, OPENINGS, Move, Situation, State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject, EvidenceItem
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.dispute import Subjects
from yinzheng.verifier.log.statement import Statement

DRAFT = "draft"
"""State of a dispute whose opening nobody has signed yet."""

MAX_DRAFT = 64 * 1024 * 1024
"""Bytes of a draft, opened."""


@dataclass(kw_only=True)
class DisputeThread(DossierThread[State, Move]):
    """One dispute, opened for one step."""

    dispute: Dispute
    course = COURSE

    @property
    def situation(self) -> Situation:
        """Where it stands; a draft is not begun."""
        draft = self.dispute.state == DRAFT
        return Situation(State.NEW if draft else State(self.dispute.state))

    @property
    def head(self) -> bytes | None:
        """Leaf hash of the latest statement; None while it is a draft."""
        return self.dispute.head

    def move_on(self, leaf: bytes) -> None:
        """Keep `leaf` as the head."""
        self.dispute.head = leaf
        self.session.add(self.dispute)

    def move_to(self, state: State) -> None:
        """Set the state the table leads to."""
        self.dispute.state = state.value

    def allow(self, move: Move, by: Actor | StrEnum) -> Rule[State, Move]:
        """As `Thread.allow`; of a draft nothing but its opening."""
        if self.dispute.state == DRAFT and move not in OPENINGS:
            raise UsageFault(
                "this dispute is a draft: nobody has signed its opening yet",
                code="dispute-draft",
                hint="Prepare it and have the opener sign.",
            )
        return super().allow(move, by)

    def read_draft(self) -> dict[str, Any]:
        """What is kept until somebody signs; `UsageFault` `dispute-no-draft` if nothing is."""
        if self.dispute.draft is None:
            raise UsageFault(
                "nothing of this dispute waits for a signature",
                code="dispute-no-draft",
                hint="Prepare it first.",
            )
        value = canonical.loads(self.seal.open(self.dispute.draft, self.dispute.subject), max_bytes=MAX_DRAFT)
        assert isinstance(value, dict)  # as `keep_draft` wrote it, authenticated
        return value

    def keep_draft(self, value: dict[str, JSON] | None) -> None:
        """Keep it, or drop it."""
        sealed = None if value is None else self.seal.seal(canonical.dumps(value), self.dispute.subject)
        self.dispute.draft = sealed
        self.session.add(self.dispute)

    def items(self) -> list[EvidenceItem]:
        """The evidence items, in order."""
        query = select(EvidenceItem).where(EvidenceItem.dispute_id == self.dispute.id)
        return list(self.session.exec(query.order_by(col(EvidenceItem.number))).all())


@contextmanager
def work_on(registry: Registry, dispute_id: str) -> Iterator[DisputeThread]:
    """Open a dispute for one step; committed durably when the block ends, undone if it raises.

    Raises `UsageFault` (`dispute-unknown`), `DataFault` (`dossier-destroyed`).
    """
    with registry.store.transaction() as session:
        dispute = find_dispute(session, dispute_id)
        key = dossier_key(registry, session, dispute.dossier_id)
        yield dispute_thread(registry, session, dispute, key, registry.clock())


def dispute_thread(
    registry: Registry, session: Session, dispute: Dispute, key: bytes, now: int
) -> DisputeThread:
    """A dispute whose dossier's key is at hand, opened in the caller's transaction."""
    return DisputeThread.of(registry, session, dispute.subject, key, now, dispute=dispute)


def to_json(recorded: Recorded) -> dict[str, JSON]:
    """A composed statement, to be kept until it is signed."""
    row = recorded.row
    return {
        "type": row["type"],
        "at": row["at"],
        "statement": row["statement"].hex(),
        "leaf_hash": row["leaf_hash"].hex(),
        "sealed": row["sealed"].hex(),
    }


def from_json(value: dict[str, Any], subject: bytes, now: int) -> Recorded:
    """The statement of `to_json`, to be written at `now`."""
    row = {
        "case_id": None,
        "subject": subject,
        "type": value["type"],
        "at": value["at"],
        "statement": bytes.fromhex(value["statement"]),
        "leaf_hash": bytes.fromhex(value["leaf_hash"]),
        "sealed": bytes.fromhex(value["sealed"]),
        "public": None,
        "log_index": None,
        "created_at": now,
    }
    return Recorded(Statement.from_bytes(row["statement"]), row["leaf_hash"], row)


def next_reference(session: Session, now: int) -> str:
    """A reference for a new dispute, such as `D-2026-000001`. Raises as `repository.next_serial`."""
    year = date_of(day_of(now)).year
    return f"D-{year}-{repository.next_serial(session, f'dispute:{year}', most=999_999):06d}"


def enter_subjects(work: DisputeThread, subjects: Subjects) -> None:
    """Enter what a dispute holds, as the chain has it."""
    kinds = (("record", subjects.records), ("case", subjects.cases), ("consent", subjects.consents))
    for kind, entries in kinds:
        for subject in entries:
            work.session.add(DisputeSubject(dispute_id=work.dispute.id, kind=kind, subject=subject))


def opening_in(events: Sequence[Event]) -> Event:
    """The opening among a dispute's events. Raises `UsageFault` `dispute-unstated`."""
    for event in events:
        if event.type == "dispute.opened":
            return event
    raise UsageFault(
        "the forum opened this dispute on the chain itself, and has not handed in what it opened",
        code="dispute-unstated",
        hint="Ask the forum for the file that `yinzheng org direct open` wrote; take it in with `take-in`.",
    )


def holds_on(session: Session, subject: bytes) -> int:
    """How many open disputes hold a subject (R38)."""
    query = (
        select(Dispute.id)
        .join(DisputeSubject)
        .where(DisputeSubject.subject == subject, Dispute.state == State.OPEN.value)
    )
    return len(session.exec(query).all())
