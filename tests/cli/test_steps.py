"""The steps of a case by the command line: who may take which, in what order, and what a refusal leaves."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import contents, refused, run
from tests.cli.conftest import Demonstration
from tests.ledger.world import APPLICANT, dossier
from yinzheng.verifier.log.note import open_checkpoint, parse_vkey
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof

CHEN, LIN = "officer-chen", "committee-lin"
"""Officer and committee member of the demonstration."""


def done(*args: object) -> Any:
    said = run(*args, "--json")
    assert said.code == 0, said
    assert not said.err
    return said.json


def show(state: Path, case: str) -> Any:
    return done("show", case, "--state", state)


def filled(state: Path, case: str, path: Path, *, against: str = "") -> Path:
    """The reviewer's checklist, as the officer fills in what `--template` printed."""
    template = done("review", case, "--as", CHEN, "--template", "--state", state)
    for answer in template["answers"]:
        if not answer["answer"]:
            answer.update(answer="yes", note="经核验相符", evidence=["identity.txt"])
        if answer["item"] == against:
            answer.update(answer="no", note="不符")
    for flag in template["flags"]:
        flag.update(confirmed=False, reason="经人工判断不属于")
    path.write_text(json.dumps(template, ensure_ascii=False), encoding="utf-8")
    return path


SIMPLE = ("--procedure", "simplified", "--reasons", "不涉及公共数据")
PUBLIC = ("--procedure", "ordinary", "--reasons", "涉及公共数据")


class Steps:
    """One case; each method is one command, which must succeed."""

    def __init__(self, state: Path, folder: Path, **changes: Any) -> None:
        self.state, self.folder = state, folder
        material = dossier(folder / "dossier", **changes)
        self.case: str = done("apply", material, "--state", state, "--profile", "DEMO/1")["case"]

    def take(self, command: str, *args: object) -> Any:
        return done(*command.split(), self.case, *args, "--state", self.state)

    def refuse(self, code: str, command: str, *args: object, exit_code: int = 2) -> dict[str, Any]:
        before = contents(self.state)
        error = refused(
            *command.split(), self.case, *args, "--state", self.state, code=code, exit_code=exit_code
        )
        assert contents(self.state) == before
        return error

    def reviewed(self) -> None:
        self.take("accept", "--as", CHEN, *SIMPLE)
        checklist = filled(self.state, self.case, self.folder / "checklist.json")
        self.take("review", "--as", CHEN, "--checklist", checklist)

    @property
    def where(self) -> str:
        state = show(self.state, self.case)["state"]
        assert isinstance(state, str)
        return state

    def wait_out_publicity(self) -> None:
        time.sleep(max(0.0, show(self.state, self.case)["publicity_end"] - time.time()) + 0.1)


