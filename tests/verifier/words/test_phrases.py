"""Words for every verdict and every reason, in both languages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.verifier.world import NOW, World, body_json, genuine_file, presented, trust
from yinzheng import verifier
from yinzheng.verifier import (
    Authentic,
    EnvironmentFault,
    Finding,
    Outcome,
    Report,
    Status,
    parse_body,
)
from yinzheng.verifier.formats.access import ACTIONS, BASES, KINDS, PURPOSES
from yinzheng.verifier.formats.body import IMPORTANCES, TYPES, Body
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.words import accesses, phrases
from yinzheng.verifier.words.reasons import REASONS

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def report() -> Report:
    return verify(presented(genuine_file()), trust(), now=NOW)


def test_whatever_a_line_may_say_has_words() -> None:
    """A line of a kind without words could be shown to nobody: the whole listing ended there."""
    for words, said in (
        (accesses.ACTIONS, ACTIONS), (accesses.KINDS, KINDS), (accesses.PURPOSES, PURPOSES),
        (accesses.BASES, BASES),
    ):  # fmt: skip
        assert set(words) == set(said)
        assert all(CHINESE.search(one.zh) and one.en for one in words.values())


def test_advice_keeps_the_two_questions_apart(report: Report) -> None:
    for authentic, status in product(Authentic, Status):
        advised = phrases.advice(replace(report, authentic=authentic, status=status))
        assert CHINESE.search(advised.zh)


def test_an_outage_is_told_from_missing_evidence(report: Report) -> None:
    unknown = replace(report, authentic=Authentic.UNDETERMINED)
    missing = phrases.advice(unknown)
    outage = Finding(9, Outcome.ERROR, "node-unreachable", "the node does not answer")
    silent = phrases.advice(replace(unknown, findings=(*report.findings[:8], outage, report.findings[9])))
    assert missing != silent
    assert "says nothing against" in silent.en


def test_every_outcome_obligation_note_and_field_has_its_words(report: Report) -> None:
    assert set(phrases.OBLIGATIONS) == set(range(1, 11))
    assert set(phrases.OUTCOMES) == set(Outcome)
    assert set(phrases.STATUSES) == set(Status)
    assert set(phrases.AUTHENTIC) == set(Authentic)
    may_have = {"notices", "follows", "importance", "authority"}
    assert set(phrases.IMPORTANCES) == set(IMPORTANCES)
    assert set(phrases.TYPES) == set(TYPES)
    assert set(phrases.FIELDS) == (set(body_json()) - {"v"}) | may_have
    assert phrases.FIELDS["holders"].en == "Registered to"
    assert phrases.reason(report.finding(1)) == phrases.OUTCOMES[Outcome.VALID]


def test_every_code_of_this_package_can_be_said_in_chinese() -> None:
    folder = Path(verifier.__file__).parent
    codes = {
        code
        for file in folder.rglob("*.py")
        for code in re.findall(r'code="([a-z0-9-]+)"', file.read_text(encoding="utf-8"))
    }
    assert len(codes) > 50
    for code in codes | {"before-key", "after-key", "key-compromised", "registry-differs", "prefix-differs"}:
        said = phrases.reason(Finding(1, Outcome.INVALID, code, "a message"))
        assert CHINESE.search(said.zh), code
        assert said.en, code


def test_faults_are_explained_with_what_to_do() -> None:
    known = EnvironmentFault("x", code="live-refused", hint="Ask another node.")
    assert phrases.explain(known).en.endswith("believed. Ask another node.")
    unknown = EnvironmentFault("the disk is full", code="no-such-code")
    assert phrases.explain(unknown) == ("原因：the disk is full", "The disk is full.")
    assert phrases.reason(Finding(1, Outcome.INVALID, "json-odd", "odd")).zh.startswith("文件不是规范的 JSON")


def test_reasons_are_whole_sentences() -> None:
    for code, (zh, en) in REASONS.items():
        assert zh.endswith("。"), code
        assert en.endswith("."), code
        assert CHINESE.search(zh), code


# The report itself


def test_a_report_has_no_truth_value(report: Report) -> None:
    with pytest.raises(TypeError, match="truth"):
        bool(report)


def test_a_report_as_json(report: Report) -> None:
    value = json.loads(json.dumps(report.to_json()))
    assert value["authentic"] == "genuine"
    assert value["status"] == "in_force"
    assert [item["outcome"] for item in value["obligations"]] == ["VALID"] * 10
    assert value["record"] == value["certificate"] == body_json()
    assert value["chain"]["successor"] is None
    assert value["block"]["age"] == 120
    empty = verify(presented({**genuine_file(), "extra": 1}), trust(), now=NOW).to_json()
    assert (empty["certificate"], empty["record"], empty["chain"], empty["block"]) == (None, None, None, None)
    assert empty["elided"] == []


def test_differences_in_json() -> None:
    shown: Body = parse_body(body_json(scale="别的"))
    value = verify(presented({**genuine_file(), "qr": World(shown=shown).qr}), trust(), now=NOW).to_json()
    assert value["differences"] == [{"path": "scale", "certificate": "别的", "record": "12万条"}]
    assert value["obligations"][3]["data"]["differences"] == value["differences"]
    assert json.dumps(value)


def test_a_demonstration_is_labelled() -> None:
    demo = World(body=parse_body(body_json(profile="DEMO/1")))
    report = verify(presented(demo.file()), trust(), now=NOW)
    assert report.demonstration
    assert report.in_force
    assert report.to_json()["demonstration"] is True
    assert phrases.DEMONSTRATION.zh
