"""Remarks on a certificate, as officers and a court enter, list and lift them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import refused, run
from tests.cli.conftest import Demonstration
from tests.desk.calls import running_desk
from tests.ledger.world import OFFICER
from yinzheng.ledger.demonstration.certificates import ADMINISTRATOR, MEMBER


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


def test_the_registry_cancels_on_its_own_motion(
    demonstration: Demonstration, copied: Callable[[], Path], tmp_path: Path
) -> None:
    """From motion to the end, by commands; its holder is told by letter, for it is not enrolled (R7)."""
    state, number = copied(), demonstration.numbers[0]
    (letter := tmp_path / "letter.txt").write_text("限期整改通知书")
    officer, member = ("--as", OFFICER, "--state", state), ("--as", MEMBER, "--state", state)
    said = ("--summary", "逾期拒不改正。", "--reasons", "两次催告无果。", "--evidence", letter)
    cancel = ("cancel", number, *officer, *said, "--ground")
    refused(*cancel, "document", code="cancellation-ground", exit_code=2)
    begun = run(*cancel, "rectification_refused", "--json")
    assert begun.code == 0, begun.err
    case = begun.json["case"]
    template = run("review", case, "--template", *officer).json
    for answer in template["answers"]:
        answer |= {"answer": "yes", "evidence": ["letter.txt"]}
    (checklist := tmp_path / "checklist.json").write_text(json.dumps(template))
    assert run("review", case, *officer, "--checklist", checklist).code == 0
    assert run("approve", case, *member).code == 0
    waived = ("publish", case, *officer, "--waived-by", MEMBER, "--reasons", "急")
    refused(*waived, code="move-own-motion", exit_code=2)
    opened = run("publish", case, *officer, "--json")
    assert (opened.code, len(opened.json["by_letter"])) == (0, 1), "who may object now is told now"
    end = run("show", case, "--state", state, "--json").json["publicity_end"]
    time.sleep(max(0.0, end - time.time()) + 1)
    assert run("issue", case, *officer, "--json").json["missing"] == ["committee"]
    home, trust = state / "people", ("--trust", demonstration.trust)
    secret = home / f"{MEMBER}.demonstration-passphrase"
    mine = ("--as", MEMBER, *trust, "--key", home / f"{MEMBER}.json", "--passphrase-file", secret)
    first, rest, last = (tmp_path / name for name in ("first.json", "rest.json", "last.json"))
    assert run("decision", "new", "issue", case, *mine, "--out", first).code == 0  # on a machine of its own
    asked = run("decision", "submit", first, "--state", state, "--out", rest, "--json")
    assert asked.json == {"done": False, "to_sign": str(rest)}, asked.err
    shown = run("decision", "sign", rest, *mine, "--out", last)
    assert "Cancellation approved" in shown.out, shown.err
    assert "逾期拒不改正。" in shown.err, "what was asked for is shown"
    lie = json.loads(rest.read_text())
    lie["content"]["move"]["request"]["request"]["terms"]["ground"] = "law"
    rest.write_text(json.dumps(lie))
    refused("decision", "sign", rest, *mine, "--out", last, code="joint-signature", exit_code=1)
    done = run("decision", "submit", last, "--state", state, "--json")
    assert done.json == {"done": True, "by_letter": opened.json["by_letter"]}, "also who decides elsewhere"
    assert run("show", case, "--state", state, "--json").json["state"] == "recorded"
    assert run("remark", "list", number, "--state", state, "--json").json["ended"] == "cancelled"
    assert run("audit", "--state", state).code == 0


COURT = "11440100MB2DEMC01T"
SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of a court"}


@pytest.fixture
def court(demonstration: Demonstration, copied: Callable[[], Path], tmp_path: Path) -> Path:
    """The folder of a court that is enrolled; the registry's state lies beside it."""
    folder = tmp_path / "court"
    new = ("org", "key", "new", "--code", COURT, "--name", "某市中级人民法院", "--role", "forum", "--account")
    made = run(*new, "--registry", demonstration.trust, "--out", folder, "--json", env=SECRETS)
    assert made.code == 0, made.err
    people = ("--as", OFFICER, "--administrator", ADMINISTRATOR)
    enrolled = run("enrol", made.json["enrolment"], *people, "--state", copied())
    assert enrolled.code == 0, enrolled.err
    return folder


@pytest.mark.slow
def test_a_courts_orders(demonstration: Demonstration, court: Path, tmp_path: Path) -> None:
    """It seizes at the desk, and lifts by a file that an officer takes in."""
    state, number, document, file = (
        court.parent / "state",
        demonstration.numbers[0],
        court / "o",
        tmp_path / "f",
    )
    document.write_bytes(b"an order")
    cited = ("--document", document, "--reference", "(2026)粤01执12号", "--org", court)
    with running_desk(state, secrets={}) as desk:
        at = (*cited, "--desk", desk.url)
        seized = run("org", "order", "seize", number, *at, "--text", "查封", "--json", env=SECRETS)
        assert seized.code == 0, seized.err
        stranger = "SJ4412026119999"
        refused("org", "order", "cancel", stranger, *at, code="certificate-unknown", exit_code=2, env=SECRETS)
        wrong = ("org", "order", "lift", number, "--remark", "ff", *at)
        told = refused(*wrong, code="remark-unknown", exit_code=2, env=SECRETS)
        assert "(2026)粤01执12号" in told["hint"], "a court has no command of the registry's to look with"
        free = ("org", "order", "lift", demonstration.numbers[1], *at)
        refused(*free, code="seizure-none", exit_code=2, env=SECRETS)
        lifted = run("org", "order", "lift", number, *at, "--out", file, env=SECRETS)
        assert lifted.code == 0, lifted.err
    listed = run("remark", "list", number, "--state", state)
    assert "by a forum" in listed.out
    lift = ("remark", "lift", number, "seizure", "--as", OFFICER, "--state", state, *cited[:4])
    refused(*lift, code="seized-by-forum", exit_code=2)

    changed = tmp_path / "changed"
    changed.write_text(file.read_text().replace("粤01执12", "粤01执13"), encoding="utf-8")
    refused("order", changed, "--state", state, code="commitment", exit_code=1)
    for _ in range(2):  # twice the same is once
        taken = run("order", file, "--state", state, "--json")
        assert (taken.code, taken.json["type"]) == (0, "remark.lifted")
    assert run("audit", "--state", state).code == 0
