"""`yinzheng verify` of a patient's receipt: file, code, picture; what is private stays in the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import Said, refused, run
from tests.verifier.bodies import LAB
from tests.verifier.receipt_world import SECRET, ReceiptWorld, completed, receipt_trust_json
from tests.verifier.world import BLOCK_TIME
from yinzheng.ledger.document.qr import qr_png


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(receipt_trust_json()), encoding="utf-8")
    return path


def check(trust: Path, target: object, *options: object) -> Said:
    return run("verify", target, "--trust", trust, "--at", BLOCK_TIME, *options)


def saved(tmp_path: Path, world: ReceiptWorld) -> Path:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(world.file(), ensure_ascii=False), encoding="utf-8")
    return path


def test_a_file_proves_itself_and_is_explained(trust: Path, tmp_path: Path) -> None:
    file = saved(tmp_path, ReceiptWorld())
    chinese = check(trust, file, "--lang", "zh")
    assert chinese.code == 0, chinese
    assert chinese.out.startswith("真实，且有效")
    for words in (
        "张三",
        "某市人民医院",
        "医学研究与临床诊断参考: 同意",
        "商业保险定价及理赔: 不同意",
        "门诊服务台撤回",
    ):
        assert words in chinese.out
    english = check(trust, file, "--lang", "en")
    assert english.out.startswith("Genuine and in force")
    assert "Medical research and clinical reference: Yes" in english.out


def test_a_withdrawn_part_is_listed(trust: Path, tmp_path: Path) -> None:
    world = ReceiptWorld()
    world.withdraw(completed(), recipients=[LAB], scopes=["base"])
    said = check(trust, saved(tmp_path, world), "--lang", "en")
    assert said.out.startswith("Genuine, in force in part")
    assert "in force Research with third parties" in said.out
    assert "withdrawal received" in said.out
    assert "confirmed 2/2" in said.out
    whole = ReceiptWorld()
    whole.withdraw(completed())
    gone = check(trust, saved(tmp_path, whole), "--lang", "en")
    assert gone.code == 1
    assert gone.out.startswith("Genuine, withdrawn, and carried out as of ")
    assert "in force nothing" in gone.out


def test_json_never_holds_the_secret(trust: Path, tmp_path: Path) -> None:
    said = check(trust, saved(tmp_path, ReceiptWorld()), "--json")
    assert (said.code, said.json["document"], said.json["authentic"]) == (0, "consent-receipt", "genuine")
    assert said.json["consent"]["person"]["name"] == "张三"
    assert SECRET.hex() not in said.out


def test_the_code_alone_shows_who_signed_and_nothing_private(trust: Path, tmp_path: Path) -> None:
    text = ReceiptWorld().qr
    picture = tmp_path / "photo.png"
    picture.write_bytes(qr_png(text))
    for target in (text, text.lower(), picture):
        said = check(trust, target, "--lang", "zh")
        assert said.code == 3
        assert "张三" not in said.out
        assert "未出示同意书内容" in said.out


def test_a_file_without_form(trust: Path) -> None:
    said = check(trust, '{"format": "yinzheng/consent-receipt/1"}', "--lang", "en")
    assert said.code == 3
    assert said.out.startswith("Not one of ours, or damaged")


def test_a_guardian_a_demonstration_and_an_open_status(trust: Path, tmp_path: Path) -> None:
    from tests.verifier.bodies import guardian
    from tests.verifier.receipt_world import consent_json
    from yinzheng.verifier.formats.consent import parse_consent

    world = ReceiptWorld(body=parse_consent(consent_json(guardian=guardian())), profile="DEMO/1")
    said = run("verify", saved(tmp_path, world), "--trust", trust, "--at", BLOCK_TIME + 1, "--lang", "en")
    assert said.out.startswith("Demonstration receipt, without any effect")
    assert "guardian 张母" in said.out
    assert "history is needed" in said.out


def test_a_node_that_does_not_answer_says_nothing_against_it(trust: Path, tmp_path: Path) -> None:
    file = saved(tmp_path, ReceiptWorld())
    asked = check(trust, file, "--rpc", "http://127.0.0.1:1", "--lang", "en")
    assert asked.code == 3
    assert asked.out.startswith("Cannot be determined")
    said = check(trust, file, "--rpc", "http://127.0.0.1:1", "--lang", "en", "--allow-attached")
    assert said.code == 0
    assert "the ledger asked gave no answer that counts, and this rests on what is attached" in said.out
    assert "evidence attached to the receipt was used" in said.out
    code = check(trust, ReceiptWorld().qr, "--rpc", "http://127.0.0.1:1", "--lang", "en")
    assert code.code == 3
    assert "says nothing against the receipt" in code.out


def test_a_policy_without_the_contract_asks_no_node(tmp_path: Path) -> None:
    policy = receipt_trust_json()
    del policy["chain"]["contracts"]["consents"]
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(policy), encoding="utf-8")
    refused("verify", ReceiptWorld().qr, "--trust", path, "--rpc", "http://127.0.0.1:1",
            code="consents-not-pinned", exit_code=2)  # fmt: skip
