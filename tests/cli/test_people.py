"""What proves a person on the command line, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.commands import refused, run
from tests.ledger.world import AUDITOR, KEEPER, MEMBER, OFFICER
from yinzheng.api.cli.list_words import OFFICES
from yinzheng.ledger.people import keyring
from yinzheng.ledger.rules.offices import ROLES
from yinzheng.ledger.state.instance import Paths


def test_what_proves_a_person_on_the_command_line(copied: Callable[[], Path], tmp_path: Path) -> None:
    state = copied()
    case = run("cases", "--state", state, "--json").json[0]["case"]
    paths = Paths(state)
    command: tuple[Any, ...] = ("dossier", "open", case, "--as", OFFICER, "--state", state)
    mine = keyring.demonstration_passphrase(paths, OFFICER).rename(tmp_path / "mine")
    no = (*command, "--out", tmp_path / "no")
    assert "--new-passphrase-file" in refused(*no, code="passphrase-missing", exit_code=2)["hint"]
    theirs = keyring.demonstration_passphrase(paths, MEMBER)
    refused(*no, "--passphrase-file", theirs, code="wrong-passphrase", exit_code=3)
    key = keyring.key_file(paths, MEMBER)
    refused(*no, "--key", key, "--passphrase-file", theirs, code="key-differs", exit_code=1)
    mine.chmod(0o644)
    refused(*no, "--passphrase-file", mine, code="passphrase-exposed", exit_code=3)
    mine.chmod(0o600)
    by_name = ("--passphrase-file", f"{OFFICER}={mine}")
    assert run(*command, "--out", tmp_path / "one", *by_name).code == 0
    env = {"YINZHENG_PERSON_PASSPHRASE_FILE": str(mine)}
    assert run(*command, "--out", tmp_path / "two", env=env).code == 0
    for other in (KEEPER, AUDITOR):
        asked = ("dossier", "open", case, "--as", other, "--state", state, "--out", tmp_path / "no")
        refused(*asked, code="officer-needed", exit_code=2)
    assert not (tmp_path / "no").exists()
    new = tmp_path / "new"
    new.write_text("a quite new passphrase\n")
    new.chmod(0o600)
    change = ("people", "passphrase", "--as", OFFICER, "--state", state, "--new-passphrase-file", new)
    assert run(*change, "--passphrase-file", mine).code == 0
    refused(*no, "--passphrase-file", mine, code="wrong-passphrase", exit_code=3)
    assert run(*command, "--out", tmp_path / "three", "--passphrase-file", new).code == 0


def test_one_command_puts_another_in_the_place_of_who_leaves(
    copied: Callable[[], Path], tmp_path: Path
) -> None:
    state, new = copied(), tmp_path / "new"
    new.write_text("a quite new passphrase\n")
    new.chmod(0o600)
    at = ("--as", KEEPER, "--state", state, "--new-passphrase-file", new)
    said = run("people", "replace", OFFICER, "sun-li", *at, "--json")
    assert said.json == {"name": "sun-li", "role": "registry", "removed": OFFICER}, said.err
    rows = {one["name"]: one for one in run("people", "list", "--state", state, "--json").json}
    assert {role.value for role in ROLES} <= OFFICES.keys()
    shown = run("people", "list", "--state", state).out
    assert all(OFFICES[one["role"]] in shown for one in rows.values())
    assert (rows["sun-li"]["role"], rows["sun-li"]["removed_at"]) == ("registry", None)
    assert rows[OFFICER]["removed_at"] is not None
    refused("people", "replace", OFFICER, "sun-li", *at, code="person-removed", exit_code=2)
    refused("people", "replace", MEMBER, "sun-li", *at, code="person-exists", exit_code=2)
    assert run("audit", "--state", state).code == 0


def test_who_was_enrolled_already_takes_over_with_the_key_they_have(
    copied: Callable[[], Path], tmp_path: Path
) -> None:
    state, new = copied(), tmp_path / "new"
    new.write_text("a quite new passphrase\n")
    new.chmod(0o600)
    at = ("--as", KEEPER, "--state", state)
    own = ("--new-passphrase-file", new)
    assert run("people", "add", "sun-li", "--role", "registry", *at, *own).code == 0
    other = ("--address", "0x" + "11" * 20)
    refused("people", "replace", OFFICER, "sun-li", *at, *other, code="person-exists", exit_code=2)
    assert run("people", "replace", OFFICER, "sun-li", *at, *own).code == 0
    rows = {one["name"]: one for one in run("people", "list", "--state", state, "--json").json}
    assert rows["sun-li"]["removed_at"] is None
    assert rows[OFFICER]["removed_at"] is not None
