"""Whoever is shown a certificate asks, the holder answers on its own machine, the asker checks (R15, S21)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import Said, refused, run
from tests.cli.conftest import Demonstration
from tests.ledger.world import OFFICER

SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}


class Parties:
    """A certificate's holder with its keys, and somebody who is shown the certificate."""

    def __init__(self, state: Path, shown: Demonstration, folder: Path) -> None:
        self.state, self.folder, self.trust = state, folder, shown.trust
        self.certificate = shown.file("pdf")
        (holder,) = json.loads(shown.file("json").read_text())["record"]["holders"]
        self.code = holder["code"]
        self.enrol("holder", self.code, holder["name"])

    def enrol(self, name: str, code: str, called: str) -> Path:
        org = self.folder / name
        new = ("holder", "key", "new", "--code", code, "--name", called, "--registry", self.trust)
        made = run(*new, "--out", org, "--json", env=SECRETS)
        assert made.code == 0, made.err
        done = run("enrol", made.json["enrolment"], "--as", OFFICER, "--state", self.state)
        assert done.code == 0, done.err
        return org

    def ask(self, name: str = "asked", *more: object) -> Path:
        file = self.folder / f"{name}.json"
        done = run("challenge", "new", self.certificate, "--asker", "某银行", "--out", file, *more)
        assert done.code == 0, done.err
        return file

    def answer(self, asked: object, org: str = "holder", *more: object) -> Said:
        given = ("--org", self.folder / org, "--for", "某银行", "--json", *more)
        return run("holder", "answer", asked, *given, env=SECRETS)

    def check(self, answer: object, asked: Path, *more: object) -> Said:
        at = ("--challenge", asked, "--certificate", self.certificate, "--trust", self.trust)
        return run("challenge", "check", answer, *at, *more, "--json")


@pytest.fixture
def parties(demonstration: Demonstration, copied: Callable[[], Path], tmp_path: Path) -> Parties:
    return Parties(copied(), demonstration, tmp_path)


def test_from_code_to_code(parties: Parties, tmp_path: Path) -> None:
    live = ("--state", parties.state)
    asked = parties.ask("asked", "--code", tmp_path / "question.png")
    answered = parties.answer(tmp_path / "question.png", "holder", "--code", tmp_path / "answer.png")
    assert answered.code == 0, answered.err
    checked = parties.check(tmp_path / "answer.png", asked, *live)
    assert checked.code == 0, checked.out
    assert checked.json["verdict"]["code"] == "answered"
    assert checked.json["answered_by"]["code"] == parties.code
    # Once: the same answer again is a replay, in its own words.
    again = parties.check(answered.json["text"], asked, *live)
    assert (again.code, again.json["verdict"]["code"]) == (1, "replayed")
    # An answer to another question, however fresh.
    other = parties.ask("other")
    wrong = parties.check(answered.json["text"], other, *live)
    assert (wrong.code, wrong.json["verdict"]["code"]) == (1, "other_challenge")
    # Somebody else who is enrolled.
    parties.enrol("firm", "91310000132200821H", "某数据公司")
    stranger = parties.answer(other, "firm")
    firm = parties.check(stranger.json["text"], other, *live)
    assert (firm.code, firm.json["verdict"]["code"]) == (1, "not_a_holder")


def test_offline_with_the_holders_file(parties: Parties, tmp_path: Path) -> None:
    file = tmp_path / "holder.json"
    assert run("holder-file", parties.code, "--out", file, "--state", parties.state).code == 0
    asked = parties.ask()
    answered = parties.answer(asked, "holder", "--out", tmp_path / "answer.json")
    assert answered.code == 0, answered.err
    checked = parties.check(tmp_path / "answer.json", asked, "--holder", file)
    assert checked.code == 0, checked.out
    spoken = run(
        "challenge", "check", tmp_path / "answer.json", "--challenge", asked, "--certificate",
        parties.certificate, "--trust", parties.trust, "--holder", file, "--lang", "zh",
    )  # fmt: skip
    assert spoken.code == 1
    assert "重复提交无效" in spoken.out
    # Without anything about the holder it stays open.
    second = parties.ask("second")
    told = parties.check(parties.answer(second).json["text"], second)
    assert (told.code, told.json["verdict"]["code"]) == (3, "holder_open")


