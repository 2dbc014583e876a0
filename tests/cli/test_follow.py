"""`yinzheng follow`: the policy is renewed in its own place, whole or not at all (S8.2)."""

from __future__ import annotations

import json
import resource
from pathlib import Path

from tests.cli.commands import run
from tests.verifier.following_world import policy, statement
from yinzheng.verifier.judge.trust import parse_trust


def test_a_policy_is_renewed_in_its_place(tmp_path: Path) -> None:
    trust, change = tmp_path / "trust.json", tmp_path / "change.json"
    trust.write_text(json.dumps(policy()), encoding="utf-8")
    change.write_text(json.dumps(statement()), encoding="utf-8")
    before, most = trust.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, most[1]))
    try:
        assert run("follow", trust, change, "--out", trust).code == 3
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert trust.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"trust.json", "change.json"}
    printed = run("follow", trust, change, "--json")
    said = run("follow", trust, change, "--out", trust)
    assert (printed.code, said.code) == (0, 0), said
    assert json.loads(trust.read_bytes()) == json.loads(printed.out)
    assert [one.first for one in parse_trust(trust.read_bytes()).validators] == [0, 500]
