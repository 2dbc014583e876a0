"""Threads: the statements of one organisation, notice, case, consent or dispute, linked by `prev` (S3.1).

A use case opens the thread it works on once, asks it whether the move is allowed, composes statements and
writes them with the calls they need, in one transaction: all of it happens or nothing does (D9). Rules that
refuse raise before anything is written.

A row keeps the leaf hash of its latest statement, `head`; everything before is found by walking back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Generic

from sqlmodel import Session, select

from yinzheng.ledger.chain.refusals import BlockBehind, ContractRefused
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.outbox import outbox
from yinzheng.ledger.flow.recording import Occurrence, Recorded, compose, record
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.course import Course, MoveT, Rule, Situation, StateT
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Consent, Organisation, Withdrawal
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.store.models_inlets import Inlet
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.statement import Statement

LONGEST = 10_000
"""Statements of one thread; more are not walked."""

LONGEST_AGO = 86_400
"""Seconds a decision may be older than its recording: the contracts take no older one (S5.8, S5.10)."""


@dataclass(kw_only=True)
class Thread(ABC, Generic[StateT, MoveT]):
    """The statements about one subject, opened for one step in the caller's transaction.

    What is particular to a course is its table, where its head is kept, and what else a move changes.
    """

    registry: Registry
    session: Session
    now: int
    """The instant of the whole step, UTC seconds."""
    subject: bytes
    """Of its statements (S2.4)."""
    profile: str
    """The tag of the rules that its statements name (S2.5)."""
    seal: SealedValue
    """Seals what it says in private."""
    case_id: str | None = None
    """Of the case, where it is a case's."""

    course: ClassVar[Course[Any, Any]]

    @property
    @abstractmethod
    def situation(self) -> Situation[StateT]:
        """All that the table of moves looks at."""

    @property
    @abstractmethod
    def head(self) -> bytes | None:
        """Leaf hash of the latest statement; None before the first."""

    @abstractmethod
    def move_on(self, leaf: bytes) -> None:
        """Keep `leaf` as the head."""

    @abstractmethod
    def move_to(self, state: StateT) -> None:
        """Set the state the table leads to."""

    @property
    def at(self) -> int:
        """The time that its statements bear, UTC seconds."""
        return self.now

    def allow(self, move: MoveT, by: Actor | StrEnum) -> Rule[StateT, MoveT]:
        """Return the rule that allows `move`, or raise `UsageFault` saying what is possible instead.

        `by` is who acts, and is established first (`admit`); or the capacity alone, where it was established
        otherwise (a signed request, a receipt), or where the registry itself acts and no person.
        """
        return self.course.rule_for(self.situation, move, self.capacity(by), self.now)

    def capacity(self, by: Actor | StrEnum) -> StrEnum:
        """In what capacity it is done, once established. Raises as `admit`."""
        if not isinstance(by, Actor):
            return by
        admit(self.session, by)
        return by.capacity

    def compose(
        self,
        rule: Rule[StateT, MoveT],
        body: JSON,
        *,
        after: Recorded | None = None,
        subject: bytes | None = None,
        at: int | None = None,
    ) -> Recorded:
        """Commit to the rule's statement without writing it, for calls and signatures naming its leaf hash.

        It follows `after`, or the latest statement written. `subject` and `at` where they are others than
        the thread's. Raises `UsageFault` `decision-date` where that is yet to come or over a day ago: no
        block would take it; and as `recording.compose`.
        """
        assert rule.statement is not None  # a move without a statement is not composed
        dated = self.at if at is None else at
        if not self.now - LONGEST_AGO <= dated <= self.now:
            raise UsageFault(
                "a decision is dated when it is taken, or within the day before",
                code="decision-date",
                hint="Nothing was recorded. Check the clock and the date given.",
                at=dated,
                now=self.now,
            )
        happened = Occurrence(
            type=rule.statement.value,
            profile=self.profile,
            subject=subject or self.subject,
            at=dated,
            by=rule.by.value,
            body=body,
            prev=self.head if after is None else after.leaf_hash,
            case_id=self.case_id,
        )
        return compose(happened, self.sealing(rule), now=self.now, random=self.registry.random)

    def sealing(self, _rule: Rule[StateT, MoveT]) -> SealedValue | None:
        """What seals the body of a rule's statement; None: it is public, and kept nowhere else."""
        return self.seal

    def write(self, rule: Rule[StateT, MoveT], *recorded: Recorded) -> bytes:
        """Write composed statements in order and move on to where `rule` leads; gives the last leaf hash."""
        record(self.session, recorded)
        self.move_on(recorded[-1].leaf_hash)
        self.move_to(rule.to)
        return recorded[-1].leaf_hash

    def call(
        self,
        kind: CallKind,
        about: str,
        made: Call,
        *,
        part: str = "",
        tried: bool = True,
        binds: bytes | None = None,
    ) -> None:
        """Ask the chain for something, together with the decision.

        `binds` as `outbox` has it.
        `tried`: what the contracts would refuse now is refused at once, with their reason, and not recorded;
        what the chain has already, by somebody else's transaction, is no refusal, nor that the block to come
        lies a little behind our clock: the call waits for one that does not.
        """
        if tried:
            try:
                self.registry.client.simulate(made, self.registry.sender.address)
            except BlockBehind as behind:
                if behind.data["due"] > self.now:
                    raise  # no clock of ours says so
            except ContractRefused:
                if not kind.done(self.registry.client, about, part):
                    raise
        outbox(self.session, kind, about, made, self.now, part=part, binds=binds)


