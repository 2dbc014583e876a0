"""Are the keys the ones the world was told of?"""

from __future__ import annotations

from sqlmodel import select

from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.chain.contracts import COMMITTEE, REGISTRY, RELAY
from yinzheng.ledger.keys.provider import ISSUER, KEK, VALIDATOR, person_key
from yinzheng.ledger.keys.provider import RELAY as RELAY_KEY
from yinzheng.ledger.people.acting import STAFF
from yinzheng.ledger.store.models import Person

_ROLES = {"registry": REGISTRY, "committee": COMMITTEE}


def check_keys(audit: Audit) -> None:
    """Compare each key at hand with what instance, database and chain say of it (`key-differs`)."""
    instance = audit.instance
    with audit.finding(key=ISSUER):
        _same(audit, ISSUER, audit.keys.sm2(ISSUER).public_key.point == instance.issuers[-1].key)
    with audit.finding(key="log"):
        vkeys = [signer.key.vkey for signer in audit.keys.log_signers(instance.origin)]
        _same(audit, "log", set(vkeys) <= set(instance.log_keys))
    if instance.chain_url is None:
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
    at_hand = set(audit.keys.names())
    for person in people:
        name = person_key(person.name)
        _check_role(audit, person)
        if name in at_hand:
            with audit.finding(key=name):
                _same(audit, name, audit.keys.ethereum(name).address == person.address)


def _check_role(audit: Audit, person: Person) -> None:
    """Officers and members of the committee hold their role on the chain; staff holds none (`modules`)."""
    if person.removed_at is not None or person.role in STAFF:
        return
    if person.role not in _ROLES:
        audit.found("person-altered", f"{person.name} has a role there is not", person=person.name)
    elif not audit.client.has_role(_ROLES[person.role], person.address):
        audit.found("role-missing", f"{person.name} does not hold its role on the chain", person=person.name)


def _same(audit: Audit, name: str, same: bool) -> None:
    if not same:
        audit.found("key-differs", f"the key {name} is not the one this registry is known by", key=name)
