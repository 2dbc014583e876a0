"""Whether anything acknowledged still waits for log or chain: a look at the database, without the lock."""

from __future__ import annotations

from sqlmodel import Session, col, func, select

from yinzheng.ledger.accesses import batching
from yinzheng.ledger.flow import watched
from yinzheng.ledger.flow.pipeline import ANCHOR
from yinzheng.ledger.flow.pool import PATIENCE, patience_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import ChainCall, Event
from yinzheng.ledger.store.models_consents import Pooled
from yinzheng.ledger.witnesses import feeding


def is_unsettled(session: Session, now: int, *, patience: int = PATIENCE) -> bool:
    """Whether at `now` something was pooled for `patience` seconds, is not in the log, was not sent, or
    not looked at for who watches certificates, or the newest head lacks a witness or was refused.

    Access lines count once they are due.
    """
    waiting, oldest = session.exec(select(func.count(), func.min(Pooled.created_at))).one()
    if waiting and now - oldest >= patience:
        return True
    if batching.is_due(session, now):
        return True
    if watched.is_behind(session):
        return True
    if feeding.is_due(session, now):
        return True
    if session.exec(select(Event.id).where(col(Event.log_index).is_(None)).limit(1)).first() is not None:
        return True
    head = repository.latest_checkpoint(session)
    if head is not None and head.anchored_block is None:
        call = repository.find_call(session, ANCHOR.name, str(head.size))
        if call is not None and call.state == "failed":
            return True
    state = col(ChainCall.state).in_(("pending", "sent"))
    return session.exec(select(ChainCall.id).where(state).limit(1)).first() is not None


def needs_settling(registry: Registry) -> bool:
    """Whether `settle` would do anything now; asking is much cheaper."""
    with registry.store.reading() as session:
        return is_unsettled(session, registry.clock(), patience=patience_of(registry.instance))
