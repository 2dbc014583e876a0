"""A contract about data, uploaded: the page and the JSON say what the command line says (S21.12)."""

from __future__ import annotations

import html
import json
import re

import pytest

from tests.api.conftest import Serve
from tests.api.fake import FakeReader
from tests.verifier.contract_world import SECRET, ContractWorld, plain, signed
from tests.verifier.world import NOW, trust_json
from yinzheng.ledger.document.contract_pdf import render_contract
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.judge.contract.verify import verify_contract
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.words.verdict import verdict

RECORDED = ContractWorld().data()
POLICY = json.dumps(trust_json()).encode()


@pytest.mark.parametrize(
    ("name", "data", "alone", "tone"),
    [
        ("contract.json", RECORDED, RECORDED, "good"),
        ("contract.pdf", render_contract(RECORDED), RECORDED, "good"),
        ("draft.pdf", render_contract(plain(signed())), plain(signed()), "unknown"),
        ("other.json", RECORDED.replace("慢病".encode(), "急病".encode()), b"", "bad"),
    ],
)
def test_one_verdict_on_every_face(
    serve: Serve, reader: FakeReader, name: str, data: bytes, alone: bytes, tone: str
) -> None:
    client = serve(reader, trust=POLICY)
    answer = client.post("/v1/verify", files={"file": (name, data)}).json()
    assert (answer["verdict"]["tone"], answer["contract"]["document"]) == (tone, "trade-contract")
    assert SECRET.hex() not in json.dumps(answer)
    for language, said, clause in (
        ("en", "Contract about data", "Forum"),
        ("zh", "数据交易合同", "争议解决"),
    ):
        page = client.post("/verify", files={"file": (name, data)}, data={"lang": language}).text
        title = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
        assert title is not None
        assert html.unescape(re.sub("<[^>]+>", "", title[1])) == answer["verdict"][language]
        assert said in page
        assert clause in page
    shown = Presented("json", file=alone or data)
    found = verdict(verify_contract(shown, parse_trust(POLICY), now=NOW))
    assert found.exit_code == answer["verdict"]["exit_code"]


def test_what_cannot_be_read_is_not_ours(serve: Serve, reader: FakeReader) -> None:
    data = json.dumps({"format": "yinzheng/trade-contract/1"}).encode()
    client = serve(reader, trust=POLICY)
    assert client.post("/v1/verify", files={"file": ("c.json", data)}).json()["verdict"]["word"] == "not_ours"
    assert "Contract about data" in client.post("/verify", files={"file": ("c.json", data)}).text
