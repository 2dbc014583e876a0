"""A PostgreSQL server of the tests' own, on a socket in a temporary folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Its address, as an SQLAlchemy URL. Skips where no server is installed, or starts."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip("no PostgreSQL server is installed")
    with tempfile.TemporaryDirectory(prefix="yinzheng-pg-") as folder:
        yield from _serve(Path(folder), Path(found).resolve().parent, options)


def _serve(folder: Path, programs: Path, more: tuple[str, ...]) -> Iterator[str]:
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
        options = f"-k {folder} -p {port} -c listen_addresses= -c fsync=off {' '.join(more)}"
        subprocess.run(
            [programs / "pg_ctl", "-D", data, "-o", options, "-w", "-t", "30", "start"],
            check=True, timeout=60, **quiet, **user,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL does not start here: {error}")
    yield f"postgresql+psycopg://yinzheng@/postgres?host={folder}&port={port}"
    subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], timeout=60, **quiet, **user)
