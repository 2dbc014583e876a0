"""The verifier stands alone: no web, no database, no chain client, none of our other rooms (D8)."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

from tests.verifier.world import NOW, genuine_file, trust_json
from yinzheng import verifier

FOLDER = Path(verifier.__file__).parent

PROGRAM = """
import importlib.abc, json, sys

FORBIDDEN = set(json.loads(sys.argv[1]))

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if any(name == other or name.startswith(other + ".") for other in FORBIDDEN):
            raise ImportError(f"{name} must not be needed")
        return None

sys.meta_path.insert(0, Blocker())
from yinzheng import verifier
given = json.load(sys.stdin)
report = verifier.verify(
    verifier.read_target(json.dumps(given["file"])),
    verifier.parse_trust(json.dumps(given["trust"]).encode()),
    now=given["now"],
)
print(json.dumps([report.authentic, report.status, sorted(sys.modules)]))
"""

FORBIDDEN = [
    "eth",
    "eth_abi",
    "eth_account",
    "fastapi",
    "lmdb",
    "numpy",
    "PIL",
    "pydantic",
    "rfc3161_client",
    "sqlalchemy",
    "sqlmodel",
    "starlette",
    "trie",
    "web3",
    "yinzheng.api",
    "yinzheng.contracts",
    "yinzheng.ledger",
    "zxingcpp",
]


def test_it_verifies_with_everything_else_absent() -> None:
    given = {"file": genuine_file(), "trust": trust_json(), "now": NOW}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(FORBIDDEN)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    authentic, status, modules = json.loads(done.stdout)
    assert (authentic, status) == ("genuine", "in_force")
    assert not set(modules) & set(FORBIDDEN)


def test_it_imports_nothing_but_itself_and_its_dependencies() -> None:
    allowed = set(sys.stdlib_module_names) | {
        "PIL",
        "cbor2",
        "coincurve",
        "cryptography",
        "eth_hash",
        "gmssl",
        "pypdf",
        "pypdfium2",
        "rfc3161_client",
        "rfc8785",
        "sha3",  # what eth-hash[pysha3] brings
        "tongsuopy",
        "zxingcpp",
    }
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, file
                names = [node.module or ""]
            others = {name for name in names if not f"{name}.".startswith("yinzheng.verifier.")}
            assert {name.split(".")[0] for name in others} <= allowed, file


def test_it_has_no_clock_no_files_and_no_network_of_its_own() -> None:
    forbidden = {
        "http",
        "os",
        "pathlib",
        "random",
        "shutil",
        "socket",
        "subprocess",
        "time",
        "urllib",
    }
    for file in FOLDER.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & forbidden, file
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, file
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"open", "print", "eval", "exec"}, file
            if isinstance(node, ast.Attribute):  # `datetime` writes instants; it must not ask for one
                assert node.attr not in {"now", "utcnow", "today"} or not _is_date(node.value), file


def _is_date(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in {"date", "datetime"}
