"""What every step of a dispute has in common: open it, compose statements, move it on, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.flow.recording import Occurrence, Recorded, compose
from yinzheng.ledger.flow.threads import find_dispute
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.disputes import Move, Rule, State, rule_for
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject, EvidenceItem
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault

DRAFT = "draft"
"""State of a dispute whose opening nobody has signed yet."""

MAX_DRAFT = 64 * 1024 * 1024
"""Bytes of a draft, opened."""


@dataclass
class Work:
    """One dispute, opened for one step. `now` is the instant of the whole step, UTC seconds."""

    registry: Registry
    session: Session
    dispute: Dispute
    key: bytes
    now: int

    @property
    def seal(self) -> SealedValue:
        """Seals what this dispute says in private."""
        return SealedValue(self.key)

    def allow(self, move: Move, by: Capacity) -> Rule:
        """The rule that allows `move`, or `UsageFault` saying what is possible instead."""
        if self.dispute.state == DRAFT:
            raise UsageFault(
                "this dispute is a draft: nobody has signed its opening yet",
                code="dispute-draft",
                hint="Prepare it and have the opener sign.",
            )
        return rule_for(State(self.dispute.state), move, by)

    def compose(self, type_: str, body: dict[str, JSON], by: Capacity, prev: bytes | None) -> Recorded:
        """Commit to a statement that follows `prev`, without writing it."""
        happened = Occurrence(
            type=type_,
            profile=self.registry.instance.profile,
            subject=self.dispute.subject,
            at=self.now,
            by=by.value,
            body=body,
            prev=prev,
        )
        return compose(happened, self.seal, now=self.now)

    def write(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write composed statements in order and move the thread's head to the last."""
        repository.add_events(self.session, rows)
        self.dispute.head = rows[-1]["leaf_hash"]
        self.session.add(self.dispute)

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
def work_on(registry: Registry, dispute_id: str) -> Iterator[Work]:
    """Open a dispute for one step; committed durably when the block ends, undone if it raises.

    Raises `UsageFault` (`dispute-unknown`), `DataFault` (`dossier-destroyed`).
    """
    with registry.store.transaction() as session:
        dispute = find_dispute(session, dispute_id)
        key = dossier_key(registry, session, dispute.dossier_id)
        yield Work(registry, session, dispute, key, registry.clock())


def row_to_json(row: dict[str, Any]) -> dict[str, JSON]:
    """A composed row, to be kept until it is signed."""
    return {
        "type": row["type"],
        "at": row["at"],
        "statement": row["statement"].hex(),
        "leaf_hash": row["leaf_hash"].hex(),
        "sealed": row["sealed"].hex(),
    }


def row_from_json(value: dict[str, Any], subject: bytes, now: int) -> dict[str, Any]:
    """The row of `row_to_json`, to be written at `now`."""
    return {
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


def holds_on(session: Session, subject: bytes) -> int:
    """How many open disputes hold a subject (R38)."""
    query = (
        select(Dispute.id)
        .join(DisputeSubject)
        .where(DisputeSubject.subject == subject, Dispute.state == State.OPEN.value)
    )
    return len(session.exec(query).all())
