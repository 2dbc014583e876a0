"""Part of an asset's name is found along an index of three characters (SQLite), and nothing else is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, delete

from tests.on_postgresql import SQLITE_ALONE
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.store.database import open_store
from yinzheng.ledger.store.models_register import RegisterEntry
from yinzheng.ledger.store.register_names import named

pytestmark = SQLITE_ALONE


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Writes that refer to certificates which are not there, and are undone."""
    store = open_store(sqlite_url(tmp_path / "ledger.sqlite"))
    with store.transaction() as session:
        session.connection().execute(text("PRAGMA defer_foreign_keys = ON"))
        yield session
        session.rollback()
    store.close()


_NAMES = (
    *(
        "第一医院 100% 覆盖随访_甲",
        "第一医院 100%覆盖随访_乙",
        "第一医院 100 覆盖随访甲",
        "ICU_数据 a\\b",
        "icu 数据 ab",
    ),
    *("ÉTUDE clinique", "étude clinique", "%%%%", "____", "慢病随访慢病随访", "慢病随", "病"),
)


def test_part_of_a_name_is_what_python_finds(session: Session) -> None:
    """Wildcards are letters as any other, also where too few letters stand beside them for the index."""

    def lowered(name: str) -> str:
        return "".join(one.lower() if one.isascii() else one for one in name)

    numbers = {f"SJ{4_412_026_090_001 + place:013d}": name for place, name in enumerate(_NAMES)}
    words = {name[first : first + long] for name in _NAMES for long in (4, 5, 9, 99) for first in range(9)}
    words |= {"_ICU", "100%", "0% 覆", "100_", "1__ ", "%随访%", "没有的名称", "\\\\\\\\", 'a"b*', "慢病随病"}
    session.add_all(RegisterEntry(number=one, asset=name) for one, name in numbers.items())
    session.flush()
    for some in words:
        meant = [one for one, name in numbers.items() if lowered(some) in lowered(name)]
        assert list(session.exec(named(some, 100))) == sorted(meant, reverse=True), some
    session.get_one(RegisterEntry, "SJ4412026090003").asset = "改了的名称"
    session.exec(delete(RegisterEntry).where(col(RegisterEntry.number) == "SJ4412026090001"))
    session.flush()
    assert list(session.exec(named("第一医院", 9))) == ["SJ4412026090002"]
    assert list(session.exec(named("改了的名", 9))) == ["SJ4412026090003"]


def test_the_latest_of_a_name_that_all_have_are_found_without_the_others(session: Session) -> None:
    for place in range(300):
        session.add(RegisterEntry(number=f"SJ4412026{place % 12 + 1:02d}{place + 1:04d}", asset="随访数据集"))
    session.flush()
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    driver = session.connection().connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.set_progress_handler(step, 1)
    latest = list(session.exec(named("随访数据", 11)))
    driver.set_progress_handler(None, 0)
    assert latest == [f"SJ441202612{place:04d}" for place in range(300, 168, -12)]
    assert steps < 2_000
