"""A fresh database, on SQLite always and on PostgreSQL where its server is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.store.database import Store, open_store


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of our own, on a socket in a temporary folder."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip("no PostgreSQL server is installed")
    with tempfile.TemporaryDirectory(prefix="yinzheng-pg-") as folder:
        yield from _serve(Path(folder), Path(found).resolve().parent)


def _serve(folder: Path, programs: Path) -> Iterator[str]:
    data = folder / "data"
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # as which PostgreSQL refuses to run, and a container's only user often is
        user = {"user": "nobody", "group": "nogroup"}
        shutil.chown(folder, **user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "yinzheng", "-A", "trust", "-N", "--locale=C.UTF-8"],
            check=True, timeout=60, **quiet, **user,
        )  # fmt: skip
        options = f"-k {folder} -p {port} -c listen_addresses= -c fsync=off"
        subprocess.run(
            [programs / "pg_ctl", "-D", data, "-o", options, "-w", "-t", "30", "start"],
            check=True, timeout=60, **quiet, **user,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL does not start here: {error}")
    yield f"postgresql+psycopg://yinzheng@/postgres?host={folder}&port={port}"
    subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], timeout=60, **quiet, **user)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
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
