"""What may be destroyed now, and what was or is being destroyed (R42, R43): naming nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, col, select

from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.erasure.grounds import RETENTION_ENDED, WITHDRAWAL, blocked, check_ground
from yinzheng.ledger.erasure.proposing import OVER, read_signed, signatures_of
from yinzheng.ledger.erasure.targets import find_target
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import TargetKind
from yinzheng.ledger.rules.withdrawal import State
from yinzheng.ledger.store.models import Case, Dossier
from yinzheng.ledger.store.models_consents import Consent, Withdrawal
from yinzheng.ledger.store.models_disputes import Dispute, Erasure
from yinzheng.ledger.store.models_supervision import Supervision
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault


@dataclass(frozen=True, slots=True)
class Destructible:
    """A record that may be destroyed now, by what people call it, and the ground."""

    kind: TargetKind
    reference: str
    ground: str


def destructible(registry: Registry, *, terms: bool = False) -> Iterator[Destructible]:
    """What may be destroyed now: consents that were withdrawn as a whole, dossiers beyond their retention.

    With `terms` also consents whose term is over: each has to be opened for that, a million take minutes.
    """
    with registry.store.reading() as session:
        for kind, reference, ground in _candidates(registry, session, terms=terms):
            if _is_free(registry, session, kind, reference, ground):
                yield Destructible(kind, reference, ground)


def _candidates(
    registry: Registry, session: Session, *, terms: bool
) -> Iterator[tuple[TargetKind, str, str]]:
    withdrawn = select(Withdrawal.consent).where(Withdrawal.state == State.COMPLETED.value).distinct()
    for subject in session.exec(withdrawn.order_by(col(Withdrawal.consent))).all():
        yield TargetKind.CONSENT, subject.hex(), WITHDRAWAL
    living = col(Dossier.wrapped_key).is_not(None)
    for case_id in session.exec(select(Case.id).join(Dossier).where(living).order_by(Case.id)).all():
        yield TargetKind.CASE, case_id, RETENTION_ENDED
    for dispute_id in session.exec(select(Dispute.id).join(Dossier).where(living).order_by(Dispute.id)).all():
        yield TargetKind.DISPUTE, dispute_id, RETENTION_ENDED
    for reference in session.exec(
        select(Supervision.id).join(Dossier).where(living).order_by(Supervision.id)
    ):
        yield TargetKind.SUPERVISION, reference, RETENTION_ENDED
    if terms:
        query = select(Consent.subject).where(col(Consent.wrapped_key).is_not(None))
        for subject in session.exec(query.order_by(col(Consent.subject))).all():
            if open_consent(registry, session, subject).consent.until <= registry.clock():
                yield TargetKind.CONSENT, subject.hex(), RETENTION_ENDED


def _is_free(registry: Registry, session: Session, kind: TargetKind, reference: str, ground: str) -> bool:
    try:
        target = find_target(session, kind, reference)
        check_ground(registry, session, target, ground)
    except UsageFault:  # it is not at its end, or destroyed: neither is worth a word here
        return False
    return not blocked(session, target, ground, registry.clock())


def erasures(session: Session) -> list[dict[str, JSON]]:
    """Every erasure, oldest first: its order, who signed in what function and when, who signs next.

    `left`: who proposed or signed one that is not over, and acts no more; it is dropped and proposed anew.

    Raises `DataFault` as `read_signed`.
    """
    found: list[dict[str, JSON]] = []
    for row in session.exec(select(Erasure).order_by(Erasure.id)):
        signed = read_signed(session, row)
        signatures: list[JSON] = [
            {"person": one.person, "role": one.role, "at": one.at} for one in signatures_of(session, row.id)
        ]
        over = row.state in OVER or row.tombstone is not None
        waits: list[JSON] = [] if over else [*sorted(signed.next)]
        left: list[JSON] = [] if over else [*sorted(signed.left)]
        found.append(
            {
                "id": row.id,
                "state": row.state,
                "target": row.target,
                "subject": row.subject.hex(),
                "ground": row.ground,
                "method": row.method,
                "statements": len(signed.order.statements),
                "files": signed.order.files,
                "signatures": signatures,
                "next": waits,
                "left": left,
                "tombstone": None if row.tombstone is None else row.tombstone.hex(),
                "erased_at": row.erased_at,
            }
        )
    return found