def test_what_the_holders_program_refuses(parties: Parties, tmp_path: Path) -> None:
    org = ("--org", tmp_path / "holder")
    asked = parties.ask()
    old = json.loads(asked.read_text())
    late = tmp_path / "late.json"
    late.write_text(json.dumps({**old, "made_at": old["made_at"] - 900, "expires_at": old["made_at"] - 300}))
    refused("holder", "answer", late, *org, code="challenge-over", exit_code=2, env=SECRETS)
    ahead = tmp_path / "ahead.json"
    begins = int(time.time()) + 3000
    ahead.write_text(json.dumps({**old, "made_at": begins, "expires_at": begins + 60}))
    refused("holder", "answer", ahead, *org, code="challenge-clock", exit_code=2, env=SECRETS)
    refused("holder", "answer", "none.json", *org, code="file-missing", exit_code=2, env=SECRETS)
    refused("holder", "answer", parties.certificate, *org, code="challenge-foreign", exit_code=1, env=SECRETS)
    again = ("challenge", "new", parties.certificate, "--out", asked)
    refused(*again, code="file-exists", exit_code=2)
    refused(*again[:3], "--out", tmp_path / "x.json", "--minutes", 61, code="challenge-term", exit_code=2)
    number = run("challenge", "new", old["certificate"], "--out", tmp_path / "by-number.json")
    assert number.code == 0
    assert "YINZHENG:Q/" in number.out
    none = ("holder-file", "91350100M000100Y43", "--out", tmp_path / "h.json", "--state", parties.state)
    refused(*none, code="holder-none", exit_code=2)


def test_a_question_is_shown_before_it_is_signed(parties: Parties, tmp_path: Path) -> None:
    """Whoever shows a copy passes the question on: the holder signs for who is with it alone."""
    asked, org = parties.ask(), ("--org", tmp_path / "holder")
    kept = {path: path.read_bytes() for path in (tmp_path / "holder").rglob("*") if path.is_file()}
    for said in ((), ("--for", "某交易所"), ("--for", "")):
        made = tmp_path / "answer.json"
        refused(
            "holder",
            "answer",
            asked,
            *org,
            *said,
            "--out",
            made,
            code="challenge-asker",
            exit_code=2,
            env=SECRETS,
        )
        assert not made.exists()
    shown = run("holder", "answer", asked, *org, env=SECRETS)
    assert "某银行" in shown.err
    assert json.loads(asked.read_text())["certificate"] in shown.err
    unnamed = tmp_path / "unnamed.json"
    assert run("challenge", "new", parties.certificate, "--out", unnamed).code == 0
    refused("holder", "answer", unnamed, *org, code="challenge-asker", exit_code=2, env=SECRETS)
    assert run("holder", "answer", unnamed, *org, "--for", "", env=SECRETS).code == 0
    assert kept == {path: path.read_bytes() for path in kept}


def test_a_proof_for_a_bank(parties: Parties, demonstration: Demonstration, tmp_path: Path) -> None:
    bank, file, proof = "91310000132200821H", tmp_path / "holder.json", tmp_path / "proof.json"
    assert run("holder-file", parties.code, "--out", file, "--state", parties.state).code == 0
    prove = (
        "holder", "prove", parties.certificate, "--holder", file, "--reader", bank, "--reader-name", "某银行",
        "--purpose", "financing", "--words", "贷款", "--field", "asset", "--org", tmp_path / "holder",
    )  # fmt: skip
    made = run(*prove, "--out", proof, "--json", env=SECRETS)
    assert made.code == 0, made.err
    refused(*prove, "--out", proof, code="file-exists", exit_code=2, env=SECRETS)
    verify = ("verify", proof, "--trust", parties.trust, "--state", parties.state)
    for reader, purpose, code, exit_code in (
        (bank, "financing", "valid", 0),
        (bank, "audit", "other_purpose", 1),
        (parties.code, "financing", "other_reader", 1),
    ):
        done = run(*verify, "--reader", reader, "--purpose", purpose, "--json")
        assert (done.code, done.json["verdict"]["code"]) == (exit_code, code), done.out
        assert ("asset" in done.json["disclosed"]) is (exit_code == 0)
    spoken = run(*verify, "--lang", "zh")
    assert (spoken.code, "请说明由谁" in spoken.out) == (3, True)
    good = run(*verify, "--reader", bank, "--purpose", "financing", "--lang", "en")
    assert "Asset:" in good.out
    assert "Scale:" not in good.out
    other = ("verify", parties.certificate, "--trust", parties.trust, "--reader", bank)
    refused(*other, code="reader-not-proof", exit_code=2)
    refused(*verify, "--at", "2026-01-01", code="proof-now", exit_code=2)
    picture = ("holder", "prove", demonstration.file("png"), *prove[3:], "--out", tmp_path / "p.json")
    refused(*picture, code="certificate-file", exit_code=2, env=SECRETS)
    firm = parties.enrol("firm", bank, "某数据公司")
    refused(*prove[:-1], firm, "--out", tmp_path / "q.json", code="holder-none", exit_code=2, env=SECRETS)
