"""All access lines of a time, with the proof that they are all: evidence for a court (S16.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.committed import Committed, SealOf, batch_of, last_logged
from yinzheng.ledger.accesses.opening import Lines
from yinzheng.ledger.accesses.periods import numbers_between, rows_between
from yinzheng.ledger.keys.provider import KeyProvider
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.access_range import (
    MAX_BATCHES,
    MAX_LINES,
    RangeBatch,
    RangeLine,
    SaidWho,
    SaidWords,
)
from yinzheng.verifier.log.merkle_range import range_path
from yinzheng.verifier.log.statement import commit_private


@dataclass(frozen=True, slots=True)
class WholeRange:
    """All lines of a time, with those beside them, by their batches."""

    until: int
    """The end of the time, UTC seconds: what was asked for, or just before the newest line in the log."""
    first: int
    last: int
    """Of the time's own lines."""
    batches: list[RangeBatch]


def range_between(session: Session, keys: KeyProvider, since: int, until: int, seal_of: SealOf) -> WholeRange:
    """All lines noted from `since` to `until` (UTC seconds), batch by batch, and the proof that they are all.

    The line before and the one after are shown too, without who acted: so it is seen that they lie outside.
    After the newest line there is none, so the time ends before it, at the latest.

    Raises `UsageFault` `access-range` where there are none, or too many for one item, or the newest are not
    in the log yet; `DataFault` as `periods.numbers_between`.
    """
    opener, logged = Lines(session, keys), last_logged(session, None)
    if (final := session.get(AccessRow, logged)) is not None:
        opener.check(final)
        until = min(until, final.at - 1)
    numbers = numbers_between(session, opener, since, until) if since <= until else range(0)
    if not 1 <= len(numbers) <= MAX_LINES - 2 or numbers.stop > logged:
        raise _no_range()
    first, last = numbers.start, numbers.stop - 1
    for _ in rows_between(session, opener, since, until, numbers):
        pass  # each is there, and within
    between = col(AccessRow.number).between(first - 1, last + 1)
    rows = session.exec(select(AccessRow).where(between).order_by(col(AccessRow.number))).all()
    batches = []
    for batch, members in groupby(rows, _grouping(session)):
        own = list(members)
        start = own[0].number - batch.row.first
        batches.append(
            RangeBatch(
                batch.statement,
                batch.body,
                tuple(_range_line(opener, row, seal_of, beside=row.number not in numbers) for row in own),
                tuple(range_path(start, start + len(own), batch.leaves)),
            )
        )
    if len(batches) > MAX_BATCHES:
        raise _no_range()
    return WholeRange(until, first, last, batches)


def _grouping(session: Session) -> Callable[[AccessRow], Committed]:
    """The batch of a row, of rows in order; each batch is read once."""
    latest: list[Committed] = []

    def of(row: AccessRow) -> Committed:
        if not latest or row.number >= latest[-1].row.first + latest[-1].row.count:
            latest.append(batch_of(session, row.number))
        return latest[-1]

    return of


def _no_range() -> UsageFault:
    return UsageFault(
        f"there are no access lines then, or more than {MAX_LINES} of them or {MAX_BATCHES} batches, or the "
        "newest are not in the log yet",
        code="access-range",
        hint="Name another, or a shorter, time; what waits enters the log with `yinzheng settle`.",
    )


def _range_line(opener: Lines, row: AccessRow, seal_of: SealOf, *, beside: bool) -> RangeLine:
    opened = opener.open(row)
    said = None if beside else opener.words(row, opened.line, seal_of)
    return RangeLine(
        commit_private(opened.secret, opened.line.canonical()),
        opened.line,
        opened.secret,
        None if beside else SaidWho(opened.who, opened.who_secret),
        None if said is None else SaidWords(*said),
    )
