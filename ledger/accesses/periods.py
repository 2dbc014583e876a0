"""Which lines were noted in a time: by their numbers, held against the lines before and after (S16.7, S19).

A row says in clear when it was written, so that a time is found; that decides nothing. Numbers have no gaps,
the ledger's time never goes back, and every seal binds number and time: so a time is whole if the line before
it and the one after it are there, open, and lie outside. Where somebody with the database alone deletes a
line, or says another time of it, at an end of the time as in its middle, a line is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.opening import Lines, altered
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_accesses import AccessBatch, AccessRow
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.access import NOTED, parse_batch

_TOGETHER: Final = 1000
"""Rows read at once."""
_MAX_BODY: Final = 4096


def numbers_between(session: Session, lines: Lines, since: int, until: int) -> range:
    """Numbers of the lines noted from `since` to `until`, UTC seconds; none may have been.

    Raises `DataFault` as `opening.Lines`, and `access-altered` where a line beside them is gone, or lies
    within.
    """
    first, last = _said(session, since, until)
    before, after = session.get(AccessRow, first - 1), session.get(AccessRow, last + 1)
    for row in (before, after):
        if row is not None:
            lines.check(row)
    if first > 1 and (before is None or not before.at < since):
        raise altered(first - 1)
    if after is None:
        if newest(session) > last:
            raise altered(last + 1)
    elif not after.at > until:
        raise altered(last + 1)
    return range(first, last + 1)


def rows_between(
    session: Session, lines: Lines, since: int, until: int, numbers: range
) -> Iterator[AccessRow]:
    """The rows of these numbers, in order: all are there, say what is sealed, and were noted within.

    A row is forgotten as soon as the next is asked for. Raises as `numbers_between`.
    """
    for start in range(numbers.start, numbers.stop, _TOGETHER):
        for row in _rows(session, range(start, min(start + _TOGETHER, numbers.stop))):
            lines.check(row)
            if not since <= row.at <= until:
                raise altered(row.number)
            yield row
            session.expunge(row)  # millions shall not be held


def newest(session: Session) -> int:
    """The last number that was given out, as the database knows: of a row, a batch or its statement."""
    row = session.exec(select(func.max(AccessRow.number))).one() or 0
    batch = session.exec(select(AccessBatch).order_by(col(AccessBatch.first).desc()).limit(1)).first()
    stated = select(Event.public).where(Event.type == NOTED).order_by(col(Event.id).desc()).limit(1)
    ends = [row, 0 if batch is None else batch.first + batch.count - 1]
    if (body := session.exec(stated).first()) is not None:
        said = parse_batch(canonical.loads(body, max_bytes=_MAX_BODY))
        ends.append(said.first + said.count - 1)
    return max(ends)


def _said(session: Session, since: int, until: int) -> tuple[int, int]:
    """The first and last line of a time, by what rows say; of none, the one after and before."""
    within = select(func.min(AccessRow.number), func.max(AccessRow.number))
    first, last = session.exec(within.where(col(AccessRow.at).between(since, until))).one()
    if first is not None and last is not None:
        return first, last
    earlier = session.exec(select(func.max(AccessRow.number)).where(AccessRow.at < since)).one() or 0
    return earlier + 1, earlier


def _rows(session: Session, numbers: range) -> Sequence[AccessRow]:
    """The rows of these numbers, in order. Raises `DataFault` `access-altered` for the first that is gone."""
    between = col(AccessRow.number).between(numbers.start, numbers.stop - 1)
    rows = session.exec(select(AccessRow).where(between).order_by(col(AccessRow.number))).all()
    if len(rows) != len(numbers):
        there = {row.number for row in rows}
        raise altered(next(number for number in numbers if number not in there))
    return rows
