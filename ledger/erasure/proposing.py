"""Proposing an erasure, and signing the order: approvals in order, then two witnesses (R43)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import acted
from yinzheng.ledger.erasure import grounds
from yinzheng.ledger.erasure.order import Order, sign, signer
from yinzheng.ledger.erasure.targets import Target, find_target
from yinzheng.ledger.people.acting import Actor, admit, gone, key_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules import erasure as rules
from yinzheng.ledger.rules.destruction import Approval, Function, Method, StaffRole, TargetKind, next_step
from yinzheng.ledger.rules.erasure import COURSE, Move, Situation, State
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.backup import rewrite_places
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Person
from yinzheng.ledger.store.models_disputes import Erasure, ErasureSignature
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.tombstone import WITNESSES

PROPOSED, APPROVED = State.PROPOSED.value, State.APPROVED.value
DESTROYED, DROPPED = State.DESTROYED.value, State.DROPPED.value
OVER = frozenset(state.value for state in rules.OVER)
"""States that nothing follows."""
WITNESS, OPERATOR = StaffRole.WITNESS.value, "operator"
_OURS = frozenset({Method.KEY_DESTRUCTION, Method.OVERWRITE})
"""What this program does; shredding a disk is outside it, and a logical deletion leaves the bytes."""


@dataclass(frozen=True, slots=True)
class Signed:
    """An order with what was signed under it so far."""

    order: Order
    wording: bytes
    approvals: tuple[Approval, ...]
    witnesses: tuple[str, ...]
    left: frozenset[str] = frozenset()
    """Those who proposed or signed it and act no more: it is dropped, and proposed anew (R47)."""

    @property
    def next(self) -> frozenset[str]:
        """The roles of which one signs next; empty when all have. Raises as `next_step`."""
        step = next_step(self.approvals, medical=self.order.medical)
        if step:
            return frozenset(function.value for function in step)
        return frozenset() if len(self.witnesses) >= WITNESSES else frozenset({WITNESS})

    @property
    def names(self) -> tuple[str, ...]:
        """Everyone who proposed or signed."""
        return (self.order.proposed_by, *(approval.person for approval in self.approvals), *self.witnesses)


def propose(
    registry: Registry,
    kind: TargetKind,
    reference: str,
    ground: str,
    method: Method,
    by: Actor,
    *,
    medical: bool = True,
) -> str:
    """Propose to destroy a record, on the word of an officer; gives the erasure's reference.

    Args:
        registry: open for writing.
        kind: what it is.
        reference: a case's or a dispute's reference, a consent's subject in hex.
        ground: why, of S10.5.
        method: `key_destruction` or `overwrite`; both are done, this is what the record calls it.
        by: the officer.
        medical: medical data, which the ethics committee must approve.

    Raises `UsageFault`: as `find_target`, `check_ground`, `admit`; `erasure-method`, `destruction-blocked`,
    `erasure-proposed` (one of this record is under way).
    """
    if method not in _OURS:
        raise UsageFault(
            f"this program does not destroy in the way `{method}`",
            code="erasure-method",
            hint="It destroys keys and overwrites; choose key_destruction or overwrite.",
        )
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        target = find_target(session, kind, reference)
        now = registry.clock()
        rule = COURSE.rule_for(Situation(), Move.PROPOSE, by.capacity, now)
        require_lawful(registry, session, target, ground, now)
        _require_only(session, target)
        year = datetime.fromtimestamp(now, CHINA).year
        id_ = f"E-{year}-{repository.next_serial(session, f'erasure:{year}', most=999_999):06d}"
        order = Order(
            id=id_,
            target=kind,
            subject=target.subject,
            ground=ground,
            method=method.value,
            medical=medical,
            statements=target.private,
            files=len(target.files),
            proposed_by=by.person,
            proposed_at=now,
        )
        session.add(
            Erasure(
                id=id_,
                target=kind.value,
                subject=target.subject,
                ground=ground,
                method=method.value,
                wording=order.canonical(),
                state=rule.to.value,
                created_at=now,
            )
        )
        acted(registry, session, by, "erasure", id_, "erasure", consent=_consent_of(kind, target.subject))
    return id_


def _consent_of(kind: TargetKind, subject: bytes) -> bytes | None:
    return subject if kind is TargetKind.CONSENT else None


def require_lawful(registry: Registry, session: Session, target: Target, ground: str, now: int) -> None:
    """Refuse what may not be destroyed now: as `check_ground`, and `destruction-blocked`."""
    if found := grounds.blocked(session, target, ground, now):
        raise UsageFault(
            f"this record cannot be destroyed now: {', '.join(sorted(found))} (R39, R42)",
            code="destruction-blocked",
            hint="It waits until the dispute is released and retention is over; keep it safe till then.",
            blockers=sorted(found),
        )
    grounds.check_ground(registry, session, target, ground)


def _require_only(session: Session, target: Target) -> None:
    query = select(Erasure).where(Erasure.subject == target.subject, col(Erasure.state).not_in(OVER))
    for other in session.exec(query):
        if Order.parse(other.wording).statements == target.private:
            raise UsageFault(f"{other.id} is of the same record", code="erasure-proposed", erasure=other.id)


def drop(registry: Registry, id_: str, by: Actor) -> None:
    """Give up an erasure of which nothing is carried out, on the word of an officer; its signatures stay.

    Raises `UsageFault`: `erasure-unknown`, `erasure-state` (carried out, or dropped before), and as `admit`;
    `EnvironmentFault` `backup-unreachable`.
    """
    with registry.store.reading() as session:
        admit(session, by, Capacity.REGISTRY)
        row = find_erasure(session, id_)
        begun = row.state == APPROVED and row.tombstone is None
    if begun:  # it may have been broken off when the key was gone from key files alone: put it back
        rewrite_places(registry)
    with registry.store.transaction() as session:
        row = find_erasure(session, id_)
        rule = allow(row, read_signed(session, row), Move.DROP, by, registry.clock())
        row.state = rule.to.value
        session.add(row)
        acted(registry, session, by, "erasure", id_, "erasure")


def approve(registry: Registry, id_: str, by: Actor) -> frozenset[str]:
    """Approve as the next in order; gives the roles of which one signs next, empty when all have.

    Raises `UsageFault`: `erasure-unknown`, `erasure-state`, `person-…`, `destruction-order`,
    `destruction-person` (proposed it, or signed already), `approval-left` (someone who did acts no more).
    """
    return _sign(registry, id_, by, witness=False)


def witness(registry: Registry, id_: str, by: Actor) -> frozenset[str]:
    """Sign as a witness, after the approvals; as `approve`."""
    return _sign(registry, id_, by, witness=True)


def _sign(registry: Registry, id_: str, by: Actor, *, witness: bool) -> frozenset[str]:
    with registry.store.transaction() as session:
        row = find_erasure(session, id_)
        signed = read_signed(session, row)
        role = admit(session, by).role
        if row.state == PROPOSED and by.person in signed.names:
            raise UsageFault(
                f"{by.person} has proposed or signed this order already (R43)", code="destruction-person"
            )
        now = registry.clock()
        allow(row, signed, Move.WITNESS if witness else Move.APPROVE, by, now)
        add_signature(registry, session, row, by, role, now)
        missing = read_signed(session, row).next
        if not missing:
            row.state = APPROVED
            session.add(row)
    return missing


def allow(row: Erasure, signed: Signed, move: Move, by: Actor, now: int) -> rules.Rule:
    """The rule that allows an admitted actor's move, or `UsageFault` saying what is possible instead."""
    situation = Situation(State(row.state), signed.next, row.tombstone is not None, signed.left)
    return COURSE.rule_for(situation, move, by.capacity, now)


