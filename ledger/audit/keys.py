"""Are the keys the ones the world was told of?"""

from __future__ import annotations

from sqlmodel import select

from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.chain.contracts import RELAY
from yinzheng.ledger.keys.provider import ISSUER, KEK, VALIDATOR
from yinzheng.ledger.keys.provider import RELAY as RELAY_KEY
from yinzheng.ledger.people.enrolling import CHAIN_ROLES
from yinzheng.ledger.rules.offices import ROLES, role_of
from yinzheng.ledger.store.models import Person

_ROLES = frozenset(role.value for role in ROLES)


def check_keys(audit: Audit) -> None:
    """Compare each key at hand with what instance, database and chain say of it (`key-differs`)."""
    instance = audit.instance
    with audit.finding(key=ISSUER):
        _same(audit, ISSUER, audit.keys.sm2(ISSUER).public_key.point == instance.issuers[-1].key)
    with audit.finding(key="log"):
        vkeys = [signer.key.vkey for signer in audit.keys.log_signers(instance.origin)]
        _same(audit, "log", set(vkeys) <= set(instance.log_keys))
    if not instance.foreign:
        with audit.finding(key=VALIDATOR):
            _same(audit, VALIDATOR, audit.keys.ethereum(VALIDATOR).address in instance.validators)
    with audit.finding(key=RELAY_KEY):
        relay = audit.keys.ethereum(RELAY_KEY).address
        _same(audit, RELAY_KEY, audit.client.has_role(RELAY, relay))
    with audit.finding(key=KEK):
        audit.keys.wrapper()
    _check_people(audit)


def _check_people(audit: Audit) -> None:
    with audit.store.reading() as session:
        people = session.exec(select(Person)).all()
    for person in people:
        _check_role(audit, person)


def _check_role(audit: Audit, person: Person) -> None:
    """Whoever acts holds their roles on the chain, and who left none; staff and auditors have none there."""
    if person.role not in _ROLES:
        audit.found("person-altered", f"{person.name} has a role there is not", person=person.name)
        return
    for held in CHAIN_ROLES.get(role_of(person.role), {}).values():
        there = audit.client.has_role(held, person.address)
        if person.removed_at is None and not there:
            audit.found(
                "role-missing", f"{person.name} does not hold its role on the chain", person=person.name
            )
        elif person.removed_at is not None and there:
            audit.found("role-left", f"{person.name} left, and holds a role on the chain", person=person.name)


def _same(audit: Audit, name: str, same: bool) -> None:
    if not same:
        audit.found("key-differs", f"the key {name} is not the one this registry is known by", key=name)
