"""A page of a list: so many rows, and the row it ends with where there are more.

Nothing is counted or skipped: the next page begins behind that row, whatever came or went meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import tuple_
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

T = TypeVar("T")

PAGE: Final = 50
"""Rows that a page has, unless a list says otherwise."""


def page_of(
    session: Session,
    query: SelectOfScalar[T],
    order: Sequence[Any],
    behind: Sequence[object] | None,
    *,
    newest: bool = True,
    most: int = PAGE,
) -> tuple[list[T], T | None]:
    """The first rows behind the one with these values of the columns `order`, or of all; the highest
    values come first, or with `newest=False` the lowest. With the last of them where there are more.

    `order` tells all rows apart.
    """
    if behind is not None:
        here, there = tuple_(*order), tuple_(*behind)
        query = query.where(here < there if newest else here > there)
    query = query.order_by(*(one.desc() if newest else one for one in order))
    rows = session.exec(query.limit(most + 1)).all()
    return list(rows[:most]), rows[most - 1] if len(rows) > most else None
