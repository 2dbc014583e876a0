"""The committed artifacts are what the sources compile to, and carry no trace of where that was."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from yinzheng.contracts import artifact
from yinzheng.ledger.chain.contracts import CONTRACTS
from yinzheng.ledger.chain.deployment import Deployment
from yinzheng.ledger.chain.modules import Modules

ROOM = Path(__file__).parents[2] / "contracts"
ARTIFACTS = ROOM / "artifacts"


@pytest.mark.node
def test_the_sources_compile_to_the_artifacts(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("Node.js is not installed")
    subprocess.run([ROOM.parent / "scripts/contracts", tmp_path], check=True, timeout=300)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in ARTIFACTS.iterdir()}
    assert sorted(built) == sorted(committed)
    assert [name for name in built if built[name] != committed[name]] == []


def test_settings_and_no_machine_paths() -> None:
    for path in ARTIFACTS.glob("*.json"):
        text = path.read_text("utf-8")
        assert not re.search(r'"/|[A-Z]:\\\\|file://|node_modules', text), path.name
        if path.stem != "layout":
            compiler = json.loads(text)["compiler"]
            assert compiler["solc"].startswith("0.8.37+")
            assert compiler["settings"]["evmVersion"] == "london"
            assert compiler["settings"]["metadata"]["bytecodeHash"] == "none"


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (ROOM / "package-lock.json").read_text("utf-8")


def test_layout_is_that_of_the_contracts_and_of_the_verifier() -> None:
    """The table's rows have the verifier's slots, which `tests/verifier/chain` compares too."""
    built = json.loads((ARTIFACTS / "layout.json").read_text("utf-8"))
    assert built == {name: slot for row in CONTRACTS.values() for name, slot in row.layout.items()}
    types = artifact("RightsRegistry").storage_layout["types"]
    record = next(kind for name, kind in types.items() if name.startswith("t_struct(Record)"))
    places = [(m["label"], int(m["slot"]), m["offset"]) for m in record["members"]]
    assert places == [
        ("content", 0, 0),
        ("status", 1, 0),
        ("procedure", 1, 1),
        ("remarks", 1, 2),
        ("ending", 1, 3),
        ("holds", 1, 4),
        ("objections", 1, 6),
        ("depositedAt", 1, 8),
        ("validUntil", 1, 16),
        ("changedAt", 1, 24),
        ("successor", 2, 0),
        ("reservedUntil", 3, 0),
        ("reservedBy", 3, 8),
        ("caseId", 4, 0),
        ("holdings", 5, 0),
        ("predecessor", 6, 0),
        ("remainder", 7, 0),
    ]
    case = next(kind for name, kind in types.items() if name.startswith("t_struct(Case)"))
    assert [(m["label"], int(m["slot"]), m["offset"]) for m in case["members"]] == [
        ("state", 0, 0),
        ("procedure", 0, 1),
        ("waived", 0, 2),
        ("holds", 0, 3),
        ("objections", 0, 4),
        ("publishedAt", 0, 8),
        ("publicityEnd", 0, 16),
        ("changedAt", 0, 24),
        ("profile", 1, 0),
        ("notice", 2, 0),
        ("outcome", 3, 0),
    ]
    assert _members("ConsentRegistry", "Withdrawal") == [
        ("state", 0, 0),
        ("minor", 0, 1),
        ("recipients", 0, 2),
        ("receipts", 0, 3),
        ("holds", 0, 4),
        ("late", 0, 6),
        ("spare", 0, 7),
        ("receivedAt", 0, 8),
        ("frozenAt", 0, 16),
        ("restrictedAt", 0, 24),
        ("openedAt", 1, 0),
        ("restrictedUntil", 1, 8),
        ("completedAt", 1, 16),
        ("changedAt", 1, 24),
        ("request", 2, 0),
        ("outcome", 3, 0),
    ]
    assert _members("Preservation", "Dispute") == [
        ("state", 0, 0),
        ("kind", 0, 1),
        ("parties", 0, 2),
        ("subjects", 0, 3),
        ("roots", 0, 4),
        ("openedAt", 0, 8),
        ("releasedAt", 0, 16),
        ("changedAt", 0, 24),
        ("statement", 1, 0),
        ("root", 2, 0),
        ("outcome", 3, 0),
        ("openedBy", 4, 0),
        ("releasedBy", 5, 0),
    ]

    assert _members("Holders", "Organisation") == [
        ("account", 0, 0),
        ("state", 0, 20),
        ("contested", 0, 21),
        ("serial", 0, 22),
        ("next", 1, 0),
        ("nextFrom", 1, 20),
        ("key", 2, 0),
        ("nextKey", 3, 0),
        ("since", 4, 0),
        ("endedAt", 4, 8),
        ("lostAt", 4, 16),
        ("changedAt", 4, 24),
        ("statement", 5, 0),
    ]


def _members(contract: str, struct: str) -> list[tuple[str, int, int]]:
    types = artifact(contract).storage_layout["types"]
    found = next(kind for name, kind in types.items() if name.startswith(f"t_struct({struct})"))
    return [(m["label"], int(m["slot"]), m["offset"]) for m in found["members"]]


def test_contracts_fit_on_any_chain() -> None:
    """EIP-170 allows 24,576 bytes."""
    assert all(0 < len(artifact(row.artifact).deployed_bytecode) <= 24_576 for row in CONTRACTS.values())


def test_the_table_names_what_there_is() -> None:
    """What changes something has a role in its row, and each constructor takes what the row says."""
    for name, row in CONTRACTS.items():
        abi = artifact(row.artifact).abi
        constructor = next(item for item in abi if item["type"] == "constructor")
        assert [item["type"] for item in constructor["inputs"]] == ["address"] * len(row.arguments), name
        assert len(row.asked) == sum(argument in CONTRACTS for argument in row.arguments), name
        errors = {item["name"] for item in abi if item["type"] == "error"}
        assert set(row.refusals) <= errors, name
        if row.roles or row.open:
            changing = {
                item["name"]
                for item in abi
                if item["type"] == "function" and item["stateMutability"] == "nonpayable"
            }
            assigned = [function for functions in row.roles.values() for function in functions]
            assert changing - {"setAuthority"} == {*assigned, *row.open}, name
            assert len(assigned) + len(row.open) == len({*assigned, *row.open}), name
    placed = [name for places in (Deployment, Modules) for name in places.NAMES]
    assert placed == list(CONTRACTS), "deployed in the table's order"
