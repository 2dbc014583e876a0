"""Lists of one organisation are read along an index in their order: a page costs as much as a page has."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.ledger import consent_world as cw
from tests.on_postgresql import SQLITE_ALONE
from yinzheng.ledger.cases.board import board_page
from yinzheng.ledger.cases.showing import moves_of
from yinzheng.ledger.certificates.held import rights_of
from yinzheng.ledger.certificates.reserving import reservations_of
from yinzheng.ledger.notify.deliveries import dead_letters, fetch
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.register import search
from yinzheng.ledger.trades.listing import checks_of


@SQLITE_ALONE
def test_no_page_is_sorted_anew(registry: Registry) -> None:
    cw.enrol_one(registry, cw.LAB, "exchange")
    asked: dict[str, Any] = {}

    def hear(_connection: object, _cursor: object, statement: str, given: Any, *_more: object) -> None:
        if "ORDER BY" in statement and "LIMIT" in statement:
            asked[statement] = given

    def register(words: str) -> None:
        with registry.store.reading() as session:
            search(session, words)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        rights_of(registry, cw.LAB, None)
        moves_of(registry, cw.LAB)
        reservations_of(registry, cw.LAB)
        checks_of(registry, cw.LAB, None)
        dead_letters(registry, cw.LAB)
        fetch(registry, cw.LAB)
        register(cw.LAB)
        register("某机构（虚构）")
        with registry.store.reading() as session:
            board_page(session, None, 50)
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    tables = (
        *("register_holder", "move_party", "reservation", "trade_check", "delivery", "register_name"),
        "event",
    )
    lists = {sql: given for sql, given in asked.items() if any(one in sql for one in tables)}
    assert all(any(one in sql for sql in lists) for one in tables)
    with registry.store.reading() as session:
        for statement, given in lists.items():
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
            steps = [row[3] for row in plan]
            assert not any("TEMP B-TREE" in one for one in steps), (statement, steps)
            if "FROM event" in statement:
                assert all("INDEX ix_event_type" in one for one in steps), (statement, steps)
            if "FROM register_name" in statement:
                assert all(one.endswith(":L0") for one in steps), (statement, steps)  # by what is like it
