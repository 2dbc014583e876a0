"""A second person's approval of bulk openings, given beforehand and signed with their own key (R47)."""

from __future__ import annotations

from sqlmodel import Session

from yinzheng.ledger.accesses.bulk import APPROVERS, approval_digest
from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.people.acting import Actor, admit, enrolled, key_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.openings import check_terms
from yinzheng.ledger.store.models_accesses import BulkApproval
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.errors import UsageFault


def approve_bulk(registry: Registry, actor: str, purpose: str, persons: int, until: int, by: Actor) -> int:
    """Let ``actor`` open up to `persons` for `purpose` until then (UTC seconds); gives the approval's number.

    ``actor`` is the short name of a person of the registry, or an organisation's credit code: an organisation
    has one key at a time (R41), so the second word for its machines is the registry's. The approval is a line
    itself. Raises `UsageFault`: `bulk-terms`, `bulk-self` (one person, or one key, in the place of two),
    `bulk-actor` (nobody here is called so), as `admit`, `person-removed`.
    """
    with registry.store.transaction() as session:
        approver = admit(session, by, *APPROVERS)
        now = registry.clock()
        check_terms(persons, now, until)
        if _address_of(session, actor) == approver.address or actor == by.person:
            raise UsageFault(
                "who opens many persons' records does not approve it",
                code="bulk-self",
                hint="Have a second person approve it, with a key of their own (R47).",
            )
        key = key_of(session, by)
        row = BulkApproval(
            actor=actor,
            purpose=purpose,
            persons=persons,
            used=0,
            since=now,
            until=until,
            by=by.person,
            signature=key.sign_digest(approval_digest(actor, purpose, persons, now, until)),
        )
        session.add(row)
        session.flush()
        assert row.id is not None  # it is stored
        note(
            registry,
            session,
            Reader.of_actor(registry, by),
            Access("act", "approval", f"{row.id}:{actor}:{persons}", purpose),
        )
        return row.id


def _address_of(session: Session, actor: str) -> bytes | None:
    """Of a person's key; None for an organisation."""
    if session.get(Organisation, actor) is not None:
        return None
    try:
        return enrolled(session, actor).address
    except UsageFault as fault:
        if fault.code != "person-unknown":
            raise
        raise UsageFault(
            f"neither a person nor an organisation is called {actor} here",
            code="bulk-actor",
            hint="Give a person's short name, or an organisation's credit code.",
        ) from None
