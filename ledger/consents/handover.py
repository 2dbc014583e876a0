"""Handing a patient's receipt out: by an officer at a counter, or to the controller that passes it on.

Whoever gets it is written down in the transaction before it is made (R47).
"""

from __future__ import annotations

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.consents.receipts import Receipt, make_receipt
from yinzheng.ledger.flow.threads import find_consent
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.errors import UsageFault


def hand_over(registry: Registry, subject: bytes, by: Actor) -> Receipt:
    """The receipt of the consent of that subject, for an officer who hands it to the patient.

    Raises as `admit` and `make_receipt`.
    """
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        find_consent(session, subject)
        access = Access("export", "receipt", subject.hex(), "handover", consent=subject)
        note(registry, session, Reader.of_actor(registry, by), access)
    return make_receipt(registry, subject)


def pass_on(registry: Registry, subject: bytes, by: Reader) -> Receipt:
    """The receipt of the consent of that subject, for its controller, who hands it to the patient.

    Raises `UsageFault` `consent-unknown` for anybody else, who does not learn that it exists; and as
    `make_receipt`.
    """
    with registry.store.transaction() as session:
        if open_consent(registry, session, subject).consent.controller.code != by.organisation:
            raise UsageFault("no such consent was ever given here", code="consent-unknown")
        access = Access("export", "receipt", subject.hex(), "handover", consent=subject)
        note(registry, session, by.acting_as(Role.CONTROLLER.value), access)
    return make_receipt(registry, subject)
