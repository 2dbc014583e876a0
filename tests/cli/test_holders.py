"""A holder makes its keys on its own machine, an officer enrols them (D16)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.cli.commands import refused, run
from tests.ledger.world import OFFICER
from yinzheng.ledger.chain.eip712 import message_digest
from yinzheng.ledger.keys.provider import EthereumKey

FIRM, INSTITUTE = "91310000132200821H", "12440000MB2DEM001E"
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
    refused("enrol", forged, "--as", OFFICER, "--state", state, code="holder-declaration", exit_code=1)
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
