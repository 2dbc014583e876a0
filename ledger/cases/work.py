"""A case's thread, opened for one step (R8); whatever raises inside the block undoes the whole step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self, cast

from sqlalchemy import bindparam
from sqlalchemy import select as rows_of
from sqlmodel import Session

from yinzheng.ledger.chain.approvals import Domain, digest, sign
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.dossiers.application import Application
from yinzheng.ledger.flow.recording import Recorded, open_event
from yinzheng.ledger.flow.threads import Thread
from yinzheng.ledger.people.acting import Actor, admit, key_of
from yinzheng.ledger.people.decisions import Content, ToBeSigned
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.course import Course, MoveT, StateT
from yinzheng.ledger.rules.profiles import Profile, profile_for
from yinzheng.ledger.rules.states import COURSES, Capacity, Move, Situation, State
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Approval, Case, Dossier, Objection, table_of
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.statement import Statement

_OBJECTIONS: Final = table_of(Objection)
_OPEN: Final = Prepared(
    rows_of(_OBJECTIONS.c.leaf).where(
        _OBJECTIONS.c.case_id == bindparam("of"),
        _OBJECTIONS.c.certificate.is_(None),
        _OBJECTIONS.c.concluded_at.is_(None),
    )
)


@dataclass(kw_only=True)
class CaseThread(Thread[State, Move]):
    """One case, opened for one step."""

    case: Case
    read: tuple[bytes, Application] | None = None
    """The application as it was read last, and the leaf hash of the statement that it is of."""

    @property
    def kind(self) -> CaseType:
        """What it is about (R1)."""
        return CaseType(self.case.type)

    @property
    def course(self) -> Course[State, Move]:  # type: ignore[override]  # of each type its own
        """The table of its type."""
        return COURSES[self.kind]

    @property
    def rules(self) -> Profile:
        """The rules the case follows; they stay with it (R1)."""
        return profile_for(self.case.profile)

    @property
    def situation(self) -> Situation:
        """All that the table of moves looks at."""
        return situation_of(self.session, self.case)

    @property
    def head(self) -> bytes | None:
        """Leaf hash of the latest statement of the case."""
        return repository.last_leaf(self.session, self.case.id)

    def move_on(self, leaf: bytes) -> None:
        """A case keeps no head: its statements are found by its reference."""

    def move_to(self, state: State) -> None:
        """Set the state the table leads to."""
        self.case.state = state.value
        self.case.changed_at = self.now
        self.session.add(self.case)

    def bodies(self, event_type: str) -> list[dict[str, JSON]]:
        """Open the bodies of this case's events of one type, oldest first."""
        found = []
        for sealed, leaf in repository.sealed_of_case(self.session, self.case.id, event_type):
            body, _ = open_event(self.seal, sealed, leaf)
            assert isinstance(body, dict)
            found.append(body)
        return found


@contextmanager
def work_on(registry: Registry, case_id: str) -> Iterator[CaseThread]:
    """Open a case for one step; committed durably when the block ends, undone if it raises.

    Raises `UsageFault` (`case-unknown`), `DataFault` (`dossier-destroyed`).
    """
    with registry.store.transaction() as session:
        case = repository.find_case(session, case_id)
        seal = SealedValue(dossier_key(registry, session, case.dossier_id))
        yield case_thread(registry, session, case, seal, registry.clock())


def case_thread(registry: Registry, session: Session, case: Case, seal: SealedValue, now: int) -> CaseThread:
    """A case whose dossier's key is at hand, opened in the caller's transaction."""
    return CaseThread(
        registry=registry,
        session=session,
        now=now,
        subject=case.subject,
        profile=case.profile,
        seal=seal,
        case=case,
        case_id=case.id,
    )


@dataclass(kw_only=True)
class DossierThread(Thread[StateT, MoveT]):
    """What has a dossier of its own and is no case: a dispute, a supervision; opened for one step."""

    key: bytes
    """Of its dossier, 16 bytes."""

    @classmethod
    def of(
        cls, registry: Registry, session: Session, subject: bytes, key: bytes, now: int, **own: Any
    ) -> Self:
        """Open it in the caller's transaction, at `now` in all; `own` is what its course keeps besides."""
        return cls(
            registry=registry,
            session=session,
            now=now,
            subject=subject,
            profile=registry.instance.profile,
            seal=SealedValue(key),
            key=key,
            **own,
        )


def dossier_key(registry: Registry, session: Session, dossier_id: bytes) -> bytes:
    """Unwrap the dossier's key, 16 bytes; `DataFault` (`dossier-destroyed`) once it is gone (R44)."""
    dossier = session.get_one(Dossier, dossier_id)
    if dossier.wrapped_key is None:
        raise DataFault("the key of this dossier was destroyed", code="dossier-destroyed")
    return registry.keys.wrapper().unwrap(dossier.wrapped_key, dossier_id)


def situation_of(session: Session, case: Case) -> Situation:
    """Gather what the table of moves looks at."""
    still_open = _OPEN.all(session, of=case.id)
    return Situation(
        state=State(case.state),
        procedure=Procedure(case.procedure),
        open_objections=frozenset(leaf.hex() for (leaf,) in still_open),
        publicity_end=case.publicity_end,
        own_motion=CaseType(case.type) is CaseType.CANCELLATION and _of_registry(session, case),
    )


def _of_registry(session: Session, case: Case) -> bool:
    """Whether the registry itself began it, which its first statement says."""
    begun = next(iter(repository.events_of_case(session, case.id)), None)
    return begun is not None and Statement.from_bytes(begun.statement).by == Capacity.REGISTRY


def content_of(work: CaseThread, recorded: Recorded) -> Content:
    """A composed statement and what it says, for whoever approves it elsewhere."""
    row = recorded.row
    if row["public"] is not None:
        body, secret = canonical.loads(row["public"], max_bytes=len(row["public"])), None
    else:
        body, secret = open_event(work.seal, row["sealed"], recorded.leaf_hash)
    return Content(recorded.statement, cast("dict[str, Any]", body), secret)


def approve(
    work: CaseThread,
    decision: Message,
    kind: str,
    by: Actor,
    capacity: Capacity,
    content: Content,
    domain: Domain | None = None,
) -> bytes:
    """Sign a decision (EIP-712, S5.5) as `by`, keep the approval, and return its signature.

    It is for `domain`, else for the contract of the records. `content` is what it is about: whoever signs
    elsewhere is asked with it (`ToBeSigned`). Raises `UsageFault`: `approval-wrong-capacity`, and as `admit`
    and `key_of`.
    """
    person = admit(work.session, by)
    if by.capacity is not capacity:
        raise UsageFault(
            f"{by.person} acts for the {by.capacity}, not the {capacity}",
            code="approval-wrong-capacity",
            hint=f"Have someone of the {capacity} approve.",
        )
    domain = domain or work.registry.client.domain
    try:
        signature = sign(decision, domain, key_of(work.session, by))
    except ToBeSigned as asked:
        raise ToBeSigned(asked.message, content) from None
    work.session.add(
        Approval(
            case_id=work.case.id,
            kind=kind,
            digest=digest(decision, domain),
            person=by.person,
            address=person.address,
            signature=signature,
            at=work.now,
        )
    )
    return signature
