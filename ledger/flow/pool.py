"""The pool: consents given one by one enter the log in the company of others, in random order (R49).

Someone who watches the log grow would otherwise see two consents of one visit follow each other. A pooled
consent is acknowledged and durable; only its place in the log comes later.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

from sqlalchemy import delete, func, insert
from sqlalchemy import select as rows_of
from sqlmodel import Session, select

from yinzheng.ledger.flow.recording import Recorded
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Pooled
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.formats.receipt import CONSENT_GRANTED

_POOL: Final = table_of(Pooled)
_PUT: Final = Prepared(insert(_POOL))
_OLDEST: Final = Prepared(rows_of(func.min(_POOL.c.created_at)))

PATIENCE = 600
"""Seconds the oldest waits. Nothing else ends the wait: going as soon as so many are there would cut a busy
hour into small company."""


def put(session: Session, recorded: Iterable[Recorded], now: int) -> None:
    """Let statements without predecessors wait, in the transaction of the decision they record."""
    rows = [
        {
            "leaf": row["leaf_hash"],
            "subject": row["subject"],
            "at": row["at"],
            "statement": row["statement"],
            "sealed": row["sealed"],
            "created_at": now,
        }
        for row in (one.row for one in recorded)
    ]
    if rows:
        _PUT.run(session, rows)


def patience_of(instance: Instance) -> int:
    """Seconds a consent waits in this registry: a demonstration's not at all."""
    return 0 if instance.demonstration else PATIENCE


def oldest(session: Session) -> int | None:
    """Since when the first of those waits that do, UTC seconds; None where none does."""
    since: int | None = _OLDEST.scalar(session)
    return since


def flush(registry: Registry, *, force: bool = False) -> int:
    """Move what waits into the events, shuffled, if it waited long enough.

    `force` moves it in any case: someone withdraws one of them, or a demonstration does not wait. Returns how
    many were moved.
    """
    with registry.store.reading() as session:
        since = oldest(session)
    if since is None or not (force or registry.clock() - since >= patience_of(registry.instance)):
        return 0
    with registry.store.transaction() as session:
        pooled = list(session.exec(select(Pooled)))
        secrets.SystemRandom().shuffle(pooled)
        repository.add_events(session, [_row(one) for one in pooled])
        session.execute(delete(Pooled))
    return len(pooled)


def event_row(
    *, subject: bytes, at: int, statement: bytes, leaf: bytes, sealed: bytes, now: int
) -> dict[str, object]:
    """The row of a `consent.granted` event, which has no place in the log yet."""
    return {
        "case_id": None,
        "subject": subject,
        "type": CONSENT_GRANTED,
        "at": at,
        "statement": statement,
        "leaf_hash": leaf,
        "sealed": sealed,
        "public": None,
        "log_index": None,
        "created_at": now,
    }


def _row(one: Pooled) -> dict[str, object]:
    return event_row(
        subject=one.subject,
        at=one.at,
        statement=one.statement,
        leaf=one.leaf,
        sealed=one.sealed,
        now=one.created_at,
    )
