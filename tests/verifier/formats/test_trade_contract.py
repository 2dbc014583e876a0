"""A contract about data as typed records: each clause either applies or does not (R56, S21.7)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.contracts import BUYER, OFF, PAIR, SELLER, applies, contract
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.trade_clauses import CLAUSES
from yinzheng.verifier.formats.trade_contract import (
    MAX_CONTRACT,
    SignedContract,
    is_signed_by,
    parse_contract,
    parse_signed,
    sign_contract,
)
from yinzheng.verifier.formats.trade_events import TradeDestruction, sign_destruction
from yinzheng.verifier.words import trade_contract as words

STRANGER = "91110000600007156J"

KEYS = {
    code: Sm2PrivateKey.from_bytes(bytes(range(at, at + 32))) for at, code in enumerate((SELLER, BUYER), 1)
}


def refused(value: Any) -> str:
    with pytest.raises(DataFault) as caught:
        parse_contract(value)
    return caught.value.code


@pytest.mark.parametrize("kind", ["share", "transfer"])
def test_it_is_written_as_it_is_read(kind: str) -> None:
    value = contract(kind)
    found = parse_contract(value)
    assert found.to_json() == value
    assert found.digest == digest_pair(dumps(value))
    assert (found.side_of(SELLER), found.side_of(BUYER), found.side_of("x")) == ("seller", "buyer", None)


@pytest.mark.parametrize("name", CLAUSES)
def test_each_clause_applies_or_does_not(name: str) -> None:
    terms = applies(name)["terms"]
    on, off = (
        parse_contract(contract(clauses={name: applies(name)})),
        parse_contract(contract(clauses={name: OFF})),
    )
    assert getattr(on.clauses, name).to_json() == terms
    assert getattr(off.clauses, name) is None
    for said, code in (
        ({"applies": False, "terms": terms}, "clause-both"),
        ({"applies": True}, "clause-neither"),
        ({"applies": None}, "field-type"),
        ({"terms": terms}, "field-missing"),
        ({"applies": True, "terms": {**terms, "more": 1}}, "field-unknown"),
        ({"applies": True, "terms": {}}, "field-missing"),
        ("applies", "field-type"),
    ):
        assert refused(contract(clauses={name: said})) in (code, "field-unknown", "field-missing")
        assert (
            code not in ("clause-both", "clause-neither") or refused(contract(clauses={name: said})) == code
        )


def test_every_clause_is_there() -> None:
    value = contract()
    del value["clauses"]["forum"]
    assert refused(value) == "field-missing"
    assert refused(contract(clauses={"other": OFF})) == "field-unknown"
    assert refused(contract(clauses={"term": applies("term", days=None)})) == "clause-term"
    assert refused(contract(clauses={"term": applies("term", kind="until_purpose")})) == "clause-term"
    met = parse_contract(contract(clauses={"term": applies("term", kind="until_purpose", days=None)}))
    assert met.clauses.term is not None


def test_both_sign_and_nobody_else() -> None:
    found = parse_contract(contract())
    unsigned = SignedContract(found, ())
    one = sign_contract(unsigned, SELLER, KEYS[SELLER])
    assert not one.complete
    both = sign_contract(sign_contract(one, BUYER, KEYS[BUYER]), SELLER, KEYS[SELLER])
    assert both.complete
    assert parse_signed(dumps(both.to_json())) == both
    for signature in both.signatures:
        assert is_signed_by(both, signature, KEYS[signature.code].public_key)
    assert not is_signed_by(both, both.signatures[0], KEYS[both.signatures[1].code].public_key)
    with pytest.raises(UsageFault) as stranger:
        sign_contract(both, STRANGER, KEYS[BUYER])
    assert stranger.value.code == "contract-stranger"
    other = parse_contract(contract(purpose="另一用途"))
    moved = SignedContract(other, both.signatures)
    assert not any(is_signed_by(moved, one, KEYS[one.code].public_key) for one in moved.signatures)
    own, theirs = both.signatures
    assert not is_signed_by(both, replace(own, kid=theirs.kid), KEYS[own.code].public_key)
    for wrong in (
        [own, own],
        [theirs, own],
        [own, replace(theirs, code=STRANGER)],
        [replace(own, code=STRANGER)],
    ):
        with pytest.raises(DataFault) as caught:
            parse_signed(dumps({**both.to_json(), "signatures": [one.to_json() for one in wrong]}))
        assert caught.value.code == "contract-signatures"


def test_a_receipt_of_destruction_is_its_signers_own() -> None:
    key, other = KEYS[SELLER], KEYS[BUYER].public_key
    receipt = TradeDestruction(
        contract=bytes(32),
        by=SELLER,
        kid=key_id(key.public_key.point),
        method="overwrite",
        copies=1,
        operator="数据管理员 07",
        destroyed_at=1_800_000_000,
    )
    signed = sign_destruction(receipt, key)
    assert signed.is_signed_by(key.public_key)
    assert not replace(signed, receipt=replace(receipt, copies=0)).is_signed_by(key.public_key)
    assert not signed.is_signed_by(other)
    assert not sign_destruction(replace(receipt, kid=key_id(other.point)), key).is_signed_by(key.public_key)


def test_the_largest_is_read() -> None:
    long = "字" * 400
    value = contract(
        subject={**contract()["subject"], "fields": ["段" * 100] * 100},
        clauses={
            "change": applies("change", words=long),
            "similar_data": applies("similar_data", words=long),
            "ending": applies("ending", words=long),
        },
    )
    data = json.dumps({"format": "yinzheng/trade-contract/1", "contract": value, "signatures": []})
    assert len(data.encode()) < MAX_CONTRACT
    assert parse_signed(data.encode()).contract.to_json() == value


def test_clauses_in_words() -> None:
    found = parse_contract(contract(clauses={"risk_assessment": applies("risk_assessment")}))
    listed = words.described(found)
    assert [one.number for one in listed] == list(range(1, len(CLAUSES) + 1))
    assert set(words.TITLES) == set(CLAUSES)
    by_title = {one.title.en: one for one in listed}
    price = {name.en: value.zh for name, value in by_title["Price and payment"].said}
    assert price["Amount (CNY)"] == "1234567.89"
    assert by_title["Exclusive manners"].said == ()
    assert not by_title["Exclusive manners"].applies
    risk = {name.en: value.en for name, value in by_title["Risk assessment and approval"].said}
    assert (risk["Passed"], risk["Report, SM3"]) == ("yes", PAIR["sm3"])
