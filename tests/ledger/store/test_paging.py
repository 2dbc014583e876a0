"""Pages of a list: every row once, whatever came or went between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, create_engine, delete, select

from yinzheng.ledger.store.models import Base
from yinzheng.ledger.store.models_trades import Reservation
from yinzheng.ledger.store.paging import page_of

ORDER = (col(Reservation.made_at), col(Reservation.leaf))


def row(name: int, made_at: int) -> Reservation:
    return Reservation(
        leaf=bytes([name]), certificate="c", exchange="x", account=b"", until=0, made_at=made_at
    )


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine, tables=[Base.metadata.tables["reservation"]])
    with Session(engine) as opened:
        yield opened
    engine.dispose()


def walked(session: Session, *, newest: bool, most: int) -> list[bytes]:
    found, behind = [], None
    while True:
        rows, more = page_of(session, select(Reservation), ORDER, behind, newest=newest, most=most)
        found += [one.leaf for one in rows]
        if more is None:
            return found
        assert (len(rows), rows[-1]) == (most, more)
        behind = (more.made_at, more.leaf)


@given(times=st.lists(st.integers(1, 3), max_size=9), most=st.integers(1, 4), newest=st.booleans())
def test_every_row_comes_once_and_in_order(
    session: Session, times: list[int], most: int, newest: bool
) -> None:
    session.exec(delete(Reservation))
    session.add_all([row(name, at) for name, at in enumerate(times)])
    session.commit()
    expected = sorted(((at, bytes([name])) for name, at in enumerate(times)), reverse=newest)
    assert walked(session, newest=newest, most=most) == [leaf for _, leaf in expected]


def test_what_comes_and_goes_between_pages_moves_nothing(session: Session) -> None:
    session.exec(delete(Reservation))
    session.add_all([row(name, 1) for name in range(5)])
    session.commit()
    first, more = page_of(session, select(Reservation), ORDER, None, most=2)
    assert more is not None
    assert [one.leaf[0] for one in first] == [4, 3]
    behind = (more.made_at, more.leaf)
    session.exec(delete(Reservation).where(col(Reservation.leaf) == more.leaf))
    session.add(row(9, 2))
    session.commit()
    second, _ = page_of(session, select(Reservation), ORDER, behind, most=2)
    assert [one.leaf[0] for one in second] == [2, 1]
