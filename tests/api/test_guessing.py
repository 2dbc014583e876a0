"""Numbers are guessable: a certificate of one's own making tells nobody whether one exists (R14, R50)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api import samples
from tests.api.conftest import Client, Serve
from tests.api.fake import FakeReader
from tests.verifier import world as synthetic
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import encode_qr

EXISTING, MISSING = "SJ4412026110001", "SJ4412026110002"


@dataclass
class Unasked(FakeReader):
    """A registry whose ledger must not be asked at all."""

    def live(self) -> Any:
        raise AssertionError("the ledger is asked")


def forged(number: str, key: Sm2PrivateKey = synthetic.STRANGER) -> str:
    return encode_qr(parse_body(synthetic.body_json(number=number)), key, "yz.example.org")


def unsigned(number: str) -> str:
    """By its own account the issuer's, with a signature that is none."""
    return forged(number, synthetic.ISSUER)[:-12] + "000000000000"


def without(text: str, number: str) -> str:
    return text.replace(number, "(number)")


@pytest.fixture(params=["json", "page", "address", "file", "picture"])
def ask(request: pytest.FixtureRequest, reader: FakeReader) -> Any:
    """One way to present a code; gives the answer's status, headers, and body without the number."""

    def made(client: Client, qr: str) -> tuple[int, list[tuple[str, str]], str]:
        if request.param == "json":
            answer = client.post("/v1/verify", json={"text": qr})
        elif request.param == "page":
            answer = client.post("/verify", files={"text": (None, qr)})
        elif request.param == "address":
            answer = client.get("/V/" + qr.partition("/V/")[2])
        elif request.param == "picture":
            answer = client.post("/v1/verify", files={"file": ("a.png", samples.picture(qr))})
        else:
            file = {**reader.world.file(), "qr": qr}
            answer = client.post("/v1/verify", files={"file": ("a.json", json.dumps(file).encode())})
        headers = [(name, value) for name, value in answer.headers.items() if name != "content-length"]
        return answer.status_code, headers, answer.text.replace(qr.partition("/V/")[2], "(code)")

    return made


@pytest.mark.parametrize("make", [forged, unsigned])
def test_a_code_of_ones_own_gets_one_answer_whether_its_number_exists(
    ask: Any, make: Any, serve: Serve, reader: FakeReader
) -> None:
    """Byte for byte: the registry that has the number, and one that cannot even be asked."""
    qr = make(EXISTING)
    here = ask(serve(reader), qr)
    there = ask(serve(Unasked(reader.log_root, reader.world)), qr)
    assert here == there


@pytest.mark.parametrize("make", [forged, unsigned])
def test_and_the_same_as_another_number(make: Any, client: Client) -> None:
    known, unknown = (
        without(client.post("/v1/verify", json={"text": make(number)}).text, number)
        for number in (EXISTING, MISSING)
    )
    known, unknown = (_without_digests(text) for text in (known, unknown))
    assert known == unknown


def test_guessing_is_no_look_up_and_a_genuine_code_is_answered_after_it(
    client: Client, reader: FakeReader
) -> None:
    for _ in range(30):
        assert client.post("/v1/verify", json={"text": forged(EXISTING)}).status_code == 200
    answer = client.post("/v1/verify", json={"text": reader.world.qr}).json()
    assert answer["verdict"]["word"] == "genuine"


def test_a_key_that_was_reported_opens_no_record(serve: Serve, reader: FakeReader) -> None:
    """What it signs after the report is not the issuer's any more, though the signature holds."""
    policy = synthetic.trust_json()
    policy["issuers"][0]["compromised_at"] = synthetic.REGISTERED
    client = serve(Unasked(reader.log_root, reader.world), trust=json.dumps(policy).encode())
    answer = client.post("/v1/verify", json={"text": forged(EXISTING, synthetic.ISSUER)}).json()
    assert [one["outcome"] for one in answer["report"]["obligations"][1:3]] == ["VALID", "INVALID"]


def _without_digests(text: str) -> Any:
    """Without what is computed over the number."""
    report = json.loads(text)["report"]
    report.pop("subject", None)
    return report
