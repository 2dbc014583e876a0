"""The end document of a withdrawal, uploaded: the page and the JSON say what the command line says."""

from __future__ import annotations

import html
import json
import re

import pytest

from tests.api.conftest import Serve
from tests.api.fake import FakeReader
from tests.verifier.judge import test_conclusion as ended
from tests.verifier.world import NOW, trust_json
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.judge.conclusion.verify import verify_conclusion
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.words.verdict import verdict

TRUST = {**trust_json()}
TRUST["chain"]["contracts"]["consents"] = {"address": ended.CONSENTS.hex(), "code_hash": ended.CODE.hex()}


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (ended.COMPLETED, "undetermined"),  # this ledger knows nothing of it, and was asked
        (ended.edited(ended.COMPLETED, secret="00" * 32), "forged"),
        (ended.edited(ended.COMPLETED, body=[]), "not_ours"),
    ],
)
def test_one_verdict_on_every_face(serve: Serve, reader: FakeReader, data: bytes, word: str) -> None:
    policy = json.dumps(TRUST).encode()
    client = serve(reader, trust=policy)
    answer = client.post("/v1/verify", files={"file": ("end.json", data)}).json()
    assert (answer["verdict"]["word"], answer["conclusion"]["document"]) == (word, "withdrawal-conclusion")
    assert ended.SECRET.hex() not in json.dumps(answer)
    page = client.post("/verify", files={"file": ("end.json", data)}).text
    title = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    assert title is not None
    assert html.unescape(title[1]) == answer["verdict"]["en"]
    assert "End of a withdrawal" in page
    if word != "undetermined":
        alone = verify_conclusion(Presented("json", file=data), parse_trust(policy), now=NOW)
        said = verdict(alone)
        assert (said.word, said.headline.en) == (word, answer["verdict"]["en"])
