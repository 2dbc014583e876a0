"""The printed receipt: what a patient reads, what is never on the paper, and a file that proves itself."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.ledger.document.pages import accessible, glyphs_of, reader, text_of
from tests.ledger.document.photos import opened, photographed
from tests.ledger.document.previews import preview_receipt
from tests.verifier.bodies import HOSPITAL, LAB, guardian, recipient
from tests.verifier.receipt_checks import codes
from tests.verifier.receipt_world import (
    CREDENTIAL,
    ReceiptWorld,
    completed,
    consent_json,
    genuine_receipt,
    notice_json,
    receipt_trust,
)
from tests.verifier.world import NOW
from yinzheng.ledger.document import receipt_pdf
from yinzheng.ledger.document.receipt_pdf import render_receipt
from yinzheng.ledger.document.render import short_millimetres
from yinzheng.verifier.containers.pdf import extract_file
from yinzheng.verifier.containers.scan import find_qr, read_codes
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import parse_consent
from yinzheng.verifier.formats.notice import parse_notice
from yinzheng.verifier.formats.receipt import short_receipt, with_credential
from yinzheng.verifier.judge.receipt.verify import verify_receipt


def raw(file: dict[str, Any]) -> bytes:
    return json.dumps(file, ensure_ascii=False).encode()


@cache
def usual() -> bytes:
    file = genuine_receipt()
    return render_receipt(raw(file), with_credential(file["qr"], CREDENTIAL))


def rendered(world: ReceiptWorld) -> str:
    return text_of(render_receipt(raw(world.file())))


def test_a_proof_copy_says_that_nobody_acts_with_it() -> None:
    """The page of the patient's own alone shows the credential; what is attached is the same file."""
    file = genuine_receipt()
    copy, own = render_receipt(raw(file)), usual()
    printed = text_of(copy)
    assert "证明副本" in printed
    assert "nobodycanseemoreorwithdrawwithit" in printed
    assert "请像钥匙一样保管" not in printed
    assert "同意识别码" in printed
    assert "手机扫码" not in printed
    assert "证明副本：" not in text_of(own)
    shown, owned = read_target(copy), read_target(own)
    assert shown.file == owned.file == raw(file)
    for found, qr in ((shown, file["qr"]), (owned, with_credential(file["qr"], CREDENTIAL))):
        assert found.shown == tuple(sorted((qr, short_receipt(qr))))
    for presented in (shown, owned):
        report = verify_receipt(presented, receipt_trust(), now=NOW)
        assert codes(report) == {}
        assert "page-code-agrees" in [note.code for note in report.notes]


def test_says_who_what_until_when_and_how_to_withdraw() -> None:
    printed = text_of(usual())
    for words in (
        "个人健康数据使用同意回执",
        "某市人民医院",
        HOSPITAL,
        "张三",
        "医学研究与临床诊断参考Medicalresearchandclinicalreference同意Yes",
        "商业保险定价及理赔Insurancepricingandclaims不同意No",
        "未选，视为不同意",
        "提供给：某研究院",
        "肺结节模型研究",
        "2026年10月2日",
        "2October2026",
        "凭回执二维码在https://hospital.example/withdraw或门诊服务台撤回",
        "拒绝不影响就诊",
        "log.example.org",
        "请像钥匙一样保管",
        "离线核验码Provesitself,alsooffline",
        "手机扫码查看或撤回Scantoseeorwithdraw",
        "只扫较大的离线核验码",
        "receipt.json",
    ):
        assert words in printed, words
    assert len(reader(usual()).pages) == 2


def test_the_date_of_birth_and_the_reference_are_not_on_paper() -> None:
    printed = text_of(usual())
    # A year alone may stand in a digest.
    assert not re.search(r"1980[-年./]", printed)
    assert "P-2026-0001" not in printed
    assert "监护人" not in printed
    assert "演示" not in printed


def test_the_file_within_proves_itself() -> None:
    assert extract_file(usual()) == raw(genuine_receipt())
    presented = read_target(usual())
    assert presented.is_receipt
    report = verify_receipt(presented, receipt_trust(), now=NOW)
    assert (report.kind, report.in_force) == ("pdf", True)


def test_archival_without_boxes_and_the_same_each_time() -> None:
    glyphs = list(glyphs_of(usual()))
    assert len(glyphs) > 1000
    assert 0 not in glyphs
    file = genuine_receipt()
    assert render_receipt(raw(file), with_credential(file["qr"], CREDENTIAL)) == usual()
    metadata = reader(usual()).xmp_metadata
    assert metadata is not None
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata.stream.get_data().decode()
    roles = accessible(usual())
    assert (roles["H1"], roles["H2"]) == (1, 6)
    assert "个人健康数据使用同意回执" in reader(usual()).pages[0].extract_text()


def test_says_where_to_ask_and_complain_and_one_unit() -> None:
    printed = text_of(usual())
    assert "咨询与投诉" in printed
    assert "不用命令行" in printed
    assert "15年15years" in printed
    assert "个月" not in printed


def test_the_printed_code_is_read_from_the_page() -> None:
    file = genuine_receipt()
    page = preview_receipt(raw(file), ppi=300)[0]
    assert find_qr(page) == file["qr"]
    sheet = opened(page)
    corner = sheet.crop((sheet.width - 1100, 300, sheet.width, 1400))
    assert find_qr(photographed(corner, side=1400)) == file["qr"]


