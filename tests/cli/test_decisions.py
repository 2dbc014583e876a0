"""Deciding on one's own machine, carried out where none of the people's keys are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.commands import refused, run
from tests.ledger.world import dossier
from yinzheng.ledger.demonstration.certificates import MEMBER, OFFICER
from yinzheng.ledger.rules.profiles import DEMO

ACCEPT = {"procedure": "simplified", "reasons": "来源单一。"}


def test_a_case_is_accepted_and_published_from_elsewhere(copied: Callable[[], Path], tmp_path: Path) -> None:
    state, trust = copied(), tmp_path / "trust.json"
    at = ("--state", state)
    assert run("export-trust", *at, "--out", trust).code == 0
    case = run("apply", dossier(tmp_path / "d"), "--profile", DEMO.tag, *at, "--json").json["case"]
    home = (state / "people").rename(tmp_path / "home")  # people carry their keys; the registry has none

    def mine(name: str) -> tuple[object, ...]:
        secret = home / f"{name}.demonstration-passphrase"
        return ("--as", name, "--trust", trust, "--key", home / f"{name}.json", "--passphrase-file", secret)

    (tmp_path / "accept.json").write_text(json.dumps(ACCEPT))
    said = ("--arguments", tmp_path / "accept.json")
    first, rest, last = (tmp_path / name for name in ("first.json", "rest.json", "last.json"))
    assert run("decision", "new", "accept", case, *said, *mine(OFFICER), "--out", first).code == 0
    assert run("decision", "submit", first, *at, "--json").json == {"done": True}
    refused("decision", "submit", first, *at, code="decision-taken", exit_code=2)

    checklist, arguments = tmp_path / "checklist.json", tmp_path / "arguments.json"
    (tmp_path / "home").rename(state / "people")
    template = run("review", case, "--as", OFFICER, "--template", *at).json
    (state / "people").rename(home)
    for answer in template["answers"]:
        answer |= {"answer": "yes", "evidence": ["identity.txt"]}
    for flag in template["flags"]:
        flag["confirmed"] = True
    checklist.write_text(json.dumps(template))
    arguments.write_text(json.dumps({"checklist": template}))
    new = ("decision", "new", "review", case, "--arguments", arguments, "--out", first)
    assert run(*new, *mine(OFFICER)).code == 0
    assert run("decision", "submit", first, *at, "--json").json == {"done": True}

    assert run("decision", "new", "publish", case, *mine(OFFICER), "--out", first).code == 0
    asked = run("decision", "submit", first, *at, "--out", rest, "--json")
    assert asked.json == {"done": False, "to_sign": str(rest)}, asked
    refused("decision", "sign", rest, *mine(MEMBER), "--out", last, code="person-key", exit_code=2)
    asked_for = json.loads(rest.read_text())
    lie, body = tmp_path / "lie.json", asked_for["content"]["body"]
    lie.write_text(
        json.dumps({**asked_for, "content": {**asked_for["content"], "body": {**body, "asset": "X"}}})
    )
    refused("decision", "sign", lie, *mine(OFFICER), "--out", last, code="approval-content", exit_code=1)
    assert not last.exists()
    told = run("decision", "sign", rest, *mine(OFFICER), "--out", tmp_path / "told.json", "--json")
    assert told.json["message"]["primaryType"] == "Publication"
    assert body["asset"] in told.err, "a program that signs shows what it signs"
    shown = run("decision", "sign", rest, *mine(OFFICER), "--out", last)
    assert "Publication approved" in shown.out, shown
    assert body["asset"] in shown.err
    assert run("decision", "submit", last, *at, "--json").json == {"done": True}
    assert run("show", case, *at, "--json").json["state"] == "publicity"
    odd = ("decision", "new", "erase", case, *mine(OFFICER), "--out", first)
    refused(*odd, code="decision-action", exit_code=2)
