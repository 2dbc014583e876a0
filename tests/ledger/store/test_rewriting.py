"""Writing the database anew, and folding its write-ahead file, on both databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.on_postgresql import SQLITE_ALONE
from yinzheng.ledger.erasure.clearing import TABLES
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.store.database import open_store
from yinzheng.ledger.store.models import Base, Meta

NEEDLE = "a needle that is to be nowhere " * 4


def test_nothing_is_lost_by_writing_anew(url: str) -> None:
    store = open_store(url)
    try:
        with store.transaction() as session:
            session.add_all(Meta(key=f"k{number}", value="v" * 100) for number in range(50))
        assert store.fold()
        assert store.rewrite(TABLES)
        with store.reading() as session:
            assert session.get_one(Meta, "k49").value == "v" * 100
    finally:
        store.close()


def test_the_tables_are_ours() -> None:
    assert set(TABLES) <= set(Base.metadata.tables)


@SQLITE_ALONE
def test_what_is_deleted_is_in_no_file(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "ledger.sqlite"))
    try:
        with store.transaction() as session:
            session.add_all(Meta(key=f"k{number:04}", value=f"{number:04}{NEEDLE}") for number in range(500))
        with store.transaction() as session:
            for number in range(0, 500, 3):
                session.delete(session.get_one(Meta, f"k{number:04}"))
        assert store.fold()
        assert store.rewrite(())
        content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    finally:
        store.close()
    assert [n for n in range(0, 500, 3) if f"{n:04}{NEEDLE}".encode() in content] == []
    assert f"0001{NEEDLE}".encode() in content


def test_somebody_who_reads_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store = open_store(sqlite_url(path), busy_seconds=0.1)
    try:
        with store.transaction() as session:
            session.add(Meta(key="a", value="b"))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        with store.transaction() as session:
            session.add(Meta(key="c", value="d"))
        assert not store.fold()
        reader.close()
        assert store.fold()
    finally:
        store.close()
