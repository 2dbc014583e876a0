"""`yinzheng verify` of a withdrawal's end document, and of files that are none of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Said, run
from tests.verifier.judge import test_conclusion as ended
from tests.verifier.judge.test_conclusion import COMPLETED, RESTRICTED, UNTIL, edited
from tests.verifier.world import BLOCK_TIME, genuine_file, trust_json


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    value = trust_json()
    pin = {"address": ended.CONSENTS.hex(), "code_hash": ended.CODE.hex()}
    value["chain"]["contracts"]["consents"] = pin
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def check(trust: Path, data: bytes, *options: object) -> Said:
    path = trust.parent / "shown.json"
    path.write_bytes(data)
    return run("verify", path, "--trust", trust, *options)


def test_a_genuine_end_is_genuine_on_this_face_too(trust: Path) -> None:
    said = check(trust, COMPLETED, "--at", BLOCK_TIME, "--lang", "en")
    assert said.code == 0, said
    assert said.out.startswith("Genuine: the withdrawal was carried out as of ")
    for words in ("carried out", "confirmed by", "ground of law", "signed"):
        assert words in said.out
    chinese = check(trust, RESTRICTED, "--at", BLOCK_TIME, "--lang", "zh")
    assert chinese.out.startswith("真实，撤回已办理，部分数据依法仅作保存（截至 ")
    assert "依法保存至" in chinese.out


def test_json(trust: Path) -> None:
    said = check(trust, COMPLETED, "--json")
    assert (said.json["document"], said.json["verdict"]["code"]) == ("withdrawal-conclusion", "completed")
    assert ended.SECRET.hex() not in said.out


def test_a_restriction_whose_term_is_over(trust: Path) -> None:
    said = check(trust, RESTRICTED, "--at", UNTIL + 1, "--lang", "en")
    assert said.code in (1, 2)  # 2 while that is yet to come


def test_altered_and_cut_off(trust: Path) -> None:
    altered = edited(COMPLETED, secret="00" * 32)
    assert check(trust, altered, "--lang", "en").out.startswith("Forged or altered")
    assert check(trust, altered).code == 1
    cut = check(trust, COMPLETED[:-40], "--lang", "en")
    assert (cut.code, cut.out.splitlines()[0]) == (3, "Not one of ours, or damaged")
    assert check(trust, edited(COMPLETED, proof=None, chain=None), "--lang", "en").code == 3


@pytest.mark.parametrize(
    "data",
    [
        b"hello, world\n",
        json.dumps(trust_json()).encode(),
        json.dumps(genuine_file(), ensure_ascii=False).encode("gbk"),
        json.dumps(genuine_file()).encode()[:-100],
        b'{"format":"yinzheng/consent-receipt/1","qr":"HTTPS://X',
        b"",
        b"\x00\x01\xff",
    ],
)
def test_what_is_none_of_ours_is_never_called_forged(trust: Path, data: bytes) -> None:
    """After the cases hello.txt, trust.json, gbk.json, truncated.json, receipt-truncated.json."""
    said = check(trust, data, "--lang", "en")
    assert (said.code, said.out.splitlines()[0]) == (3, "Not one of ours, or damaged")
    found: Any = check(trust, data, "--json").json
    assert (found["verdict"]["word"], found["authentic"]) == ("not_ours", "not_ours")


def test_a_policy_with_a_byte_order_mark_is_read(trust: Path) -> None:
    trust.write_bytes(b"\xef\xbb\xbf" + trust.read_bytes())
    assert check(trust, COMPLETED, "--at", BLOCK_TIME).code == 0
