"""Transactions on the connection that is kept for them: each whole or not at all, whatever went before."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import bindparam, event, select
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlmodel import Session

from tests.on_postgresql import SQLITE_ALONE
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.store.database import Store, open_store
from yinzheng.ledger.store.models import Meta, table_of
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.errors import EnvironmentFault

_ROWS = table_of(Meta)
_VALUE = Prepared(select(_ROWS.c.value).where(_ROWS.c.key == bindparam("named")))


def write(store: Store, value: str) -> None:
    with store.transaction() as session:
        put(session, value)


def put(session: Session, value: str) -> None:
    session.merge(Meta(key="a", value=value))


def kept(store: Store) -> str | None:
    with store.reading() as session:
        found: str | None = _VALUE.scalar(session, named="a")
        return found


def test_what_raises_is_undone_and_the_next_is_written(store: Store) -> None:
    for value in ("one", "two"):
        with pytest.raises(KeyError), store.transaction() as session:
            put(session, "nothing")
            session.flush()
            raise KeyError
        write(store, value)
        assert kept(store) == value


def test_what_the_session_undoes_is_undone_and_so_is_what_it_writes_then(store: Store) -> None:
    write(store, "one")
    with store.transaction() as session:
        put(session, "two")
        session.flush()
        session.rollback()
    assert kept(store) == "one"
    # in SQLite the connection is closed by then
    with suppress(InvalidRequestError), store.transaction() as session:
        session.rollback()
        put(session, "two")
    assert kept(store) == "one"
    write(store, "three")
    assert kept(store) == "three"


def test_a_flush_that_failed_and_was_caught_undoes_all_and_spoils_nothing(store: Store) -> None:
    write(store, "one")
    with store.transaction() as session:
        session.add(Meta(key="b", value="two"))
        session.flush()
        session.add(Meta(key="a", value="two"))
        with suppress(IntegrityError):
            Session.flush(session)  # as SQLAlchemy writes
    assert kept(store) == "one"
    with store.transaction() as session:  # not in the session that failed
        assert session.exec(select(_ROWS.c.key).where(_ROWS.c.key == "b")).all() == []  # type: ignore[call-overload]
        put(session, "three")
    assert kept(store) == "three"


def test_a_store_closed_while_it_is_written_to_keeps_no_connection(store: Store) -> None:
    with store.transaction() as session:
        put(session, "one")
        store.close()
    assert not store._writers._idle
    assert kept(store) == "one"


@pytest.mark.parametrize("broken", ["ROLLBACK", "SELECT nothing_of_this_name"])
def test_what_the_database_undid_by_itself_is_not_told_as_done(url: str, broken: str) -> None:
    """As SQLite may where the disk is full, and PostgreSQL where a statement failed, whoever caught it."""
    done: list[str | None] = [None]

    class Noted:
        def write(self, session: Session) -> None:
            put(session, "one")

        def done(self) -> None:
            done.append("one")

    store = open_store(url)
    try:
        with store.beginning_with(Noted()).transaction() as session:
            session.flush()
            with suppress(DBAPIError):
                session.connection().exec_driver_sql(broken)
        assert kept(store) == done[-1]
        write(store, "two")
        assert kept(store) == "two"
    finally:
        store.close()


def test_each_sees_what_others_wrote_meanwhile(store: Store, url: str) -> None:
    other = open_store(url)
    try:
        for number, by in enumerate((store, other, other, store, store)):
            with by.transaction() as session:
                if number:
                    assert session.get_one(Meta, "a").value == str(number - 1)
                    assert _VALUE.scalar(session, named="a") == str(number - 1)
                put(session, str(number))
    finally:
        other.close()


def test_what_one_notes_beside_it_the_next_does_not_find(store: Store) -> None:
    with store.transaction() as session:
        put(session, "one")
        session.info["decision"] = b"a"
    with store.transaction() as session:
        assert "decision" not in session.info


def test_a_rehearsal_leaves_nothing_and_what_follows_is_written(store: Store) -> None:
    write(store, "one")
    with store.rehearsal().transaction() as session:
        put(session, "two")
    assert kept(store) == "one"
    write(store, "three")
    assert kept(store) == "three"


@pytest.mark.parametrize(("point", "after"), [("store.commit.before", "one"), ("store.commit.after", "two")])
def test_a_fault_at_the_commit_leaves_all_or_nothing(url: str, point: str, after: str) -> None:
    store = open_store(url, faults=RaiseAt(point, 2))
    try:
        write(store, "one")
        with pytest.raises(InjectedFault):
            write(store, "two")
        assert kept(store) == after
        write(store, "three")
        assert kept(store) == "three"
    finally:
        store.close()


def test_whoever_listens_hears_what_is_committed_and_undone(store: Store) -> None:
    write(store, "one")
    heard: list[str] = []
    for name in ("commit", "rollback"):
        event.listen(store._engine, name, lambda _connection, name=name: heard.append(name))
    write(store, "two")
    with pytest.raises(KeyError), store.transaction():
        raise KeyError
    assert heard == ["commit", "rollback"]


@SQLITE_ALONE  # several write there at once, and the writer's lock sees to turns
def test_one_within_another_is_told_that_somebody_writes(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "ledger.sqlite"), busy_seconds=0.05)
    try:
        with store.transaction() as session:
            put(session, "one")
            session.flush()
            with pytest.raises(EnvironmentFault) as caught, store.transaction():
                raise AssertionError("two wrote at once")
            assert caught.value.code == "store-locked"
        assert kept(store) == "one"
    finally:
        store.close()


def test_in_bulk_the_write_ahead_file_grows_and_is_copied_again_after_it(tmp_path: Path) -> None:
    path = tmp_path / "bulk.sqlite"
    store = open_store(sqlite_url(path))
    log = path.with_name("bulk.sqlite-wal")

    def copied() -> bool:  # whatever begins the file anew has copied it before
        write(store, "begin")
        before = log.stat().st_size
        for n in range(4):
            write(store, f"{n}" * 2**22)
        return log.stat().st_size < before + 2**24

    with store.in_bulk():
        assert not copied()
    assert copied()
    with suppress(RuntimeError), store.in_bulk():
        raise RuntimeError
    assert copied()
    store.close()
    assert not log.exists()