def thread(session: Session, head: bytes, *, until: bytes | None = None) -> list[Event]:
    """The events from the first to the one whose leaf hash is `head`; the first after `until`, if given.

    It begins after a statement that somebody told the contracts and has not handed in (S24.4). Raises
    `DataFault` `thread-broken` where a statement is missing or the chain of them has no beginning.
    """
    events: list[Event] = []
    leaf: bytes | None = head
    while leaf is not None and leaf != until:
        event = repository.event_by_leaf(session, leaf)
        if event is None and is_told_elsewhere(session, leaf):
            break
        if event is None or len(events) >= LONGEST:
            raise DataFault(
                "a statement is missing from its thread",
                code="thread-broken",
                leaf=leaf.hex(),
                hint="Run `yinzheng audit`.",
            )
        events.append(event)
        leaf = statement_of(event).prev
    return events[::-1]


def statement_of(event: Event) -> Statement:
    """The statement of an event. Raises as `Statement.from_bytes`."""
    return _read(event.statement)


@lru_cache(maxsize=4096)
def _read(data: bytes) -> Statement:
    """A thread is walked for each step; what its bytes say never changes, and says nothing private."""
    return Statement.from_bytes(data)


def is_told_elsewhere(session: Session, leaf: bytes) -> bool:
    """Whether it is the statement by which a dispute was opened past the registry."""
    query = select(Inlet.block).where(Inlet.name == leaf, Inlet.inlet == "dispute-opening")
    return session.exec(query).first() is not None


def find_organisation(session: Session, code: str) -> Organisation:
    """The organisation of that credit code; `UsageFault` `organisation-unknown`."""
    found = session.get(Organisation, code)
    if found is None:
        raise unknown_organisation(code)
    return found


def unknown_organisation(code: str) -> UsageFault:
    """What is told where no organisation of that credit code is enrolled."""
    return UsageFault(
        f"no organisation {code} is enrolled here",
        code="organisation-unknown",
        hint="An officer enrols it: `yinzheng enrol`.",
    )


def find_consent(session: Session, subject: bytes) -> Consent:
    """The consent of that subject; `UsageFault` `consent-unknown`."""
    found = session.get(Consent, subject)
    if found is None:
        raise unknown_consent()
    return found


def unknown_consent() -> UsageFault:
    """What everyone is told who has no part in a consent, whether there is one, was one, or never was."""
    return UsageFault(
        "no such consent was ever given here",
        code="consent-unknown",
        hint="Check the receipt; it names the registry that issued it.",
    )


def find_withdrawal(session: Session, id_: bytes) -> Withdrawal:
    """The withdrawal of that identifier; `UsageFault` `withdrawal-unknown`."""
    found = session.get(Withdrawal, id_)
    if found is None:
        raise unknown_withdrawal()
    return found


def unknown_withdrawal() -> UsageFault:
    """What everyone is told who has no part in a withdrawal, whether there is one or not."""
    return UsageFault(
        "there is no such withdrawal",
        code="withdrawal-unknown",
        hint="Check its identifier; its controller and its recipients have it from their notices.",
    )


def find_dispute(session: Session, id_: str) -> Dispute:
    """The dispute of that reference; `UsageFault` `dispute-unknown`."""
    found = session.get(Dispute, id_)
    if found is None:
        raise UsageFault(
            f"there is no dispute {id_}", code="dispute-unknown", hint="`yinzheng disputes` lists them."
        )
    return found
