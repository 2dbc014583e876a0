"""Help is cheap: it loads neither a chain, nor a database, nor a web framework, for any group or command."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.processes import ROOT, environment
from yinzheng.api.cli.commands import PANELS
from yinzheng.api.cli.lazy import PACKAGE, Command, Group

HEAVY = (
    "alembic", "eth", "eth_abi", "eth_account", "eth_hash", "eth_keys", "fastapi",
    "gmssl", "httpx", "lmdb", "numpy", "PIL", "psycopg", "pydantic", "pypdf", "rlp", "segno", "sqlalchemy",
    "sqlmodel", "starlette", "tongsuopy", "trie", "typst", "uvicorn", "web3", "yinzheng.contracts",
    "yinzheng.ledger.demonstration", "yinzheng.ledger.registry", "yinzheng.verifier.containers",
    "yinzheng.verifier.judge",
)  # fmt: skip
"""Packages whose loading costs more than showing the help."""

SIGNING = ("coincurve", "cryptography")
"""Loaded by some commands with the words of a format, but by no group, nor by `verify`."""

PROGRAM = """
import io, json, sys
from contextlib import redirect_stdout
from yinzheng.api.cli import build

app = build()
for words in json.loads(sys.argv[1]):
    shown = io.StringIO()
    with redirect_stdout(shown):
        try:
            app([*words, "--help"], prog_name="yinzheng")
        except SystemExit as end:
            assert end.code in (0, None), (words, end.code)
    assert "Usage" in shown.getvalue(), words
    found = sorted(set(json.loads(sys.argv[2])) & set(sys.modules))
    assert not found, (words, found)
"""


def entries(
    given: tuple[Command | Group, ...], before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Command | Group]]:
    """Every group and command, with the words that call it."""
    for entry in given:
        words = (*before, entry.name)
        yield words, entry
        if isinstance(entry, Group):
            yield from entries(entry.entries, words)


ALL = [found for panel in PANELS for found in entries(panel.entries)]


COMMANDS = [list(words) for words, entry in ALL if isinstance(entry, Command)]
GROUPS = [[], *(list(words) for words, entry in ALL if isinstance(entry, Group))]


@pytest.mark.parametrize(
    ("words", "heavy"),
    [(GROUPS, HEAVY + SIGNING), ([["verify"]], HEAVY + SIGNING), (COMMANDS, HEAVY)],
    ids=["groups", "verify", "commands"],
)
def test_help_loads_no_heavy_package(words: list[list[str]], heavy: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(words), json.dumps(heavy)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_group_and_command_is_asked() -> None:
    assert len(GROUPS) >= 11
    assert len(COMMANDS) >= 50
    assert ["verify"] in COMMANDS


def test_the_table_says_what_the_commands_say() -> None:
    calls = set()
    for words, entry in ALL:
        assert entry.help, words
        if isinstance(entry, Command):
            module, _, name = entry.where.partition(":")
            function = getattr(importlib.import_module(f"{PACKAGE}.{module}"), name)
            said = inspect.getdoc(function) or ""
            assert entry.help == " ".join(said.split("\n\n")[0].split()), words
            calls.add(entry.where)
    assert len(calls) == sum(isinstance(entry, Command) for _, entry in ALL), "two names for one function"
    assert len({words for words, _ in ALL}) == len(ALL)


def test_wheels_of_two_versions_do_not_run_together(tmp_path: Path) -> None:
    """As `pip install --upgrade yinzheng` leaves them, with a warning; what verifies alone goes on."""
    for name, version in (("yinzheng", "0.2.0"), ("yinzheng_registry", "0.1.0")):
        (tmp_path / f"{name}-{version}.dist-info").mkdir()
    (tmp_path / "yinzheng").symlink_to(ROOT / "yinzheng")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        program = (
            f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from yinzheng.api.cli import main; main()"
        )
        return subprocess.run(
            [sys.executable, "-c", program, *words],
            capture_output=True, text=True, timeout=60, check=False, env=environment(),
        )  # fmt: skip

    for words in (("org", "--help"), ("audit", "--json")):
        said = run(*words)
        assert (said.returncode, said.stdout) == (2, "")
        assert "'yinzheng==0.2.0' 'yinzheng-registry==0.2.0'" in said.stderr
    assert json.loads(said.stderr)["error"]["code"] == "versions-differ"
    assert run("verify", "--help").returncode == 0
