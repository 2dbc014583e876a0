"""`yinzheng keys`, and `init` with keys in a token, as an operator runs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import contents, refused, run
from tests.cli.test_operate import PASSPHRASE, init, own_passphrases
from tests.ledger.keys.softhsm import LABEL, MODULE, PIN, Hsm, needs_softhsm, softhsm

pytestmark = needs_softhsm
ENVIRONMENT = {**PASSPHRASE, "YINZHENG_PKCS11_PIN": PIN}
TOKEN = {"module": MODULE, "token": LABEL}


@pytest.fixture
def hsm(tmp_path: Path) -> Iterator[Hsm]:
    with softhsm(tmp_path) as made:
        yield made


def test_a_registry_with_keys_in_a_token(hsm: Hsm, tmp_path: Path) -> None:
    state = tmp_path / "state"
    keeper = ("--as", "wu-bo", "--passphrase-file", own_passphrases()["wu-bo"])
    wanted: dict[str, str | list[str]] = {**TOKEN, "in-token": ["kek", "relay"]}
    said = run(*init(state, **wanted), "--json", env=ENVIRONMENT)
    assert said.code == 0, said
    assert not any(PIN.encode() in path.read_bytes() for path in state.rglob("*") if path.is_file())
    where = {
        row["name"]: (row["kind"], row["where"])
        for row in run("keys", "list", "--state", state, "--json").json
    }
    assert where["kek"] == ("aes256", "token")
    assert where["relay"] == ("secp256k1", "token")
    assert where["issuer"] == ("sm2", "keystore")
    assert f"token {LABEL}" in run("keys", "list", "--state", state).out
    assert run("audit", "--state", state, env=ENVIRONMENT).code == 0
    hsm.restart()
    refused("audit", "--state", state, env=PASSPHRASE, code="pin-missing", exit_code=2)
    wrong = {**PASSPHRASE, "YINZHENG_PKCS11_PIN": "not this one"}
    refused("audit", "--state", state, env=wrong, code="token-pin-wrong", exit_code=3)
    hsm.disconnect()
    refused("audit", "--state", state, env=ENVIRONMENT, code="token-absent", exit_code=3)
    hsm.reconnect()
    out = run("keys", "rewrap", *keeper, "--to", "keystore", "--state", state, "--json", env=ENVIRONMENT)
    assert out.json == {"dossier": 0, "consent": 0, "digest_key": 0, "access_key": 1}
    rows = {row["name"]: row["where"] for row in run("keys", "list", "--state", state, "--json").json}
    assert (rows["kek"], rows["relay"]) == ("keystore", "token")
    before = contents(state)
    issuer = ("keys", "to-token", "issuer", "--state", state)
    refused(*issuer, *keeper, env=ENVIRONMENT, code="key-in-use", exit_code=2)
    officer = ("--as", "li-wei", "--passphrase-file", own_passphrases()["li-wei"])
    refused(*issuer, *officer, env=ENVIRONMENT, code="administrator-needed", exit_code=2)
    refused("keys", "rewrap", *keeper, "--to", "paper", "--state", state, code="rewrap-target", exit_code=2)
    refused("keys", "rewrap", *keeper, "--state", state, env=ENVIRONMENT, code="kek-elsewhere", exit_code=2)
    assert contents(state) == before
    said = run("keys", "to-token", "kek", *keeper, "--state", state, env=ENVIRONMENT)
    assert "keys rewrap" in said.out, said
    said = run("keys", "rewrap", *keeper, "--state", state, env=ENVIRONMENT)
    assert "0 of dossier" in said.out, said
    assert "kek.json" in said.out
    assert run("audit", "--state", state, env=ENVIRONMENT).code == 0


@pytest.mark.parametrize(
    ("options", "code", "exit_code"),
    [
        ({"in-token": "kek"}, "token-unnamed", 2),
        ({"token": LABEL}, "token-unnamed", 2),
        ({**TOKEN, "in-token": "issuer"}, "key-mechanism", 3),
        ({**TOKEN, "in-token": "issuer", "token-sm2": "some"}, "token-sm2", 2),
        (
            {
                **TOKEN,
                "in-token": "issuer",
                "token-sm2": "generate=0x80000001,sign=0x80000002,key-type=0x80000003,input=digest",
            },
            "key-mechanism",
            3,
        ),
        ({**TOKEN, "in-token": "validator"}, "key-secret-needed", 2),
        ({**TOKEN, "in-token": "somebody"}, "key-name", 2),
    ],
)
def test_what_a_token_cannot_do_is_said_at_once(
    hsm: Hsm, tmp_path: Path, options: dict[str, str | list[str]], code: str, exit_code: int
) -> None:
    state = tmp_path / "state"
    refused(*init(state, **options), env=ENVIRONMENT, code=code, exit_code=exit_code)
    assert not state.exists()
    assert not hsm.objects()
