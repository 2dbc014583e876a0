"""May this record be destroyed, and on this ground? Retention, holds, what else still needs it (R39, R42).

A court's order ends a retention; nothing but its release ends a hold. What is still going on is destroyed on
no ground: its end could not be recorded any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.erasure.targets import Target
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import TargetKind
from yinzheng.ledger.rules.retention import Blocker, blockers
from yinzheng.ledger.rules.withdrawal import State
from yinzheng.ledger.store.models import Dossier
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.ledger.withdrawals.filing import in_force
from yinzheng.ledger.withdrawals.work import open_thread
from yinzheng.verifier.errors import UsageFault

WITHDRAWAL, RETENTION_ENDED, COURT, SUBJECT_RIGHT = "withdrawal", "retention_ended", "court", "subject_right"
"""Words of S10.5."""
_FOR_CONSENTS = frozenset({WITHDRAWAL, RETENTION_ENDED, COURT, SUBJECT_RIGHT})
_FOR_FILES = frozenset({RETENTION_ENDED, COURT})


def blocked(session: Session, target: Target, ground: str, now: int) -> frozenset[Blocker]:
    """What keeps the target from being destroyed at `now` on this ground."""
    until = None if ground == COURT else target.kept_until
    return blockers(holds=target.holds(session), kept_until=until, now=now)


def check_ground(registry: Registry, session: Session, target: Target, ground: str) -> None:
    """Check that the ground is one for this record, and that nothing still needs its content.

    Raises `UsageFault`: `erasure-ground`, `erasure-running`, `erasure-evidence`, `erasure-done`.
    """
    if not target.alive:
        raise UsageFault("its key is destroyed already", code="erasure-done", hint="`yinzheng erasures`")
    if ground not in (_FOR_CONSENTS if target.kind is TargetKind.CONSENT else _FOR_FILES):
        raise UsageFault(
            f"{ground} is no ground to destroy a {target.kind}",
            code="erasure-ground",
            hint="A consent goes for any of withdrawal, retention_ended, court, subject_right; other records"
            " for retention_ended or court.",
        )
    if target.kind is TargetKind.CONSENT:
        _check_consent(registry, session, target, ground)
    elif target.ended_at is None:
        raise _running(f"{target.reference} is not at its end")


def _check_consent(registry: Registry, session: Session, target: Target, ground: str) -> None:
    rows = session.exec(select(Withdrawal).where(Withdrawal.consent == target.subject)).all()
    if any(row.state != State.COMPLETED.value for row in rows):
        raise _running("a withdrawal of this consent is not completed")
    if ground == WITHDRAWAL:
        left = in_force(open_thread(registry, session, target.subject))
        if not rows or left.scopes or left.grants:
            raise UsageFault(
                "something of this consent is still in force",
                code="erasure-ground",
                hint="Only what was withdrawn as a whole is destroyed on the ground of withdrawal.",
            )
    if ground == RETENTION_ENDED:
        until = open_consent(registry, session, target.subject).consent.until
        if registry.clock() < until:
            raise UsageFault("this consent has not come to its end", code="erasure-ground", until=until)
    for dispute in evidence_of(registry, session, target):
        raise UsageFault(
            f"the evidence of {dispute} holds what this consent says",
            code="erasure-evidence",
            hint="Destroy that dispute's dossier first, when its own retention is over.",
            dispute=dispute,
        )


def evidence_of(registry: Registry, session: Session, target: Target) -> Iterator[str]:
    """The disputes whose living evidence opens statements of the target."""
    ours = {leaf.hex() for leaf in target.private}
    query = (
        select(Dispute)
        .join(Dossier)
        .where(col(Dispute.head).is_not(None), col(Dossier.wrapped_key).is_not(None))
        .order_by(Dispute.id)
    )
    for row in session.exec(query):
        assert row.head is not None  # the query's condition
        seal = SealedValue(dossier_key(registry, session, row.dossier_id))
        for event in thread(session, row.head):
            if event.type == "dispute.evidence":
                body, _ = open_event(seal, event.sealed, event.leaf_hash)
                if ours & set(_named(body)):
                    yield row.id
                    break


def _named(body: Any) -> list[str]:
    """The statements an evidence item opens (S10.7)."""
    about: dict[str, Any] = body["about"]
    found: list[str] = about.get("statements", [])
    return found


def _running(what: str) -> UsageFault:
    return UsageFault(
        f"{what}; destroyed, its end could not be recorded any more",
        code="erasure-running",
        hint="Wait until it is over.",
    )
