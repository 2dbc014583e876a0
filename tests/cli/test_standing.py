"""Remarks on a certificate, as an officer enters, lists and lifts them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.commands import refused, run
from tests.cli.conftest import Demonstration
from tests.ledger.world import OFFICER


def test_a_remark_from_end_to_end(
    demonstration: Demonstration, copied: Callable[[], Path], tmp_path: Path
) -> None:
    state, number = copied(), demonstration.numbers[0]
    order = tmp_path / "order.pdf"
    order.write_bytes(b"an order")
    enter = ("remark", "enter", number, "--as", OFFICER, "--state", state)
    seizure = (*enter, "--kind", "seizure", "--text", "查封至2027年")
    refused(*seizure, code="remark-document", exit_code=1)
    refused(*seizure, "--document", tmp_path / "none", code="file-missing", exit_code=2)
    assert run("remark", "enter", number, "--as", OFFICER, "--kind", "mortgage").code == 2
    cited = ("--document", order, "--reference", "(2026)粤01执12号裁定")
    made = run(*seizure, *cited, "--json")
    assert made.code == 0, made.err

    shown = run("remark", "list", number, "--state", state)
    assert shown.code == 0
    assert f"{made.json['remark'][:12]}  seizure" in shown.out
    assert "查封至2027年  (2026)粤01执12号裁定" in shown.out
    history = run("show", number, "--state", state, "--json").json["history"]
    assert [line["type"] for line in history[-2:]] == ["certificate.deposited", "remark.entered"]
    assert history[-1]["proof"]

    lift = ("remark", "lift", number, "--as", OFFICER, "--state", state, *cited)
    refused(*lift, "pledge", code="remark-unknown", exit_code=2)
    assert run(*lift, "seizure").code == 0
    (line,) = run("remark", "list", number, "--state", state, "--json").json["remarks"]
    assert line["lifted_at"] is not None
    refused("remark", "list", "SJ4412026119999", "--state", state, code="certificate-unknown", exit_code=2)
    assert run("audit", "--state", state).code == 0
