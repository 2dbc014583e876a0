"""What a contract about data may say: every clause of R56 by itself, and every reason of R45 besides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.rules.test_trade import DAY, NOW, certificate
from tests.ledger.rules.test_trade import found as known
from tests.verifier.contracts import OFF, applies, contract
from yinzheng.ledger.rules.trade import Known
from yinzheng.ledger.rules.trade_contract import Problem, check_contract
from yinzheng.verifier.formats.trade_contract import parse_contract
from yinzheng.verifier.words.trade import REASONS as REASON_WORDS
from yinzheng.verifier.words.trade_contract import PROBLEMS

LEAF = b"\xab" * 32


def problems(value: dict[str, Any], leaf: bytes | None = LEAF, **body: Any) -> dict[str, Problem]:
    made = check_contract(parse_contract(value), Known.OURS, known(certificate(**body)), leaf, NOW)
    return {one.code: one for one in made}


@pytest.mark.parametrize("kind", ["share", "transfer"])
def test_a_good_one(kind: str) -> None:
    assert problems(contract(kind)) == {}


def edited(section: str, **changes: Any) -> dict[str, Any]:
    value = contract()
    return {**value, section: {**value[section], **changes}}


def with_clause(name: str, **changes: Any) -> dict[str, Any]:
    return contract(clauses={name: applies(name, **changes)})


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (edited("seller", region="71"), "party-off-mainland"),
        (edited("buyer", region="81"), "party-off-mainland"),
        (edited("standing", public_hospital=True), "seller-may-not-sell"),
        (edited("seller", code="91110000600007156J"), "seller-not-operator"),
        (edited("seller", name="另一名称"), "seller-name"),
        (edited("buyer", code="91350100M000100Y43"), "same-organisation"),
        (edited("subject", importance="important"), "importance-differs"),
        (edited("subject", fields=["姓名"]), "personal-fields"),
        (edited("subject", fields=["医生", "药品", "金额"]), "prescriber-statistics"),
        (edited("subject", route="identifiable"), "personal-information"),
        (edited("subject", touches_secrets=True), "secrets-touched"),
        (contract(clauses={"exclusive": applies("exclusive", acts=["publish"])}), "exclusive-beyond-manner"),
        (contract(clauses={"term": applies("term", days=400)}), "term-outside"),
        (contract(clauses={"term": OFF}), "clause-needed"),
        (contract(clauses={"forum": OFF}), "clause-needed"),
        (contract(clauses={"tracking": OFF}), "clause-needed"),
        (contract(clauses={"seller_destroys": applies("seller_destroys")}), "clause-barred"),
        (
            contract(clauses={"buyer_destroys": applies("buyer_destroys", since="acceptance")}),
            "buyer-destroys-since",
        ),
        (
            contract(clauses={"negative_data": applies("negative_data", else_destroy=False)}),
            "negative-data-kept",
        ),
        (contract("transfer", clauses={"term": applies("term")}), "clause-barred"),
        (contract("transfer", clauses={"seller_destroys": OFF}), "clause-needed"),
        (
            contract("transfer", clauses={"seller_destroys": applies("seller_destroys", within_days=4)}),
            "seller-destroys-late",
        ),
        (
            contract("transfer", clauses={"seller_destroys": applies("seller_destroys", since="ending")}),
            "seller-destroys-since",
        ),
        (contract("transfer", manner=["use"]), "transfer-limited"),
    ],
)
def test_each_problem(value: dict[str, Any], code: str) -> None:
    found = problems(value)
    assert code in found, found
    assert found[code].refuses
    assert found[code].rule.startswith("R")


def test_warranty_needs_a_deposit() -> None:
    since = {"seller_destroys": applies("seller_destroys", since="warranty_end")}
    assert problems(contract("transfer", clauses=since)) == {}
    without = problems(contract("transfer", clauses={**since, "quality_deposit": OFF}))
    assert without["clause-needed"].about == "quality_deposit"


def test_the_certificate() -> None:
    assert set(problems(contract(), leaf=bytes(32))) == {"certificate-leaf"}
    raw = contract(subject={**contract()["subject"], "kind": "raw"})
    assert set(problems(raw, source="derived")) == {"subject-derived"}
    assert (
        check_contract(parse_contract(contract()), Known.FOREIGN, None, None, NOW)[0].code
        == "certificate-foreign"
    )


def test_important_data_needs_its_assessment() -> None:
    important = {**contract()["subject"], "importance": "important"}
    bare = problems(contract(subject=important), importance="important")
    assert bare["clause-needed"].about == "risk_assessment"
    assert not bare["assessment-missing"].refuses
    on = {"risk_assessment": applies("risk_assessment")}
    assert problems(contract(subject=important, clauses=on), importance="important") == {}
    failed = {"risk_assessment": applies("risk_assessment", passed=False)}
    assert "assessment-failed" in problems(
        contract(subject=important, clauses=failed), importance="important"
    )


def test_until_the_purpose_is_met_is_until_the_certificate_ends() -> None:
    met = contract(clauses={"term": applies("term", kind="until_purpose", days=None)})
    assert problems(met) == {}
    delivered = contract(clauses={"term": applies("term", kind="from_delivery", days=364), "delivery": OFF})
    assert "term-outside" not in problems(delivered)
    late = contract(clauses={"term": applies("term", kind="from_delivery", days=364)})
    assert "term-outside" in problems(late)
    assert DAY == 86_400


def test_every_problem_has_its_words() -> None:
    assert PROBLEMS.keys().isdisjoint(REASON_WORDS)
