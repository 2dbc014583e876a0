"""Organisations and their keys: bound by an officer, replaced and revoked (R41, S10.4).

Who an organisation is, an officer of the registry has checked; from then on its key speaks for it. Times
that an organisation writes of itself (`enrolled_at`, `rotated_at`, `told_at`) are replaced by the ledger's.
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session

from yinzheng.ledger.accesses.noting import acted
from yinzheng.ledger.flow.recording import Occurrence, Recorded, compose, record
from yinzheng.ledger.flow.threads import find_organisation, thread
from yinzheng.ledger.organisations import appointing, holding
from yinzheng.ledger.organisations.addresses import check_webhook
from yinzheng.ledger.organisations.keys import keys_at
from yinzheng.ledger.organisations.whose import accounts_of, whose
from yinzheng.ledger.people.acting import Actor, admit, require_two
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats import key_history
from yinzheng.verifier.formats.organisation import Enrolment, Revocation, Rotation
from yinzheng.verifier.log.statement import organisation_subject

__all__ = [
    "appoint",
    "change_webhook",
    "check_webhook",
    "dismiss",
    "enrol",
    "revoke",
    "rotate",
]


MOST_OWN = 120
"""Statements of an organisation's keys after which it tells without an officer only that one is lost: with
one for each key they are fewer than the 256 that a proof holds (S21.11)."""

_TOLD = (key_history.End.LEFT, key_history.End.LOST, key_history.End.COMPROMISED)


def enrol(
    registry: Registry,
    enrolment: Enrolment,
    by: Actor,
    webhook: str | None = None,
    *,
    administrator: Actor | None = None,
) -> bytes:
    """Bind a key to an organisation (R41), on the word of an officer; gives the leaf hash of the statement.

    A forum or exchange that has an account receives its role on chain when the registry settles: an
    administrator gives it, who is another person than the officer. A holder's account enters `Holders` then,
    by its own signature and the officer's.

    Raises `UsageFault`: `organisation-enrolled`, `key-not-current` (its time is over, or far ahead),
    `account-taken`, `account-needed`, `roles-overlap`, `webhook-address`, `officer-needed`,
    `administrator-needed`, `person-…`;
    `DataFault`: `account-possession`, `approval-malformed`; and what `Holders` says: `account-has-role`, ….
    """
    address = None if webhook is None else check_webhook(webhook)
    now = registry.clock()
    body = replace(enrolment, enrolled_at=now)
    code = body.organisation.code
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        _check_new(session, body, now)
        leaf = _record(registry, session, "organisation.enrolled", code, body.to_json(), None, now).leaf_hash
        session.add(
            Organisation(
                code=code,
                name=body.organisation.name,
                roles=" ".join(body.roles),
                subject=organisation_subject(code),
                head=leaf,
                account=body.account,
                webhook=address,
                enrolled_at=now,
            )
        )
        appointing.appoint(registry, session, body, leaf, by, administrator)
        if body.binding is not None:
            holding.enter(registry, session, body, by)
    return leaf


def rotate(
    registry: Registry, rotation: Rotation, by: Actor | None, *, administrator: Actor | None = None
) -> bytes:
    """Let a key take over from the one before; gives the leaf hash of the statement.

    Signed by the key it replaces, it needs nobody (`by` None); where that one no longer holds, an officer
    binds the new key. One that names another account always needs an officer, and of a forum or exchange an
    administrator, as enrolling it did. So does a holder's, which says what becomes of its account.

    Raises `UsageFault`: `organisation-unknown`, `officer-needed`, `key-…`, `person-…`, `account-taken`;
    `DataFault`: `key-succession`, `key-known`; and as `holding.hand_over` and `appointing.move`.
    """
    now = registry.clock()
    body = replace(rotation, rotated_at=now)
    with registry.store.transaction() as session:
        if by is not None:
            admit(session, by, Capacity.REGISTRY)
        found = find_organisation(session, body.grant.code)
        keys = keys_at(session, found.head)
        if by is None and not keys[-1].holds_at(now):
            raise _officer_needed("The key before no longer holds, so it cannot hand over.")
        _require_room(session, found, by)
        key_history.rotated(keys, body)
        holding.hand_over(registry, session, found, body, by)
        if body.account is not None:
            _require_free(session, body.account, found.code)  # before the statement names whose it is
        leaf = _continue(registry, session, found, "organisation.key-rotated", body.to_json(), now)
        if body.account is not None:
            if by is None:
                raise _officer_needed("Another account is bound to an organisation as its first one was.")
            appointing.move(registry, session, found, body.account, by, administrator)
        return leaf


def revoke(
    registry: Registry, revocation: Revocation, by: Actor | None, *, administrator: Actor | None = None
) -> bytes:
    """End a key that was lost, compromised, or left behind; gives the leaf hash of the statement.

    `by` None: the organisation itself tells it, in a request it signed. What the key signed and the ledger
    saw before `since` stands (R41). With an administrator, what a forum or exchange may do on chain ends too;
    without one the audit names its account until `dismiss`.

    Raises `UsageFault`: `organisation-unknown`, `key-unknown`, `key-ended`, `key-instant` (since when lies
    ahead), `person-…`, `officer-needed`, `role-none`,
    `administrator-needed`; and as `holding.end`.
    """
    now = registry.clock()
    body = replace(revocation, told_at=now)
    if body.since > now:
        raise UsageFault("A loss or compromise lies in the past.", code="key-instant")
    with registry.store.transaction() as session:
        if by is not None:
            admit(session, by, Capacity.REGISTRY)
        found = find_organisation(session, body.code)
        keys = keys_at(session, found.head)
        if any(key.kid == body.kid and key.end in _TOLD for key in keys):  # a first word is always taken
            _require_room(session, found, by)
        key_history.revoked(keys, body)
        leaf = _continue(registry, session, found, "organisation.key-revoked", body.to_json(), now)
        holding.end(registry, session, found, body, leaf, by)
        if administrator is not None:
            admit(session, administrator, Office.ADMINISTRATOR)
            appointing.end(registry, session, found, leaf, administrator)
        return leaf


def dismiss(registry: Registry, code: str, by: Actor) -> None:
    """Take the role on chain from a forum's or exchange's account, and from those it had before that still
    hold it; what they decided stands.

    Raises `UsageFault`: `organisation-unknown`, `role-none`, `administrator-needed`, `person-…`.
    """
    with registry.store.transaction() as session:
        admit(session, by, Office.ADMINISTRATOR)
        found = find_organisation(session, code)
        appointing.end(registry, session, found, found.head, by)


def appoint(registry: Registry, code: str, by: Actor, *, administrator: Actor) -> None:
    """Give a dismissed forum or exchange its role on chain once more, for the account it had last.

    An officer and an administrator act together, as when it was enrolled; its key must hold.

    Raises `UsageFault`: `organisation-unknown`, `role-none`, `role-held`, `key-not-current`, `roles-overlap`,
    `officer-needed`, `administrator-needed`, `person-…`.
    """
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        admit(session, administrator, Office.ADMINISTRATOR)
        require_two(by, administrator)
        found = find_organisation(session, code)
        if not keys_at(session, found.head)[-1].holds_at(registry.clock()):
            raise UsageFault(
                "its key holds no longer, so nobody would know who acts",
                code="key-not-current",
                hint="Bind a new one first: `yinzheng rotate-key`.",
            )
        accounts = accounts_of(session, found)
        if not accounts:
            raise UsageFault(
                "it was enrolled without an account, and has no role on chain",
                code="role-none",
                hint="`yinzheng organisations` shows who is enrolled as what.",
            )
        appointing.appoint_again(registry, session, found, accounts[-1], administrator)


def change_webhook(registry: Registry, code: str, webhook: str | None, by: Actor | None) -> None:
    """Set where an organisation is told; None: it asks itself. Not on the ledger, for it proves nothing.

    Raises `UsageFault`: `organisation-unknown`, `webhook-address`, `officer-needed`, `person-…`.
    """
    address = None if webhook is None else check_webhook(webhook)
    with registry.store.transaction() as session:
        if by is not None:
            admit(session, by, Capacity.REGISTRY)
        found = find_organisation(session, code)
        found.webhook = address
        session.add(found)
        if by is not None:
            acted(registry, session, by, "organisation", code, "keeping")


def _officer_needed(message: str) -> UsageFault:
    return UsageFault(message, code="officer-needed", hint="An officer of the registry does this.")


def _require_room(session: Session, found: Organisation, by: Actor | None) -> None:
    """Proofs, its partners' too, hold so many statements of an organisation: it does not fill them itself."""
    if by is None and len(thread(session, found.head)) >= MOST_OWN:
        raise _officer_needed(f"Of this organisation {MOST_OWN} statements are recorded.")


