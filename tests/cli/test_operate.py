"""The operator's commands: creating, handing out, auditing, continuing."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.cli.commands import contents, refused, run
from tests.cli.conftest import Demonstration
from yinzheng.api.cli.registry import operate
from yinzheng.ledger.state.files import create_durably
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.judge.trust import parse_trust

PASSPHRASE = {"YINZHENG_PASSPHRASE": "a passphrase of the tests"}
GOOD: dict[str, str | list[str]] = {
    "--name": "测试登记中心（虚构）",
    "--code": "12440000MB2DEM001E",
    "--prefix": "SJ441",
    "--host": "verify.example.org",
    "--officer": "li-wei",
    "--committee": "chen-jie",
    "--administrator": "wu-bo",
}
PEOPLE = ("li-wei", "chen-jie", "wu-bo")


@cache
def own_passphrases() -> dict[str, Path]:
    """A file for each person's own passphrase, which none but its owner may read."""
    folder = Path(tempfile.mkdtemp())
    for name in PEOPLE:
        create_durably(folder / name, f"the passphrase of {name}\n".encode(), mode=0o600)
    return {name: folder / name for name in PEOPLE}


def init(state: Path, **changes: str | list[str]) -> list[str]:
    arguments = ["init", "--state", str(state)]
    for option, value in {**GOOD, **{f"--{name}": value for name, value in changes.items()}}.items():
        for one in [value] if isinstance(value, str) else value:
            arguments += [option, one]
    for name, file in own_passphrases().items():
        arguments += ["--passphrase-file", f"{name}={file}"]
    return arguments


def test_a_registry_is_created_once(tmp_path: Path) -> None:
    state = tmp_path / "state"
    said = run(*init(state), "--json", env=PASSPHRASE)
    assert (said.code, said.json["state"], said.json["consensus"]) == (0, str(state), "clique"), said
    assert len(said.json["validators"]) == 1
    assert not any(b"a passphrase of the tests" in p.read_bytes() for p in state.rglob("*") if p.is_file())
    before = contents(state)
    refused(*init(state), env=PASSPHRASE, code="state-exists", exit_code=2)
    assert contents(state) == before
    assert run("audit", "--state", state, env=PASSPHRASE).code == 0
    refused("audit", "--state", state, code="passphrase-missing", exit_code=2)
    refused("audit", "--state", state, env={"YINZHENG_PASSPHRASE": "another passphrase"},
            code="wrong-passphrase", exit_code=3)  # fmt: skip
    policy = run("export-trust", "--state", state, "--max-age", 60).out
    assert parse_trust(policy.encode()).max_age == 60
    assert run("cases", "--state", state, "--json").json == []
    refused("demo", "--state", state, "--out", tmp_path / "out", env=PASSPHRASE,
            code="demo-not-here", exit_code=2)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "env", "code", "exit_code"),
    [
        ({}, {}, "passphrase-missing", 2),
        ({}, {"YINZHENG_PASSPHRASE": "short"}, "passphrase-weak", 2),
        ({}, {"YINZHENG_PASSPHRASE_FILE": "nowhere"}, "passphrase-missing", 2),
        ({"code": "91350100M000100Y4Z"}, PASSPHRASE, "credit-code-form", 1),
        ({"officer": ["li-wei", "li-wei"]}, PASSPHRASE, "people-twice", 2),
        ({"committee": "li-wei"}, PASSPHRASE, "people-twice", 2),
        ({"officer": "../../evil"}, PASSPHRASE, "key-name", 2),
        ({"prefix": "XX441"}, PASSPHRASE, "field-value", 1),
        ({"host": "a host"}, PASSPHRASE, "field-value", 1),
        ({"validator": "0x12"}, PASSPHRASE, "address-malformed", 2),
        ({"chain": "http://127.0.0.1:9"}, PASSPHRASE, "chain-unreachable", 3),
    ],
)
def test_a_wrong_plan_leaves_nothing(
    tmp_path: Path, changes: dict[str, Any], env: dict[str, str], code: str, exit_code: int
) -> None:
    said = run(*init(tmp_path / "state", **changes), "--json", env=env)
    assert said.code == exit_code, said
    assert said.error["code"] == code, said.err
    assert not list(tmp_path.iterdir()), "all of it, or nothing"


