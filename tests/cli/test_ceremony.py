"""A key ceremony: everyone's fingerprint is compared, or there is no record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.commands import refused, run
from tests.cli.conftest import Demonstration
from tests.cli.test_reviewing import at_terminal
from tests.ledger.document.pages import text_of
from tests.ledger.world import KEEPER, MEMBER, OFFICER
from yinzheng.ledger.keys.personal import make_key_file
from yinzheng.ledger.people import keyring
from yinzheng.ledger.state.instance import Paths


def test_everyone_reads_aloud_and_signs(demonstration: Demonstration, tmp_path: Path) -> None:
    state = demonstration.state
    people = {one["name"]: one["address"] for one in run("people", "list", "--state", state, "--json").json}
    paths, medium = Paths(state), tmp_path / "usb.json"
    shutil.copy(keyring.key_file(paths, OFFICER), medium)
    medium.chmod(0o600)
    secret = keyring.demonstration_passphrase(paths, OFFICER).read_text().strip()
    words = ("people", "ceremony", "--state", state, "--place", "三楼会议室", "--witness", "某公证员")
    record = tmp_path / "record.txt"

    def answer(since: str) -> str | None:
        if "口令: " in since[-12:]:
            return secret
        return "y" if since.endswith("[y/N]: ") else None

    code, said = at_terminal(
        tmp_path, *words, "--out", record, "--medium", f"{OFFICER}={medium}", answer=answer
    )
    assert code == 0, said
    text = record.read_text(encoding="utf-8")
    assert record.stat().st_mode & 0o077 == 0
    for name, address in people.items():
        spoken = " ".join(address[2 + at : 6 + at] for at in range(0, 40, 4))
        assert name in text
        assert spoken in text
        assert spoken in said.replace("\r\n", "\n")
    assert text.count("签名 Signature") == len(people) + 1
    assert "三楼会议室" in text
    assert "演示，无任何效力" in text
    policy = run("trust", "show", demonstration.trust, "--json").json["fingerprint"]["digits"]
    assert policy in text.replace(" ", "")
    assert max(map(len, text.splitlines())) <= 90

    paper = tmp_path / "record.PDF"
    code, said = at_terminal(tmp_path, *words, "--out", paper, answer=answer)
    assert code == 0, said
    printed = text_of(paper.read_bytes())
    assert all(one[2:] in printed for one in people.values())
    assert paper.stat().st_mode & 0o077 == 0

    none = tmp_path / "none.txt"
    code, said = at_terminal(
        tmp_path, *words, "--out", none,
        answer=lambda since: None if not since.endswith("[y/N]: ") else "n" if KEEPER in since else "y",
    )  # fmt: skip
    assert (code, none.exists()) == (1, False), said


def test_a_medium_of_another_key_ends_it(demonstration: Demonstration, tmp_path: Path) -> None:
    """Also one whose file says that it is the right key."""
    state, record, medium = demonstration.state, tmp_path / "record.txt", tmp_path / "usb.json"
    make_key_file(medium, b"a passphrase of their own", scrypt_n=2)
    words = ("people", "ceremony", "--state", state, "--out", record, "--medium", f"{MEMBER}={medium}")

    def ended() -> str:
        code, said = at_terminal(
            tmp_path, *words,
            answer=lambda since: "a passphrase of their own" if "口令: " in since[-12:] else None,
        )  # fmt: skip
        assert (code, record.exists()) == (1, False), said
        return said

    assert "another key than the one enrolled" in ended()
    enrolled = {one["name"]: one["address"] for one in run("people", "list", "--state", state, "--json").json}
    lying = json.loads(medium.read_bytes()) | {"address": enrolled[MEMBER].removeprefix("0x")}
    medium.write_text(json.dumps(lying))
    assert "names another address" in ended()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "ceremony-unconfirmed"),
        (("--medium", "nobody=x"), "person-unknown"),
        (("--medium", "x"), "ceremony-medium"),
    ],
)
def test_what_is_no_ceremony(
    demonstration: Demonstration, tmp_path: Path, words: tuple[str, ...], code: str
) -> None:
    base = ("people", "ceremony", "--state", demonstration.state, "--out", tmp_path / "record.txt")
    refused(*base, *words, code=code, exit_code=2)
    assert not (tmp_path / "record.txt").exists()
    (tmp_path / "record.txt").write_text("an earlier one")
    refused(*base, *words, code="file-exists", exit_code=2)


def test_ones_own_fingerprint(tmp_path: Path) -> None:
    medium, secret = tmp_path / "usb.json", tmp_path / "secret"
    key = make_key_file(medium, b"a passphrase of their own", scrypt_n=2)
    secret.write_text("a passphrase of their own\n")
    secret.chmod(0o600)
    own = ("people", "fingerprint", medium)
    refused(*own, code="passphrase-missing", exit_code=2)
    said = run(*own, env={"YINZHENG_PERSON_PASSPHRASE_FILE": str(secret)})
    assert "".join(said.out.split(": ")[1].split()) == key.address.hex()
    refused("people", "fingerprint", tmp_path / "none", code="person-key-missing", exit_code=2)
