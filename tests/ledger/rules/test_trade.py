"""The check before a trade: every reason of R45, by itself, and nothing missing taken for granted."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.ledger.rules.licences import EVERYWHERE, Act, Terms
from yinzheng.ledger.rules.moves import Circumstances
from yinzheng.ledger.rules.terms import Right
from yinzheng.ledger.rules.trade import Answer, Found, Known, check_trade
from yinzheng.ledger.rules.trade_words import personal_fields
from yinzheng.verifier.chain.terms import ACTS
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.trade import OBLIGATIONS, REASONS, parse_trade
from yinzheng.verifier.formats.trade_check import Block, TradeChecked, parse_checked
from yinzheng.verifier.words import trade as words

NOW = 1_795_000_000
DAY = 86_400
SELLER, BUYER, OTHER = "91350100M000100Y43", "91310000132200821H", "91110000600007156J"
EXCHANGE, RIVAL = b"\1" * 20, b"\2" * 20
PAIR = {"sm3": "11" * 32, "sha256": "22" * 32}

NOBODY = ["seller-not-holder", "seller-not-operator"]
STATISTICS = ["prescriber-statistics", "personal-fields"]

Edit = Callable[[dict[str, Any]], None]


def asked(**changes: Any) -> dict[str, Any]:
    """A share that nothing is wrong with."""
    value: dict[str, Any] = {
        "certificate": "SJ4412026090001",
        "seller": {"name": "卖方（虚构）", "code": SELLER},
        "buyer": {"name": "买方（虚构）", "code": BUYER},
        "kind": "share",
        "registration": "licence",
        "rights": ["use"],
        "purpose": "慢病随访研究",
        "acts": ["store", "process", "use"],
        "term": {"begins": NOW, "ends": NOW + 30 * DAY},
        "territory": ["44"],
        "exclusive": False,
        "price": PAIR,
        "contract": PAIR,
        "declarations": {
            "assessment": None,
            "fields": ["年龄段", "性别", "随访次数"],
            "limits_kept": True,
            "may_sell": True,
            "route": "anonymised",
            "touches_secrets": False,
        },
        "attachments": [],
    }
    declared = changes.pop("declarations", {})
    return {**value, **changes, "declarations": {**value["declarations"], **declared}}


def certificate(**changes: Any) -> Any:
    return parse_body(
        {
            "v": 1,
            "number": "SJ4412026090001",
            "type": "first",
            "profile": "GD-HEALTH/1",
            "procedure": "simplified",
            "holders": [
                {"name": "卖方（虚构）", "code": SELLER, "rights": ["hold", "use", "operate"]},
                {"name": "另一方（虚构）", "code": OTHER, "rights": ["use"]},
            ],
            "limits": "",
            "asset": "2025年云汐市随访数据集",
            "class": "health",
            "level": {"scheme": "GB/T 39725-2020", "value": 2},
            "source": "collected",
            "scale": "1200条",
            "registry": {"name": "登记中心（虚构）", "code": "12440000MB2DEM001E"},
            "registered_at": NOW - 10 * DAY,
            "valid_until": NOW + 365 * DAY,
            "remarks": [],
            "prev": "ab" * 32,
            **changes,
        }
    )


def found(body: Any = None, **changes: Any) -> Found:
    made = Found(
        body=body or certificate(),
        status="in_force",
        circumstances=Circumstances(True, NOW + 365 * DAY, 0, 0, False, 0, bytes(20)),
        controlled=False,
        pledged=False,
        remarked=False,
        exclusives=(),
        overdue="0",
    )
    stands = {name: changes.pop(name) for name in list(changes) if hasattr(made.circumstances, name)}
    return replace(made, circumstances=replace(made.circumstances, **stands), **changes)


def check(value: dict[str, Any], what: Found | None = None, known: Known = Known.OURS) -> Answer:
    if known is Known.OURS and what is None:
        what = found()
    return check_trade(parse_trade(value), known, what, EXCHANGE, NOW)


def codes(answer: Answer) -> list[str]:
    return [reason.code for reason in answer.reasons]


def test_what_nothing_is_wrong_with_is_allowed_and_says_what_was_only_declared() -> None:
    answer = check(asked())
    assert (answer.answer, answer.reasons) == ("allow", ())
    outcomes = {one.name: one.outcome for one in answer.obligations}
    assert list(outcomes) == list(OBLIGATIONS)
    assert {name for name, outcome in outcomes.items() if outcome == "declared"} == {
        "may_sell",
        "prescribers",
        "security",
        "personal",
        "documents",
    }
    limited = check(asked(), found(certificate(limits="仅限医学研究使用")))
    assert limited.answer == "allow"
    assert {one.name: one.outcome for one in limited.obligations}["limits"] == "declared"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"in_force": False, "status": "superseded"}, "not-in-force"),
        ({"valid_until": NOW - 1}, "expired"),
        ({"holds": 1}, "held"),
        ({"seized": True}, "seized"),
        ({"controlled": True}, "controlled"),
        ({"pledged": True}, "pledged"),
        ({"reserved_until": NOW + 60, "reserved_by": RIVAL}, "reserved"),
        ({"objections": 2}, "objection-open"),
        ({"overdue": "<5"}, "withdrawals-overdue"),
    ],
)
def test_how_a_certificate_stands(changes: dict[str, Any], code: str) -> None:
    answer = check(asked(), found(**changes))
    assert codes(answer) == [code]
    assert answer.answer == ("refuse" if REASONS[code].refuses else "needs_person")


def test_its_own_reservation_bars_nothing_and_one_that_lapsed_nobody() -> None:
    assert check(asked(), found(reserved_until=NOW + 60, reserved_by=EXCHANGE)).answer == "allow"
    assert check(asked(), found(reserved_until=NOW, reserved_by=RIVAL)).answer == "allow"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (asked(seller={"name": "卖方", "code": "91350100M000100Y4Z"}), ["seller-code", *NOBODY]),
        (asked(seller={"name": "另一名称", "code": SELLER}), ["seller-name"]),
        (asked(buyer={"name": "买方", "code": "123"}), ["buyer-code"]),
        (asked(buyer={"name": "买方", "code": SELLER}), ["same-organisation"]),
        (asked(rights=[]), ["rights-missing"]),
        (asked(seller={"name": "另一方（虚构）", "code": OTHER}), ["seller-not-operator"]),
        (asked(seller={"name": "另一方（虚构）", "code": OTHER}, rights=["hold"], acts=["store"]), NOBODY),
        (asked(registration="transfer"), ["kind-mismatch"]),
        (asked(registration=None), ["registration-missing"]),
        (asked(purpose=None), ["purpose-missing"]),
        (asked(acts=None), ["acts-missing"]),
        (asked(acts=[]), ["acts-missing"]),
        (asked(acts=["use", "provide", "publish"]), ["acts-beyond-rights"]),
        (asked(term=None), ["term-missing"]),
        (asked(term={"begins": NOW, "ends": NOW + 366 * DAY}), ["term-outside"]),
        (asked(term={"begins": NOW - 9, "ends": NOW - 1}), ["term-outside"]),
        (asked(term={"begins": NOW + 9, "ends": NOW + 1}), ["term-outside"]),
        (asked(price=None, contract=None), ["price-missing", "contract-missing"]),
        (asked(declarations={"may_sell": False}), ["seller-may-not-sell"]),
        (asked(declarations={"may_sell": None}), ["may-sell-undeclared"]),
        (asked(declarations={"fields": None}), ["fields-missing"]),
        (asked(declarations={"fields": ["医生姓名", "药品名称", "数量"]}), STATISTICS),
        (asked(declarations={"fields": ["年龄", "patient_name"]}), ["personal-fields"]),
        (asked(declarations={"touches_secrets": True}), ["secrets-touched"]),
        (asked(declarations={"touches_secrets": None}), ["secrets-undeclared"]),
        (asked(declarations={"route": None}), ["route-missing"]),
        (asked(declarations={"route": "deidentified"}), ["personal-information"]),
        (asked(declarations={"route": "identifiable"}), ["personal-information"]),
    ],
)  # fmt: skip
def test_what_a_trade_says_of_itself(value: dict[str, Any], code: list[str]) -> None:
    answer = check(value)
    assert codes(answer) == code
    refused = any(REASONS[one].refuses for one in code)
    assert answer.answer == ("refuse" if refused else "needs_person")


def test_limits_are_read_by_a_person_and_plain_words_forbid() -> None:
    limited = found(certificate(limits="仅限医学研究使用，不得向第三方提供，禁止转让，不得用于商业用途"))
    assert codes(check(asked(declarations={"limits_kept": None}), limited)) == ["limits-unread"]
    assert codes(check(asked(declarations={"limits_kept": False}), limited)) == ["limits-broken"]
    handing = asked(rights=["use", "operate"], acts=["provide"], purpose="商业保险定价")
    told = check(handing, limited)
    assert codes(told) == ["limits-forbid"]
    assert told.reasons[0].about == "provide, purpose"
    moved = asked(kind="transfer", registration="transfer", acts=list(ACTS), term=None, territory=None)
    assert "limits-forbid" in codes(check(moved, limited))
    remarked = found(certificate(remarks=[{"kind": "agreed", "text": "到期续约另议"}]))
    assert codes(check(asked(declarations={"limits_kept": None}), remarked)) == ["limits-unread"]


def test_a_transfer_is_whole() -> None:
    whole = asked(kind="transfer", registration="transfer", acts=list(ACTS), term=None, territory=None)
    assert check(whole).answer == "allow"
    for part in (
        {"term": {"begins": NOW, "ends": NOW + DAY}},
        {"acts": ["use"]},
        {"exclusive": True},
        {"territory": ["44"]},
    ):
        assert codes(check({**whole, **part})) == ["transfer-limited"]  # fmt: skip
    assert codes(check({**whole, "registration": "licence"})) == ["kind-mismatch"]


def test_no_term_begins_before_the_right_was_registered() -> None:
    early = {"begins": NOW - 11 * DAY, "ends": NOW + 30 * DAY}
    assert codes(check(asked(term=early))) == ["term-outside"]
    assert check(asked(term={**early, "begins": NOW - 10 * DAY})).answer == "allow"


def test_an_exclusive_licence_overlaps_by_right_act_place_and_time() -> None:
    exclusive = Terms(frozenset({Right.USE}), frozenset({Act.USE}), frozenset({"44"}), NOW, NOW + 5 * DAY)
    assert codes(check(asked(), found(exclusives=(exclusive,)))) == ["exclusive-overlaps"]
    for apart in (
        replace(exclusive, rights=frozenset({Right.HOLD})),
        replace(exclusive, acts=frozenset({Act.PUBLISH})),
        replace(exclusive, territory=frozenset({"11"})),
        replace(exclusive, begins=NOW + 60 * DAY, ends=NOW + 61 * DAY),
    ):
        assert check(asked(), found(exclusives=(apart,))).answer == "allow"
    # What is not said is everywhere, everything, from now to the certificate's end.
    later = replace(exclusive, begins=NOW + 200 * DAY, ends=NOW + 201 * DAY, territory=frozenset({"11"}))
    unsaid = check(asked(territory=None, term=None, acts=None), found(exclusives=(later,)))
    assert "exclusive-overlaps" in codes(unsaid)
    moved = asked(kind="transfer", registration="transfer", acts=list(ACTS), term=None, territory=None)
    assert codes(check(moved, found(exclusives=(replace(later, territory=EVERYWHERE),)))) == [
        "exclusive-overlaps"
    ]


def test_levels_and_importance() -> None:
    unknown = certificate(level={"scheme": "院内分级", "value": 2})
    assert codes(check(asked(), found(unknown))) == ["level-unknown"]
    important = found(certificate(importance="important"))
    passed = {"result": "passed", "by": "评估机构（虚构）", "at": NOW - DAY}
    report = [{"kind": "assessment", "digest": PAIR}]
    assert codes(check(asked(), important)) == ["assessment-missing"]
    assert codes(check(asked(declarations={"assessment": passed}), important)) == ["assessment-missing"]
    assert check(asked(declarations={"assessment": passed}, attachments=report), important).answer == "allow"
    yet = {**passed, "at": NOW + DAY}
    assert codes(check(asked(declarations={"assessment": yet}, attachments=report), important)) == [
        "assessment-missing"
    ]
    failed = {**passed, "result": "failed"}
    told = check(asked(declarations={"assessment": failed}, attachments=report), important)
    assert codes(told) == ["assessment-failed"]
    assert codes(check(asked(), found(certificate(importance="core")))) == ["core-data", "assessment-missing"]


@pytest.mark.parametrize("known", [Known.FOREIGN, Known.UNKNOWN, Known.ALTERED])
def test_no_certificate_of_ours_is_refused_with_whatever_else_is_wrong(known: Known) -> None:
    answer = check(asked(price=None), None, known)
    assert (answer.answer, codes(answer)) == ("refuse", [known.value, "price-missing"])
    outcomes = {one.name: one.outcome for one in answer.obligations}
    assert outcomes["in_force"] == outcomes["seller"] == outcomes["withdrawals"] == "open"
    assert outcomes["purpose"] == "met"


def test_names_of_things_are_nobodys() -> None:
    things = [
        "药品名称",
        "hospital_address",
        "诊断名称",
        "drug_name",
        "年龄段",
        "随访次数",
        "sex",
        "检验项目名称",
    ]
    assert personal_fields(things) == ()
    people = [
        "姓名",
        "患者电话",
        "patientName",
        "id_card_no",
        "身份证号",
        "病历号",
        "mobile",
        "homeAddress",
        "XM",
        "姓 名",
        "姓\u200b名",
        "身份證號",
        "聯繫電話",
        "ｘｍ",
        "ｐａｔｉｅｎｔＮａｍｅ",
        "mo\u00adbile",
    ]
    assert personal_fields(people) == tuple(people)


@pytest.mark.parametrize(
    "edit",
    [
        lambda v: v.pop("exclusive"),
        lambda v: v.update(more=1),
        lambda v: v.update(rights=["use", "hold"]),
        lambda v: v.update(rights=["use", "use"]),
        lambda v: v.update(acts=["sell"]),
        lambda v: v.update(kind="lend"),
        lambda v: v.update(territory=[]),
        lambda v: v.update(territory=["4"]),
        lambda v: v.update(territory=["19"]),  # no province, which no exclusive licence would overlap
        lambda v: v["declarations"].update(route="cleaned"),
        lambda v: v["declarations"].update(fields=[]),
        lambda v: v["seller"].update(code=""),
    ],
)
def test_a_malformed_trade_is_not_read(edit: Edit) -> None:
    value = copy.deepcopy(asked())
    edit(value)
    with pytest.raises(DataFault):
        parse_trade(value)


def test_a_persons_number_is_not_taken_for_a_code() -> None:
    with pytest.raises(DataFault) as raised:
        parse_trade(asked(seller={"name": "某人", "code": "11010519491231002X"}))
    assert raised.value.code == "credit-code-person"


maybe = st.none() | st.booleans()
trades = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["share", "transfer"]),
        "registration": st.sampled_from([None, "licence", "transfer"]),
        "rights": st.sampled_from([[], ["hold"], ["use"], ["hold", "use", "operate"]]),
        "purpose": st.sampled_from([None, "医学研究", "商业用途"]),
        "acts": st.sampled_from([None, [], ["use"], list(ACTS)]),
        "term": st.sampled_from([None, {"begins": NOW, "ends": NOW + DAY}]),
        "price": st.sampled_from([None, PAIR]),
        "declarations": st.fixed_dictionaries(
            {
                "limits_kept": maybe,
                "may_sell": maybe,
                "touches_secrets": maybe,
                "route": st.sampled_from([None, "anonymised", "deidentified"]),
                "fields": st.sampled_from([None, ["年龄"], ["统方"]]),
            }
        ),
    }
)
standings = st.builds(
    found,
    in_force=st.booleans(),
    holds=st.integers(0, 1),
    objections=st.integers(0, 1),
    seized=st.booleans(),
    pledged=st.booleans(),
    overdue=st.sampled_from(["0", "<5"]),
)


@given(trades, standings, st.sampled_from(Known))
def test_an_answer_follows_from_its_reasons_and_is_read_back(
    changes: dict[str, Any], what: Found, known: Known
) -> None:
    value = asked(**changes)
    answer = check(value, what if known is Known.OURS else None, known)
    told = {REASONS[code] for code in codes(answer)}
    missing = [
        v for v in (changes["purpose"], changes["price"], *changes["declarations"].values()) if v is None
    ]
    if answer.answer == "allow":
        assert not told
        assert not [one for one in missing if one is not None]
        assert changes["declarations"]["touches_secrets"] is False
        assert changes["declarations"]["route"] == "anonymised"
    assert (answer.answer == "refuse") is any(one.refuses for one in told)
    body = TradeChecked(
        exchange=certificate().registry,
        key=bytes(8),
        asked=parse_trade(value),
        answer=answer.answer,
        reasons=answer.reasons,
        obligations=answer.obligations,
        block=Block(1, bytes(32), NOW),
        record=None,
        checked_at=NOW,
    )
    if known is not Known.OURS:
        assert parse_checked(body.to_json()) == body
    for other in ("allow", "needs_person", "refuse"):
        if other != answer.answer:
            with pytest.raises(DataFault) as raised:
                parse_checked(replace(body, answer=other).to_json())
            assert raised.value.code == "trade-answer"


def test_every_reason_and_obligation_has_words_in_both_languages() -> None:
    assert set(words.REASONS) == set(REASONS)
    assert set(words.CHECKED) == set(OBLIGATIONS)
    assert all(words.REASONS[code].zh and REASONS[code].obligation in OBLIGATIONS for code in REASONS)
