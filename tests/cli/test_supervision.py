"""Supervision of a right holder by commands: record, list that names nobody, figure, files (R52)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.commands import refused, run
from tests.cli.conftest import Demonstration
from tests.ledger.world import OFFICER


def test_a_supervision_from_end_to_end(
    demonstration: Demonstration, copied: Callable[[], Path], tmp_path: Path
) -> None:
    state, number = copied(), demonstration.numbers[0]
    at, officer = ("--state", state), ("--as", OFFICER, "--state", state)
    holder = json.loads(demonstration.file("json").read_text())["record"]["holders"][0]
    (file := tmp_path / "line.txt").write_text("线索")
    said = ("--facts", "涉嫌超范围提供", "--law", "某法第三条", "--file", file)
    suspect = ("supervision", "suspect", "--holder", holder["code"], *officer, *said)
    refused(*suspect, "--certificate", "SJ4412026119999", code="certificate-unknown", exit_code=2)
    made = run(*suspect, "--certificate", number, "--json")
    assert made.code == 0, made.err
    it = made.json["supervision"]
    measure = ("supervision", "measure", it, *officer, "--kind", "talk", "--words", "已约谈")
    refused(*measure, "--statement", "ab", code="leaf-malformed", exit_code=2)
    assert run(*measure).code == 0
    close = ("supervision", "close", it, *officer, "--outcome", "confirmed", "--reasons", "已改正")
    refused(*close, code="move-not-allowed", exit_code=2)
    told = ("--reference", "1号", "--words", "已报告", "--file", file, "--authority", "某市数据局")
    assert run("supervision", "report", it, *officer, *told).code == 0
    assert run(*close).code == 0
    listed = run("supervisions", *at)
    assert f"{it}  closed" in listed.out
    assert holder["code"] not in listed.out
    shown = run("supervision", "show", it, *officer, "--out", tmp_path / "out")
    assert holder["code"] in shown.out
    assert (tmp_path / "out" / "1-line.txt").read_text() == "线索"
    (year,) = run("supervision", "figure", *at, "--json").json
    assert [year[one] for one in ("suspected", "measured", "reported", "closed")] == [1, 1, 1, 1]
    assert "suspected 线索 1" in run("supervision", "figure", *at).out
    assert run("audit", *at).code == 0
