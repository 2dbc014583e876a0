"""A glance sees what is committed, whoever wrote it and at once, and waits for no connection of others."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import bindparam, event, select
from sqlmodel import Session

from tests.on_postgresql import SQLITE_ALONE
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.store import repository, sqlite
from yinzheng.ledger.store.database import Store, open_store, open_store_read_only
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


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # in a thread of its own on PostgreSQL
def test_readers_that_hold_every_connection_keep_no_glance_waiting(store: Store) -> None:
    """It is looked who asks in the event loop, which must not wait for them."""
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


@SQLITE_ALONE
def test_a_file_put_in_its_place_is_looked_at(tmp_path: Path) -> None:
    """Or a key revoked in what was restored would still open the desk."""
    file, other = tmp_path / "ledger.sqlite", tmp_path / "other.sqlite"
    for path in (file, other):
        made = open_store(sqlite_url(path))
        write(made, path.name)
        made.close()
    reader = open_store_read_only(sqlite_url(file))
    try:
        assert glanced(reader) == (file.name, file.name)
        other.replace(file)
        assert glanced(reader) == (other.name, other.name)
    finally:
        reader.close()


def test_what_cannot_tell_whether_it_is_written_is_opened_for_each_glance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlite_url(tmp_path / "ledger.sqlite")
    writer = open_store(url)
    write(writer, "one")
    writer.close()
    with monkeypatch.context() as patched:
        real = sqlite._read_only

        def unshared(path: Path, mode: str, factory: type) -> object:
            return real(path, mode.replace("mode=ro", "mode=ro&immutable=1", 1), sqlite.Unshared)

        patched.setattr(sqlite, "_read_only", unshared)
        reader = open_store_read_only(url)
        assert glanced(reader) == ("one", "one")
    try:
        writer = open_store(url)
        write(writer, "two")
        assert glanced(reader) == ("two", "two")
        writer.close()
    finally:
        reader.close()
