"""Whether anything acknowledged still waits for log or chain: a look at the database, without the lock."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select as rows_of
from sqlmodel import Session

from yinzheng.ledger.accesses import batching
from yinzheng.ledger.flow import pool, watched
from yinzheng.ledger.flow.pipeline import ANCHOR
from yinzheng.ledger.flow.pool import PATIENCE, patience_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import ChainCall, Event, table_of
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.witnesses import feeding

_EVENTS: Final = table_of(Event)
_CALLS: Final = table_of(ChainCall)
_UNPLACED: Final = Prepared(rows_of(_EVENTS.c.id).where(_EVENTS.c.log_index.is_(None)).limit(1))
_UNDER_WAY: Final = Prepared(rows_of(_CALLS.c.id).where(_CALLS.c.state.in_(("pending", "sent"))).limit(1))


def is_unsettled(session: Session, now: int, *, patience: int = PATIENCE) -> bool:
    """Whether at `now` something was pooled for `patience` seconds, is not in the log, was not sent, or
    not looked at for who watches certificates, or the newest head lacks a witness or was refused.

    Access lines count once they are due.
    """
    oldest = pool.oldest(session)
    if oldest is not None and now - oldest >= patience:
        return True
    if batching.is_due(session, now):
        return True
    if watched.is_behind(session):
        return True
    if feeding.is_due(session, now):
        return True
    if _UNPLACED.first(session) is not None:
        return True
    head = repository.latest_checkpoint(session)
    if head is not None and head.anchored_block is None:
        call = repository.find_call(session, ANCHOR.name, str(head.size))
        if call is not None and call.state == "failed":
            return True
    return _UNDER_WAY.first(session) is not None


def needs_settling(registry: Registry) -> bool:
    """Whether `settle` would do anything now; asking is much cheaper."""
    with registry.store.reading() as session:
        return is_unsettled(session, registry.clock(), patience=patience_of(registry.instance))
