"""A consent's thread, opened for a step of a withdrawal: what was said, and saying what comes next (R35)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from sqlalchemy import LargeBinary, bindparam, literal, or_
from sqlmodel import AutoString, Session, col, select

from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.consents.notices import hour_of
from yinzheng.ledger.consents.reading import OpenedConsent, open_consent
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.threads import Thread, find_withdrawal
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.withdrawal import COURSE, Move, Rule, Situation, State, step
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Withdrawal, WithdrawalRecipient
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.store.session import Objects
from yinzheng.verifier.chain.layout_consents import DESTRUCTION
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


@dataclass(kw_only=True)
class ConsentThread(Thread[State, Move]):
    """A consent's thread, and the withdrawal of it that a step is about."""

    opened: OpenedConsent
    everything: list[Said]
    """All about withdrawals of this consent, oldest first."""
    withdrawal: Withdrawal | None = None
    """None before it is received, and where the consent alone is looked at."""
    recipients: dict[str, WithdrawalRecipient] = field(default_factory=dict)
    """Of the withdrawal, by credit code, the controller among them."""

    disputes: list[str] | None = field(default=None, init=False, repr=False)
    """References of the open disputes that hold it, once they were looked for. No step of a withdrawal opens
    or ends one: they stay what they are in its transaction."""

    course = COURSE

    @property
    def row(self) -> Withdrawal:
        """The withdrawal's row."""
        assert self.withdrawal is not None  # who opened the consent alone asks for none
        return self.withdrawal

    def about(self, row: Withdrawal, recipients: dict[str, WithdrawalRecipient] | None = None) -> Self:
        """The same thread, for a step of one withdrawal; nothing is opened anew."""
        if recipients is None:
            recipients = recipients_of(self.session, row.id)
        return replace(self, withdrawal=row, recipients=recipients)

    @property
    def situation(self) -> Situation:
        """All that the table of moves looks at."""
        if self.withdrawal is None:
            return Situation()
        if self.disputes is None:
            self.disputes = disputes_on(self.session, self.withdrawal)
        return situation_of(self.withdrawal, self.recipients.values(), len(self.disputes))

    @property
    def head(self) -> bytes:
        """Leaf hash of the latest statement of the consent."""
        return self.opened.row.head

    @property
    def at(self) -> int:
        """Its statements' time is rounded down to the hour (R49): the exact one is in the body."""
        return hour_of(self.now)

    def move_on(self, leaf: bytes) -> None:
        """Keep `leaf` as the head."""
        self.opened.row.head = leaf
        self.session.add(self.opened.row)

    def move_to(self, state: State) -> None:
        """Set the state the table leads to."""
        self.row.state = state.value
        self.session.add(self.row)

    @property
    def said(self) -> list[Said]:
        """What was said about this withdrawal, oldest first."""
        return [one for one in self.everything if one.body.withdrawal == self.row.id]

    @property
    def request(self) -> tuple[bytes, Requested]:
        """Leaf hash and body of the request."""
        first = self.said[0]
        assert isinstance(first.body, Requested)  # a row without its request is never committed
        return first.leaf, first.body

    def requests(self) -> tuple[Requested, ...]:
        """What was taken back of the consent so far, in order."""
        return tuple(one.body for one in self.everything if isinstance(one.body, Requested))

    @property
    def destroy_by(self) -> int:
        """The last second for destruction, as the situation has it (R32)."""
        return (self.row.restricted_until or self.row.received_at) + DESTRUCTION

    def check(self, move: Move, by: Capacity, **options: Any) -> None:
        """Raise unless the move is lawful; `options` as for `rules.withdrawal.step`."""
        step(self.situation, move, by, self.now, **options)

    def move(self, move: Move, by: Actor | Capacity, body: Step, **options: Any) -> bytes:
        """Make a lawful move: record its statement and its state; gives the leaf hash.

        Raises as `admit` and `rules.withdrawal.step`.
        """
        rule, after = step(self.situation, move, self.capacity(by), self.now, **options)
        leaf = self.say(rule, body)
        self.row.restricted_until = after.restricted_until
        return leaf

    def say(self, rule: Rule, body: Step) -> bytes:
        """Write the statement of a rule that allows it; gives its leaf hash."""
        value = body.to_json()
        recorded = self.compose(rule, value)
        leaf = self.write(rule, recorded)
        # What cannot be read is not written.
        parsed = parse_step(recorded.statement.type, value)
        self.everything.append(Said(recorded.statement, leaf, parsed))
        return leaf

    def ask(self, kind: CallKind, made: Call, part: str = "") -> None:
        """Ask the chain for this withdrawal's next move; it is tried when its turn comes (S5.10)."""
        self.call(kind, self.row.id.hex(), made, part=part, tried=False)


