"""The printed contract: every clause in both languages, who signed, a file that proves itself (S21.13)."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.ledger.document.pages import glyphs_of, reader, text_of
from tests.verifier.contract_world import ContractWorld, plain, signed
from tests.verifier.contracts import BUYER, SELLER, applies, contract
from tests.verifier.world import NOW, NUMBER, trust
from yinzheng.ledger.document.contract_pdf import render_contract
from yinzheng.verifier.containers.contractfile import parse_contract_proof
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.contract.report import Concluding
from yinzheng.verifier.judge.contract.verify import verify_contract
from yinzheng.verifier.words.trade_contract import TITLES


@cache
def usual() -> tuple[bytes, bytes]:
    file = ContractWorld().data()
    return file, render_contract(file)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_it_says_every_clause_who_signed_and_about_what() -> None:
    printed = text_of(usual()[1])
    made = parse_contract_proof(usual()[0]).signed
    for number, title in enumerate(TITLES.values(), 1):
        assert squeezed(f"{number}{title.zh}") in printed
    on = sum(one["applies"] for one in contract()["clauses"].values())
    assert printed.count("Doesnotapply") == 20 - on
    for text in (
        "数据交易合同",
        "YX-2026-合-017",
        "卖方（虚构）",
        SELLER,
        BUYER,
        NUMBER,
        "慢病随访研究",
        "1234567.89",
        "广州仲裁委员会",
        made.contract.digest.sm3.hex(),
        *(one.kid.hex() for one in made.signatures),
        *(one.signature.hex() for one in made.signatures),
        "登记时核实",
    ):
        assert squeezed(text) in printed, text
    assert "DRAFT" not in printed


def test_the_file_attached_proves_it() -> None:
    file, pdf = usual()
    shown = read_target(pdf, name="contract.pdf")
    assert shown.file == file
    report = verify_contract(shown, trust(), now=NOW)
    assert (report.standing, report.exit_code) == (Concluding.RECORDED, 0)
    assert render_contract(file) == pdf
    assert 0 not in glyphs_of(pdf)
    assert reader(pdf).metadata is not None


@pytest.mark.parametrize(
    ("by", "says", "standing"),
    [
        ((), "DRAFT–NOTSIGNED", Concluding.DRAFT),
        ((SELLER,), "DRAFT–SIGNEDBYONEPARTYALONE", Concluding.HALF_SIGNED),
        ((SELLER, BUYER), "NOPROOFTHATITWASRECORDED", Concluding.UNRECORDED),
    ],
)
def test_without_proofs_it_says_so(by: tuple[str, ...], says: str, standing: Concluding) -> None:
    pdf = render_contract(plain(signed(*by)))
    printed = text_of(pdf)
    assert says in printed
    assert printed.count("notsigned") >= 2 - len(by)
    report = verify_contract(read_target(pdf), trust(), now=NOW)
    assert (report.standing, report.exit_code) == (standing, 3)


def test_a_demonstrations_says_so() -> None:
    printed = text_of(render_contract(ContractWorld(profile="DEMO/1").data()))
    assert "DEMONSTRATION–WITHOUTANYEFFECT" in printed


def test_the_longest_is_printed_whole() -> None:
    long = "字" * 400
    worded = {name: applies(name, words=long) for name in ("change", "similar_data", "ending", "derivatives")}
    worded |= {
        "delivery": applies("delivery", detail="A" * 400),
        "confidentiality": applies("confidentiality"),
    }
    changes: dict[str, Any] = {
        "number": "编" * 60,
        "purpose": "途" * 200,
        "subject": {**contract()["subject"], "fields": ["段" * 100] * 100},
        "clauses": worded,
    }
    printed = text_of(render_contract(plain(signed(**changes))))
    assert printed.count("段" * 100) >= 60  # lines break at pages
    assert "A" * 100 in printed


def test_what_the_font_lacks_is_listed() -> None:
    printed = text_of(render_contract(plain(signed(purpose="用途\U0001f600"))))
    assert "用途〓" in printed
    assert "U+1F600" in printed


def test_what_is_no_contract_is_not_printed() -> None:
    with pytest.raises(DataFault):
        render_contract(b"{}")
