"""All access lines of a time, with the proof that they are all: evidence for a court (S16.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.committed import Committed, SealOf, batch_of, last_logged
from yinzheng.ledger.accesses.opening import Lines, altered
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


def range_between(
    session: Session, keys: KeyProvider, since: int, until: int, seal_of: SealOf
) -> list[RangeBatch]:
    """All lines noted from `since` to `until` (UTC seconds), batch by batch, and the proof that they are all.

    Raises `UsageFault` `access-range` where there are none, or too many for one item, or the newest are not
    in the log yet; `DataFault` as `reading.Lines`, and `access-altered` where a line is gone.
    """
    query = select(AccessRow).where(col(AccessRow.at).between(since, until)).order_by(col(AccessRow.number))
    found = session.exec(query.limit(MAX_LINES + 1)).all()
    logged = last_logged(session, None)
    if not 1 <= len(found) <= MAX_LINES or found[-1].number > logged:
        raise _no_range()
    first, last = found[0].number, found[-1].number
    between = select(AccessRow).where(AccessRow.number >= first, AccessRow.number <= last)
    rows = session.exec(between.order_by(col(AccessRow.number)).limit(MAX_LINES + 1)).all()
    _require_whole(rows, first, last)
    opener = Lines(session, keys)
    batches = []
    for batch, members in groupby(rows, _grouping(session)):
        own = list(members)
        start = own[0].number - batch.row.first
        batches.append(
            RangeBatch(
                batch.statement,
                batch.body,
                tuple(_range_line(opener, row, seal_of) for row in own),
                tuple(range_path(start, start + len(own), batch.leaves)),
            )
        )
    if len(batches) > MAX_BATCHES:
        raise _no_range()
    return batches


def _grouping(session: Session) -> Callable[[AccessRow], Committed]:
    """The batch of a row, of rows in order; each batch is read once."""
    latest: list[Committed] = []

    def of(row: AccessRow) -> Committed:
        if not latest or row.number >= latest[-1].row.first + latest[-1].row.count:
            latest.append(batch_of(session, row.number))
        return latest[-1]

    return of


def _require_whole(rows: Sequence[AccessRow], first: int, last: int) -> None:
    if len(rows) > MAX_LINES:
        raise _no_range()
    there = {row.number for row in rows}
    for number in range(first, last + 1):
        if number not in there:
            raise altered(number)


def _no_range() -> UsageFault:
    return UsageFault(
        f"there are no access lines then, or more than {MAX_LINES} of them or {MAX_BATCHES} batches, or the "
        "newest are not in the log yet",
        code="access-range",
        hint="Name another, or a shorter, time; what waits enters the log with `yinzheng settle`.",
    )


def _range_line(opener: Lines, row: AccessRow, seal_of: SealOf) -> RangeLine:
    opened = opener.open(row)
    said = opener.words(row, opened.line, seal_of)
    return RangeLine(
        commit_private(opened.secret, opened.line.canonical()),
        opened.line,
        opened.secret,
        SaidWho(opened.who, opened.who_secret),
        None if said is None else SaidWords(*said),
    )
