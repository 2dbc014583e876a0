"""What every step of a case has in common: find it, check the move, record the event, in one transaction.

A use case opens a `Work` on its case, asks `allow` whether the move is lawful, and calls `record`. Rules that
refuse raise before anything is written; whatever raises inside the block undoes the whole step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from yinzheng.ledger.chain.approvals import Decision, digest, sign
from yinzheng.ledger.flow.recording import Occurrence, Recorded, compose, open_event, record
from yinzheng.ledger.keys.provider import person_key
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.profiles import Profile, profile_for
from yinzheng.ledger.rules.states import Capacity, Move, Rule, Situation, State, rule_for
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Approval, Case, Dossier, Objection, Person
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault


@dataclass
class Work:
    """One case, opened for one step. `now` is the instant of the whole step, UTC seconds."""

    registry: Registry
    session: Session
    case: Case
    seal: SealedValue
    situation: Situation
    now: int

    @property
    def profile(self) -> Profile:
        """The rules the case follows; they stay with it (R1)."""
        return profile_for(self.case.profile)

    def allow(self, move: Move, by: Capacity) -> Rule:
        """Return the rule that allows `move`, or raise `UsageFault` saying what is possible instead."""
        return rule_for(self.situation, move, by, self.now)

    def compose(self, rule: Rule, body: dict[str, JSON], by: Capacity | None = None) -> Recorded:
        """Commit to an event of this case without writing it, for calls that name its leaf hash."""
        assert rule.statement is not None
        happened = Occurrence(
            type=rule.statement.value,
            profile=self.case.profile,
            subject=self.case.subject,
            at=self.now,
            by=(by or rule.by).value,
            body=body,
            prev=repository.last_leaf(self.session, self.case.id),
            case_id=self.case.id,
        )
        return compose(happened, self.seal, now=self.now)

    def write(self, rule: Rule, recorded: Recorded) -> None:
        """Write the composed event and move the case on."""
        record(self.session, [recorded])
        self.move_to(rule.to)

    def move_to(self, state: State) -> None:
        """Set the state the table leads to."""
        self.case.state = state.value
        self.case.changed_at = self.now
        self.session.add(self.case)
        self.situation = replace(self.situation, state=state)

    def bodies(self, event_type: str) -> list[dict[str, JSON]]:
        """Open the bodies of this case's events of one type, oldest first."""
        found = []
        for event in repository.events_of_case(self.session, self.case.id):
            if event.type == event_type:
                body, _ = open_event(self.seal, event.sealed, event.leaf_hash)
                assert isinstance(body, dict)
                found.append(body)
        return found


@contextmanager
def work_on(registry: Registry, case_id: str) -> Iterator[Work]:
    """Open a case for one step; committed durably when the block ends, undone if it raises.

    Raises `UsageFault` (`case-unknown`), `DataFault` (`dossier-destroyed`).
    """
    with registry.store.transaction() as session:
        case = repository.find_case(session, case_id)
        yield Work(
            registry=registry,
            session=session,
            case=case,
            seal=SealedValue(dossier_key(registry, session, case.dossier_id)),
            situation=situation_of(session, case),
            now=registry.clock(),
        )


def dossier_key(registry: Registry, session: Session, dossier_id: bytes) -> bytes:
    """Unwrap the dossier's key, 16 bytes; `DataFault` (`dossier-destroyed`) once it is gone (R44)."""
    dossier = session.get_one(Dossier, dossier_id)
    if dossier.wrapped_key is None:
        raise DataFault("the key of this dossier was destroyed", code="dossier-destroyed")
    return registry.keys.wrapper().unwrap(dossier.wrapped_key, dossier_id)


def situation_of(session: Session, case: Case) -> Situation:
    """Gather what the table of moves looks at."""
    still_open = session.exec(
        select(Objection.leaf).where(Objection.case_id == case.id, col(Objection.concluded_at).is_(None))
    ).all()
    return Situation(
        state=State(case.state),
        procedure=Procedure(case.procedure),
        open_objections=frozenset(leaf.hex() for leaf in still_open),
        publicity_end=case.publicity_end,
    )


def acting(session: Session, name: str) -> tuple[Person, Capacity]:
    """Find who acts and in what capacity.

    Raises `UsageFault`: `person-unknown`, `person-removed`, `person-no-officer` (staff).
    """
    person = session.get(Person, name)
    if person is None:
        known = ", ".join(sorted(session.exec(select(Person.name)).all())) or "nobody"
        raise UsageFault(f"there is no officer {name}", code="person-unknown", hint=f"Enrolled: {known}.")
    if person.removed_at is not None:
        raise UsageFault(f"{name} no longer acts for this registry", code="person-removed")
    if person.role not in (Capacity.REGISTRY, Capacity.COMMITTEE):
        raise UsageFault(
            f"{name} is staff and decides nothing here",
            code="person-no-officer",
            hint="Have an officer or a member of the committee do it.",
        )
    return person, Capacity(person.role)


def approve(work: Work, decision: Decision, kind: str, name: str, capacity: Capacity) -> bytes:
    """Sign a decision (EIP-712, S5.5) as `name`, keep the approval, and return its signature.

    Raises `UsageFault`: `approval-wrong-capacity`, and what the keys raise when `name`'s is not at hand.
    """
    person, held = acting(work.session, name)
    if held is not capacity:
        raise UsageFault(
            f"{name} acts for the {held}, not the {capacity}",
            code="approval-wrong-capacity",
            hint=f"Have someone of the {capacity} approve.",
        )
    account = work.registry.keys.ethereum(person_key(name)).account()
    signature = sign(decision, work.registry.client.domain, account)
    work.session.add(
        Approval(
            case_id=work.case.id,
            kind=kind,
            digest=digest(decision, work.registry.client.domain),
            person=name,
            address=person.address,
            signature=signature,
            at=work.now,
        )
    )
    return signature
