"""Staff: who approves and witnesses destruction (R43), with a key of their own and no role on the chain.

They decide no application: the contracts do not know them, and `people.acting` refuses them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from yinzheng.ledger.keys.keystore import Keystore, is_key_name
from yinzheng.ledger.keys.provider import Kind, person_key
from yinzheng.ledger.people.acting import STAFF, Actor, admit, enrolled
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state import access_log
from yinzheng.ledger.store.models import Person
from yinzheng.verifier.errors import UsageFault


def add_staff(registry: Registry, keystore: Keystore, name: str, role: StaffRole, by: Actor) -> bytes:
    """Enrol a member of staff, on the word of an officer; makes the key and gives its address (20 bytes).

    Raises `UsageFault` (`person-exists`, `key-name`, and as `admit`), `EnvironmentFault` (`disk-…`).
    """
    key = person_key(name)
    if not is_key_name(key):
        raise UsageFault(
            "a short name is of a-z, 0-9 and hyphens", code="key-name", hint="Such as `zhang-min`."
        )
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        if session.get(Person, name) is not None:
            raise UsageFault(
                f"there is a {name} already",
                code="person-exists",
                hint="A name is given once, also after its bearer has left.",
            )
        if key not in keystore.names():  # else a crash came between the key and its row
            keystore.generate(key, Kind.SECP256K1)
        address = keystore.ethereum(key).address
        now = registry.clock()
        session.add(Person(name=name, role=role.value, address=address, added_at=now))
        access_log.note(session, now, by.person, f"staff.add:{role.value}", name)
    return address


def remove_staff(registry: Registry, name: str, by: Actor) -> None:
    """Let someone sign no more (R47), on the word of an officer; what was signed stands.

    Raises `UsageFault` (`person-unknown`, `person-removed`, `staff-officer` for who holds a role on chain).
    """
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        person = enrolled(session, name)
        if person.role not in STAFF:
            raise UsageFault(
                f"{name} holds a role on the chain, which is taken away there",
                code="staff-officer",
                hint="Only staff is removed here.",
            )
        person.removed_at = registry.clock()
        session.add(person)
        access_log.note(session, person.removed_at, by.person, "staff.remove", name)


def everyone(session: Session) -> Sequence[Person]:
    """Officers, members of the committee and staff, also who left, by name."""
    return session.exec(select(Person).order_by(col(Person.name))).all()