@pytest.mark.slow
def test_the_ordinary_procedure_with_every_wrong_turn(state: Path, tmp_path: Path) -> None:
    case = Steps(state, tmp_path, public_data=True)
    case.refuse("move-not-allowed", "publish", "--as", CHEN)
    case.refuse("person-unknown", "accept", "--as", "nobody", *PUBLIC)
    case.refuse("move-wrong-capacity", "accept", "--as", LIN, *PUBLIC)
    case.refuse("procedure-public-data", "accept", "--as", CHEN, *SIMPLE)
    case.refuse("text-missing", "accept", "--as", CHEN, "--procedure", "ordinary", "--reasons", " ")
    case.take("accept", "--as", CHEN, *PUBLIC)
    error = case.refuse("move-not-allowed", "accept", "--as", CHEN, *PUBLIC)
    assert "review" in error["hint"], "the hint says what is possible"
    case.refuse("review-incomplete", "review", "--as", CHEN)
    case.refuse("checklist-missing", "review", "--as", CHEN, "--checklist", tmp_path / "none.json")
    empty = tmp_path / "empty.json"
    empty.write_text("{}")
    case.refuse("field-missing", "review", "--as", CHEN, "--checklist", empty, exit_code=1)
    checklist = filled(state, case.case, tmp_path / "checklist.json")
    case.refuse("move-wrong-capacity", "review", "--as", LIN, "--checklist", checklist)
    assert case.take("review", "--as", CHEN, "--checklist", checklist)["outcome"] == "review"
    case.refuse("move-procedure", "publish", "--as", CHEN)
    case.refuse("move-wrong-capacity", "approve", "--as", CHEN)
    case.refuse("text-missing", "approve", "--as", LIN, "--against")
    case.take("approve", "--as", LIN)
    case.refuse("move-wrong-capacity", "publish", "--as", LIN)
    published = case.take("publish", "--as", CHEN)
    assert published["publicity_end"] > 0
    material = tmp_path / "letter.txt"
    material.write_text("异议材料", encoding="utf-8")
    objecting = ("object", "--objector", "某公司（虚构）", "--reasons", "权属不清")
    case.refuse("material-missing", *objecting, "--material", tmp_path / "none.txt")
    objection = case.take(*objecting, "--material", material)["objection"]
    case.wait_out_publicity()
    case.refuse("move-objection-open", "issue", "--as", CHEN)
    case.refuse("objection-unknown", "resolve", "ff" * 32, "--as", CHEN, "--reasons", "x", "--dismissed")
    case.refuse("move-wrong-capacity", "resolve", objection, "--as", LIN, "--reasons", "x", "--dismissed")
    case.take("resolve", objection[:12], "--as", CHEN, "--reasons", "不成立", "--dismissed")
    case.refuse("move-wrong-capacity", "issue", "--as", LIN)
    issued = case.take("issue", "--as", CHEN)
    assert issued["missing"] == ["committee"]
    case.refuse("approval-twice", "issue", "--as", CHEN)
    deposited = case.take("issue", "--as", LIN)
    assert (deposited["missing"], deposited["number"]) == ([], issued["number"])
    case.refuse("move-not-allowed", "issue", "--as", LIN)
    assert case.where == "deposited"
    types = [line["type"] for line in show(state, case.case)["history"]]
    assert types == [
        "application.received",
        "application.accepted",
        "review.recorded",
        "committee.decided",
        "publicity.opened",
        "objection.raised",
        "objection.concluded",
        "certificate.deposited",
    ]
    trust = done("export-trust", "--state", state)
    (tmp_path / "trust.json").write_text(json.dumps(trust), encoding="utf-8")
    said = run("verify", issued["number"], "--trust", tmp_path / "trust.json", "--state", state, "--json")
    assert (said.code, said.json["authentic"], said.json["status"]) == (0, "genuine", "in_force"), said.out
    assert run("audit", "--state", state).code == 0


def test_supplement_refusal_and_the_end(state: Path, tmp_path: Path) -> None:
    case = Steps(state, tmp_path)
    assert run("request-supplement", case.case, "--as", CHEN, "--state", state).code == 2, (
        "no list, no request"
    )
    case.take("request-supplement", "--as", CHEN, "--missing", "来源证明不清", "--missing", "样例缺字段")
    assert case.where == "supplement_requested"
    case.refuse("dossier-not-folder", "supplement", tmp_path / "nothing")
    case.take("supplement", dossier(tmp_path / "better", scale="1300条"))
    assert case.where == "applied"
    case.refuse("text-missing", "refuse", "--as", CHEN, "--ground", "dispute", "--reasons", " ")
    assert run("refuse", case.case, "--as", CHEN, "--ground", "dislike", "--reasons", "x").code == 2
    case.take("refuse", "--as", CHEN, "--ground", "dispute", "--reasons", "权属争议尚未解决")
    assert case.where == "refused"
    case.refuse("move-not-allowed", "accept", "--as", CHEN, *SIMPLE)


def test_a_review_against_leads_to_refusal(state: Path, tmp_path: Path) -> None:
    case = Steps(state, tmp_path)
    case.take("accept", "--as", CHEN, *SIMPLE)
    checklist = filled(state, case.case, tmp_path / "checklist.json", against="identity")
    assert case.take("review", "--as", CHEN, "--checklist", checklist)["outcome"] == "review_against"
    assert case.where == "refusal_due"


def test_waived_publicity_needs_the_committee_and_an_upheld_objection_ends_a_case(
    state: Path, tmp_path: Path
) -> None:
    case = Steps(state, tmp_path)
    case.reviewed()
    case.refuse("person-twice", "publish", "--as", CHEN, "--waived-by", CHEN, "--reasons", "公益")
    case.take("publish", "--as", CHEN, "--waived-by", LIN, "--reasons", "公益用途，书面申请")
    material = tmp_path / "letter.txt"
    material.write_text("异议材料", encoding="utf-8")
    objection = case.take("object", "--objector", "甲", "--reasons", "权属", "--material", material)
    case.take("resolve", objection["objection"], "--as", CHEN, "--reasons", "成立", "--upheld")
    assert case.where == "closed"


