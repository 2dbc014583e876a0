"""Who may call whom, and what every file keeps to. Read off the sources, so that nothing slips by unrun."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("verifier", "ledger", "api", "contracts")
MAX_LINES = 400

FORBIDDEN: dict[str, set[str]] = {
    "verifier": {
        "alembic", "eth", "eth_abi", "eth_account", "eth_utils", "fastapi",
        "lmdb", "psycopg", "pydantic", "qrcode", "rlp", "sqlalchemy", "sqlmodel", "starlette",
        "trie", "typer", "typst", "uvicorn", "web3",
        "yinzheng.api", "yinzheng.contracts", "yinzheng.ledger",
    },
    "ledger": {"yinzheng.api", "fastapi", "jinja2", "rich", "typer"},  # `node` needs starlette
    "api": {"alembic", "eth", "eth_account", "gmssl", "lmdb", "sqlalchemy", "sqlmodel", "tongsuopy", "trie"},
    "contracts": {"yinzheng.api", "yinzheng.ledger", "yinzheng.verifier"},
}  # fmt: skip
"""Whose packages a room must not import. `api` is thin: no database, no keys, no chain of its own."""


@cache
def sources(room: str) -> tuple[Path, ...]:
    skipped = {"node_modules", "versions"}
    return tuple(p for p in sorted((ROOT / room).rglob("*.py")) if not skipped & set(p.parts))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules a file imports, wherever in the file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide which room is meant"
            yield node.module or ""


def modules() -> list[str]:
    names = []
    for room in ROOMS:
        for path in sources(room):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                names.append("yinzheng." + ".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_arrows(room: str) -> None:
    for path in sources(room):
        names = [name.split(".") for name in imported(path)]
        found = {".".join(parts[:depth]) for parts in names for depth in (1, 2)} & FORBIDDEN[room]
        assert not found, f"{path.relative_to(ROOT)} imports {found}"


def test_pure_rules_touch_nothing() -> None:
    """Rules of the domain are tables and functions: no store, no chain, no disk, no clock."""
    outside = {"sqlmodel", "sqlalchemy", "web3", "os", "pathlib", "socket", "time", "random", "secrets"}
    for path in (ROOT / "ledger" / "rules").glob("*.py"):
        names = set(imported(path))
        assert not {name.split(".")[0] for name in names} & outside, path
        ours = {name for name in names if name.startswith("yinzheng.ledger.")}
        assert all(name.startswith("yinzheng.ledger.rules") for name in ours), (path, ours)


def test_nothing_in_production_imports_the_demonstration() -> None:
    """The command `demo` alone does, when it runs (H11)."""
    for room in ROOMS:
        for path in sources(room):
            if "demonstration" in path.parts:
                continue
            names = {name for name in imported(path) if ".demonstration" in name}
            if path == ROOT / "api" / "cli" / "registry" / "demo.py":
                for node in tree(path).body:
                    at_top = isinstance(node, ast.ImportFrom) and ".demonstration" in (node.module or "")
                    assert not at_top, "loaded when `demo` runs, not before"
            else:
                assert not names, f"{path.relative_to(ROOT)} imports {names}"


def test_modules_are_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for room in ROOMS
        for path in sources(room)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert not long


def test_everything_public_says_what_it_promises() -> None:
    silent = []
    for room in ROOMS:
        for path in sources(room):
            if ast.get_docstring(tree(path)) is None and path.read_text(encoding="utf-8").strip():
                silent.append(str(path.relative_to(ROOT)))
            silent += [f"{path.relative_to(ROOT)}:{name}" for name in _undocumented(tree(path))]
    assert not silent


def _undocumented(node: ast.Module) -> Iterator[str]:
    """Public functions and classes without a docstring; of methods, some fulfil someone else's interface."""
    for child in node.body:
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if child.name.startswith("_"):
            continue
        if ast.get_docstring(child) is None:
            yield child.name


