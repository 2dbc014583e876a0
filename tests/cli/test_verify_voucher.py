"""`yinzheng verify` of a licence's voucher: what it prints, in both languages, and its exit codes."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import run
from tests.verifier.judge.test_verify_voucher import ended_world
from tests.verifier.licences import LICENCE, end_json, licence_json
from tests.verifier.voucher_world import ASKED, VoucherWorld, policy
from tests.verifier.world import RecordState
from yinzheng.verifier.formats.licence import parse_licence


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: ASKED)


def verified(folder: Path, world: VoucherWorld | dict[str, Any], *more: str) -> tuple[int, str]:
    file, trust = folder / f"{LICENCE}.json", folder / "trust.json"
    file.write_text(json.dumps(world if isinstance(world, dict) else world.file()), encoding="utf-8")
    trust.write_text(json.dumps(policy()))
    said = run("verify", file, "--trust", trust, *more)
    return said.code, said.out


def test_in_force(tmp_path: Path) -> None:
    code, said = verified(tmp_path, VoucherWorld(), "--lang", "en")
    assert code == 0
    for words in (
        "Genuine: the licence is in force",
        f"{LICENCE}  Under certificate SJ4412026110001",
        "Territory: Guangdong, Guangxi",
        "Purposes: 糖尿病并发症风险模型研究",
        "✓ 10 Age of the answer",
    ):
        assert words in said
    code, said = verified(tmp_path, VoucherWorld(), "--lang", "zh")
    assert (code, "真实，许可有效" in said, "地域: 广东、广西" in said) == (0, True, True)
    code, told = verified(tmp_path, VoucherWorld(), "--json")
    assert (code, json.loads(told)["verdict"]["code"]) == (0, "in_force")


def test_what_stands_against_it(tmp_path: Path) -> None:
    recorded = parse_licence(licence_json(profile="NDA-2026/1", registration=False))
    record = RecordState(VoucherWorld().certificate_leaf(), remarks=2)
    code, said = verified(tmp_path, VoucherWorld(licence=recorded, record=record), "--lang", "en")
    assert code == 0
    assert "is no registration" in said.replace("\n", " ")
    assert "The certificate is under judicial seizure." in said
    code, said = verified(tmp_path, ended_world(end_json()), "--lang", "en")
    assert (code, "ended by both parties" in said) == (1, True)
    demo = VoucherWorld(licence=parse_licence(licence_json(profile="DEMO/1")))
    assert "Demonstration voucher" in verified(tmp_path, demo, "--lang", "en")[1]


def test_forged_and_undetermined(tmp_path: Path) -> None:
    other = VoucherWorld(shown_licence=parse_licence(licence_json(purposes="另一目的")))
    code, said = verified(tmp_path, other, "--lang", "en")
    assert (code, "≠ purposes: '另一目的'" in said) == (1, True)
    code, said = verified(tmp_path, {**VoucherWorld().file(), "chain": None}, "--lang", "en")
    assert (code, "Cannot be determined" in said) == (3, True)
    trust = tmp_path / "trust.json"
    assert run("verify", VoucherWorld().qr, "--trust", trust).code == 3
    path = "/L/" + VoucherWorld().qr.rsplit("/", 1)[1]
    assert run("verify", path, "--trust", trust, "--lang", "en").code == 3
