"""Words for every verdict on a receipt, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

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
    world.withdraw(completed(), scopes=["research"])
    said = verdict(verify_receipt(presented(world.file()), receipt_trust(), now=NOW)).headline
    assert said.en.startswith("Genuine, in force in part as of ")


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
    ):
        assert CHINESE.search(phrases_receipt.why(code).zh)