def test_the_policy_is_written_and_read(demonstration: Demonstration, state: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.json"
    assert run("export-trust", "--state", state, "--out", target).out == ""
    assert parse_trust(target.read_bytes()) == parse_trust(demonstration.trust.read_bytes())
    assert run("export-trust", "--state", state, "--max-age", 0).code == 2
    refused("export-trust", "--state", tmp_path, code="state-missing", exit_code=2)


def test_documents_are_written_anew_with_fresh_evidence(demonstration: Demonstration, tmp_path: Path) -> None:
    number = demonstration.numbers[0]
    said = run("documents", number, "--state", demonstration.state, "--out", tmp_path / "new", "--json")
    assert said.code == 0
    assert [Path(path).name for path in said.json] == [f"{number}.{s}" for s in ("json", "pdf", "png")]
    for path in said.json[:2]:
        assert run("verify", path, "--trust", demonstration.trust).code == 0
    refused("documents", "SJ4412026119999", "--state", demonstration.state, "--out", tmp_path / "none",
            code="certificate-not-anchored", exit_code=3)  # fmt: skip
    assert not (tmp_path / "none").exists()


def test_an_audit_is_clean_and_names_what_is_not(state: Path) -> None:
    clean = run("audit", "--state", state, "--json")
    assert (clean.code, clean.json) == (0, {"clean": True, "findings": []}), clean
    assert "✓" in run("audit", "--state", state).out
    blob = next(path for path in sorted((state / "blobs").rglob("*")) if path.is_file())
    blob.write_bytes(blob.read_bytes()[:-1] + bytes([blob.read_bytes()[-1] ^ 1]))
    found = run("audit", "--state", state, "--json")
    assert found.code == 1
    assert found.json["clean"] is False
    assert all(set(item) >= {"code", "message"} for item in found.json["findings"])
    spoken = run("audit", "--state", state)
    assert spoken.code == 1
    assert spoken.err.startswith("✗ ")


def test_a_second_demonstration_continues_and_changes_nothing(
    demonstration: Demonstration, state: Path, tmp_path: Path
) -> None:
    dossiers = demonstration.folder / "dossiers"
    run("demo", "--state", state, "--out", tmp_path / "out", "--dossiers", dossiers)  # the second half
    before = contents(state)
    said = run("demo", "--state", state, "--out", tmp_path / "out", "--dossiers", dossiers, "--json")
    assert (said.code, said.json["numbers"]) == (0, demonstration.numbers)
    assert contents(state) == before
    spoken = run("demo", "--state", state, "--out", tmp_path / "out", "--dossiers", dossiers)
    assert "yinzheng verify" in spoken.out
    refused("demo", "--state", state, "--out", tmp_path / "x", "--dossiers", tmp_path / "out",
            code="demo-no-dossiers", exit_code=2)  # fmt: skip
    refused("demo", "--state", state, "--out", tmp_path / "x", "--dossiers", tmp_path / "nowhere",
            code="demo-no-dossiers", exit_code=2)  # fmt: skip


def test_settling_what_is_settled(state: Path) -> None:
    assert run("settle", "--state", state, "--json").json == {"settled": True}
    before = contents(state)
    assert run("settle", "--state", state).code == 0
    assert contents(state) == before


def test_periods_of_retention_are_set_no_shorter_than_the_law_asks(state: Path, tmp_path: Path) -> None:
    file, at = tmp_path / "periods.json", ("--as", "keeper-wu", "--state", state)
    file.write_text('{"registration_file": 240, "access_log": 12}')
    made = run("retention-periods", file, *at, "--json")
    assert made.code == 0, made.err
    said = made.json["months"]
    assert said == {
        "registration_file": 240,
        "access_log": 12,
        "outpatient_record": 180,
        "inpatient_record": 360,
    }
    before = contents(state)
    for wrong, code in (
        ('{"registration_file": 239}', "retention-period"),
        ('{"registration_file": 12000}', "retention-period"),
        ('{"registration_file": "240"}', "retention-period"),
        ('{"letters": 12}', "retention-kind"),
        ("[]", "retention-kind"),
    ):
        file.write_text(wrong)
        refused("retention-periods", file, *at, code=code, exit_code=1)
    refused("retention-periods", tmp_path / "none", *at, code="retention-missing", exit_code=2)
    assert contents(state) == before


def test_a_published_year_is_taken_in(state: Path, tmp_path: Path) -> None:
    year: dict[str, Any] = {
        "year": 2027,
        "holidays": [
            *("2027-01-01", "2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11"),
            *("2027-04-05", "2027-05-03", "2027-05-04", "2027-06-09", "2027-09-15"),
            *("2027-10-01", "2027-10-04", "2027-10-05"),
        ],
        "make_up": ["2027-02-20"],
    }
    file = tmp_path / "2027.json"
    file.write_text(json.dumps(year))
    unasked = contents(state)
    asked = run("calendar", file, "--as", "keeper-wu", "--state", state)
    assert asked.code == 2
    assert "2027: 248 working days" in asked.err
    assert "2-20(周六)" in asked.err
    assert contents(state) == unasked, "nobody said yes"
    yes = ("--as", "keeper-wu", "--state", state, "--yes")
    assert run("calendar", file, *yes, "--json").json == {"year": 2027}
    before = contents(state)
    assert run("calendar", file, *yes).code == 0
    assert contents(state) == before, "handing it in again changes nothing"
    at = yes
    file.write_text(json.dumps({**year, "make_up": []}))
    conflict = refused("calendar", file, *at, code="calendar-year-conflict", exit_code=1)
    assert "yinzheng calendar 2027.json --correct" in conflict["hint"]
    compared = run("calendar", file, "--correct", *at[:-1])
    assert (compared.code, "now off 改为放假 (1): 2-20(周六)" in compared.err) == (2, True), compared.err
    assert contents(state) == before, "nobody said yes to the correction"
    corrected = run("calendar", file, "--correct", *at, "--json").json
    assert corrected == {"year": 2027, "changed": ["2027-02-20"]}
    assert run("calendar", file, "--correct", *at, "--json").json == {"year": 2027, "changed": []}
    before = contents(state)
    for wrong in ({"holidays": ["2027-01-01"]}, {"holidays": year["holidays"][1:]}):
        file.write_text(json.dumps({**year, **wrong}))
        refused("calendar", file, *at, code="calendar-implausible", exit_code=1)
    file.write_text(json.dumps({**year, "year": 2028}))
    refused("calendar", file, "--as", "keeper-wu", "--state", state, code="calendar-file", exit_code=1)
    refused(
        "calendar",
        tmp_path / "none.json",
        "--as",
        "keeper-wu",
        "--state",
        state,
        code="calendar-missing",
        exit_code=2,
    )
    assert contents(state) == before
    assert run("audit", "--state", state).code == 0


def test_every_command_names_a_folder_that_is_no_registry(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("{}")
    for command in (
        ("cases",),
        ("audit",),
        ("settle",),
        ("export-trust",),
        ("calendar", file, "--as", "keeper-wu"),
        ("documents", "SJ4412026110001", "--out", tmp_path / "out"),
        ("serve", "--port", "0"),
        ("node", "--port", "0"),
    ):
        refused(*command, "--state", tmp_path / "none", code="state-missing", exit_code=2)


def test_a_heartbeat_that_repeats_outlives_what_passes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One decision that took longer than it waits ended it, and the answers grew old."""
    tries = []

    def locked(state: Path, quiet: bool, *, clock_is_right: bool) -> NoReturn:
        tries.append(clock_is_right)
        raise EnvironmentFault("another process writes", code="state-locked", hint="Wait.")

    def slept(seconds: float) -> None:
        assert seconds == 5
        if len(tries) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(operate, "writing", locked)
    monkeypatch.setattr("time.sleep", slept)
    with pytest.raises(KeyboardInterrupt):
        operate.heartbeat(tmp_path, every=5, clock_is_right=True, json_=True)
    assert tries == [True] * 3
    assert capsys.readouterr().err.count("state-locked") == 3
    with pytest.raises(EnvironmentFault):
        operate.heartbeat(tmp_path, json_=True)