def situation_of(row: Withdrawal, recipients: Iterable[WithdrawalRecipient], holds: int) -> Situation:
    """Gather a withdrawal's situation from its rows, which so many disputes hold; nothing is opened."""
    return Situation(
        state=State(row.state),
        minor=row.minor,
        genetic=row.genetic,
        controller=row.controller,
        received_at=row.received_at,
        owing=frozenset(one.code for one in recipients if one.duty != EXEMPT and one.receipt is None),
        holds=holds,
        restricted_until=row.restricted_until,
    )


def disputes_on(session: Session, row: Withdrawal) -> list[str]:
    """References of the open disputes that hold a withdrawal or its consent, ascending (R38).

    A dispute names the consent, and later withdrawals by their own names on chain.
    """
    return sorted({name for (name,) in _DISPUTES.all(session, consent=row.consent, id=row.id)})


_DISPUTES: Final = Prepared(
    select(Dispute.id)
    .join(DisputeSubject)
    .where(
        or_(
            col(DisputeSubject.subject) == bindparam("consent", type_=LargeBinary),
            col(DisputeSubject.subject) == bindparam("id", type_=LargeBinary),
        ),
        Dispute.state == literal("open", AutoString),
    )
)
"""Asked in each step of a withdrawal."""


def recipients_of(session: Session, id_: bytes) -> dict[str, WithdrawalRecipient]:
    """Who owes what in a withdrawal, by credit code."""
    return {one.code: one for one in _RECIPIENTS.all(session, of=id_)}


_ROWS: Final = table_of(WithdrawalRecipient)
_RECIPIENTS: Final = Objects(
    WithdrawalRecipient, _ROWS.c.withdrawal_id == bindparam("of"), order_by=[_ROWS.c.code]
)


def open_thread(registry: Registry, session: Session, subject: bytes) -> ConsentThread:
    """Open a consent's thread. Raises as `open_consent`."""
    opened = open_consent(registry, session, subject)
    return ConsentThread(
        registry=registry,
        session=session,
        now=registry.clock(),
        subject=subject,
        profile=opened.granted.statement.profile,
        seal=opened.seal,
        opened=opened,
        everything=said_in(opened),
    )


def said_in(opened: OpenedConsent) -> list[Said]:
    """The statements about withdrawals in an opened consent, oldest first."""
    found = []
    for one in opened.events:
        if one.statement.type.startswith("withdrawal."):
            body = parse_step(one.statement.type, one.body)
            found.append(Said(one.statement, one.event.leaf_hash, body))
    return found


def open_work(registry: Registry, session: Session, id_: bytes) -> ConsentThread:
    """Open a withdrawal by its identifier. Raises as `open_consent`, and `withdrawal-unknown`."""
    row = find_withdrawal(session, id_)
    return open_thread(registry, session, row.consent).about(row)


@contextmanager
def work_on(registry: Registry, id_: bytes) -> Iterator[ConsentThread]:
    """Open a withdrawal for one step; committed durably when the block ends, undone if it raises."""
    with registry.store.transaction() as session:
        yield open_work(registry, session, id_)
