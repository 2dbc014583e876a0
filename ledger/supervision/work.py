"""A supervision's thread, opened for one step (R52): its subject is random, its dossier its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmodel import Session

from yinzheng.ledger.cases.work import DossierThread, dossier_key
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.supervision import COURSE, Move, Situation, State
from yinzheng.ledger.store.models_supervision import Supervision
from yinzheng.verifier.errors import UsageFault


@dataclass(kw_only=True)
class SupervisionThread(DossierThread[State, Move]):
    """One supervision, opened for one step."""

    row: Supervision

    course = COURSE

    @property
    def situation(self) -> Situation:
        """All that the table of moves looks at."""
        return Situation(State(self.row.state))

    @property
    def head(self) -> bytes | None:
        """Leaf hash of the latest statement; None before the first."""
        return self.row.head

    def move_on(self, leaf: bytes) -> None:
        """Keep `leaf` as the head."""
        self.row.head = leaf
        self.session.add(self.row)

    def move_to(self, state: State) -> None:
        """Set the state, and when it was first in it; the yearly figure counts by that."""
        self.row.state = state.value
        match state:
            case State.MEASURED:
                self.row.measured_at = self.row.measured_at or self.now
            case State.REPORTED:
                self.row.reported_at = self.row.reported_at or self.now
            case State.CLOSED:
                self.row.closed_at = self.now
            case _:
                pass


@contextmanager
def work_on(registry: Registry, reference: str) -> Iterator[SupervisionThread]:
    """Open a supervision for one step; committed durably when the block ends, undone if it raises.

    Raises `UsageFault` `supervision-unknown`, `DataFault` `dossier-destroyed`.
    """
    with registry.store.transaction() as session:
        row = find(session, reference)
        key = dossier_key(registry, session, row.dossier_id)
        yield supervision_thread(registry, session, row, key, registry.clock())


def supervision_thread(
    registry: Registry, session: Session, row: Supervision, key: bytes, now: int
) -> SupervisionThread:
    """One whose dossier's key is at hand, opened in the caller's transaction, at `now` in all."""
    return SupervisionThread.of(registry, session, row.subject, key, now, row=row)


def find(session: Session, reference: str) -> Supervision:
    """The supervision of that reference; `UsageFault` `supervision-unknown`."""
    row = session.get(Supervision, reference)
    if row is None:
        raise UsageFault(
            f"there is no supervision {reference}",
            code="supervision-unknown",
            hint="`yinzheng supervisions` lists them.",
        )
    return row
