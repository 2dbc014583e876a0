"""The main promise: our server gone, a stranger's small installation still confirms the certificate.

The installation is made from `requirements/verifier.txt` with its hashes and the verifier's wheel (ADR 110).
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.test_wheels import held
from tests.cli.conftest import Demonstration
from tests.cli.installations import found, make_installation, run_installed

ABSENT = ("alembic", "eth", "eth_account", "eth_utils", "fastapi", "lmdb", "rlp", "sqlalchemy", "sqlmodel",
          "starlette", "typst", "uvicorn", "web3",
          "yinzheng.api.cli.registry", "yinzheng.contracts", "yinzheng.ledger.opening")  # fmt: skip


@pytest.fixture(scope="module")
def stranger(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a virtual environment with the verifier alone."""
    return make_installation("verifier", pytestconfig, tmp_path_factory)


@pytest.fixture(scope="module")
def left(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a stranger has: the documents and the policy; nothing of the registry's state lies near."""
    folder = tmp_path_factory.mktemp("left")
    for path in demonstration.out.iterdir():
        shutil.copy(path, folder)
    return folder


TRUST = ("--trust", "trust.json", "--json")


def stranger_runs(stranger: Path, folder: Path, *args: object) -> subprocess.CompletedProcess[str]:
    return run_installed(stranger, *args, cwd=folder)


@pytest.mark.slow
def test_with_the_server_gone_the_certificate_stands(stranger: Path, left: Path) -> None:
    numbers = sorted(path.stem for path in left.glob("SJ*.pdf"))
    assert len(numbers) == 2
    for number, suffix in zip(numbers, ("pdf", "json"), strict=True):
        done = stranger_runs(stranger, left, "verify", f"{number}.{suffix}", *TRUST)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        report = json.loads(done.stdout)
        assert (report["authentic"], report["status"]) == ("genuine", "in_force")
        assert [item["outcome"] for item in report["obligations"]] == ["VALID"] * 10
    picture = stranger_runs(stranger, left, "verify", f"{numbers[0]}.png", *TRUST)
    assert picture.returncode == 3, picture.stderr
    assert [item["outcome"] for item in json.loads(picture.stdout)["obligations"]][:3] == ["VALID"] * 3


@pytest.mark.slow
def test_an_altered_copy_is_told_apart_there_too(stranger: Path, left: Path, tmp_path: Path) -> None:
    file = next(left.glob("SJ*.json"))
    document = json.loads(file.read_text(encoding="utf-8"))
    document["record"]["holders"][0]["name"] = "另一家医院"
    altered = tmp_path / "altered.json"
    altered.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    done = stranger_runs(stranger, left, "verify", altered, "--trust", "trust.json", "--lang", "en")
    assert done.returncode == 1
    assert "holders" in done.stdout


@pytest.mark.slow
def test_nothing_of_the_registry_is_installed(stranger: Path, left: Path) -> None:
    assert found(stranger, ABSENT, tuple(f"yinzheng.{name}" for name in sorted(held())), cwd=left) == []


@pytest.mark.slow
def test_what_is_not_there_says_so(stranger: Path, left: Path) -> None:
    absent = stranger_runs(stranger, left, "apply", "dossier", "--json")
    assert absent.returncode == 2
    error = json.loads(absent.stderr)["error"]
    assert "apply" in error["message"]
    assert "yinzheng[registry]" in error["hint"]
    listed = stranger_runs(stranger, left, "--help")
    assert listed.returncode == 0
    assert "verify" in listed.stdout
    assert "apply" not in listed.stdout
    pdf = next(left.glob("SJ*.pdf")).name
    with_state = stranger_runs(
        stranger, left, "verify", pdf, "--trust", "trust.json", "--state", ".", "--json"
    )
    assert with_state.returncode == 2
    assert json.loads(with_state.stderr)["error"]["code"] == "registry-not-installed"
    licence = stranger_runs(stranger, left, "verify", "L-2026-000001", *TRUST, "--state", ".")
    assert json.loads(licence.stderr)["error"]["code"] == "registry-not-installed"
    silent = stranger_runs(stranger, left, "verify", pdf, *TRUST, "--rpc", "http://127.0.0.1:9")
    assert silent.returncode == 3, "who asks and gets no answer is told so"
    node = ("--rpc", "http://127.0.0.1:9", "--allow-attached")
    attached = stranger_runs(stranger, left, "verify", pdf, *TRUST, *node)
    assert attached.returncode == 0, "unless the evidence attached may stand in for it"
