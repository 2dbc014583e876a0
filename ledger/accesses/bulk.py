"""Bulk openings (R47, D19): counted over every door, refused before anything is opened, or approved before.

Counted are persons of whom something private is opened by one actor: a person of the registry, or an
organisation with all its machines. Who holds a receipt opens their own alone, and is not counted. The counts
of the last ten minutes lie in a table of their own; whether they were right, the lines themselves show.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import delete
from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.people.acting import gone
from yinzheng.ledger.registry import Keeping
from yinzheng.ledger.rules.offices import Office, Role, role_of
from yinzheng.ledger.rules.openings import WINDOW, Approval, charge_for
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models import Person
from yinzheng.ledger.store.models_accesses import BulkApproval, RecentOpening
from yinzheng.verifier.bytes.algorithms import recover_address, sha256
from yinzheng.verifier.bytes.canonical import JSON, dumps
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import BEARER, ITSELF

OPENING: Final = frozenset({"export", "list", "see"})
"""Actions that show something to whoever asked. What a decision opens in its course is not shown to them."""

SHOWING: Final = frozenset({"consent", "dossier", "evidence", "receipt"})
"""Kinds of objects that hold what is private about a person."""

APPROVERS: Final[tuple[Role, ...]] = (Capacity.REGISTRY, Office.AUDITOR)
"""Whose word counts as a second person's."""

_PREFIX: Final = b"yinzheng/bulk-approval/1\n"


def actor_of_line(organisation: str | None, person: str, own: str) -> str:
    """Who is counted: a person of the registry (whose credit code is ``own``), or an organisation as one."""
    return person if organisation in (own, None) else organisation


def persons_in(action: str, kind: str, object_: str, consent: bytes | None) -> bytes | None:
    """The person a line counts for: a consent's subject, or a dossier's reference; None: it shows none."""
    replaced = (action, kind) == ("act", "receipt")  # a lost receipt, handed out anew
    if not replaced and (action not in OPENING or kind not in SHOWING):
        return None
    return consent or sha256(f"{kind}:{object_}".encode())


def count_openings(
    registry: Keeping, session: Session, reader: Reader, purpose: str, persons: Iterable[bytes]
) -> None:
    """Count who is about to be shown to ``reader`` for a purpose, in the transaction that notes it.

    An approval of another purpose covers nobody, nor does one whose approver acts no more.

    Raises `UsageFault` `bulk-approval` where that were more than R47 lets one actor open unapproved: nothing
    is noted or opened then. `DataFault` `bulk-altered` for an approval that is not what its approver signed.
    """
    wanted = frozenset(persons)
    if not wanted or reader.person in (BEARER, ITSELF):
        return
    now = registry.clock()
    actor = actor_of_line(reader.organisation, reader.person, registry.instance.registry_code)
    session.connection().execute(delete(RecentOpening).where(col(RecentOpening.at) <= now - WINDOW))
    recent = {
        row.object: row for row in session.exec(select(RecentOpening).where(RecentOpening.actor == actor))
    }
    standing = session.exec(
        select(BulkApproval).where(
            BulkApproval.actor == actor, BulkApproval.purpose == purpose, BulkApproval.until >= now
        )
    ).all()
    left = gone(session, (row.by for row in standing))
    given = [_approval(session, row) for row in standing if row.by not in left]
    charge = charge_for(recent.keys(), wanted, given, now)
    if charge is not None:
        row = session.get_one(BulkApproval, charge.approval)
        row.used += charge.persons
        session.add(row)
    for one in wanted:
        row_of = recent.get(one) or RecentOpening(actor=actor, object=one, at=now)
        row_of.at = now
        session.add(row_of)
    session.flush()


def approval_digest(actor: str, purpose: str, persons: int, since: int, until: int) -> bytes:
    """The 32 bytes that the second person signs, with secp256k1: 65 bytes `r || s || v`."""
    said: dict[str, JSON] = {
        "v": 1,
        "actor": actor,
        "purpose": purpose,
        "persons": persons,
        "since": since,
        "until": until,
    }
    return sha256(_PREFIX + dumps(said))


def _approval(session: Session, row: BulkApproval) -> Approval:
    assert row.id is not None  # it is stored
    digest = approval_digest(row.actor, row.purpose, row.persons, row.since, row.until)
    signed_by, approver = recover_address(digest, row.signature), session.get_one(Person, row.by)
    if row.by == row.actor or signed_by != approver.address or role_of(approver.role) not in APPROVERS:
        raise DataFault(
            "an approval of bulk openings is not what its approver signed",
            code="bulk-altered",
            hint="Run `yinzheng audit`.",
        )
    return Approval(row.id, row.persons, row.used, row.since, row.until)
