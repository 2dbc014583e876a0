"""Who acts, in what capacity, with what key: said by who asks, and established in one place.

A request brings its `Actor`. `admit` compares it with the enrolment, in the transaction of what is done; no
use case looks for a person, a role or a key by itself, and nobody signs with another's key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlmodel import Session, col, select

from yinzheng.ledger.keys.provider import EthereumKey, person_key
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models import Person
from yinzheng.verifier.errors import DataFault, UsageFault

STAFF = frozenset(role.value for role in StaffRole)

Signer: TypeAlias = Callable[[], EthereumKey]
"""Opens the key of who acts, once something is to be signed."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone who asks for something. It says who that is; `admit` finds out whether it is true.

    `person` is the short name under which the registry enrolled them.
    """

    person: str
    capacity: Capacity | StaffRole
    signer: Signer | None = field(default=None, repr=False, compare=False)
    """None: this request brings no key, and can sign nothing."""


def actor_of(registry: Registry, name: str) -> Actor:
    """The actor of an enrolled name whose key lies in the registry's own keystore, as its commands have it.

    Raises `UsageFault`: `person-unknown`, `person-removed`.
    """
    with registry.store.reading() as session:
        person = enrolled(session, name)
    return Actor(name, capacity_of(person), lambda: registry.keys.ethereum(person_key(name)))


def admit(session: Session, actor: Actor, *capacities: Capacity | StaffRole) -> Person:
    """Establish who acts and in what capacity; without `capacities` any will do.

    Raises `UsageFault`: `person-unknown`, `person-removed`, `person-capacity` (they act here in another one),
    and where they may not do this `person-no-officer` (staff), `officer-needed`, `committee-needed`,
    `staff-needed`.
    """
    person = enrolled(session, actor.person)
    held = capacity_of(person)
    if held is not actor.capacity:
        raise UsageFault(
            f"{actor.person} acts for the {held}, not the {actor.capacity}", code="person-capacity"
        )
    if capacities and held not in capacities:
        raise _not_theirs(actor, capacities)
    return person


def _not_theirs(actor: Actor, needed: tuple[Capacity | StaffRole, ...]) -> UsageFault:
    of_staff = not any(isinstance(one, Capacity) for one in needed)
    if isinstance(actor.capacity, StaffRole) and not of_staff:
        return UsageFault(
            f"{actor.person} is staff and decides nothing here",
            code="person-no-officer",
            hint="Have an officer or a member of the committee do it.",
        )
    who = "staff" if of_staff else "officer" if Capacity.REGISTRY in needed else "committee"
    return UsageFault(
        f"{actor.person} acts for the {actor.capacity}, not the {' or '.join(needed)}",
        code=f"{who}-needed",
        hint=_WHO[who],
    )


_WHO = {
    "officer": "An officer of the registry does this.",
    "committee": "A member of the committee does this.",
    "staff": "Staff in that function does this.",
}


def key_of(session: Session, actor: Actor) -> EthereumKey:
    """The key that came with an admitted actor's request, to sign with in their name.

    Raises `UsageFault` `signer-missing`, `DataFault` `key-differs` (it is not the one enrolled), and what
    opening it raises.
    """
    if actor.signer is None:
        raise UsageFault(f"{actor.person} has to sign this, and brings no key", code="signer-missing")
    key = actor.signer()
    if key.address != session.get_one(Person, actor.person).address:
        raise DataFault(f"the key of {actor.person} is not the one enrolled", code="key-differs")
    return key


def capacity_of(person: Person) -> Capacity | StaffRole:
    """In what capacity an enrolled person acts here."""
    return StaffRole(person.role) if person.role in STAFF else Capacity(person.role)


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
