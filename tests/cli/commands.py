"""Running `yinzheng` in this process, as a user would, and what it said."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from tests.ledger.world import dossier
from yinzheng.api.cli import build
from yinzheng.ledger.demonstration.certificates import PLAN, demonstrate
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.people.keyring import demonstration_passphrase, make_demonstration_passphrase
from yinzheng.ledger.registry import silent, wall_clock
from yinzheng.ledger.state.creation import create_registry
from yinzheng.ledger.state.instance import Paths

EXAMPLES = {
    "a-clinic": {},
    "b-public": {
        "public_data": True,
        "overview": "公开监测数据汇编。",
    },
}
"""A simplified case, and one of public data, whose ordinary procedure has the committee decide (R8)."""


@dataclass(frozen=True)
class Said:
    """What one command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The one error that `--json` puts on stderr; nothing else may be there."""
        value = json.loads(self.err)["error"]
        assert isinstance(value, dict)
        assert set(value) == {"code", "message", "hint", "exit_code"}
        assert value["exit_code"] == self.code
        return value


@cache
def _app() -> typer.Typer:
    return build()


def run(*args: object, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> Said:
    """Run one command. Whatever happens, no stack trace may show."""
    clean = {name: None for name in os.environ if name.startswith("YINZHENG_")}
    done = CliRunner().invoke(_app(), [str(arg) for arg in args], input=stdin, env={**clean, **(env or {})})
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    said = Said(done.exit_code, done.stdout, done.stderr)
    assert "Traceback" not in said.out + said.err
    assert "unexpected fault" not in said.err, said.err
    return said


def refused(*args: object, code: str, exit_code: int, **options: Any) -> dict[str, Any]:
    """Run a command that must be refused: in words with a hint, and as JSON with this code."""
    spoken = run(*args, **options)
    assert spoken.code == exit_code, spoken
    assert spoken.err.startswith("yinzheng: ")
    assert not spoken.out
    said = run(*args, "--json", **options)
    assert not said.out
    assert (said.error["code"], said.code) == (code, exit_code), said.err
    assert said.error["message"] in spoken.err
    return said.error


def build_demonstration(folder: Path) -> None:
    """`state`, `out` and `dossiers` under `folder`, as `yinzheng demo` makes them, with cheap key files."""
    for name, changes in EXAMPLES.items():
        dossier(folder / "dossiers" / name, **changes)
    demonstrate_in(folder, folder / "dossiers")


def demonstrate_in(folder: Path, dossiers: Path, consents: Path | None = None) -> None:
    """`state` and `out` under `folder`, of these dossiers; with `consents` the second half too."""
    plan = replace(PLAN, scrypt_n=2)
    state = folder / "state"
    create_registry(
        state,
        plan,
        lambda keys: create_passphrase_file(keys / PASSPHRASE),
        make_demonstration_passphrase,
        wall_clock,
        silent,
    )
    demonstrate(state, folder / "out", dossiers, clock=wall_clock, progress=silent, consents=consents)


def secret_file(state: Path, name: str) -> Path:
    """The passphrase of somebody who is to be enrolled, where the demonstration keeps everyone's."""
    make_demonstration_passphrase(Paths(state), name)
    return demonstration_passphrase(Paths(state), name)


def contents(state: Path) -> dict[str, str]:
    """SHA-256 of every file of a state folder that an acknowledged decision would change."""
    found = {}
    for path in sorted(state.rglob("*")):
        name = path.relative_to(state).as_posix()
        if path.is_file() and name != "lock" and not name.endswith(("-wal", "-shm", "lock.mdb")):
            with suppress(FileNotFoundError):
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
