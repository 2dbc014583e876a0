"""A fresh database, on SQLite always and on PostgreSQL where its server is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.store.database import Store, open_store


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of our own, on a socket in a temporary folder."""
    with postgresql.serving() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database; with `--postgresql`, the server's alone."""
    if request.param == "sqlite":
        if request.config.getoption("postgresql"):
            pytest.skip("it looks into the SQLite file itself")
        return sqlite_url(tmp_path / "ledger.sqlite")
    from sqlalchemy import create_engine, text

    address = str(request.getfixturevalue("postgres"))
    name = f"t{abs(hash(str(tmp_path)))}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """The database of `url`, open for writing."""
    opened = open_store(url)
    yield opened
    opened.close()
