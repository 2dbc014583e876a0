"""The holder's challenge on page and interface: the verifier's verdict, and an answer taken once (S21)."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Client, Serve
from tests.api.fake import FakeReader
from tests.verifier import holder_world as holders
from tests.verifier.holder_world import HolderWorld, answered
from tests.verifier.world import HOSPITAL, trust_json
from yinzheng.ledger.document.qr import qr_png
from yinzheng.verifier.formats.challenge import parse_challenge
from yinzheng.verifier.formats.shortcode import ShortCode, short_code
from yinzheng.verifier.words.challenge import OBLIGATIONS

TRUST = trust_json()
TRUST["chain"]["contracts"]["holders"] = {
    "address": holders.HOLDERS.hex(), "code_hash": holders.HOLDERS_CODE.hex(),
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> HolderWorld:
    return HolderWorld()


@pytest.fixture
def client(serve: Serve, world: HolderWorld, tmp_path: Path) -> Client:
    reader = FakeReader(tmp_path, world=world, policy=holders.trust())
    return serve(reader, trust=json.dumps(TRUST).encode())


def ask(client: Client, world: HolderWorld, **more: str) -> dict[str, Any]:
    got = client.post("/v1/challenges", json={"certificate": world.qr, **more})
    assert got.status_code == 200, got.text
    asked: dict[str, Any] = got.json()
    assert parse_challenge(asked["text"]).to_json() == asked["challenge"]
    return asked


def check(client: Client, world: HolderWorld, asked: dict[str, Any], answer: str) -> dict[str, Any]:
    body = {"certificate": world.qr, "challenge": asked["text"], "answer": answer}
    got = client.post("/v1/challenges/answers", json=body)
    assert got.status_code == 200, got.text
    found: dict[str, Any] = got.json()
    return found


def test_a_program_asks_and_checks_once(client: Client, world: HolderWorld) -> None:
    asked = ask(client, world, asker="某银行")
    text = answered(parse_challenge(asked["text"])).text
    good = check(client, world, asked, text)
    assert (good["verdict"]["code"], good["verdict"]["exit_code"], good["verdict"]["tone"]) == (
        "answered", 0, "good",
    )  # fmt: skip
    assert good["answer"]["answered_by"]["code"] == HOSPITAL["code"]
    again = check(client, world, asked, text)
    assert (again["verdict"]["code"], again["verdict"]["exit_code"]) == ("replayed", 1)
    other = check(client, world, ask(client, world), text)
    assert (other["verdict"]["code"], other["verdict"]["tone"]) == ("other_challenge", "bad")


def test_what_is_not_of_this_interface(client: Client, world: HolderWorld) -> None:
    asked = ask(client, world)
    for body, status, code in (
        ({"certificate": world.qr, "more": "x"}, 400, "json-malformed"),
        ({"certificate": 7}, 400, "json-malformed"),
        ({"certificate": "SJ4412026110001"}, 422, "qr-foreign"),
        ([], 400, "json-malformed"),
    ):
        got = client.post("/v1/challenges", json=body)
        assert (got.status_code, got.json()["code"]) == (status, code)
    assert client.post("/v1/challenges", data={"certificate": world.qr}).json()["code"] == "content-type"
    wrong = {"certificate": world.qr, "challenge": asked["text"][:-2], "answer": ""}
    assert client.post("/v1/challenges/answers", json=wrong).status_code == 422


def test_what_proves_a_holders_key(client: Client) -> None:
    got = client.get(f"/v1/holders/{HOSPITAL['code']}")
    assert (got.status_code, got.json()["format"]) == (200, "yinzheng/holder/1")
    assert client.get("/v1/holders/91350100M000100Y43").status_code == 404


def fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def title(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize("picture", [True, False])
def test_a_person_asks_from_code_to_code(client: Client, world: HolderWorld, picture: bool) -> None:
    assert "holder’s key" in client.get("/challenge?lang=en").text

    def shown(text: str) -> dict[str, Any]:
        """As a browser sends either."""
        given: Any = {"file": ("code.png", qr_png(text, module=4))} if picture else {"text": (None, text)}
        return {"files": given}

    page = client.post("/challenge", data={"asker": "<某>银行", "lang": "en"}, **shown(world.qr)).text
    hidden = fields(page)
    asked = parse_challenge(hidden["challenge"])
    assert (asked.asker, asked.certificate) == ("<某>银行", world.body.number)
    assert "&lt;某&gt;银行" in page
    assert "<svg" in page
    text = answered(asked).text
    result = client.post("/challenge", data=hidden, **shown(text)).text
    assert title(result).startswith("The holder answered; genuine and in force")
    assert HOSPITAL["name"] in result
    said = re.findall(r'<p class="says">([^<]*)</p>', html.unescape(result))
    assert said
    assert not {step.en for step in OBLIGATIONS.values()} & set(said), "none says its title once more"
    again = client.post("/challenge", data={**hidden, "lang": "zh"}, **shown(text)).text
    assert title(again) == "本次询问已被应答过，重复提交无效"


def test_by_a_short_code(serve: Serve, world: HolderWorld, tmp_path: Path) -> None:
    qr = world.qr
    reader = FakeReader(tmp_path, world=world, policy=holders.trust(), issued=qr)
    client = serve(reader, trust=json.dumps(TRUST).encode())
    asked = client.post("/v1/challenges", json={"certificate": short_code(qr)}).json()
    body = {"challenge": asked["text"], "answer": answered(parse_challenge(asked["text"])).text}

    def told(short: str) -> Any:
        return client.post("/v1/challenges/answers", json={"certificate": short, **body}).json()

    another = ShortCode(world.body.number, bytes(16)).path
    assert told(another)["verdict"]["code"] == "certificate_forged"
    assert told(short_code(qr))["verdict"]["code"] == "answered"
    assert told(short_code(qr))["verdict"]["code"] == "replayed"
    assert told(another)["verdict"]["code"] == "replayed"
    assert told(another)["code"] == "rate-limited", "a look-up by number"
    page = client.post("/challenge", files={"text": (None, short_code(qr))}, host="203.0.113.9").text
    hidden = {name: (None, value) for name, value in fields(page).items()}
    text = answered(parse_challenge(hidden["challenge"][1])).text
    given = {**hidden, "text": (None, text)}
    result = client.post("/challenge", files=given, host="203.0.113.9").text
    assert title(result).startswith("The holder answered; genuine and in force")
    licence = ShortCode("L-2026-000001", bytes(16)).path
    assert client.post("/v1/challenges", json={"certificate": licence}).json()["code"] == "qr-foreign"


def test_a_person_gives_nothing_or_a_number(client: Client, world: HolderWorld) -> None:
    number = client.post("/challenge", files={"text": (None, world.body.number)})
    assert (number.status_code, "number-alone" in number.text) == (400, True)
    page = client.post("/challenge", files={"text": (None, world.qr)}).text
    assert client.post("/challenge", files={k: (None, v) for k, v in fields(page).items()}).status_code == 400
    stranger = client.post("/challenge", files={"text": (None, world.file()["qr"].replace("/V/", "/X/"))})
    assert stranger.status_code == 422


def test_a_proof_for_a_bank_is_read_by_the_bank(client: Client, world: HolderWorld) -> None:
    from tests.verifier.judge.test_purpose_proof import BANK, file

    proof = {"file": ("proof.json", file(world))}
    untold = client.post("/verify", files=proof).text
    assert title(untold).startswith("Say who reads it")
    assert 'name="reader"' in untold
    told = {"reader": BANK.code, "purpose": "financing"}
    page = client.post("/verify", data=told, files=proof).text
    assert title(page).startswith("Genuine and in force, for 某银行")
    assert world.body.asset in page
    assert world.body.limits not in page
    answer = client.post("/v1/verify", data=told, files=proof).json()
    assert (answer["verdict"]["code"], answer["verdict"]["exit_code"]) == ("valid", 0)
    other = client.post("/v1/verify", data={**told, "purpose": "audit"}, files=proof).json()
    assert (other["verdict"]["code"], other["proof"]["disclosed"]) == ("other_purpose", {})
