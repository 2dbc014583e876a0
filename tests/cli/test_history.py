"""`yinzheng history`: from a state folder, kept in a file, checked by itself (S23)."""

from __future__ import annotations

import json
import resource
from pathlib import Path

from tests.cli.commands import refused, run
from tests.cli.conftest import Demonstration


def test_a_history_is_asked_for_kept_and_checked_alone(demonstration: Demonstration, tmp_path: Path) -> None:
    kept, trust = tmp_path / "history.json", ("--trust", demonstration.trust)
    number = demonstration.numbers[0]
    asked = run("history", number, *trust, "--state", demonstration.state, "--out", kept, "--json")
    assert (asked.code, asked.json["status"]) == (0, "whole"), asked.out
    assert asked.json["lines"][0]["type"] == "certificate.deposited"
    assert [one["number"] for one in asked.json["certificates"]] == [number]
    for command in ("history", "verify"):
        alone = run(command, kept, *trust, "--json")
        assert (alone.code, alone.json["lines"]) == (0, asked.json["lines"]), alone
    printed = run(
        "history", demonstration.file("pdf"), *trust, "--state", demonstration.state, "--lang", "en"
    )
    assert "Genuine, and complete as of" in printed.out
    assert f"{number}  in force" in printed.out
    assert "First registration" in printed.out
    live = run("verify", kept, *trust, "--state", demonstration.state, "--json")
    assert (live.code, live.json["status"]) == (0, "whole")

    value = json.loads(kept.read_text(encoding="utf-8"))
    value["statements"][0]["index"] += 1
    kept.write_text(json.dumps(value), encoding="utf-8")
    forged = run("history", kept, *trust, "--json")
    assert (forged.code, forged.json["authentic"], forged.json["lines"]) == (1, "forged", [])


def test_a_history_for_which_there_is_no_room_is_not_left_half_written(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    given = (demonstration.numbers[0], "--trust", demonstration.trust, "--state", demonstration.state)
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, most[1]))
    try:
        said = run("history", *given, "--out", tmp_path / "history.json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert said.code == 3, said
    assert not [*tmp_path.iterdir()]


def test_what_is_no_history(demonstration: Demonstration, tmp_path: Path) -> None:
    trust = ("--trust", demonstration.trust)
    state = ("--state", demonstration.state)
    refused("history", demonstration.numbers[0], *trust, code="history-needs-ledger", exit_code=2)
    refused("history", "SJ4412026119999", *trust, *state, code="certificate-unknown", exit_code=2)
    there = tmp_path / "there.json"
    there.write_text("{}", encoding="utf-8")
    refused(
        "history", demonstration.numbers[0], *trust, *state, "--out", there, code="file-exists", exit_code=2
    )
    refused("history", there, *trust, *state, code="history-target", exit_code=2)
