"""`yinzheng org` against whoever answers as the desk: only what the registry signed counts (S11.4)."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from tests.cli.commands import Said, refused, run
from tests.ledger.net.servers import Listening, answered, listening
from tests.verifier.bodies import HOSPITAL, LAB
from tests.verifier.formats.test_webhook import DATA as SAMPLES
from tests.verifier.formats.test_webhook import A, B, C, D
from tests.verifier.world import ISSUER, STRANGER, trust_json
from yinzheng.api.cli.list_words import NOTICE_KINDS
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.webhook import KINDS, Webhook, sign_webhook

SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}
NOW = int(time.time())


def signed(
    kind: str = "withdrawal.freeze", key: Sm2PrivateKey = ISSUER, to: str = LAB, at: int = NOW, **data: Any
) -> dict[str, str]:
    body, header = sign_webhook(Webhook(bytes(range(16)), kind, to, at, {**SAMPLES[kind], **data}), key)
    return {"body": body.decode(), "header": header}


def tampered(field: str, value: str) -> dict[str, str]:
    one = signed()
    return {"body": one["body"].replace(field, value), "header": one["header"]}


@contextmanager
def desk(answer: object) -> Iterator[Listening]:
    """Answers everything alike: JSON, or the bytes given."""
    data = answer if isinstance(answer, bytes) else dumps(answer)

    def reply(_request: bytes, connection: socket.socket) -> None:
        connection.sendall(answered(200, data, "Content-Type: application/json"))

    with listening(reply) as found:
        yield found


def policy(key: Sm2PrivateKey = ISSUER) -> bytes:
    value = trust_json()
    (issuer,) = value["issuers"]
    point = key.public_key.point
    issuer |= {"kid": key_id(point).hex(), "key": point.hex(), "not_before": 0, "not_after": NOW + 10**8}
    return json.dumps({**value, "issuers": [issuer]}).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("lab")
    (at / "trust.json").write_bytes(policy())
    made = run(
        *("org", "key", "new", "--code", LAB, "--name", "某实验室", "--role", "recipient"),
        *("--registry", at / "trust.json", "--out", at / "org", "--json"),
        env=SECRETS,
    )
    assert made.code == 0, made.err
    return at / "org"


def listed(notices: list[Any]) -> dict[str, Any]:
    """A list of one page (S15.12)."""
    return {"notices": notices, "next": None}


def told(folder: Path, answer: object, *args: object) -> Said:
    with desk(answer) as at:
        return run("org", *args, "--org", folder, "--desk", at.url, "--json", env=SECRETS)


def test_what_the_registry_signed_is_shown(folder: Path, tmp_path: Path) -> None:
    said = told(folder, listed([signed()]), "notices", "--out", tmp_path / "kept")
    assert (said.code, said.json[0]["data"]["withdrawal"]) == (0, A)
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_what_is_asked_is_told_in_chinese_too(folder: Path, tmp_path: Path) -> None:
    with desk(listed([signed()])) as at:
        to = ("--org", folder, "--desk", at.url)
        said = run("org", "notices", "--table", tmp_path / "todo.csv", *to, env=SECRETS)
    assert NOTICE_KINDS.keys() == set(KINDS)
    kind = json.loads(signed()["body"])["kind"]
    for words in (said.out, (tmp_path / "todo.csv").read_text("utf-8-sig")):
        assert NOTICE_KINDS[kind] in words


def test_who_takes_in_a_guardians_withdrawal_is_told_what_comes_next(folder: Path) -> None:
    with desk({"withdrawal": A, "state": "requested", "destroy_by": NOW, "freeze_by": NOW}) as at:
        given = ("org", "withdraw", A, "--org", folder, "--desk", at.url)
        assert "verify-guardian" in run(*given, "--guardian", env=SECRETS).out
        assert "verify-guardian" in run(*given, env=SECRETS).out, "a child's waits whatever was said"
    with desk({"withdrawal": A, "state": "notified", "destroy_by": NOW, "freeze_by": NOW}) as at:
        given = ("org", "withdraw", A, "--org", folder, "--desk", at.url)
        assert "verify-guardian" not in run(*given, env=SECRETS).out


@pytest.mark.parametrize("role", ["org", "holder"])
def test_what_makes_the_next_key_is_what_its_folder_takes(folder: Path, tmp_path: Path, role: str) -> None:
    own = copytree(folder, tmp_path / "org")
    profile = own / "organisation.json"
    if role == "holder":
        profile.write_text(json.dumps({**json.loads(profile.read_text()), "roles": ["holder"]}))
    with desk({}) as at:
        said = run("org", "key", "lost", "--org", own, "--desk", at.url, env=SECRETS)
    assert f"yinzheng {role} key rotate --lost --out FILE" in said.out
    said = run("org", "notices", "--org", own, "--desk", "http://127.0.0.1:9", env=SECRETS)
    assert f"yinzheng {role} key rotate --lost --out FILE" in said.err


LIES: dict[str, Callable[[], dict[str, str]]] = {
    "issuer-unknown": lambda: signed(key=STRANGER),
    "webhook-signature": lambda: tampered('"deadline":', '"deadline":1'),
    "webhook-malformed": lambda: {**signed(), "header": ""},
    "webhook-recipient": lambda: signed(to=HOSPITAL),
    "webhook-future": lambda: signed(at=NOW + 86_400),
}


@pytest.mark.parametrize("reason", LIES)
def test_lies_are_neither_shown_nor_kept(folder: Path, tmp_path: Path, reason: str) -> None:
    lie = LIES[reason]()
    with desk(listed([lie])) as at:
        base = ("org", "notices", "--out", tmp_path / "kept", "--org", folder, "--desk", at.url)
        refused(*base, code="notice-not-signed", exit_code=1, env=SECRETS)
    assert not list((tmp_path / "kept").iterdir())


def test_a_lie_beside_the_truth_hides_nothing(folder: Path, tmp_path: Path) -> None:
    said = told(folder, listed([signed(key=STRANGER), signed()]), "notices", "--out", tmp_path / "kept")
    assert (said.code, [one["kind"] for one in said.json]) == (1, ["withdrawal.freeze"])
    assert said.error["code"] == "notice-not-signed"
    assert len(list((tmp_path / "kept").iterdir())) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>", b"[]", b"null", b"{}", b'{"notices":{},"next":null}', b'{"notices":[]}',
        b'{"notices":[1],"next":null}', b'{"notices":[{"body":1}],"next":null}',
        b'{"notices":[{"body":"","header":null}],"next":null}', b"[" * 5000, b"\xff", b"",
    ],
)  # fmt: skip
def test_answers_that_are_none(folder: Path, answer: bytes) -> None:
    for args in (("notices",), ("freeze", A), ("destroyed", A, "--method", "logical", "--operator", "x")):
        assert told(folder, answer, *args).code == 1, args


FREEZE = ("freeze", A)
DESTROYED = ("destroyed", A, "--method", "logical", "--operator", "信息科")


@pytest.mark.parametrize(
    ("notices", "code"),
    [
        ([], "notice-missing"),
        ([signed(key=STRANGER)], "notice-not-signed"),
        ([signed(key=STRANGER, kind="withdrawal.destroy")], "notice-not-signed"),
        ([signed(to=HOSPITAL)], "notice-not-signed"),
        ([signed(withdrawal=D), signed("withdrawal.destroy", withdrawal=D)], "notice-missing"),
        ([signed("withdrawal.ethics"), signed("withdrawal.concluded")], "notice-missing"),
    ],
)
@pytest.mark.parametrize("args", [FREEZE, DESTROYED])
def test_nothing_is_shut_or_destroyed_on_the_desks_word(
    folder: Path, notices: list[Any], code: str, args: tuple[str, ...]
) -> None:
    answer = {"state": "open", "duty": "destroy", "request": C, "notices": notices}
    with desk(answer) as at:
        refused("org", *args, "--org", folder, "--desk", at.url, code=code, exit_code=1, env=SECRETS)
        assert all(seen.startswith(b"GET ") for seen in at.seen), "nothing was confirmed"


def test_the_request_confirmed_is_the_one_the_registry_named(folder: Path) -> None:
    """The desk says another; what we sign names the one in the notice."""
    answer = {"state": "open", "request": B, "notices": [signed("withdrawal.destroy"), signed()]}
    with desk(answer) as at:
        said = run("org", *DESTROYED, "--org", folder, "--desk", at.url, "--json", env=SECRETS)
        assert said.code == 0, said.err
        sent = json.loads(at.seen[1].partition(b"\r\n\r\n")[2])
    assert C in json.dumps(sent)
    assert B not in json.dumps(sent)


def test_what_came_to_a_webhook_is_checked_alike(folder: Path, tmp_path: Path) -> None:
    for name, one in (("true", signed()), ("false", signed(key=STRANGER))):
        (tmp_path / f"{name}.json").write_text(one["body"])
        (tmp_path / f"{name}.signature").write_text(one["header"] + "\n")
    base = ("org", "notices", "--org", folder, "--received")
    said = run(*base, tmp_path / "true.json", "--json", env=SECRETS)
    assert (said.code, len(said.json)) == (0, 1)
    refused(*base, tmp_path / "false.json", code="notice-not-signed", exit_code=1, env=SECRETS)
    refused(*base, tmp_path / "none.json", code="file-missing", exit_code=2, env=SECRETS)


def test_another_registry_is_not_pinned_by_the_way(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(policy(STRANGER))
    base = ("org", "trust", other, "--org", folder)
    refused(*base, code="registry-pinned", exit_code=2)
    assert told(folder, listed([signed(key=STRANGER)]), "notices").code == 1
    refused("org", "trust", tmp_path / "no", "--org", folder, code="file-missing", exit_code=2)
    other.write_text("{}")
    refused(*base, "--replace", code="trust-malformed", exit_code=1)
    other.write_bytes(policy(STRANGER))
    assert run(*base, "--replace").code == 0
    assert told(folder, listed([signed(key=STRANGER)]), "notices").code == 0
    other.write_bytes(policy())
    assert run(*base, "--replace").code == 0
