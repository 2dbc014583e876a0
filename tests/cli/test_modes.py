"""What commands leave behind, as somebody else of the same machine finds it (docs/adr/0083)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.cli.processes import environment, start
from tests.cli.test_operate import PASSPHRASE, init, own_passphrases
from tests.ledger.world import dossier
from yinzheng.api.cli.modes import VARIABLE, close_files
from yinzheng.verifier.errors import UsageFault


def open_to_others(*folders: Path) -> set[str]:
    """The names, from each folder on, of what others than the owner may read, write or enter."""
    return {
        path.relative_to(folder).as_posix() or "."
        for folder in folders
        for path in (folder, *folder.rglob("*"))
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    }


PUBLIC = {"trust.json"}
"""What is for all on purpose: the policy that a registry hands out."""


def test_what_commands_write_is_their_owners_alone(tmp_path: Path) -> None:
    """In a folder that all may enter, under a umask that forbids nothing."""
    there = tmp_path / "there"
    there.mkdir()
    dossier(tmp_path / "dossier")
    state, secrets = there / "state", own_passphrases()
    env = environment(**PASSPHRASE, YINZHENG_STATE=str(state))
    li_wei = {**env, "YINZHENG_PERSON_PASSPHRASE_FILE": str(secrets["li-wei"])}
    org = {**env, "YINZHENG_ORG_PASSPHRASE_FILE": str(secrets["wu-bo"])}
    code = "12990100DEM000100P"
    before = os.umask(0)
    try:
        for given, used in (
            (init(state), env),
            (["export-trust", "--out", there / "trust.json"], env),
            (["dossier", "new", there / "blank"], env),
            (["apply", tmp_path / "dossier"], env),
            (["dossier", "open", "A-2026-000001", "--as", "li-wei", "--out", there / "review"], li_wei),
            (["show", "A-2026-000001", "--proofs", there / "proofs"], env),
            (["org", "key", "new", "--code", code, "--name", "某医院", "--role", "controller",
              "--out", there / "org"], org),
        ):  # fmt: skip
            done = start(*given, env=used)
            assert done.returncode == 0, (given, done.stderr)
    finally:
        os.umask(before)
    assert {"state", "review", "proofs", "org", "blank"} <= {p.name for p in there.iterdir()}
    there.chmod(0o700)
    assert open_to_others(there) == PUBLIC
    assert stat.S_IMODE((there / "trust.json").stat().st_mode) == 0o644


@pytest.mark.slow
def test_under_027_the_group_reads_what_pages_show_and_no_key(tmp_path: Path) -> None:
    """In a new registry and in one put back from a backup; LMDB's table of readers alone it may write."""
    state, again, copy, keys = (tmp_path / name for name in ("state", "again", "copy", "record-keys"))
    secret = str(own_passphrases()["li-wei"])
    env = environment(**PASSPHRASE, YINZHENG_UMASK="027", YINZHENG_PERSON_PASSPHRASE_FILE=secret)
    dossier(tmp_path / "dossier")
    by = ("--keys", keys, "--as", "li-wei")
    for given in (
        init(state),
        ["apply", tmp_path / "dossier", "--state", state],
        ["backup", copy, "--state", state, *by],
        ["restore", copy, "--state", again, "--keystore", state / "keys", *by],
        ["heartbeat", "--state", again],
    ):
        done = start(*given, env=env)
        assert done.returncode == 0, (given, done.stderr)
    for root in (state, again):
        modes = {p.relative_to(root).as_posix(): stat.S_IMODE(p.lstat().st_mode) for p in root.rglob("*")}
        assert not [name for name, mode in modes.items() if mode & 0o007]
        assert [name for name, mode in modes.items() if mode & 0o020] == ["chain/lock.mdb"]
        assert {stat.S_IMODE(root.stat().st_mode), modes["chain"], modes["log"]} == {0o750}
        for name in ("ledger.sqlite", "instance.json", "log/checkpoint", "chain/data.mdb"):
            assert modes[name] == 0o640, name
        assert modes["keys"] == modes["people"] == modes["blobs"] == 0o700
        assert open_to_others(root / "keys", root / "people", root / "blobs") == set()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700
    assert open_to_others(keys) == set()


@pytest.mark.parametrize(
    ("inherited", "said", "then"),
    [
        (0o022, "", 0o077),
        (0o000, " ", 0o077),
        (0o177, "", 0o177),
        (0o022, "027", 0o027),
        (0o022, "0027", 0o027),
        (0o077, "22", 0o022),
        (0o022, "077", 0o077),
    ],
)
def test_the_umask_is_tightened_unless_the_operator_says_so(inherited: int, said: str, then: int) -> None:
    before = os.umask(inherited)
    try:
        close_files({VARIABLE: said} if said else {})
        assert os.umask(0) == then
    finally:
        os.umask(before)


@pytest.mark.parametrize("said", ["0o27", "777", "177", "9", "rwx", "-1", "0x12", "00027"])
def test_what_is_no_umask_is_refused_and_changes_nothing(said: str) -> None:
    before = os.umask(0o022)
    try:
        with pytest.raises(UsageFault, match=VARIABLE):
            close_files({VARIABLE: said})
        assert os.umask(0) == 0o022
    finally:
        os.umask(before)
    done = start("chain", "--json", env=environment(YINZHENG_UMASK=said))
    assert (done.returncode, '"umask"' in done.stderr) == (2, True)
