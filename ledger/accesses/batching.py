"""Committing access lines in the log: one public statement for each minute or hundred lines (D19, S19.3).

The statement holds the root over the lines' leaf hashes and how many there are, and follows the one before it
in one thread. It is an event like any other: it goes through the same pipeline to log and chain, and what a
crash interrupted goes on there.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from yinzheng.ledger.flow.recording import Occurrence, compose, record
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_accesses import AccessBatch, AccessRow
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.formats.access import MAX_BATCH, NOTED, Batch, accesses_subject
from yinzheng.verifier.log.merkle import root_from_leaves

PATIENCE: Final = 60
"""Seconds a line waits for company at most, while anyone works."""

ENOUGH: Final = 100
"""Lines that wait no longer."""

_BATCHES: Final = table_of(AccessBatch)
_LINES: Final = table_of(AccessRow)
_NEWEST: Final = Prepared(rows_of(func.max(_BATCHES.c.first)))
_LEFT: Final = Prepared(
    rows_of(func.count(), func.min(_LINES.c.at)).where(_LINES.c.number > bindparam("done"))
)


def last_batch(session: Session) -> AccessBatch | None:
    """The newest batch."""
    first = _NEWEST.scalar(session)
    return None if first is None else session.get(AccessBatch, first)


def is_due(session: Session, now: int) -> bool:
    """Whether lines wait that should be committed at `now`, UTC seconds."""
    return _due(session, last_batch(session), now)


def commit(registry: Registry, *, everything: bool = False) -> int:
    """Commit the lines that wait, if they waited long enough or are many; gives how many batches were made.

    `everything`: without waiting, as a command does that ends. A line that is missing ends its batch: the
    next begins behind it, so that the gap stands in the log for good.
    """
    made = 0
    while True:
        with registry.store.reading() as session:
            last, now = last_batch(session), registry.clock()
            wait = not (_due(session, last, now) or (everything and _waiting(session, last)))
        if wait:
            return made
        with registry.store.transaction() as session:
            _commit_one(registry, session, now)
        made += 1


def _committed(last: AccessBatch | None) -> int:
    """The last number that a batch holds."""
    return 0 if last is None else last.first + last.count - 1


def _waiting(session: Session, last: AccessBatch | None) -> bool:
    return bool(_LEFT.all(session, done=_committed(last))[0][0])


def _due(session: Session, last: AccessBatch | None, now: int) -> bool:
    count, oldest = _LEFT.all(session, done=_committed(last))[0]
    return bool(count) and (count >= ENOUGH or now - oldest >= PATIENCE)


def _commit_one(registry: Registry, session: Session, now: int) -> None:
    last = last_batch(session)
    query = select(AccessRow.number, AccessRow.at, AccessRow.leaf).where(AccessRow.number > _committed(last))
    rows = session.exec(query.order_by(col(AccessRow.number)).limit(MAX_BATCH)).all()
    first = rows[0][0]
    run = [row for number, row in enumerate(rows, first) if row[0] == number]
    body = Batch(
        first=first,
        count=len(run),
        since=run[0][1],
        until=run[-1][1],
        root=root_from_leaves([leaf for _, _, leaf in run]),
    )
    recorded = compose(
        Occurrence(
            type=NOTED,
            profile=registry.instance.profile,
            subject=accesses_subject(registry.instance.origin),
            at=now,
            by="registry",
            body=body.to_json(),
            prev=None if last is None else last.leaf,
        ),
        None,
        now=now,
    )
    record(session, [recorded])
    session.add(AccessBatch(first=first, count=len(run), leaf=recorded.leaf_hash))
