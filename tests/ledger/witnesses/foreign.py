"""Witnesses by others as real processes: torchwood's `litewitness` (Go) and `aics-witness` (Python)."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yinzheng.verifier.log.note import NoteKey

TORCHWOOD: Final = "filippo.io/torchwood/cmd/litewitness@v0.6.1"
GO: Final = shutil.which("go") or next((p for p in ("/usr/local/go/bin/go",) if os.access(p, os.X_OK)), None)
AICS: Final = ("aics-witness==0.1.0", "aics-tlog==0.2.1")
"""From PyPI; what else they need is named by them."""
_KEPT: Final = Path(tempfile.gettempdir()) / f"yinzheng-tests-{os.getuid()}"
"""Where programs are kept that are built once for a user."""
SECONDS: Final = 20


@dataclass(frozen=True)
class Running:
    """A witness that runs, and the key that it says is its."""

    url: str
    vkey: str


def build_litewitness(folder: Path) -> Path:
    """The program, of exactly that version, built from the Go module proxy (once for a user)."""
    assert GO is not None
    kept = _KEPT / TORCHWOOD.rpartition("@")[2]
    program = kept / "litewitness"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"}
        subprocess.run([GO, "install", TORCHWOOD], env=env, check=True, timeout=600, capture_output=True)
        kept.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / "litewitness", program.with_suffix(".new"))
        program.with_suffix(".new").rename(program)
    return program


def fetch_aics() -> str:
    """The program that `AICS_WITNESS` names, or that is installed; else of exactly that version, from the
    package index (once for a user). It asks for Python 3.12, and runs on 3.11 as well.
    """
    if (found := shutil.which(os.environ.get("AICS_WITNESS", "aics-witness"))) is not None:
        return found
    kept = _KEPT / AICS[0]
    if not (kept / "fetched").exists():
        _run(sys.executable, "-m", "venv", "--clear", str(kept))
        pip = (str(kept / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run(*pip, "--ignore-requires-python", "--only-binary", ":all:", *AICS, seconds=600)
        (kept / "fetched").touch()
    return str(kept / "bin" / "aics-witness")


@contextmanager
def litewitness(program: Path, folder: Path, origin: str, keys: Sequence[NoteKey]) -> Iterator[Running]:
    """One that knows the log of `origin`, which these keys sign."""
    folder.mkdir()
    key, database = folder / "key", folder / "witness.db"
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "witness", "-f", str(key))
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            "CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL);"
            "CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL,"
            " FOREIGN KEY(origin) REFERENCES log(origin));"
        )
        empty = base64.b64encode(hashlib.sha256().digest()).decode()
        connection.execute("INSERT INTO log VALUES (?, 0, ?)", (origin, empty))
        connection.executemany("INSERT INTO key VALUES (?, ?)", [(origin, one.vkey) for one in keys])
        connection.commit()
    with tempfile.TemporaryDirectory() as short:  # the name of a socket has some hundred characters at most
        agent = Path(short) / "agent"
        with _process("ssh-agent", "-D", "-a", str(agent), log=folder / "agent.log"):
            _wait(agent.exists)
            _run("ssh-add", "-q", str(key), env={"SSH_AUTH_SOCK": str(agent)})
            listen = f"127.0.0.1:{_free_port()}"
            print_ = _run("ssh-keygen", "-l", "-f", f"{key}.pub").split()[1]
            command = [str(program), "-name", "go.example/w1", "-db", str(database), "-key", print_]
            log = folder / "witness.log"
            with _process(*command, "-ssh-agent", str(agent), "-listen", listen, log=log):
                _wait(lambda: _answers(listen))
                said = next(line for line in log.read_text().splitlines() if "vkey=" in line)
                yield Running(f"http://{listen}", said.split("vkey=")[1].split()[0].strip('"'))


@contextmanager
def aics_witness(program: str, folder: Path, origin: str, keys: Sequence[NoteKey]) -> Iterator[Running]:
    """The same by `aics-witness`."""
    folder.mkdir()
    config = ("--config", str(folder / "witness.json"))
    vkey = _run(program, "init", *config, "--name", "aics.example/w1").strip().splitlines()[-1].split()[-1]
    for key in keys:
        _run(program, "add-log", *config, "--origin", origin, "--vkey", key.vkey)
    listen = f"127.0.0.1:{_free_port()}"
    with _process(program, "serve", *config, "--listen", listen, log=folder / "witness.log"):
        _wait(lambda: _answers(listen))
        yield Running(f"http://{listen}", vkey)


def _run(*command: str, env: dict[str, str] | None = None, seconds: int = 60) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def _process(*command: str, log: Path) -> Iterator[None]:
    with (
        log.open("w") as out,
        subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL) as one,
    ):
        try:
            yield
        finally:
            one.terminate()
            try:
                one.wait(10)
            except subprocess.TimeoutExpired:
                one.kill()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(listen: str) -> bool:
    host, _, port = listen.partition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def _wait(ready: object) -> None:
    assert callable(ready)
    until = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < until, "it does not start"
        time.sleep(0.05)
