"""A registered certificate's thread, opened for one step: what is recorded about it outside of any case.

It begins after the deposit, whose leaf hash the first statement names, and bears the certificate's subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.chain.approvals import digest, sign
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.disputes.work import holds_on
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.recording import Recorded, open_event
from yinzheng.ledger.flow.threads import Thread, thread
from yinzheng.ledger.people.acting import Actor, admit, key_of
from yinzheng.ledger.people.decisions import Content, ToBeSigned
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.standing import COURSE, Move, Over, Rule, Situation, State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Approval, Case, Certificate, Event, Objection
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED, STATEMENT_TYPES, Body


class DossierSeal(SealedValue):
    """Of the dossier that a certificate came of, opened where something private is said.

    Raises `DataFault` `dossier-destroyed` then, once it is gone (R44); what is public needs no key.
    """

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[], bytes]) -> None:
        self._find = find

    def seal(self, value: bytes, associated: bytes) -> bytes:
        """As `SealedValue.seal`."""
        return SealedValue(self._find()).seal(value, associated)

    def open(self, sealed: bytes, associated: bytes) -> bytes:
        """As `SealedValue.open`."""
        return SealedValue(self._find()).open(sealed, associated)


@dataclass(kw_only=True)
class CertificateThread(Thread[State, Move]):
    """One certificate, opened for one step."""

    certificate: Certificate

    course = COURSE

    @property
    def situation(self) -> Situation:
        """All that the table of moves looks at."""
        row = self.certificate
        state = State.IN_FORCE if row.ended is None else State.OVER
        still_open = select(Objection.leaf).where(
            Objection.certificate == row.number, col(Objection.concluded_at).is_(None)
        )
        names = frozenset(leaf.hex() for leaf in self.session.exec(still_open).all())
        return Situation(state, row.valid_until, holds_on(self.session, row.subject), names)

    @property
    def head(self) -> bytes:
        """Leaf hash of the latest statement, the deposit's at first."""
        return self.certificate.head or deposit_leaf(self.session, self.certificate)

    @property
    def party(self) -> Party:
        """The registry, as bodies name it."""
        instance = self.registry.instance
        return Party(instance.registry_name, instance.registry_code)

    def sealing(self, rule: Rule) -> SealedValue | None:
        """What seals a body; a public one is kept as it is."""
        assert rule.statement is not None  # every move of this course is stated
        return None if STATEMENT_TYPES[rule.statement.value] is Body.PUBLIC else self.seal

    def move_on(self, leaf: bytes) -> None:
        """Keep `leaf` as the head."""
        self.certificate.head = leaf
        self.session.add(self.certificate)

    def move_to(self, state: State) -> None:
        """Set the state; why it is over is said by `end`."""
        assert (state is State.OVER) is (self.certificate.ended is not None)

    def content(self, recorded: Recorded) -> Content:
        """A composed statement and what it says, for whoever approves it elsewhere."""
        row = recorded.row
        if row["public"] is not None:
            body, secret = canonical.loads(row["public"], max_bytes=len(row["public"])), None
        else:
            body, secret = open_event(self.seal, row["sealed"], recorded.leaf_hash)
        return Content(recorded.statement, cast("dict[str, Any]", body), secret)

    def end(self, why: Over) -> None:
        """Let the certificate be over, before the statement is written that leads there."""
        self.certificate.ended = why.value
        self.session.add(self.certificate)

    def approve(self, decision: Message, kind: CallKind, by: Actor, content: Content) -> bytes:
        """Sign a decision (EIP-712) as `by`, keep the approval, and return its signature.

        Raises as `admit` and `key_of`; `ToBeSigned` with `content` where whoever decides signs elsewhere.
        """
        person, domain = admit(self.session, by), self.registry.client.standing_domain
        try:
            signature = sign(decision, domain, key_of(self.session, by))
        except ToBeSigned as asked:
            raise ToBeSigned(asked.message, content) from None
        self.session.add(
            Approval(
                case_id=self.certificate.case_id,
                kind=kind.name,
                digest=digest(decision, domain),
                person=by.person,
                address=person.address,
                signature=signature,
                at=self.now,
            )
        )
        return signature


@contextmanager
def work_on(registry: Registry, number: str) -> Iterator[CertificateThread]:
    """Open a certificate for one step; committed durably when the block ends, undone if it raises.

    Raises `UsageFault`: `certificate-unknown`, `certificate-draft` (not on the chain yet).
    """
    with registry.store.transaction() as session:
        yield certificate_thread(registry, session, registered(session, number))


def registered(session: Session, number: str) -> Certificate:
    """The certificate of that number, once its deposit is confirmed. Raises as `work_on`."""
    certificate = repository.find_certificate(session, number)
    if certificate.state != "deposited":
        raise UsageFault(
            f"{number} is not registered yet",
            code="certificate-draft",
            hint="It is once the chain has its deposit: `yinzheng settle`.",
            number=number,
        )
    return certificate


def certificate_thread(registry: Registry, session: Session, certificate: Certificate) -> CertificateThread:
    """A registered certificate, opened in the caller's transaction."""
    case = session.get_one(Case, certificate.case_id)
    return CertificateThread(
        registry=registry,
        session=session,
        now=registry.clock(),
        subject=certificate.subject,
        profile=case.profile,
        seal=DossierSeal(lambda: dossier_key(registry, session, case.dossier_id)),
        certificate=certificate,
    )


def deposit_leaf(session: Session, certificate: Certificate) -> bytes:
    """Leaf hash of the deposit of a registered certificate."""
    return session.get_one(Event, certificate.event_id).leaf_hash


def statements_of(session: Session, certificate: Certificate) -> list[Event]:
    """What was recorded about a certificate since its deposit, oldest first.

    Raises `DataFault` `thread-broken`.
    """
    if certificate.head is None:
        return []
    events = thread(session, certificate.head, until=deposit_leaf(session, certificate))
    if any(event.type == CERTIFICATE_DEPOSITED for event in events):
        raise DataFault("a certificate's thread does not begin at its deposit", code="thread-broken")
    return events