def _check_new(session: Session, body: Enrolment, now: int) -> None:
    if session.get(Organisation, body.organisation.code) is not None:
        raise UsageFault(
            f"{body.organisation.code} is enrolled already.",
            code="organisation-enrolled",
            hint="A new key of an enrolled organisation is a rotation: `yinzheng rotate-key`.",
        )
    if not key_history.enrolled(body)[0].holds_at(now):
        raise UsageFault(
            "The key does not hold now.",
            code="key-not-current",
            hint="Have the organisation make a new enrolment; its clock may be wrong.",
        )
    if body.account is not None:
        _require_free(session, body.account, body.organisation.code)


def _require_free(session: Session, account: bytes, code: str) -> None:
    """Raise `UsageFault` `account-taken` where another organisation than that of `code` has it, or had it."""
    owner = whose(session, account)
    if owner is not None and owner.code != code:
        raise UsageFault(
            "Another organisation has this account, or had it.",
            code="account-taken",
            hint="Make another account: what this one did is that organisation's.",
        )


def _continue(
    registry: Registry,
    session: Session,
    found: Organisation,
    type_: str,
    body: dict[str, JSON],
    now: int,
) -> bytes:
    """Add the next statement to an organisation's thread."""
    leaf = _record(registry, session, type_, found.code, body, found.head, now).leaf_hash
    found.head = leaf
    session.add(found)
    return leaf


def _record(
    registry: Registry,
    session: Session,
    type_: str,
    code: str,
    body: dict[str, JSON],
    prev: bytes | None,
    now: int,
) -> Recorded:
    happened = Occurrence(
        type=type_,
        profile=registry.instance.profile,
        subject=organisation_subject(code),
        at=now,
        by=Capacity.REGISTRY.value,
        body=body,
        prev=prev,
    )
    recorded = compose(happened, None, now=now)
    record(session, [recorded])
    return recorded
