"""What is no pack, or no more, is none of ours or damaged, never inconsistent (D14)."""

from __future__ import annotations

import pytest

from tests.verifier.pack.damaged import NO_PACKS
from tests.verifier.pack.pack_world import verified
from yinzheng.verifier.judge.pack.report import Answer
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.words.court.html import render_html
from yinzheng.verifier.words.verdict import verdict


@pytest.mark.parametrize("name", NO_PACKS)
def test_it_is_not_said_to_be_inconsistent(name: str) -> None:
    make, code = NO_PACKS[name]
    report = verified(make())
    assert (report.verdict, report.exit_code) == (Answer.UNDETERMINED, 3)
    assert {question.answer for question in report.questions} == {Answer.UNDETERMINED}
    assert code in (report.finding(1).code, report.finding(2).code)
    assert not report.faults()
    assert report.manifest is None
    assert [finding.outcome for finding in report.findings[2:]] == [Outcome.SKIPPED] * 8
    said = verdict(report).headline
    assert report.authentic is Authentic.NOT_OURS
    assert (verdict(report).code, verdict(report).exit_code) == ("not_ours", 3)
    foreign = code == "issuer-unknown"
    assert ("a registry you pinned" in said.en) is foreign
    assert ("repacked or damaged: ask for the original" in said.en) is not foreign
    page = render_html(report)
    assert said.zh in page
    assert 'class="verdict undetermined"' in page
