"""A consent's thread opened for one step of a withdrawal: what was said, and writing what comes next (R35).

A step composes its statement, moves the head of the thread and the state of the withdrawal, and puts its call
into the outbox: one transaction, so that all of it happens or nothing does (D9).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.consents.notices import hour_of
from yinzheng.ledger.consents.reading import OpenedConsent, open_consent
from yinzheng.ledger.flow.outbox import outbox
from yinzheng.ledger.flow.recording import Occurrence, compose, record
from yinzheng.ledger.flow.threads import find_withdrawal
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.events import WithdrawalStatement
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.withdrawal import DESTRUCTION, Move, Situation, State, step
from yinzheng.ledger.store.models_consents import Withdrawal, WithdrawalRecipient
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject
from yinzheng.verifier.formats.withdrawal import Requested
from yinzheng.verifier.formats.withdrawal_steps import Step, parse_step
from yinzheng.verifier.log.statement import Statement

EXEMPT = "exempt"
"""The duty of who owes no receipt (S10.6)."""


@dataclass(frozen=True, slots=True)
class Said:
    """One statement about a withdrawal, opened."""

    statement: Statement
    leaf: bytes
    body: Step


@dataclass
class Thread:
    """The consent's thread in the caller's transaction. `now` is the instant of the whole step."""

    registry: Registry
    session: Session
    opened: OpenedConsent
    said: list[Said]
    """Everything about withdrawals of this consent, oldest first."""
    now: int

    @property
    def subject(self) -> bytes:
        """Of the consent (S2.4)."""
        return self.opened.row.subject

    def requests(self) -> tuple[Requested, ...]:
        """What was taken back so far, in order."""
        return tuple(one.body for one in self.said if isinstance(one.body, Requested))

    def write(self, kind: WithdrawalStatement, body: Step, by: Capacity) -> bytes:
        """Record a statement and move the head to it; gives its leaf hash.

        Its time is rounded down to the hour (R49): the exact one is in the body.
        """
        row = self.opened.row
        value = body.to_json()
        happened = Occurrence(
            type=kind.value,
            profile=self.opened.granted.statement.profile,
            subject=row.subject,
            at=hour_of(self.now),
            by=by.value,
            body=value,
            prev=row.head,
        )
        recorded = compose(happened, self.opened.seal, now=self.now)
        record(self.session, [recorded])
        row.head = recorded.leaf_hash
        self.session.add(row)
        # What cannot be read is not written.
        self.said.append(Said(recorded.statement, recorded.leaf_hash, parse_step(kind.value, value)))
        return recorded.leaf_hash

    def call(self, name: str, made: Call) -> None:
        """Ask the chain for something, together with the decision."""
        outbox(self.session, name, made, self.now)


@dataclass
class Work:
    """One withdrawal, opened for one step."""

    thread: Thread
    row: Withdrawal
    recipients: dict[str, WithdrawalRecipient]
    """By credit code, the controller among them."""

    @property
    def now(self) -> int:
        """The instant of the step, UTC seconds."""
        return self.thread.now

    @property
    def said(self) -> list[Said]:
        """What was said about this withdrawal, oldest first."""
        return [one for one in self.thread.said if one.body.withdrawal == self.row.id]

    @property
    def request(self) -> tuple[bytes, Requested]:
        """Leaf hash and body of the request."""
        first = self.said[0]
        assert isinstance(first.body, Requested)  # a row without its request is never committed
        return first.leaf, first.body

    @property
    def situation(self) -> Situation:
        """All that the table of moves looks at."""
        return situation_of(self.thread.session, self.row, self.recipients.values())

    @property
    def destroy_by(self) -> int:
        """The last second for destruction, as the situation has it (R32)."""
        return (self.row.restricted_until or self.row.received_at) + DESTRUCTION

    def check(self, move: Move, by: Capacity, **options: Any) -> None:
        """Raise unless the move is lawful; `options` as for `rules.withdrawal.step`."""
        step(self.situation, move, by, self.now, **options)

    def move(self, move: Move, by: Capacity, body: Step, **options: Any) -> bytes:
        """Make a lawful move: record its statement and its state; gives the leaf hash.

        Raises as `rules.withdrawal.step`.
        """
        rule, after = step(self.situation, move, by, self.now, **options)
        leaf = self.thread.write(rule.statement, body, rule.by)
        self.row.state, self.row.restricted_until = after.state.value, after.restricted_until
        self.thread.session.add(self.row)
        return leaf

    def call(self, kind: str, made: Call, detail: str = "") -> None:
        """Ask the chain for this withdrawal's next move."""
        self.thread.call(f"{kind}:{self.row.id.hex()}{detail and ':'}{detail}", made)


def situation_of(session: Session, row: Withdrawal, recipients: Iterable[WithdrawalRecipient]) -> Situation:
    """Gather a withdrawal's situation from its rows; nothing is opened."""
    return Situation(
        state=State(row.state),
        minor=row.minor,
        genetic=row.genetic,
        controller=row.controller,
        received_at=row.received_at,
        owing=frozenset(one.code for one in recipients if one.duty != EXEMPT and one.receipt is None),
        # A dispute names the consent, and later withdrawals by their own names on chain.
        holds=len(disputes_on(session, row)),
        restricted_until=row.restricted_until,
    )


def disputes_on(session: Session, row: Withdrawal) -> list[str]:
    """References of the open disputes that hold a withdrawal or its consent, ascending (R38)."""
    query = (
        select(Dispute.id)
        .join(DisputeSubject)
        .where(col(DisputeSubject.subject).in_((row.consent, row.id)), Dispute.state == "open")
    )
    return sorted(set(session.exec(query)))


def recipients_of(session: Session, id_: bytes) -> dict[str, WithdrawalRecipient]:
    """Who owes what in a withdrawal, by credit code."""
    query = select(WithdrawalRecipient).where(WithdrawalRecipient.withdrawal_id == id_)
    return {one.code: one for one in session.exec(query.order_by(col(WithdrawalRecipient.code)))}


def open_thread(registry: Registry, session: Session, subject: bytes) -> Thread:
    """Open a consent's thread. Raises as `open_consent`."""
    opened = open_consent(registry, session, subject)
    return Thread(registry, session, opened, said_in(opened), registry.clock())


def said_in(opened: OpenedConsent) -> list[Said]:
    """The statements about withdrawals in an opened consent, oldest first."""
    found = []
    for one in opened.events:
        if one.statement.type.startswith("withdrawal."):
            body = parse_step(one.statement.type, one.body)
            found.append(Said(one.statement, one.event.leaf_hash, body))
    return found


def open_work(registry: Registry, session: Session, id_: bytes) -> Work:
    """Open a withdrawal by its identifier. Raises as `open_consent`, and `withdrawal-unknown`."""
    row = find_withdrawal(session, id_)
    return Work(open_thread(registry, session, row.consent), row, recipients_of(session, id_))


@contextmanager
def work_on(registry: Registry, id_: bytes) -> Iterator[Work]:
    """Open a withdrawal for one step; committed durably when the block ends, undone if it raises."""
    with registry.store.transaction() as session:
        yield open_work(registry, session, id_)
