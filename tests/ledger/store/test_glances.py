"""A glance sees what is committed, whoever wrote it and at once, and waits for no connection of others."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import bindparam, event, select
from sqlmodel import Session

from yinzheng.ledger.store import repository
from yinzheng.ledger.store.database import Store, open_store
from yinzheng.ledger.store.models import Meta, table_of
from yinzheng.ledger.store.prepared import Prepared

_ROWS = table_of(Meta)
_VALUE = Prepared(select(_ROWS.c.value).where(_ROWS.c.key == bindparam("named")))


def write(store: Store, value: str) -> None:
    with store.transaction() as session:
        repository.write_meta(session, {"origin": value})


def seen(session: Session) -> tuple[object, str]:
    """By a prepared statement and by an object."""
    return _VALUE.scalar(session, named="origin"), session.get_one(Meta, "origin").value


def glanced(store: Store) -> tuple[object, str]:
    with store.glance() as session:
        return seen(session)


def test_each_glance_is_of_its_own_moment(store: Store, url: str) -> None:
    other = open_store(url)
    try:
        for at, by in enumerate((store, other, store, other)):
            write(by, str(at))
            assert glanced(store) == glanced(other) == (str(at), str(at))
    finally:
        other.close()


def test_a_glance_does_not_change_while_it_lasts(store: Store) -> None:
    write(store, "before")
    with store.glance() as session:
        assert _VALUE.scalar(session, named="origin") == "before"
        write(store, "after")
        assert _VALUE.scalar(session, named="origin") == "before"
    assert glanced(store) == ("after", "after")


def test_what_raises_leaves_nothing_behind(store: Store) -> None:
    write(store, "one")
    with pytest.raises(KeyError), store.glance() as session:
        seen(session)
        raise KeyError
    write(store, "two")
    assert glanced(store) == ("two", "two")


def test_readers_that_hold_every_connection_keep_no_glance_waiting(store: Store) -> None:
    """It is looked who asks in the event loop, which must not wait for them."""
    if store.dialect != "sqlite":
        pytest.skip("in a thread of its own there")
    write(store, "one")
    glanced(store)
    with ExitStack() as held:
        for _ in range(15):  # as many as SQLAlchemy's pool gives
            seen(held.enter_context(store.reading()))
        assert glanced(store) == ("one", "one")


def test_who_listens_to_statements_hears_glances_too(store: Store) -> None:
    write(store, "one")
    glanced(store)
    heard: list[str] = []
    event.listen(store._engine, "before_cursor_execute", lambda *told: heard.append(told[2]))
    glanced(store)
    assert any("meta" in one for one in heard)


def test_a_closed_database_is_opened_anew(store: Store) -> None:
    write(store, "one")
    glanced(store)
    store.close()
    assert glanced(store) == ("one", "one")
