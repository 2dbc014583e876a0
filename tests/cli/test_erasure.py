"""Destroying a record, backups and restoring, as an operator runs them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from tests.cli.commands import refused, run, secret_file


def test_a_dossier_is_destroyed_and_stays_so(copied: Callable[[], Path], tmp_path: Path) -> None:
    state = copied()
    at = ("--state", state)
    assert run("retention", "--as", "officer-chen", *at, "--json").code == 0
    for name, role in (
        ("ma", "data_manager"),
        ("he", "department_head"),
        ("gu", "security"),
        ("liu", "legal"),
        ("er", "ethics"),
        ("wu", "witness"),
        ("xu", "witness"),
    ):
        said = run(
            *("people", "add", name, "--role", role, "--as", "keeper-wu", *at, "--json"),
            *("--new-passphrase-file", secret_file(state, name)),
        )
        assert said.code == 0, said
    assert "ethics" in run("people", "list", *at).out
    keys, backup = tmp_path / "disk" / "keys", tmp_path / "backup"
    by = ("--as", "officer-chen", *at)
    refused("backup", backup, *by, code="backup-place", exit_code=2)
    refused(
        "backup",
        backup,
        "--keys",
        backup / "keys",
        "--as",
        "officer-chen",
        *at,
        code="backup-together",
        exit_code=2,
    )
    refused(
        "backup",
        backup,
        "--keys",
        state / "k",
        "--as",
        "officer-chen",
        *at,
        code="backup-together",
        exit_code=2,
    )
    said = run("backup", backup, "--keys", keys, "--with-keystore", "--as", "officer-chen", *at)
    assert said.code == 0, said
    by = ("--as", "officer-chen", *at)
    refused("backup", backup, *by, code="backup-exists", exit_code=2)
    refused("backup", backup, "--keep", "2", *by, code="backup-keep", exit_code=2)
    nightly = run("backup", tmp_path / "nightly", "--dated", "--keep", "2", *by, "--json").json
    assert Path(nightly["backup"]).parent == tmp_path / "nightly"
    assert nightly["dropped"] == []

    propose = ("erase", "propose", "case", "A-2026-000001", "--as", "officer-chen", *at)
    refused(*propose, "--ground", "retention_ended", code="destruction-blocked", exit_code=2)
    dropped = run(*propose, "--ground", "court", "--json").json["erasure"]
    assert "dropped" in run("erase", "drop", dropped, "--as", "officer-chen", *at).out
    id_ = run(*propose, "--ground", "court", "--json").json["erasure"]
    refused("erase", "witness", id_, "--as", "wu", *at, code="destruction-order", exit_code=2)
    for name in ("ma", "he", "gu", "er"):
        assert run("erase", "approve", id_, "--as", name, *at).code == 0
    refused("erase", "carry-out", id_, "--as", "liu", *at, code="erasure-state", exit_code=2)
    for name in ("wu", "xu"):
        assert run("erase", "witness", id_, "--as", name, *at).code == 0
    away = keys.rename(tmp_path / "away")
    refused("erase", "carry-out", id_, "--as", "officer-chen", *at, code="destruction-person", exit_code=2)
    refused("erase", "carry-out", id_, "--as", "liu", *at, code="backup-unreachable", exit_code=3)
    assert "out of reach" in run("backup-places", *at).out
    away.rename(keys)
    said = run("erase", "carry-out", id_, "--as", "liu", *at, "--json")
    assert said.code == 0, said
    given_up, listed = run("erasures", "--as", "auditor-he", *at, "--json").json
    assert (given_up["id"], given_up["state"]) == (dropped, "dropped")
    assert (listed["state"], listed["tombstone"]) == ("destroyed", said.json["tombstone"])
    table = tmp_path / "erasures.csv"
    assert "destroyed" in run("erasures", "--as", "auditor-he", *at, "--table", table).out
    first, second = csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines())
    assert (first["状态"], second["状态"], second["销毁依据"]) == ("已放弃", "已销毁", "生效法律文书")
    assert (second["待签署"], second["已签署"].count("；")) == ("", 6)
    assert run("audit", *at).code == 0

    restored = tmp_path / "restored"
    # A demonstration's passphrase lies beside its keys, and goes into no backup.
    by = (
        "--as",
        "officer-chen",
        "--passphrase-file",
        state / "people" / "officer-chen.demonstration-passphrase",
    )
    again = ("restore", backup, "--keys", keys, "--state", restored)
    refused(*again, *by, code="passphrase-missing", exit_code=2)
    unlocked = {"YINZHENG_PASSPHRASE_FILE": str(state / "keys" / "passphrase")}
    nobody = (
        "--as",
        "committee-lin",
        "--passphrase-file",
        state / "people" / "committee-lin.demonstration-passphrase",
    )
    refused(*again, *nobody, env=unlocked, code="officer-needed", exit_code=2)
    said = run(*again, *by, "--json", env=unlocked)
    assert said.code == 0, said
    assert said.json["destroyed"] == 1
    assert 0 < said.json["opened"] == said.json["living"]
    refused(*again, *by, code="state-exists", exit_code=2)
    nowhere = ("restore", tmp_path, "--keys", keys, "--state", tmp_path / "n", *by)
    refused(*nowhere, code="backup-missing", exit_code=2)
    refused("backup-places", "--forget", keys, "--as", "ma", *at, code="person-no-officer", exit_code=2)
    assert run("people", "remove", "ma", "--as", "keeper-wu", *at).code == 0
