"""The rows of a destroyed record: its key, its secrets and its sealed content go, its tombstone comes.

Everything here happens in the caller's transaction. What lies in files is cleared afterwards; until then the
rows of a dossier's files stay, so that a crash does not lose which files those are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from yinzheng.ledger.erasure.targets import Target
from yinzheng.ledger.flow.recording import Occurrence, compose, record
from yinzheng.ledger.rules.destruction import TargetKind
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models import Dossier, DossierFile, Event, Objection
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.models_consents import (
    Attempt,
    Consent,
    GuardianUpload,
    ReceiptCredential,
    Withdrawal,
)
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.store.models_moves import MoveParty
from yinzheng.verifier.formats.tombstone import TOMBSTONE, Tombstone

MOST = 256
"""Statements that one tombstone names (S10.5)."""
_TOGETHER = 500
_NEEDLE = 32
"""Bytes of something sealed by which it is recognised."""


def split(statements: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    """Leaf hashes in the portions that tombstones can name; a dispute may have a thousand."""
    for first in range(0, len(statements), MOST):
        yield tuple(statements[first : first + MOST])


def bury(session: Session, target: Target, stones: Sequence[Tombstone], profile: str, now: int) -> bytes:
    """Destroy the target's rows and add its tombstones to its thread; gives the leaf hash of the last.

    `profile` is the registry's, `now` in UTC seconds. The statements' time is that of the tombstone.
    """
    head = target.head
    for stone in stones:
        happened = Occurrence(
            type=TOMBSTONE,
            profile=target.profile or profile,
            subject=target.subject,
            at=stone.erased_at,
            by=Capacity.REGISTRY.value,
            body=stone.to_json(),
            prev=head,
            case_id=target.case_id,
        )
        recorded = compose(happened, None, now=now)
        record(session, [recorded])
        head = recorded.leaf_hash
    _empty_events(session, target)
    if target.kind is TargetKind.CONSENT:
        _bury_consent(session, target, head)
    else:
        _bury_dossier(session, target, head)
    session.flush()
    session.expire_all()
    return head


def _empty_events(session: Session, target: Target) -> None:
    ids = [event.id for event in (*target.events, *target.beside) if event.sealed]
    for first in range(0, len(ids), _TOGETHER):
        some = col(Event.id).in_(ids[first : first + _TOGETHER])
        _change(session, update(Event).where(some).values(sealed=b""))


def _bury_consent(session: Session, target: Target, head: bytes) -> None:
    ours = col(Consent.subject) == target.subject
    _change(session, update(Consent).where(ours).values(wrapped_key=None, head=head, digest=None))
    told = col(AccessRow.consent) == target.subject, col(AccessRow.words).is_not(None)
    _change(session, update(AccessRow).where(*told).values(words=b""))  # the lines stay (S19)
    _change(session, delete(ReceiptCredential).where(col(ReceiptCredential.subject) == target.subject))
    _change(session, delete(Attempt).where(col(Attempt.subject) == target.subject))
    withdrawn = select(Withdrawal.id).where(Withdrawal.consent == target.subject)
    _change(session, delete(GuardianUpload).where(col(GuardianUpload.withdrawal_id).in_(withdrawn)))


def _bury_dossier(session: Session, target: Target, head: bytes) -> None:
    _change(session, update(Dossier).where(col(Dossier.id) == target.owner).values(wrapped_key=None))
    files = col(DossierFile.dossier_id) == target.owner
    _change(session, update(DossierFile).where(files).values(manifest=b""))
    if target.case_id is not None:
        ours = col(Objection.case_id) == target.case_id
        _change(session, update(Objection).where(ours).values(sealed=b""))
    else:
        dispute = col(Dispute.subject) == target.subject
        _change(session, update(Dispute).where(dispute).values(head=head, draft=None))


def forget_files(session: Session, target: Target) -> None:
    """Delete the rows of the files, once the files are gone, and those that say whom a move concerned."""
    _change(session, delete(DossierFile).where(col(DossierFile.dossier_id) == target.owner))
    if target.case_id is not None:
        _change(session, delete(MoveParty).where(col(MoveParty.case_id) == target.case_id))


def needles(session: Session, target: Target) -> tuple[bytes, ...]:
    """By what the target's key and sealed content are recognised, if any of it is left somewhere."""
    found = [event.sealed for event in (*target.events, *target.beside)]
    if target.kind is TargetKind.CONSENT:
        row = session.get_one(Consent, target.subject)
        found += [row.wrapped_key or b"", row.digest or b""]
        uploads = select(GuardianUpload.sealed).join(Withdrawal).where(Withdrawal.consent == target.subject)
        found += session.exec(uploads).all()
        words = select(AccessRow.words).where(AccessRow.consent == target.subject)
        found += [one or b"" for one in session.exec(words)]
        credential = select(ReceiptCredential.sealed).where(ReceiptCredential.subject == target.subject)
        found += session.exec(credential).all()
    else:
        found.append(session.get_one(Dossier, target.owner).wrapped_key or b"")
        files = select(DossierFile.manifest).where(DossierFile.dossier_id == target.owner)
        found += session.exec(files).all()
        found += session.exec(select(Objection.sealed).where(Objection.case_id == target.case_id)).all()
    return tuple(one[:_NEEDLE] for one in found if len(one) >= _NEEDLE)


def _change(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