def add_signature(registry: Registry, session: Session, row: Erasure, by: Actor, role: str, now: int) -> None:
    """Sign the order with the key that came with the request, in the caller's transaction.

    Raises as `key_of`.
    """
    signature = sign(row.wording, key_of(session, by))
    session.add(ErasureSignature(erasure_id=row.id, person=by.person, role=role, signature=signature, at=now))
    session.flush()
    acted(registry, session, by, "erasure", row.id, "erasure")


def find_erasure(session: Session, id_: str) -> Erasure:
    """The erasure of that reference; `UsageFault` `erasure-unknown`."""
    found = session.get(Erasure, id_)
    if found is None:
        raise UsageFault(f"there is no erasure {id_}", code="erasure-unknown", hint="`yinzheng erasures`")
    return found


def signatures_of(session: Session, id_: str) -> Sequence[ErasureSignature]:
    """What was signed under an order, oldest first; of one second, in the order of the steps."""
    query = select(ErasureSignature).where(ErasureSignature.erasure_id == id_)
    return sorted(session.exec(query), key=lambda one: (one.at, _rank(one), one.person))


def _rank(one: ErasureSignature) -> int:
    order = [Function.DATA_MANAGER, Function.DEPARTMENT_HEAD, Function.LEGAL, Function.SECURITY]
    roles = [*(function.value for function in order), Function.ETHICS.value, WITNESS, OPERATOR]
    return roles.index(one.role)


def read_signed(session: Session, row: Erasure) -> Signed:
    """The order and its signatures, each checked against its signer's enrolled address.

    Raises `DataFault`: `order-…`, `erasure-altered` (its columns, or a signature, are not the order's).
    """
    order = Order.parse(row.wording)
    columns = (row.id, row.target, row.subject, row.ground, row.method, row.created_at)
    if columns != (order.id, order.target, order.subject, order.ground, order.method, order.proposed_at):
        raise DataFault("an erasure's columns are not those of its order", code="erasure-altered")
    approvals, witnesses = [], []
    for one in signatures_of(session, row.id):
        if signer(row.wording, one.signature) != session.get_one(Person, one.person).address:
            raise DataFault("an order bears a signature of somebody else", code="erasure-altered")
        if one.role == WITNESS:
            witnesses.append(one.person)
        elif one.role != OPERATOR:
            approvals.append(Approval(one.person, Function(one.role), one.at))
    signed = Signed(order, row.wording, tuple(approvals), tuple(witnesses))
    return replace(signed, left=gone(session, signed.names))
