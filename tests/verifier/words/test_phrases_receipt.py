"""Words for every verdict on a receipt, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tests.verifier.receipt_world import ReceiptWorld, completed, genuine_receipt, presented, receipt_trust
from tests.verifier.world import NOW
from yinzheng.verifier import Authentic, Finding, Outcome
from yinzheng.verifier.formats.notice import ROUTES, SCOPES
from yinzheng.verifier.judge.receipt.report import ReceiptReport, ReceiptStatus
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words import receipt as phrases_receipt
from yinzheng.verifier.words.verdict import verdict

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def report() -> ReceiptReport:
    return verify_receipt(presented(genuine_receipt()), receipt_trust(), now=NOW)


def test_advice_keeps_the_two_questions_apart(report: ReceiptReport) -> None:
    for authentic, status in product(Authentic, ReceiptStatus):
        assert CHINESE.search(phrases_receipt.advice(replace(report, authentic=authentic, status=status)).zh)


def test_part_of_a_consent_is_called_a_part() -> None:
    world = ReceiptWorld()
    world.withdraw(completed(), scopes=["base"])
    said = verdict(verify_receipt(presented(world.file()), receipt_trust(), now=NOW)).headline
    assert said.en.startswith("Genuine, in force in part as of ")


def test_a_copy_that_is_not_the_newest_says_so(report: ReceiptReport) -> None:
    old = replace(report, status=ReceiptStatus.UNDETERMINED, status_code="withdrawals-untold", untold=2)
    assert "cannot be determined from this copy as of" in verdict(old).headline.en
    assert verdict(old).exit_code == 3
    assert "2 later withdrawals exist" in phrases_receipt.advice(old).en
    assert "One later withdrawal exists" in phrases_receipt.advice(replace(old, untold=1)).en
    code = replace(old, consent=None, status_code="extent-private")
    assert "in whole or in part" in verdict(code).headline.en
    assert "2 withdrawals exist" in phrases_receipt.advice(code).en
    assert "One withdrawal exists" in phrases_receipt.advice(replace(code, untold=1)).en
    overdue = replace(code, status=ReceiptStatus.OVERDUE)
    assert "Tell the registry" in phrases_receipt.advice(overdue).en
    assert "newest receipt" in phrases_receipt.advice(overdue).en


@pytest.mark.parametrize(
    ("extent", "said"),
    [({}, "Genuine, withdrawn, being"), ({"scopes": ["base"]}, "Genuine, a withdrawal is being")],
)
def test_what_is_withdrawn_in_part_is_not_called_withdrawn(extent: dict[str, Any], said: str) -> None:
    world = ReceiptWorld()
    world.withdraw({}, **extent)
    found = verify_receipt(presented(world.file()), receipt_trust(), now=NOW)
    assert verdict(found).headline.en.startswith(said)


def test_an_outage_is_told_from_missing_evidence(report: ReceiptReport) -> None:
    unknown = replace(report, authentic=Authentic.UNDETERMINED)
    outage = Finding(9, Outcome.ERROR, "node-unreachable", "the node does not answer")
    silent = phrases_receipt.advice(replace(unknown, findings=(*report.findings[:8], outage)))
    assert "says nothing against" in silent.en
    assert phrases_receipt.advice(unknown) != silent


def test_everything_has_its_words(report: ReceiptReport) -> None:
    assert set(phrases_receipt.OBLIGATIONS) == set(range(1, 11))
    assert set(phrases_receipt.STATUSES) == set(ReceiptStatus)
    assert set(phrases_receipt.SCOPES) == set(SCOPES)
    assert set(phrases_receipt.ROUTES) == set(ROUTES)
    assert set(phrases_receipt.ANSWERS) == {True, False, None}
    assert phrases_receipt.reason(report.finding(1)) == phrases.OUTCOMES[Outcome.VALID]


def test_reasons_speak_of_receipts() -> None:
    for code in (
        "qr-foreign",
        "core-malformed",
        "core-payload",
        "issuer-unknown",
        "registry-differs",
        "term",
        "events-cut",
        "event-not-in-log",
        "withdrawals-uncounted",
    ):
        said = phrases_receipt.reason(Finding(1, Outcome.INVALID, code, "x"))
        assert "certificate" not in said.en
        assert CHINESE.search(said.zh)
    other = Finding(4, Outcome.INVALID, "commitment", "x")
    assert phrases_receipt.reason(other) == phrases.reason(other)


def test_why_a_status_is_open() -> None:
    for code in (
        "term-private",
        "as-of-needs-archive",
        "archive-gap",
        "answer-too-old",
        "consents-not-pinned",
        "withdrawals-untold",
        "extent-private",
    ):
        assert CHINESE.search(phrases_receipt.why(code).zh)
