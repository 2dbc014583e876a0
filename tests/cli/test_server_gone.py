"""The main promise: our server gone, a stranger's small installation still confirms the certificate.

The installation is made from `requirements/verifier.txt` with its hashes and the project without extras. It
is kept between runs under a name that follows from what goes into it, but in continuous runs made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Demonstration
from tests.cli.processes import ROOT, environment

ABSENT = ("alembic", "eth", "eth_account", "eth_utils", "fastapi", "lmdb", "rlp", "sqlalchemy", "sqlmodel",
          "starlette", "typst", "uvicorn", "web3")  # fmt: skip

PROGRAM = """
import importlib.util, json, sys
import yinzheng.api.cli.verify
print(json.dumps({
    "found": [name for name in json.loads(sys.argv[1]) if importlib.util.find_spec(name)],
    "loaded": [name for name in ("yinzheng.ledger", "yinzheng.contracts") if name in sys.modules],
}))
"""


@pytest.fixture(scope="module")
def stranger(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a virtual environment with the verifier alone."""
    inputs = [ROOT / "requirements" / "verifier.txt", ROOT / "pyproject.toml", ROOT / "scripts" / "setup"]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in inputs) + sys.version.encode()).hexdigest()[
        :16
    ]
    if os.environ.get("CI"):
        venv = tmp_path_factory.mktemp("stranger") / "venv"
    else:
        kept = pytestconfig.rootpath / ".pytest_cache" / "verifier"
        venv = kept / key
        for other in kept.glob("*"):
            if other.name != key:
                shutil.rmtree(other)
    done = subprocess.run(
        [ROOT / "scripts" / "setup", "verifier", venv],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**environment(), "PYTHON": sys.executable},
    )
    assert done.returncode == 0, done.stderr
    return venv / "bin"


@pytest.fixture(scope="module")
def left(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a stranger has: the documents and the policy; nothing of the registry's state lies near."""
    folder = tmp_path_factory.mktemp("left")
    for path in demonstration.out.iterdir():
        shutil.copy(path, folder)
    return folder


TRUST = ("--trust", "trust.json", "--json")


def stranger_runs(stranger: Path, folder: Path, *args: object) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    return subprocess.run(
        [stranger / "yinzheng", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env=kept,
    )


@pytest.mark.slow
def test_with_the_server_gone_the_certificate_stands(stranger: Path, left: Path) -> None:
    numbers = sorted(path.stem for path in left.glob("SJ*.pdf"))
    assert len(numbers) == 2
    for number in numbers:
        for suffix in ("pdf", "json"):
            done = stranger_runs(
                stranger, left, "verify", f"{number}.{suffix}", "--trust", "trust.json", "--json"
            )
            assert (done.returncode, done.stderr) == (0, ""), done.stdout
            report = json.loads(done.stdout)
            assert (report["authentic"], report["status"]) == ("genuine", "in_force")
            assert [item["outcome"] for item in report["obligations"]] == ["VALID"] * 10
        picture = stranger_runs(stranger, left, "verify", f"{number}.png", *TRUST)
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
    done = subprocess.run(
        [stranger / "python", "-c", PROGRAM, json.dumps(ABSENT)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=left,
        env={name: value for name, value in environment().items() if name != "PYTHONPATH"},
    )
    assert json.loads(done.stdout) == {"found": [], "loaded": []}


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
    silent = stranger_runs(stranger, left, "verify", pdf, *TRUST, "--rpc", "http://127.0.0.1:9")
    assert silent.returncode == 0, "the evidence attached stands in for a node that is gone"
