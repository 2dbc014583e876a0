"""What an organisation's folder knows of a notice, and need not be typed (S10.2)."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.processes import ROOT
from yinzheng.api.cli.org.withdrawals import _line, _place, _standing
from yinzheng.api.org.notices import filled, keep_notice
from yinzheng.verifier.bytes.canonical import JSON, dumps
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.notice import parse_notice

NOW = 1_800_000_000
BY = Party("云汐市第二人民医院", "12990100DEM0009018")
EXAMPLE = json.loads((ROOT / "examples" / "consents" / "demonstration.json").read_bytes())["notice"]
"""What the guide for hospitals names as an example."""


def test_the_example_is_a_notice_once_the_folder_has_filled_it_in(tmp_path: Path) -> None:
    made = parse_notice(json.loads(filled(tmp_path, dumps(EXAMPLE), BY, NOW)))
    assert (made.version, made.replaces, made.controller, made.published_at) == (1, None, BY, NOW)


def test_what_a_file_says_stands(tmp_path: Path) -> None:
    whole = {
        **EXAMPLE,
        "v": 1,
        "version": 2,
        "replaces": "ab" * 32,
        "controller": {"name": "another", "code": BY.code},
        "published_at": NOW - 5,
    }
    body = json.dumps(whole, indent=1).encode()
    assert filled(tmp_path, body, BY, NOW) is body
    partly = {name: value for name, value in whole.items() if name != "v"}
    assert json.loads(filled(tmp_path, dumps(partly), BY, NOW)) == whole
    assert filled(tmp_path, b"[]", BY, NOW) == b"[]"  # the desk says what is wrong with it


def test_which_version_a_later_notice_is_is_never_guessed(tmp_path: Path) -> None:
    keep_notice(tmp_path, "cd" * 32, filled(tmp_path, dumps(EXAMPLE), BY, NOW))
    with pytest.raises(UsageFault, match="is this a version of it") as raised:
        filled(tmp_path, dumps(EXAMPLE), BY, NOW + 1)
    assert raised.value.code == "notice-version"
    assert f'"version": 2, "replaces": "{"cd" * 32}"' in str(raised.value.hint)
    said = {**EXAMPLE, "version": 2, "replaces": "cd" * 32}
    assert parse_notice(json.loads(filled(tmp_path, dumps(said), BY, NOW + 1))).version == 2


def test_what_is_asked_of_an_organisation_is_told_with_a_time_that_people_read() -> None:
    asked: JSON = {"withdrawal": "ab" * 32, "deadline": 1_796_310_000}
    told: JSON = {"kind": "withdrawal.destroy", "data": asked}
    said = "withdrawal.destroy 撤回：请销毁并签署回执"
    assert _line(told) == f"{said}  {'ab' * 32}, by 期限 2026-12-03 23:00:00+08:00"
    assert _line({"kind": "dispute.hold", "data": {"dispute": "D-2026-000001"}}).endswith("D-2026-000001")


def test_freezing_is_asked_for_before_destruction_and_both_in_the_order_of_time() -> None:
    def asked(kind: str, withdrawal: str, at: int) -> Any:
        return SimpleNamespace(kind=kind, data={"withdrawal": withdrawal}, at=at)

    freeze, destroy, one, other = "withdrawal.freeze", "withdrawal.destroy", "cd" * 32, "ab" * 32
    given = [(destroy, one, NOW), (freeze, other, NOW + 1), (freeze, one, NOW), (destroy, other, NOW + 1)]
    found = sorted((asked(*of) for of in given), key=_place)
    assert [(it.kind, it.data["withdrawal"]) for it in found] == [
        (freeze, one), (destroy, one), (freeze, other), (destroy, other),
    ]  # fmt: skip


def test_how_a_withdrawal_stands_says_who_confirmed_and_who_still_owes() -> None:
    ours = {"name": "某医院", "code": BY.code, "duty": "clear_links", "given_at": 1_796_052_532}
    theirs = {"name": "某公司", "code": "91990100DEM0002008", "duty": "destroy", "given_at": None}
    told = {"state": "frozen", "words": {"zh": "已冻结"}, "destroy_by": 1_796_310_000, "duty": "clear_links"}
    assert list(_standing({**told, "answers": [ours, theirs]})) == [
        "the desk says 柜台称: frozen 已冻结; destruction due 销毁期限 2026-12-03 23:00:00+08:00",
        f"  某医院 {BY.code}: confirmed 已确认 2026-11-30 23:28:52+08:00",
        "  某公司 91990100DEM0002008: owes its receipt 待销毁回执",
    ]
    assert list(_standing({"state": "notified", "destroy_by": None, "duty": "exempt", "given_at": None})) == [
        "the desk says 柜台称: notified 已通知各方",
        "  we 我方: need not destroy 无须销毁",
    ]
