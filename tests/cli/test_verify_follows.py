"""A certificate that follows another is shown with type and predecessors, printed and on the page (H8)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.commands import run
from tests.verifier.world import World, body_json, presented, trust, trust_json
from yinzheng.api.web.fields import rows
from yinzheng.verifier import parse_body, verify

BEFORE = "SJ4412026100001"


def transferred() -> World:
    follows: list[dict[str, Any]] = [{"number": BEFORE, "leaf": "ab" * 32}]
    return World(body=parse_body(body_json(type="transfer", follows=follows)))


def test_it_is_printed(tmp_path: Path) -> None:
    world = transferred()
    file, policy = tmp_path / "certificate.json", tmp_path / "trust.json"
    file.write_text(json.dumps(world.file()), encoding="utf-8")
    policy.write_text(json.dumps(trust_json()), encoding="utf-8")
    command = ("verify", file, "--trust", policy, "--offline")
    assert f"Transfer · Follows certificate {BEFORE}" in run(*command, "--lang", "en").out
    assert f"转让登记 · 前序证书 {BEFORE}" in run(*command, "--lang", "zh").out
    said = run(*command, "--json").json
    assert (said["record"]["type"], said["record"]["follows"][0]["number"]) == ("transfer", BEFORE)


def test_it_is_on_the_page() -> None:
    world = transferred()
    report = verify(presented(world.file()), trust(), now=world.block_time + 60)
    shown = {row.label: row.lines for row in rows(report, "en")}
    assert shown["Follows certificate"] == (BEFORE,)
    assert "Transfer" in shown["Registration type"]
    first = verify(presented(World().file()), trust(), now=world.block_time + 60)
    assert "Follows certificate" not in {row.label for row in rows(first, "en")}
