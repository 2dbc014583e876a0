"""Whether what a registry does looks through a whole table: of ten million statements that takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from yinzheng.ledger.registry import Registry


@contextmanager
def searched(registry: Registry, *tables: str) -> Iterator[None]:
    """No question in here looks through one of these tables, or an index over one, from end to end."""
    if registry.store.dialect != "sqlite":  # of few rows PostgreSQL looks through all, whatever it has
        yield
        return
    asked: dict[str, Any] = {}
    engines = []
    for begun in (registry.store.reading, registry.store.transaction):
        with begun() as session:
            engines.append(session.get_bind().engine)

    def hear(_connection: Any, _cursor: Any, text: str, given: Any, *_more: Any) -> None:
        if text.startswith("SELECT"):
            asked[text] = given

    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", hear)
    with registry.store.reading() as session:
        run = session.connection().exec_driver_sql
        scans = [
            (str(step[3]), text)
            for text, given in asked.items()
            for step in run(f"EXPLAIN QUERY PLAN {text}", given)
            if str(step[3]).split()[:2] in [["SCAN", table] for table in tables]
        ]
    assert asked
    assert not scans, scans
