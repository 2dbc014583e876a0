"""The registry's report inside a pack is compared with what the pack's own data give (S14.6)."""

from __future__ import annotations

import io
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from tests.authority import Authority
from tests.verifier.pack.court_world import plan_of, planned, policy
from tests.verifier.pack.pack_files import places, resigned, unpacked
from tests.verifier.pack.pack_world import NOW, Dispute
from tests.verifier.world import STRANGER
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.judge.pack.report import Answer, PackReport
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.pack.writer import PackPlan, PackStamp
from yinzheng.verifier.version import VERSION
from yinzheng.verifier.words.court.html import EDITION, render_html
from yinzheng.verifier.words.court.planned import report_on


def with_report(plan: PackPlan) -> PackPlan:
    return replace(plan, report_html=render_html(report_on(plan)).encode(), report_pdf=b"%PDF-1.7")


@cache
def pack() -> bytes:
    return Dispute().pack(with_report(plan_of(Dispute())))


def read(
    data: bytes, *, render: Callable[[PackReport], str] | None = render_html, now: int = NOW
) -> PackReport:
    return verify_pack(io.BytesIO(data), parse_trust(dumps(policy())), now=now, render=render)


def said(report: PackReport) -> dict[str, str]:
    """What is said of the reports inside, by path."""
    reasons = [*report.limits, *report.faults()]
    return {reason.where: reason.code for reason in reasons if reason.code.startswith("report-")}


@pytest.mark.parametrize(
    "dispute",
    [Dispute(), Dispute(released=True), Dispute(withheld=frozenset({1, 2, 3})),
     Dispute(withhold_opening=True),
     Dispute(contents=(), first=0), Dispute(witnessed=False, holds=(0, 1, 1))],
    ids=["open", "released", "nothing shown", "opening withheld", "empty", "inconsistent"],
)  # fmt: skip
def test_the_report_that_the_data_give(dispute: Dispute) -> None:
    report = read(dispute.pack(with_report(plan_of(dispute))), now=NOW + 10**8)
    assert said(report) == {"report.pdf": "report-not-compared"}


def test_a_report_that_says_other_than_the_data() -> None:
    files = unpacked(pack())
    assert EDITION.encode() in files["report.html"]
    lie = files["report.html"].replace("访问日志导出".encode(), "转让合同原件".encode())
    assert lie != files["report.html"]
    report = read(resigned({**files, "report.html": lie}))
    assert places(report) == {("report.html", None, "report-differs")}
    assert (report.verdict, report.exit_code) == (Answer.INCONSISTENT, 1)
    assert report.question("C17").answer is Answer.INCONSISTENT
    assert report.question("C16").answer is Answer.CONSISTENT
    assert "do not rely on it" in render_html(report)


def test_what_cannot_be_compared_is_said() -> None:
    files = unpacked(pack())
    both = {"report.html": "report-not-compared", "report.pdf": "report-not-compared"}
    assert said(read(pack(), render=None)) == both
    changed = read(resigned({**files, "statements.json": b"[ ]"}))
    assert said(changed) == both
    assert said(read(resigned({**files, "trust.json": b"{}"}))) == both
    assert read(resigned({**files, "trust.json": b"{}"})).verdict is Answer.CONSISTENT
    other = files["report.html"].replace(EDITION.encode(), b"yinzheng/report/0")
    for page in (other, b"", b"<!doctype html>", b"\xff"):
        report = read(resigned({**files, "report.html": page}))
        assert said(report)["report.html"] == "report-other-edition"
        assert (report.verdict, report.question("C19").answer) == (Answer.CONSISTENT, Answer.CONSISTENT)


def test_a_policy_inside_that_does_not_pin_the_signer() -> None:
    strange = policy()
    strange["issuers"][0] |= {
        "key": STRANGER.public_key.point.hex(),
        "kid": key_id(STRANGER.public_key.point).hex(),
    }
    plan = with_report(replace(plan_of(Dispute()), trust=dumps(strange)))
    assert said(read(Dispute().pack(plan))) == {"report.pdf": "report-not-compared"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")
def test_stamps_that_cannot_be_read_here_keep_it_from_being_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    dispute = Dispute()
    pinned = [{"name": "authority", "certificate": authority.root.der.hex()}]
    plan = plan_of(dispute, time_authorities=pinned)
    token = authority.stamp(sha256(dispute.signed_head.encode()).digest())
    data = dispute.pack(with_report(replace(plan, timestamps={"checkpoint-1": PackStamp(token)})))
    assert "report.html" not in said(read(data))
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    assert said(read(data))["report.html"] == "report-not-compared"


CONTACT = {"telephone": "020-1234 5678", "address": "某市某路一号"}
PINNED = "c5b87ec92a15db3c9df90eb8393167086120fdacf3284668cae36232fc212c86"


def test_another_page_is_another_edition() -> None:
    """Readers of one edition write the same bytes: if this fails, raise `EDITION` and pin the page anew.

    Whoever lets it fail has the packs that were handed out called inconsistent.
    """
    page = re.sub(r"[0-9a-f]{16,}", "#", render_html(planned(Dispute(witnessed=False), contact=CONTACT)))
    page = page.replace(VERSION, "#")
    assert (EDITION, sha256(page.encode()).hexdigest()) == ("yinzheng/report/6", PINNED)
