"""Bad applications: each told in words, nothing half done (issue "Bad input")."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import contents, refused, run
from tests.cli.conftest import Demonstration
from tests.ledger.world import APPLICANT, application, dossier


@pytest.fixture(scope="session")
def shared_state(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder that all refused applications are handed to: none of them may change it."""
    import shutil

    target = tmp_path_factory.mktemp("refusing") / "state"
    shutil.copytree(demonstration.state, target)
    run("settle", "--state", target)
    return target


def write(folder: Path, document: Any) -> Path:
    dossier(folder)
    (folder / "application.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return folder


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in application().items() if key != name}


def asset(**changes: Any) -> dict[str, Any]:
    return {**application()["asset"], **changes}


OWN = {"name": "登记中心", "code": "12440000MB2DEM001E"}
"""The demonstration's registry."""

FIELDS: dict[str, tuple[Any, str]] = {
    "missing": (without("scale"), "application-invalid"),
    "unknown": (application(colour="red"), "application-invalid"),
    "type": (application(overview=7), "application-invalid"),
    "boolean": (application(validity_years=True), "application-invalid"),
    "float": (json.loads('{"format": 1.5}'), "json-value"),
    "overview": (application(overview="概" * 401), "application-invalid"),
    "name": (application(asset=asset(name="2025年云汐市医疗随访数据集" + "长" * 40)), "application-invalid"),
    "oversized": (application(use="用" * 300_000), "json-too-large"),
    "code": (
        application(applicant={**APPLICANT, "code": "91350100M000100Y4Z"}),
        "application-invalid",
    ),
    "years": (application(validity_years=6), "application-invalid"),
    "class": (application(**{"class": "secret"}), "application-invalid"),
    "traversal": (
        application(files=[{"path": "../identity.txt", "role": "identity", "title": "x"}]),
        "application-invalid",
    ),
    "absolute": (
        application(files=[{"path": "/etc/passwd", "role": "identity", "title": "x"}]),
        "application-invalid",
    ),
    "direction": (application(form="CSV \u202e"), "application-invalid"),
    "list": ([], "application-invalid"),
    "secrets": (
        application(declarations={**application()["declarations"], "state_secrets": True}),
        "registration-refused",
    ),
    "security": (
        application(declarations={**application()["declarations"], "public_security": True}),
        "registration-refused",
    ),
    "prescribers": (
        application(declarations={**application()["declarations"], "prescriber_statistics": True}),
        "registration-refused",
    ),
    "prescribers-undeclared": (
        application(sample_fields=["处方医师", "药品名称", "用量"]),
        "registration-refused",
    ),
    "own-data": (
        application(
            holders=[{**OWN, "rights": ["hold", "use", "operate"]}], applicant={**OWN, "contact": None}
        ),
        "registration-refused",
    ),
}


def refuse_unchanged(state: Path, folder: Path, code: str | None, exit_code: int = 1) -> dict[str, Any]:
    before = contents(state)
    said = run("apply", folder, "--state", state, "--profile", "DEMO/1", "--json")
    assert said.code == exit_code, said
    assert code is None or said.error["code"] == code, said.err
    spoken = run("apply", folder, "--state", state, "--profile", "DEMO/1")
    assert spoken.err.startswith("yinzheng: ")
    assert "→" in spoken.err, "every refusal says what to do"
    assert contents(state) == before
    return said.error


@pytest.mark.parametrize("kind", FIELDS)
def test_bad_fields(shared_state: Path, tmp_path: Path, kind: str) -> None:
    document, code = FIELDS[kind]
    refuse_unchanged(shared_state, write(tmp_path / "dossier", document), code)


def _symlink(folder: Path) -> None:
    (folder / "sample.txt").unlink()
    (folder / "sample.txt").symlink_to("/etc/hostname")


def _fifo(folder: Path) -> None:
    (folder / "sample.txt").unlink()
    os.mkfifo(folder / "sample.txt")


def _device(folder: Path) -> None:
    (folder / "sample.txt").unlink()
    try:
        os.mknod(folder / "sample.txt", 0o600 | 0o020000, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("making devices is not allowed here")


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "symlink": (_symlink, "dossier-symlink"),
    "fifo": (_fifo, "dossier-special"),
    "device": (_device, "dossier-special"),
    "zero": (lambda folder: (folder / "sample.txt").write_bytes(b""), "dossier-empty-file"),
    "missing": (lambda folder: (folder / "sample.txt").unlink(), "dossier-missing"),
    "surplus": (lambda folder: (folder / "more.txt").write_text("x"), "dossier-undeclared"),
    "no-application": (lambda folder: (folder / "application.json").unlink(), "application-missing"),
    "not-json": (lambda folder: (folder / "application.json").write_text("{"), "json-malformed"),
    "twice": (
        lambda folder: (folder / "application.json").write_text('{"format": 1, "format": 2}'),
        "json-malformed",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_bad_files(shared_state: Path, tmp_path: Path, kind: str) -> None:
    change, code = FILES[kind]
    folder = dossier(tmp_path / "dossier")
    change(folder)
    refuse_unchanged(shared_state, folder, code)


def test_every_fault_is_told_at_once(shared_state: Path, tmp_path: Path) -> None:
    document = application(overview="概" * 401, validity_years=9, colour="red")
    folder = write(tmp_path / "dossier", document)
    _symlink(folder)
    error = refuse_unchanged(shared_state, folder, "dossier-invalid")
    for part in ("overview", "validity_years", "colour", "sample.txt"):
        assert part in error["message"] + error["hint"]


def test_the_callers_own_mistakes(shared_state: Path, tmp_path: Path) -> None:
    good = dossier(tmp_path / "good")
    before = contents(shared_state)
    refused("apply", tmp_path / "none", "--state", shared_state, code="dossier-not-folder", exit_code=2)
    refused("apply", good / "sample.txt", "--state", shared_state, code="dossier-not-folder", exit_code=2)
    refused("apply", good, "--state", shared_state, "--profile", "GD/9", code="profile-unknown", exit_code=2)
    refused("apply", good, "--state", tmp_path / "nowhere", code="state-missing", exit_code=2)
    assert contents(shared_state) == before
