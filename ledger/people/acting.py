"""Who acts, in what capacity, with what key: proved by who asks, and established in one place (R47).

An `Actor` is made by `authenticate`, from the person's own key, and in no other way: a name alone acts for
nobody. `admit` compares it with the enrolment, in the transaction of what is done, so that who was removed is
refused from that instant, by running processes too. What they signed, and what waits for others' signatures,
is compared again when it is used (`gone`). Nobody signs with another's key: the registry has none.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.people.decisions import AbsentKey, SignedDecision, take
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.offices import ON_CHAIN, ROLES, Office, Role, role_of
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import Person
from yinzheng.verifier.bytes.algorithms import constant_time_equal, keccak256, recover_address
from yinzheng.verifier.errors import DataFault, UsageFault

STAFF = frozenset(role.value for role in ROLES if role not in ON_CHAIN)
"""Roles that the contracts do not know."""

_CHALLENGE: Final = b"yinzheng: who acts\n"
_PROVED: Final = object()


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone who asks for something and has proved who that is; `admit` finds out whether it still counts.

    `person` is the short name under which the registry enrolled them.
    """

    person: str
    capacity: Role
    address: bytes
    """Of the key they proved to have, 20 bytes."""
    key: EthereumKey = field(repr=False, compare=False)
    proof: object = field(repr=False, compare=False)
    decision: bytes | None = None
    """Digest (S18.2) of the decision signed elsewhere by which they act; it is carried out once."""

    def __post_init__(self) -> None:
        """Refuse what `authenticate` did not make."""
        if self.proof is not _PROVED:
            raise TypeError("an Actor is made by authenticate")


def authenticate(store: Store, name: str, key: EthereumKey) -> Actor:
    """The actor of an enrolled name, who holds `key`: it signs a challenge, and is the one enrolled.

    Raises `UsageFault`: `person-unknown`, `person-removed`; `DataFault`: `key-differs`.
    """
    with store.reading() as session:
        person = enrolled(session, name)
    digest = keccak256(_CHALLENGE + secrets.token_bytes(32))
    proved = recover_address(digest, key.sign_digest(digest))
    if not constant_time_equal(proved, person.address):
        raise _differs(name)
    return Actor(name, role_of(person.role), proved, key, _PROVED)


def authenticate_decision(store: Store, decision: SignedDecision) -> Actor:
    """The actor who signed a decision elsewhere, with a key that is not here.

    Anyone may hand one in: who is enrolled, and who left, is told to nobody whose signature does not hold.
    Raises `DataFault` (`secp256k1-signature`, `key-differs`, also for a name that is nobody's), `UsageFault`
    (`person-removed`).
    """
    proved = decision.signer()
    with store.reading() as session:
        known = session.get(Person, decision.person)
        if not constant_time_equal(proved, bytes(20) if known is None else known.address):
            raise _differs(decision.person)
        person = enrolled(session, decision.person)
    key = AbsentKey(proved, decision.approvals)
    return Actor(decision.person, role_of(person.role), proved, key, _PROVED, decision.digest)


def admit(session: Session, actor: Actor, *capacities: Role) -> Person:
    """Establish who acts and in what capacity; without `capacities` the caller compares it with its course.

    Raises `UsageFault`: `person-unknown`, `person-removed`, `person-capacity` (they act here in another one),
    and where they may not do this `person-no-officer` (staff), `officer-needed`, `committee-needed`,
    `administrator-needed`, `auditor-needed`, `staff-needed`; `DataFault` `key-differs`.
    """
    person = enrolled(session, actor.person)
    if not constant_time_equal(actor.address, person.address):
        raise _differs(actor.person)
    held = role_of(person.role)
    if held is not actor.capacity:
        raise UsageFault(
            f"{actor.person} acts for the {held}, not the {actor.capacity}", code="person-capacity"
        )
    if capacities and held not in capacities:
        raise _not_theirs(actor, capacities)
    if actor.decision is not None:
        take(session, actor.decision)
    return person


def require(registry: Registry, actor: Actor, *capacities: Role) -> Actor:
    """Admit someone to what is only read; the actor again. Raises as `admit`."""
    with registry.store.reading() as session:
        admit(session, actor, *capacities)
    return actor


def gone(session: Session, names: Iterable[str]) -> frozenset[str]:
    """Those of `names` who act no more: what they signed completes no decision from then on (ADR 42)."""
    asked = frozenset(names)
    acting = select(Person.name).where(col(Person.name).in_(asked), col(Person.removed_at).is_(None))
    return asked - frozenset(session.exec(acting).all())


def require_two(first: Actor, second: Actor) -> None:
    """Refuse one person, or one key, in the place of two. Raises `UsageFault` (`person-twice`)."""
    if first.person == second.person or constant_time_equal(first.address, second.address):
        raise UsageFault(
            "two persons do this together, and this is one",
            code="person-twice",
            hint="Each with a key and a passphrase of their own (R47).",
        )


def _differs(name: str) -> DataFault:
    return DataFault(
        f"the key of {name} is not the one enrolled",
        code="key-differs",
        hint="Bring the key that was enrolled; a new one is enrolled by an administrator.",
    )


def _not_theirs(actor: Actor, needed: tuple[Role, ...]) -> UsageFault:
    who = next(word for role, word in _NEEDED if role is None or role in needed)
    if isinstance(actor.capacity, StaffRole) and who in ("officer", "committee"):
        return UsageFault(
            f"{actor.person} is staff and decides nothing here",
            code="person-no-officer",
            hint="Have an officer or a member of the committee do it.",
        )
    return UsageFault(
        f"{actor.person} acts for the {actor.capacity}, not the {' or '.join(needed)}",
        code=f"{who}-needed",
        hint=_WHO[who],
    )


_NEEDED: Final[tuple[tuple[Role | None, str], ...]] = (
    (Capacity.REGISTRY, "officer"),
    (Capacity.COMMITTEE, "committee"),
    (Office.ADMINISTRATOR, "administrator"),
    (Office.AUDITOR, "auditor"),
    (None, "staff"),
)
"""By the first of these that may, the refusal is named."""

_WHO = {
    "officer": "An officer of the registry does this.",
    "committee": "A member of the committee does this.",
    "administrator": "An administrator does this; who administers sees no dossier, and who decides none.",
    "auditor": "An auditor reads this.",
    "staff": "Staff in that function does this.",
}


def key_of(session: Session, actor: Actor) -> EthereumKey:
    """The key of an actor, to sign with in their name, once more compared with the enrolment.

    Raises `DataFault` `key-differs` (it is not the one enrolled).
    """
    if not constant_time_equal(actor.key.address, session.get_one(Person, actor.person).address):
        raise _differs(actor.person)
    return actor.key


def enrolled(session: Session, name: str) -> Person:
    """Whoever bears that name and may still act; `UsageFault` (`person-unknown`, `person-removed`)."""
    person = session.get(Person, name)
    if person is None:
        known = ", ".join(session.exec(select(Person.name).order_by(col(Person.name))).all())
        raise UsageFault(
            f"nobody is called {name} here", code="person-unknown", hint=f"Enrolled: {known or 'nobody'}."
        )
    if person.removed_at is not None:
        raise UsageFault(f"{name} no longer acts for this registry", code="person-removed")
    return person