def test_the_short_code_is_read_from_its_corner_and_lies_apart() -> None:
    """As a phone held over the lines on withdrawing sees it; the large one is not in that picture."""
    file = genuine_receipt()
    sheet = opened(preview_receipt(raw(file), ppi=300)[0])
    edge = short_receipt(file["qr"])
    corner = sheet.crop((sheet.width - 1000, 2100, sheet.width - 100, 3000))
    assert read_codes(corner) == {edge}
    assert find_qr(photographed(corner, side=900)) == edge
    assert read_codes(sheet) == {file["qr"], edge}


@pytest.mark.parametrize(
    ("host", "side"), [("r.cn", 24.5), ("health-data.registry.gd.gov.cn", 24.5), ("h" * 64, 28.5)]
)
def test_the_short_codes_modules_are_those_that_were_measured(host: str, side: float) -> None:
    short = short_receipt(with_credential(genuine_receipt()["qr"], CREDENTIAL))
    assert short_millimetres(short.replace("YZ.EXAMPLE.ORG", host.upper())) == side


def test_guardian_genetic_data_and_demonstration_are_named() -> None:
    body = consent_json(guardian=guardian(), genetic=True)
    printed = rendered(ReceiptWorld(body=parse_consent(body), profile="DEMO/1"))
    for words in ("监护人Guardian张母", "遗传信息", "DEMONSTRATION–WITHOUTANYEFFECT"):
        assert words in printed


def test_what_was_withdrawn_is_shown_as_withdrawn() -> None:
    world = ReceiptWorld()
    world.withdraw(completed(), recipients=[LAB])
    world.withdraw(completed(), scopes=["base"])
    printed = rendered(world)
    assert "医学研究与临床诊断参考Medicalresearchandclinicalreference已撤回Withdrawn" in printed
    assert "去标识化de-identified已撤回Withdrawn" in printed
    assert "第三方合作研究Researchwiththirdparties同意Yes" in printed
    assert "已登记的撤回" in printed


def test_a_name_the_font_lacks_is_still_given_its_receipt() -> None:
    body = consent_json()
    body["person"]["name"] = "กข三"
    printed = rendered(ReceiptWorld(body=parse_consent(body)))
    assert "Person〓〓三" in printed
    assert "U+0E01、U+0E02" in printed


def longest() -> ReceiptWorld:
    """Every text as long as its format allows."""
    wide = "数" * 100
    answers = [
        {**recipient(scope=scope), "name": wide, "use": wide * 2, "answer": True}
        for scope in ("base", "third_party_research", "insurance")
    ]
    notice = notice_json()
    notice["purposes"] = [{**notice["purposes"][0], "purpose": wide * 2, "method": wide * 2}] * 9
    notice |= {
        "controller": {"name": wide, "code": HOSPITAL},
        "kinds": [f"{at}{'类' * 90}" for at in range(50)],
        "safeguards": [wide * 2] * 20,
        "withdraw": wide * 4,
        "refusal": "W" * 39 + "数" * 361,
        "held_at": wide * 2,
    }
    body = consent_json(recipients=answers, guardian={**guardian(), "name": "监" * 60})
    body["controller"] = notice["controller"]
    body["person"]["name"] = "张" * 60
    body["notice"]["digest"] = parse_notice(notice).digest().to_json()
    return ReceiptWorld(body=parse_consent(body), notice=notice, profile="DEMO/1")


def test_the_longest_texts_stay_on_the_pages() -> None:
    world = longest()
    pages = preview_receipt(raw(world.file()), ppi=50)
    assert 3 <= len(pages) <= 10
    for page in pages:
        edge = opened(page).crop((0, 0, 20, 585))  # 10 mm at 50 pixels an inch: outside the frame
        assert np.asarray(edge).min() > 200


@pytest.mark.parametrize("more", [5, 6, 7])
def test_pages_are_counted_and_the_last_line_stands_alone(more: int) -> None:
    """However full the page is: every page of a proof copy was the first, its last words set on others."""
    notice = notice_json()
    notice["purposes"] = notice["purposes"][:1] * more
    body = consent_json(guardian=guardian())
    body["notice"]["digest"] = parse_notice(notice).digest().to_json()
    world = ReceiptWorld(body=parse_consent(body), notice=notice, profile="DEMO/1")
    heights: dict[str, float] = {}

    def note(text: str, matrix: list[float], place: list[float], *_: object) -> None:
        for line in ("SHA-256", "登记簿和链上"):
            if line in text:
                heights[line] = matrix[5] + place[5] * matrix[3]

    contact = "电话 020-0000-0000 · 地址 某某路 1 号"
    pages = reader(render_receipt(raw(world.file()), policy="6103 9641", contact=contact)).pages
    ends = [page.extract_text().rstrip().rsplit("Page ", 1)[1] for page in pages]
    assert ends == [f"{at} of {len(pages)}" for at in range(1, len(pages) + 1)]
    last = pages[-1]
    last.extract_text(visitor_text=note)
    assert heights.get("SHA-256", 842) - heights.get("登记簿和链上", 0) > 12


def test_what_is_no_receipt_file_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataFault):
        render_receipt(b"{}")
    monkeypatch.setattr(receipt_pdf, "_data", lambda *_: {"qr": "", "short": ""})
    with pytest.raises(DataFault) as caught:
        render_receipt(raw(genuine_receipt()))
    assert caught.value.code == "document-failed"


def test_without_chain_evidence() -> None:
    printed = text_of(render_receipt(raw({**genuine_receipt(), "chain": None})))
    assert "区块" not in printed
