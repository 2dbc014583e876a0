"""The reports in a real pack: what a court reads, and a script of anyone's that says the same."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.ledger.disputes.court import Court
from tests.ledger.disputes.test_packs import full
from yinzheng.ledger.disputes import packing
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.judge.pack.report import Answer
from yinzheng.verifier.words.court import words
from yinzheng.verifier.words.court.html import render_html
from yinzheng.verifier.words.court.planned import report_on

ROOT = Path(__file__).parents[3]


def test_a_pack_holds_the_report_that_a_reader_would_make(court: Court, tmp_path: Path) -> None:
    id_ = full(court)
    path = court.pack(id_)
    with zipfile.ZipFile(path) as archive:
        html = archive.read("report.html").decode()
        pdf = archive.read("report.pdf")
    assert html == render_html(report_on(packing.plan_pack(court.registry, id_)))
    for said in (
        "(2026)粤01民初1号",
        words.WITH_PACK.zh,
        words.DEMONSTRATION.zh,
        words.ITEM_KINDS["access_log"].zh,
        "整条链由同一家机构运营。",
    ):
        assert said in html
    assert pdf.startswith(b"%PDF-1.7")
    report = court.judge(path.read_bytes())
    assert report.question("C16").answer is Answer.CONSISTENT
    assert {file.file.path for file in report.files} >= {"report.html", "report.pdf", "recheck.py"}

    # Whoever has Python and openssl comes to the same end.
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(trust_policy(court.registry.instance)))
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "recheck.py", path, policy],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    assert "WRONG" not in done.stdout
    spoilt = bytearray(path.read_bytes())
    spoilt[spoilt.index(b"%PDF-1.7")] ^= 1
    path.write_bytes(spoilt)
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "recheck.py", path, policy],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "WRONG report.pdf" in done.stdout
    assert zipfile.is_zipfile(io.BytesIO(spoilt))


def test_a_pack_that_withholds_says_so_in_its_report(court: Court) -> None:
    id_ = full(court)
    selection = packing.Selection(items=frozenset({2}))
    with zipfile.ZipFile(court.pack(id_, selection)) as archive:
        html = archive.read("report.html").decode()
    assert "共 6 项：披露 1 项，未披露 5 项" in html
    assert words.ITEM_KINDS["certificate"].zh in html
    assert words.ITEM_KINDS["access_log"].zh not in html
