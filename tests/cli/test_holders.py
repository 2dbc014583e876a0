"""A holder makes its keys on its own machine, an officer enrols them (D16)."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tests.cli.commands import refused, run
from tests.ledger.world import OFFICER
from yinzheng.api.cli.org.common import china_time
from yinzheng.ledger.chain.eip712 import message_digest
from yinzheng.ledger.demonstration.certificates import ADMINISTRATOR
from yinzheng.ledger.keys.provider import EthereumKey

FIRM, INSTITUTE = "91310000132200821H", "12440000MB2DEM001E"
COURT = "11440100MB2DEMC01T"
SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}


def test_from_new_keys_to_the_chain(copied: Callable[[], Path], tmp_path: Path) -> None:
    state, trust, folder = copied(), tmp_path / "trust.json", tmp_path / "firm"
    assert run("export-trust", "--state", state, "--out", trust).code == 0
    who = ("--code", FIRM, "--name", "某数据公司")
    no = ("org", "key", "new", *who, "--role", "holder", "--out", folder)
    refused(*no, code="registry-not-pinned", exit_code=2, env=SECRETS)
    overlap = ("holder", "key", "new", *who, "--role", "forum", "--registry", trust, "--out", folder)
    refused(*overlap, code="roles-overlap", exit_code=1, env=SECRETS)
    made = run("holder", "key", "new", *who, "--registry", trust, "--out", folder, "--json", env=SECRETS)
    assert made.code == 0, made.err

    file = Path(made.json["enrolment"])
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(json.loads(file.read_text()) | {"account": "11" * 20}))
    refused("enrol", forged, "--as", OFFICER, "--state", state, code="key-possession", exit_code=1)
    enrolled = run("enrol", file, "--as", OFFICER, "--state", state)
    assert enrolled.code == 0, enrolled.err
    assert "holder" in enrolled.out
    (listed,) = (one for one in run("organisations", "--state", state, "--json").json if one["code"] == FIRM)
    assert (listed["roles"], listed["account"]) == (["holder"], made.json["account"])

    refused("org", "key", "rotate", "--org", folder, code="officer-needed", exit_code=2, env=SECRETS)
    file, begins = tmp_path / "rotation.json", int(time.time()) + 60
    rotate = ("holder", "key", "rotate", "--new-account", "--org", folder, "--begins", begins)
    changed = run(*rotate, "--out", file, "--json", env=SECRETS)
    assert changed.code == 0, changed.err
    refused("rotate-key", file, "--state", state, code="officer-needed", exit_code=2)
    done = run("rotate-key", file, "--as", OFFICER, "--state", state)
    assert done.code == 0, done.err
    assert china_time(begins) in done.out  # not when it was handed in
    (after,) = (one for one in run("organisations", "--state", state, "--json").json if one["code"] == FIRM)
    assert after["account"] == changed.json["account"] != listed["account"]
    lost = ("revoke-key", FIRM, changed.json["kid"], "--since", int(time.time()), "--as", OFFICER)
    told = run(*lost, "--reason", "compromised", "--account", "--state", state)
    assert told.code == 0, told.err


def test_an_account_that_signs_elsewhere(copied: Callable[[], Path], tmp_path: Path) -> None:
    state, trust, folder = copied(), tmp_path / "trust.json", tmp_path / "institute"
    assert run("export-trust", "--state", state, "--out", trust).code == 0
    wallet = EthereumKey.generate()
    new = ("holder", "key", "new", "--code", INSTITUTE, "--name", "某研究院", "--registry", trust)
    refused(*new, "--account", "0x12", "--out", folder, code="account-malformed", exit_code=2, env=SECRETS)
    asked = run(*new, "--account", "0x" + wallet.address.hex(), "--out", folder, "--json", env=SECRETS)
    assert asked.code == 0, asked.err
    assert not (folder / "enrolment.json").exists()

    message = json.loads(Path(asked.json["to_sign"]).read_text())
    for name in ("organisation", "key", "statement"):  # as a wallet reads them
        message["message"][name] = bytes.fromhex(message["message"][name][2:])
    digest = message_digest(message)

    def signed(key: EthereumKey) -> str:
        made = key.sign_digest(digest)
        return "0x" + (made[:64] + bytes([made[64] + 27])).hex()

    finish = ("holder", "key", "finish")
    stranger = signed(EthereumKey.generate())
    refused(*finish, stranger, "--org", folder, code="account-possession", exit_code=1, env=SECRETS)
    refused(*finish, "00", "--org", folder, code="approval-malformed", exit_code=2, env=SECRETS)
    done = run(*finish, signed(wallet), "--org", folder, "--json", env=SECRETS)
    assert done.code == 0, done.err
    enrolled = run("enrol", done.json["enrolment"], "--as", OFFICER, "--state", state)
    assert enrolled.code == 0, enrolled.err


def test_an_announced_replacement_is_vetoed(copied: Callable[[], Path], tmp_path: Path) -> None:
    """The old key lies in a copy of the folder, from before somebody announced another account."""
    state, trust, folder, old = copied(), tmp_path / "trust.json", tmp_path / "firm", tmp_path / "old"
    assert run("export-trust", "--state", state, "--out", trust).code == 0
    new = ("holder", "key", "new", "--code", FIRM, "--name", "某数据公司", "--registry", trust)
    made = run(*new, "--out", folder, "--json", env=SECRETS)
    assert run("enrol", made.json["enrolment"], "--as", OFFICER, "--state", state).code == 0
    shutil.copytree(folder, old)
    file, veto = tmp_path / "rotation.json", tmp_path / "veto.json"
    announce = ("holder", "key", "rotate", "--account-lost", "--org", folder, "--out", file)
    assert run(*announce, "--begins", int(time.time()) + 60, env=SECRETS).code == 0
    said = run("holder", "veto", "--org", old, "--out", veto, "--json", env=SECRETS)
    assert said.code == 0, said.err
    assert said.json["call"]["to"]
    refused("veto", veto, "--state", state, code="serial-not-next", exit_code=2)
    assert run("rotate-key", file, "--as", OFFICER, "--state", state).code == 0
    done = run("veto", veto, "--state", state)
    assert done.code == 0, done.err
    wrong = ("holder", "veto", "--org", old, "--out", tmp_path / "w", "--account", "11" * 20)
    refused(*wrong, code="account-elsewhere", exit_code=2, env=SECRETS)


def test_a_court_has_a_lost_account_replaced(copied: Callable[[], Path], tmp_path: Path) -> None:
    state, trust, folder, court = copied(), tmp_path / "trust.json", tmp_path / "firm", tmp_path / "court"
    assert run("export-trust", "--state", state, "--out", trust).code == 0
    new = ("holder", "key", "new", "--code", FIRM, "--name", "某数据公司", "--registry", trust)
    made = run(*new, "--out", folder, "--json", env=SECRETS)
    assert run("enrol", made.json["enrolment"], "--as", OFFICER, "--state", state).code == 0
    forum = (
        "org",
        "key",
        "new",
        "--code",
        COURT,
        "--name",
        "某市中级人民法院",
        "--role",
        "forum",
        "--account",
    )
    made = run(*forum, "--registry", trust, "--out", court, "--json", env=SECRETS)
    people = ("--as", OFFICER, "--administrator", ADMINISTRATOR)
    assert run("enrol", made.json["enrolment"], *people, "--state", state).code == 0
    file, decided, document = tmp_path / "rotation.json", tmp_path / "decided.json", tmp_path / "judgment"
    document.write_bytes(b"a judgment")
    shutil.copytree(folder, tmp_path / "other")
    plain = ("holder", "key", "rotate", "--org", tmp_path / "other", "--begins", int(time.time()) + 60)
    assert run(*plain, "--new-account", "--out", tmp_path / "plain", env=SECRETS).code == 0
    cited = ("--document", document, "--reference", "(2026)粤01民初1号", "--org", court)
    order = ("org", "order", "replace")
    refused(
        *order, tmp_path / "plain", *cited, "--out", decided, code="holder-binding", exit_code=2, env=SECRETS
    )
    lost = ("holder", "key", "rotate", "--account-lost", "--org", folder, "--out", file, "--json")
    changed = run(*lost, "--begins", int(time.time()) + 60, env=SECRETS)
    assert changed.code == 0, changed.err
    signed = run(*order, file, *cited, "--out", decided, env=SECRETS)
    assert signed.code == 0, signed.err
    taken = run("rotate-key", decided, "--as", OFFICER, "--state", state)
    assert taken.code == 0, taken.err
    (after,) = (one for one in run("organisations", "--state", state, "--json").json if one["code"] == FIRM)
    assert after["account"] == changed.json["account"]
