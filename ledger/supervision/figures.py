"""The public yearly figure of supervision (R52): counts by calendar year at +08:00, and nothing else.

Anyone counts the same from the public log: of each year, the subjects with a first statement of each type in
it. So the figure is no claim of the registry's, and whom it is about stays sealed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, select

from yinzheng.ledger.rules.calendar import date_of, day_of
from yinzheng.ledger.store.models_supervision import Supervision


@dataclass(frozen=True, slots=True)
class Year:
    """The figure of one year."""

    year: int
    suspected: int
    """Suspicions recorded."""
    measured: int
    """Supervisions with their first measure."""
    reported: int
    """With their first report to the supervising body."""
    closed: int


def figures(session: Session, now: int) -> tuple[Year, ...]:
    """Each year from the first supervision to that of `now` (UTC seconds), the latest first."""
    rows = session.exec(select(Supervision)).all()
    if not rows:
        return ()
    suspected = _count(row.opened_at for row in rows)
    measured = _count(row.measured_at for row in rows)
    reported = _count(row.reported_at for row in rows)
    closed = _count(row.closed_at for row in rows)
    years = range(_year(now), min(suspected) - 1, -1)
    return tuple(Year(one, suspected[one], measured[one], reported[one], closed[one]) for one in years)


def _count(instants: Iterable[int | None]) -> Counter[int]:
    return Counter(_year(at) for at in instants if at is not None)


def _year(at: int) -> int:
    return date_of(day_of(at)).year