def test_publicity_runs_its_time(state: Path, tmp_path: Path) -> None:
    """Under the real profile the five working days have not passed a second later."""
    material = dossier(tmp_path / "dossier")
    case = done("apply", material, "--state", state)["case"]
    done("accept", case, "--as", CHEN, *SIMPLE, "--state", state)
    checklist = filled(state, case, tmp_path / "checklist.json")
    done("review", case, "--as", CHEN, "--checklist", checklist, "--state", state)
    end = done("publish", case, "--as", CHEN, "--state", state)["publicity_end"]
    assert end - time.time() > 4 * 86_400
    refused("issue", case, "--as", CHEN, "--state", state, code="move-publicity-running", exit_code=2)


def test_the_dossier_is_opened_whole_into_a_new_folder(state: Path, tmp_path: Path) -> None:
    secret = "电话 000-12345678"
    case = Steps(state, tmp_path, applicant={**APPLICANT, "contact": secret})
    opened = tmp_path / "opened"
    listed = case.take("dossier open", "--as", CHEN, "--out", opened)
    given = sorted((tmp_path / "dossier").glob("*.txt"))
    assert {Path(name).name for name in listed["files"]} >= {path.name for path in given}
    for path in given:
        assert (opened / "1" / path.name).read_bytes() == path.read_bytes()
    case.refuse("folder-exists", "dossier open", "--as", CHEN, "--out", opened)
    assert not any(secret.encode() in file.read_bytes() for file in state.rglob("*") if file.is_file())


def test_cases_that_do_not_exist(demonstration: Demonstration, state: Path, tmp_path: Path) -> None:
    for command in (
        ("accept", "A-2026-999999", "--as", CHEN, *SIMPLE),
        ("issue", "A-2026-999999", "--as", CHEN),
        ("show", "A-2026-999999"),
        ("show", "SJ4412026119999"),
        ("supplement", "A-2026-999999", dossier(tmp_path / "dossier")),
        ("dossier", "open", "A-2026-999999", "--as", CHEN, "--out", tmp_path / "out"),
    ):
        refused(*command, "--state", state, code="case-unknown", exit_code=2)
    assert not (tmp_path / "out").exists()


def test_cases_and_show_read_without_a_key(demonstration: Demonstration, state: Path) -> None:
    for key in (state / "keys").iterdir():
        key.unlink()
    listed = done("cases", "--state", state)
    assert [row["state"] for row in listed] == ["deposited", "deposited"]
    assert {row["procedure"] for row in listed} == {"simplified", "ordinary"}
    spoken = run("show", demonstration.numbers[0], "--state", state)
    assert spoken.code == 0
    assert demonstration.numbers[0] in spoken.out
    assert spoken.out.count(" block ") == len(show(state, demonstration.numbers[0])["history"])
    assert listed[0]["case"] in run("cases", "--state", state).out


def test_every_line_of_the_history_can_be_proved(demonstration: Demonstration, tmp_path: Path) -> None:
    """With nothing of the registry: statement file, proof file, and the log keys of the policy."""
    log = json.loads(demonstration.trust.read_text(encoding="utf-8"))["log"]
    keys = [parse_vkey(key) for key in log["keys"]]
    for number in demonstration.numbers:
        folder = tmp_path / number
        said = done("show", number, "--state", demonstration.state, "--proofs", folder)
        lines = said["history"]
        assert len(list(folder.glob("*.tlog-proof"))) == len(lines) >= 5
        previous = None
        for line, proof_file in zip(lines, sorted(folder.glob("*.tlog-proof")), strict=True):
            statement = Statement.from_bytes(proof_file.with_suffix(".json").read_bytes())
            proof = TlogProof.from_text(proof_file.read_bytes())
            checkpoint = proof.verify_inclusion(statement.leaf_hash)
            assert open_checkpoint(proof.checkpoint, log["origin"], keys) == checkpoint
            assert (statement.type, statement.leaf_hash.hex()) == (line["type"], line["leaf"])
            assert proof.index == line["index"]
            assert statement.prev == previous, "each statement names the one before it"
            previous = statement.leaf_hash
