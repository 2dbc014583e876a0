"""The pool: consents given one by one enter the log in the company of others, in random order (R49).

Someone who watches the log grow would otherwise see two consents of one visit follow each other. A pooled
consent is acknowledged and durable; only its place in the log comes later.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, func
from sqlmodel import Session, select

from ledger.recording import Recorded
from ledger.store import repository
from ledger.store.models_consents import Pooled

if TYPE_CHECKING:
    from ledger.registry import Registry

PATIENCE = 600
"""Seconds the oldest waits. Nothing else ends the wait: going as soon as so many are there would cut a busy
hour into small company."""


def put(session: Session, recorded: Recorded, now: int) -> None:
    """Let a statement without predecessor wait, in the transaction of the decision it records."""
    row = recorded.row
    session.add(
        Pooled(
            leaf=row["leaf_hash"],
            subject=row["subject"],
            at=row["at"],
            statement=row["statement"],
            sealed=row["sealed"],
            created_at=now,
        )
    )


def flush(registry: Registry, *, force: bool = False) -> int:
    """Move what waits into the events, shuffled, if it waited long enough.

    `force` moves it in any case: someone withdraws one of them, or a demonstration does not wait. Returns how
    many were moved.
    """
    with registry.store.reading() as session:
        waiting, oldest = session.exec(select(func.count(), func.min(Pooled.created_at))).one()
    due = force or registry.instance.demonstration
    if not waiting or not (due or registry.clock() - oldest >= PATIENCE):
        return 0
    with registry.store.transaction() as session:
        pooled = list(session.exec(select(Pooled)))
        secrets.SystemRandom().shuffle(pooled)
        repository.add_events(session, [_row(one) for one in pooled])
        session.execute(delete(Pooled))
    return len(pooled)


def _row(one: Pooled) -> dict[str, object]:
    return {
        "case_id": None,
        "subject": one.subject,
        "type": "consent.granted",
        "at": one.at,
        "statement": one.statement,
        "leaf_hash": one.leaf,
        "sealed": one.sealed,
        "public": None,
        "log_index": None,
        "created_at": one.created_at,
    }
