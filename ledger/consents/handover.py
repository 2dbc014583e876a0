"""Handing a patient's receipt out: by an officer at a counter, or to the controller that passes it on (R31).

The patient's own, with its credential, is handed out once; another takes the place of a lost one where an
identity document is seen, and then the lost one ends at once. A copy that proves, and with which nobody acts,
can be had at any time. Whoever gets one is written down in the transaction that grants it (R47).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sqlmodel import Session

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents import credentials
from yinzheng.ledger.consents.reading import open_consent, require_controller
from yinzheng.ledger.consents.receipts import Receipt, make_receipt
from yinzheng.ledger.flow.threads import find_consent, unknown_consent
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.extent import check_guardian, check_identity
from yinzheng.ledger.rules.openings import FRESH
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.formats.access import Words

By: TypeAlias = Actor | Reader
"""An officer; or an organisation whose signed request was checked, which must be the consent's controller."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was looked at before a lost receipt is replaced: a kind of document (S10.3), and whose it is."""

    document: str
    guardian: bool = False
    """The guardian's, of a minor."""


def issue_receipt(registry: Registry, subject: bytes, by: By) -> Receipt:
    """Hand out the patient's own receipt for the first time.

    Raises as `make_receipt`, `admit`, `require_controller`, and `UsageFault` `receipt-issued`.
    """
    return _hand_out(registry, subject, by, None)


def replace_receipt(registry: Registry, subject: bytes, by: By, seen: Seen) -> Receipt:
    """Hand out another in place of one that was lost; from then on the old one opens nothing.

    Raises as `make_receipt`, `admit`, `require_controller`, and `UsageFault`: `receipt-none` (none was handed
    out yet), `receipt-many`, `withdrawal-identity`, `withdrawal-guardian`.
    """
    check_identity(seen.document)
    return _hand_out(registry, subject, by, seen)


def copy_receipt(registry: Registry, subject: bytes, by: By) -> Receipt:
    """A proof copy: it discloses the person, and nobody acts with it.

    Raises as `make_receipt`, `admit`, `require_controller`.
    """
    with registry.store.transaction() as session:
        reader = _reader(registry, session, subject, by)
        counted = not _is_fresh(registry, session, subject, by)
        access = Access("export", "receipt", subject.hex(), "handover", consent=subject, counted=counted)
        note(registry, session, reader, access)
    return make_receipt(registry, subject)


def _hand_out(registry: Registry, subject: bytes, by: By, seen: Seen | None) -> Receipt:
    with registry.store.reading() as session:
        _reader(registry, session, subject, by)
    made = make_receipt(registry, subject)  # where none can be made yet, none is ended
    with registry.store.transaction() as session:
        reader, now = _reader(registry, session, subject, by), registry.clock()
        opened = open_consent(registry, session, subject)
        words = None
        if seen is not None:
            if seen.guardian:
                check_guardian(opened.consent, now)
            words = Words(f"补发，核验证件 replaced, having seen: {seen.document}", None, None)
        access = Access(
            "act" if seen else "export",
            "receipt",
            subject.hex(),
            "handover",
            consent=subject,
            words=words,
            seal=opened.seal,
            counted=seen is not None or not _is_fresh(registry, session, subject, by),
        )
        note(registry, session, reader, access)
        credential = credentials.issue(
            session,
            opened.seal,
            subject,
            now,
            replaces=seen is not None,
            document=seen.document if seen else None,
            guardian=seen.guardian if seen else False,
        )
    return made.owned(credential)


def _is_fresh(registry: Registry, session: Session, subject: bytes, by: By) -> bool:
    """Whether it shows a controller nothing that it did not just send: no bulk opening then (R47)."""
    age = registry.clock() - find_consent(session, subject).created_at
    return isinstance(by, Reader) and age <= FRESH


def _reader(registry: Registry, session: Session, subject: bytes, by: By) -> Reader:
    """Who gets it, once they may: an officer, or the consent's controller."""
    if isinstance(by, Actor):
        admit(session, by, Capacity.REGISTRY)
        find_consent(session, subject)
        return Reader.of_actor(registry, by)
    if by.organisation is None:
        raise unknown_consent()
    require_controller(session, subject, by.organisation)
    return by.acting_as(Role.CONTROLLER.value)