def test_libraries_neither_print_nor_read_the_clock_by_themselves() -> None:
    for room in ("verifier", "ledger"):
        for path in sources(room):
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id not in {"print", "input", "eval", "exec"}, (path, node.lineno)


PROGRAM = """
import builtins, importlib, io, json, os, socket, sys

for name in json.loads(sys.argv[2]):
    importlib.import_module(name)  # packages by others may do as they like

def refuse(what):
    def refused(*arguments, **_):
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename.startswith(sys.argv[3]) and "/.venv/" not in frame.f_code.co_filename:
                raise AssertionError(f"{what}{arguments[:1]} while importing {frame.f_code.co_filename}")
            if "importlib" in frame.f_code.co_filename:
                break
            frame = frame.f_back
        return kept[what](*arguments, **_)
    return refused

kept = {"open": builtins.open, "os.open": os.open, "socket": socket.socket.connect, "mkdir": os.mkdir}
builtins.open = io.open = refuse("open")
os.open = refuse("os.open")
os.mkdir = refuse("mkdir")
socket.socket.connect = refuse("socket")
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(len(sys.modules))
"""


def test_importing_does_nothing() -> None:
    """Every module of ours is imported with files, folders and sockets closed to our own code."""
    ours = modules()
    others = sorted(
        {
            name
            for room in ROOMS
            for path in sources(room)
            for name in imported(path)
            if name.split(".")[0] not in ("yinzheng", "__future__", "alembic") and name.split(".")[0]
        }
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(ours), json.dumps(others), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]


# ---------------------------------------------------------------- tracked files


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return tuple(ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file())


PLACES = re.compile(
    r"(https?://(?!127\.0\.0\.1|localhost)[^\s\"']*(pypi|npmjs|npmmirror|tuna|aliyun|artifactory|nexus)[^\s\"']*)"
    r"|(^|[\s\"'=(])/(work|home|root|Users)/[\w.]"
)
"""A registry's address, or a path of someone's machine."""


def test_no_tracked_file_names_a_registry_or_a_machine() -> None:
    here = Path(__file__)
    for path in tracked():
        if path.suffix in {".pdf", ".png", ".otf"} or path == here:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for line, content in enumerate(text.splitlines(), 1):
            # A lock file of npm says where its packages come from: the public registry, with digests.
            if path.name == "package-lock.json" and "https://registry.npmjs.org/" in content:
                continue
            assert not PLACES.search(content), f"{path.relative_to(ROOT)}:{line}: {content.strip()[:120]}"


# ---------------------------------------------------------------- README


def shown_commands() -> list[list[str]]:
    """Every `yinzheng …` line of the README's code blocks, continuation lines joined."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = []
    for block in re.findall(r"```sh\n(.*?)```", text, re.S):
        for line in block.replace("\\\n", " ").splitlines():
            words = line.split("#")[0].split()
            if words and words[0].endswith("yinzheng"):
                commands.append(words[1:])
    return commands


def test_the_readme_shows_commands_that_exist() -> None:
    import typer

    from yinzheng.api.cli import build
    from yinzheng.api.cli.lazy import Unloaded

    group = typer.main.get_command(build())
    known = group.commands  # type: ignore[attr-defined]
    shown = shown_commands()
    assert len(shown) >= 12
    for command, *rest in shown:
        assert command in known, command
        found = known[command]
        while rest and rest[0] in getattr(found, "commands", {}):
            found = found.commands[rest.pop(0)]
        found = found.load() if isinstance(found, Unloaded) else found
        options = {name for parameter in found.params for name in parameter.opts}
        for word in rest:
            if word.startswith("-"):
                assert word.split("=")[0] in options, f"yinzheng {command} has no {word}"


def test_the_readme_shows_scripts_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"\./scripts/(\w+)", text)) | {"setup", "lock", "contracts", "vectors"}:
        path = ROOT / "scripts" / name
        assert path.is_file(), name
        assert path.stat().st_mode & 0o111, f"{name} cannot be run"


def test_links_in_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"
