"""Statements that are given to the driver as they are, on both databases."""

from __future__ import annotations

import enum
import gc
import sqlite3
from typing import Any

import pytest
from sqlalchemy import Column, Enum, MetaData, Table, bindparam, event, insert, select
from sqlalchemy.exc import IntegrityError

from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import Meta, table_of
from yinzheng.ledger.store.models_consents import Nonce
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.errors import DataFault

ROWS = table_of(Nonce)
ADD = Prepared(insert(ROWS))
UNTIL = Prepared(select(ROWS.c.until).where(ROWS.c.code == bindparam("of"), ROWS.c.until.in_((1, 2, 3))))
ALL = Prepared(select(ROWS.c.code, ROWS.c.nonce, ROWS.c.until).order_by(ROWS.c.until))


def row(number: int, code: str = "一") -> dict[str, Any]:
    return {"code": code, "nonce": bytes((number, 0, 255)), "until": number}


def test_rows_are_written_and_read(store: Store) -> None:
    with store.transaction() as session:
        assert ADD.run(session, [row(1)]) == 1
        assert ADD.run(session, [row(2, "二"), row(9, "二")]) == 2
        assert UNTIL.scalar(session, of="二") == 2
    with store.reading() as session:
        assert UNTIL.first(session, of="一") == (1,)
        assert UNTIL.first(session, of="none") is None
        assert UNTIL.scalar(session, of="none") is None
        assert [tuple(one) for one in ALL.all(session)] == [
            ("一", b"\x01\x00\xff", 1),
            ("二", b"\x02\x00\xff", 2),
            ("二", b"\x09\x00\xff", 9),
        ]


def test_objects_and_prepared_statements_share_a_transaction(store: Store) -> None:
    with pytest.raises(DataFault), store.transaction() as session:
        session.add(Nonce(**row(1)))
        session.flush()
        assert UNTIL.scalar(session, of="一") == 1
        ADD.run(session, [row(2)])
        raise DataFault("undo both", code="x")
    with store.reading() as session:
        assert ALL.all(session) == []


def test_a_view_does_not_change(store: Store) -> None:
    with store.reading() as before:
        assert ALL.all(before) == []
        with store.transaction() as session:
            ADD.run(session, [row(1)])
        assert ALL.all(before) == []


@pytest.mark.parametrize("times", [1, 2])
def test_a_broken_constraint_is_told_as_ever(store: Store, times: int) -> None:
    with pytest.raises(IntegrityError) as refused, store.transaction() as session:
        ADD.run(session, [row(1)])
        ADD.run(session, [row(3), row(1)][-times:])
    assert "3" not in str(refused.value.params)  # what was to be written may be about a person
    with store.reading() as session:
        assert ALL.all(session) == []


def test_who_listens_to_statements_hears_these(store: Store) -> None:
    heard: list[str] = []
    event.listen(store._engine, "after_cursor_execute", lambda *call: heard.append(call[2]))
    with store.transaction() as session:
        assert ADD.run(session, [row(1), row(2)]) == 2
        assert ADD.run(session, [row(3)]) == 1
        assert UNTIL.scalar(session, of="一") is not None
    assert [text.split()[0] for text in heard if "nonce" in text] == ["INSERT", "INSERT", "SELECT"]


def test_a_fault_of_another_kind_is_told_as_ever(store: Store) -> None:
    nowhere = Prepared(select(Table("nowhere", MetaData(), Column("x", ROWS.c.until.type))))
    with pytest.raises(DataFault) as told, store.reading() as session:
        nowhere.all(session)
    assert told.value.code == "store-refused"
    assert "nowhere" in str(told.value.data["detail"])


def test_a_kind_that_would_need_translation_is_refused(store: Store) -> None:
    class Colour(enum.Enum):
        RED = 1

    odd = Table("odd", MetaData(), Column("colour", Enum(Colour)))
    with pytest.raises(TypeError, match="colour"), store.reading() as session:
        Prepared(select(odd.c.colour)).all(session)
    assert table_of(Meta).c.key is not None


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # sqlite3 keeps compiled statements by connection
def test_no_cursor_that_outlives_its_transaction_holds_a_statement(store: Store) -> None:
    """Or it resets it when it is collected, while another thread uses it: "bad parameter or API misuse"."""
    with store.transaction() as session:
        ADD.run(session, [row(1), row(2)])
        ADD.run(session, [row(3)])
        assert UNTIL.all(session, of="一") == [(1,), (2,), (3,)]
        ADD.run(session, [row(4), row(5)])
        driver: object = session.connection().connection.dbapi_connection
    # by its type first: `isinstance` asks a weak proxy that some other test left here for what may be gone
    kept = [one for one in gc.get_objects() if issubclass(type(one), sqlite3.Cursor)]
    cursors = [one for one in kept if isinstance(one, sqlite3.Cursor) and one.connection is driver]
    assert cursors
    held = [one for cursor in cursors for one in gc.get_referents(cursor)]
    assert session.info
    assert not [one for one in held if type(one).__name__ == "Statement"]
