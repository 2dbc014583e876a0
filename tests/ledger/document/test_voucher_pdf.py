"""The voucher's PDF: what it says in both languages, that it proves itself, and that the longest fits."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tests.ledger.document import samples
from tests.ledger.document.pages import glyphs_of, reader, text_of
from tests.ledger.document.photos import opened
from tests.ledger.document.previews import preview_voucher
from tests.verifier.licences import LICENCE, LICENSEE, licence_json
from tests.verifier.voucher_world import ASKED, VoucherWorld, trust
from tests.verifier.world import HOSPITAL, REGISTRY
from yinzheng.ledger.document.voucher_pdf import render_voucher
from yinzheng.verifier.chain.terms import ACTS, TERRITORY
from yinzheng.verifier.containers.scan import find_qr, read_codes
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.licence import parse_licence
from yinzheng.verifier.formats.shortcode import short_code
from yinzheng.verifier.judge.licence.verify import verify_voucher

LONGEST = {
    "profile": "NDA-2026/1",
    "registration": False,
    "licensor": {**HOSPITAL, "name": "某" * 100},
    "licensee": {**LICENSEE, "name": "研" * 100},
    "registry": {**REGISTRY, "name": "岭" * 100},
    "rights": ["hold", "use", "operate"],
    "acts": list(ACTS),
    "territory": list(TERRITORY[:28]),
    "purposes": ("药物不良反应监测与真实世界研究，" * 20)[:200],
    "exclusive": True,
}


def file_of(**changes: Any) -> bytes:
    world = VoucherWorld(licence=parse_licence(licence_json(**changes)))
    return json.dumps(world.file(), ensure_ascii=False).encode()


@cache
def usual() -> tuple[bytes, bytes]:
    file = file_of()
    return file, render_voucher(file, facts=samples.FACTS)


def test_it_says_what_is_licensed_in_both_languages() -> None:
    printed = text_of(usual()[1])
    for text in (
        "数据产权许可凭证",
        "VoucherofaData-RightsLicence",
        LICENCE,
        HOSPITAL["name"],
        LICENSEE["name"],
        LICENSEE["code"],
        "SJ4412026110001",
        "存储、加工、使用",
        "store,process,use",
        "广东、广西",
        "Guangdong,Guangxi",
        "糖尿病并发症风险模型研究",
        "普通许可",
        "许可登记",
        "2025年11月2日",
        "3f786850e387550fdab836ed7e6dc881de23001b9f2c5d6d0c1f6a1c54f0a1d2",
    ):
        assert text in printed, text
    assert 0 not in set(glyphs_of(usual()[1]))


def test_it_proves_itself() -> None:
    file, pdf = usual()
    shown = read_target(pdf, name=f"{LICENCE}.pdf")
    assert shown.file == file
    report = verify_voucher(shown, trust(), now=ASKED)
    assert (report.exit_code, report.kind) == (0, "pdf")
    assert "page-code-agrees" in {note.code for note in report.notes}
    assert {str(name) for name in reader(pdf).attachments} == {f"{LICENCE}.json"}


def test_the_same_file_gives_the_same_bytes() -> None:
    file, pdf = usual()
    assert render_voucher(file, facts=samples.FACTS) == pdf


@pytest.mark.parametrize("changes", [{}, LONGEST])
def test_its_code_is_read_from_the_page(changes: dict[str, Any]) -> None:
    file = file_of(**changes)
    page, _ = preview_voucher(file, facts=samples.FACTS, ppi=150)
    assert opened(page).width > 1000
    qr = json.loads(file)["qr"]
    assert find_qr(page) == qr
    assert read_codes(opened(page)) == {qr, short_code(qr)}


def test_the_longest_fits_and_says_that_it_is_recorded() -> None:
    pdf = render_voucher(file_of(**LONGEST), facts={})
    printed = text_of(pdf)
    assert len(reader(pdf).pages) == 2
    for text in ("仅作记载", "不是一项登记", "noneoftheregistrationtypes", "某" * 100, "岭" * 100):
        assert text in printed


def test_a_demonstration_says_so() -> None:
    printed = text_of(render_voucher(file_of(profile="DEMO/1"), facts={}))
    assert "演示凭证·无任何效力" in printed
    assert "DEMONSTRATION–WITHOUTANYEFFECT" in printed


@pytest.mark.parametrize("changes", [{"purposes": "研究ข"}, {"licensee": {**LICENSEE, "name": "ข院"}}])
def test_what_cannot_be_printed_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DataFault) as caught:
        render_voucher(file_of(**changes), facts={})
    assert caught.value.code == "font-missing-character"


def test_a_damaged_file_is_not_printed() -> None:
    with pytest.raises(DataFault):
        render_voucher(usual()[0][:-9], facts={})
