"""Whether a database changed: by another connection or process, or a file put in its place."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.on_postgresql import SQLITE_ALONE
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.store import repository, sqlite
from yinzheng.ledger.store.database import Store, open_store, open_store_read_only
from yinzheng.ledger.store.kept import Kept


def write(store: Store, value: str) -> None:
    with store.transaction() as session:
        repository.write_meta(session, {"origin": value})


def test_a_commit_is_another_moment_and_nothing_else_is(store: Store, url: str) -> None:
    write(store, "one")
    reader = open_store_read_only(url)
    try:
        first = reader.moment()
        with reader.reading() as session:
            repository.read_meta(session)
        with pytest.raises(RuntimeError), store.transaction() as session:
            repository.write_meta(session, {"origin": "undone"})
            raise RuntimeError
        if store.dialect == "sqlite":  # PostgreSQL counts what was undone too
            assert reader.moment() == first
        seen = {reader.moment()}
        for at in range(5):
            write(store, str(at))
            assert reader.moment() not in seen
            seen.add(reader.moment())
        assert store.moment() == store.moment()
    finally:
        reader.close()


def test_a_commit_of_another_process(url: str) -> None:
    open_store(url).close()
    reader = open_store_read_only(url)
    try:
        first = reader.moment()
        program = (
            "import sys; from tests.ledger.store.test_moment import write; "
            "from yinzheng.ledger.store.database import open_store; write(open_store(sys.argv[1]), 'other')"
        )
        subprocess.run([sys.executable, "-c", program, url], check=True, cwd=Path(__file__).parents[3])
        assert reader.moment() != first
        assert reader.moment() == reader.moment()
    finally:
        reader.close()


@SQLITE_ALONE
def test_a_file_put_in_its_place_is_noticed(tmp_path: Path) -> None:
    file, other = tmp_path / "ledger.sqlite", tmp_path / "other.sqlite"
    for path in (file, other):
        made = open_store(sqlite_url(path))
        write(made, path.name)
        made.close()
    reader = open_store_read_only(sqlite_url(file))
    try:
        first = reader.moment()
        shutil.copy(other, tmp_path / "copy")
        (tmp_path / "copy").replace(file)
        second = reader.moment()
        assert second != first
        writer = open_store(sqlite_url(file))
        write(writer, "later")
        writer.close()
        assert reader.moment() not in (first, second)
    finally:
        reader.close()


def test_it_keeps_nobody_from_folding_the_log(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "ledger.sqlite")
    writer = open_store(url)
    write(writer, "one")
    reader = open_store_read_only(url)
    try:
        reader.moment()
        assert writer.fold()
        assert writer.rewrite(["meta"])
    finally:
        reader.close()
        writer.close()


class TestKept:
    def test_found_once_in_a_moment(self) -> None:
        kept, found = Kept(), []
        for moment in (1, 1, 2, 2, 1):
            assert kept.answer(moment, "asked", lambda: found.append(1) or "told") == "told"  # type: ignore[func-returns-value]
        assert len(found) == 3

    def test_what_fails_is_found_anew(self) -> None:
        kept = Kept()

        def fail() -> str:
            raise ValueError

        with pytest.raises(ValueError):
            kept.answer(1, "asked", fail)
        assert kept.answer(1, "asked", lambda: "told") == "told"

    def test_no_more_than_is_granted(self) -> None:
        kept = Kept(most=3)
        assert [kept.answer(1, at, lambda: "told") for at in range(10)] == ["told"] * 10
        assert len(kept) == 3
        kept.answer(2, 0, lambda: "told")
        assert len(kept) == 1

    def test_who_comes_while_it_is_found_waits_for_it(self) -> None:
        kept, begun, go, found = Kept(), threading.Event(), threading.Event(), []

        def find() -> str:
            begun.set()
            assert go.wait(20)
            found.append(1)
            return "told"

        threads = [threading.Thread(target=kept.answer, args=(1, "asked", find)) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert begun.wait(20)
        assert kept.answer(1, "else", lambda: "other") == "other"
        go.set()
        for thread in threads:
            thread.join(20)
        assert len(found) == 1


def test_a_reader_that_may_not_write_the_folder_sees_writers_come_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlite_url(tmp_path / "ledger.db")
    first = open_store(url)
    write(first, "one")
    first.close()
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.db"]

    def of_another(path: Path, mode: str, factory: type[sqlite3.Connection]) -> sqlite3.Connection:
        """Who may not write has no shared memory unless a writer made it."""
        connection = as_it_is(path, mode, factory)
        if "immutable" not in mode and not path.with_name(f"{path.name}-shm").exists():
            connection.close()
            connection = sqlite3.connect(":memory:", factory=Unable)
        return connection

    as_it_is = sqlite._read_only
    monkeypatch.setattr(sqlite, "_read_only", of_another)
    monkeypatch.setattr(sqlite, "_may_write", lambda _: False)
    reader = open_store_read_only(url)

    def seen() -> str:
        with reader.reading() as session:
            return repository.read_meta(session)["origin"]

    try:
        assert seen() == "one"
        assert reader.moment() != reader.moment(), "nothing is kept where nothing can be told"
        before = reader.moment()
        writer = open_store(url)
        write(writer, "two")
        assert seen() == "two", "what a writer's log alone has yet"
        during = reader.moment()
        assert before != during == reader.moment()
        writer.close()
        assert seen() == "two"
    finally:
        reader.close()


class Unable(sqlite3.Connection):
    """A database that turns out not to open when it is first read."""

    def execute(self, *_: object) -> sqlite3.Cursor:
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise error
