"""What a version of a notice takes beyond another, and which uses rest on that (R28)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier import bodies
from yinzheng.ledger.rules.notices import Change, Wider, changes, rests_on_wider, wider
from yinzheng.verifier.formats.notice import CHANGES, ROUTES, SCOPES, Notice, Purpose, Recipient, parse_notice
from yinzheng.verifier.words import receipt as words

Json = dict[str, Any]
PURPOSES = bodies.notice()["purposes"]
RESEARCH = "third_party_research"


def notice(**changes_: Any) -> Notice:
    return parse_notice(bodies.notice() | changes_)


BEYOND: list[tuple[Json, list[Wider]]] = [
    ({"controller": {"name": "他院", "code": bodies.LAB}}, [Wider(Change.CONTROLLER, "", bodies.LAB)]),
    (
        {"purposes": [*PURPOSES, {**PURPOSES[0], "purpose": "新目的"}]},
        [Wider(Change.PURPOSE, "base", "新目的")],
    ),
    (
        {"purposes": [{**PURPOSES[0], "scope": "insurance"}, PURPOSES[1]]},
        [Wider(Change.PURPOSE, "insurance", "本院临床研究")],
    ),
    (
        {"purposes": [PURPOSES[0], {**PURPOSES[1], "method": "直接提供"}]},
        [Wider(Change.METHOD, RESEARCH, "合作研究")],
    ),
    (
        {"purposes": [PURPOSES[0], {**PURPOSES[1], "route": "identifiable"}]},
        [Wider(Change.METHOD, RESEARCH, "合作研究")],
    ),
    ({"kinds": ["检验结果", "影像报告", "病程记录"]}, [Wider(Change.KINDS, "", "病程记录")]),
    ({"genetic": True}, [Wider(Change.KINDS, "", "genetic")]),
    ({"retention_months": 181}, [Wider(Change.PERIOD, "", "retention_months 180 → 181")]),
    ({"term_months": 61}, [Wider(Change.PERIOD, "", "term_months 60 → 61")]),
    ({"safeguards": ["访问留痕"]}, [Wider(Change.PROTECTION, "", "SM4 加密存储")]),
    ({"safeguards": ["SM4 加密存储", "访问记录"]}, [Wider(Change.PROTECTION, "", "访问留痕")]),
    ({"held_at": "境外数据中心"}, [Wider(Change.PROTECTION, "", "境外数据中心")]),
    (
        {"recipients": [bodies.recipient(), bodies.recipient(bodies.INSURER)]},
        [Wider(Change.RECIPIENTS, RESEARCH, "某研究院 · 肺结节模型研究", bodies.INSURER)],
    ),
    (
        {"recipients": [{**bodies.recipient(), "use": "药物研发"}]},
        [Wider(Change.RECIPIENTS, RESEARCH, "某研究院 · 药物研发", bodies.LAB)],
    ),
    (
        {"recipients": [{**bodies.recipient(), "route": "identifiable"}]},
        [Wider(Change.RECIPIENTS, RESEARCH, "某研究院 · 肺结节模型研究", bodies.LAB)],
    ),
]
WITHIN: list[Json] = [
    {},
    {"withdraw": "致电", "refusal": "无影响", "published_at": bodies.NOW + 9},
    {"purposes": PURPOSES[:1], "recipients": [], "kinds": ["检验结果"]},
    {"purposes": PURPOSES[::-1], "kinds": ["影像报告", "检验结果"]},
    {"purposes": [PURPOSES[0], {**PURPOSES[1], "route": "anonymised"}]},
    {"controller": {"name": "更名后的医院", "code": bodies.HOSPITAL}},
    {"recipients": [{**bodies.recipient(), "name": "更名后的研究院", "route": "anonymised"}]},
    {"retention_months": 179, "term_months": 59},
    {"safeguards": ["SM4 加密存储", "访问留痕", "双人复核"]},
]


@pytest.mark.parametrize(("change", "expected"), BEYOND)
def test_what_a_consent_does_not_cover(change: Json, expected: list[Wider]) -> None:
    assert list(wider(notice(), notice(**change))) == expected


@pytest.mark.parametrize("change", WITHIN)
def test_what_it_covers(change: Json) -> None:
    assert wider(notice(), notice(**change)) == ()


def test_genetic_information_that_is_no_longer_used_is_less() -> None:
    assert wider(notice(genetic=True), notice()) == ()


def test_fields_are_those_of_the_format_and_have_words() -> None:
    assert tuple(Change) == CHANGES == tuple(words.CHANGES)
    found = wider(notice(), notice(genetic=True, kinds=["病程记录"], term_months=61, retention_months=999))
    assert changes(found) == (Change.KINDS, Change.PERIOD)


# ------------------------------------------------------------------ an order, whatever the notices

FEW = st.sampled_from(["甲", "乙", "丙"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "controller": st.sampled_from([bodies.HOSPITAL, bodies.LAB]).map(
        lambda code: replace(notice().controller, code=code)
    ),
    "purposes": st.lists(
        st.builds(
            Purpose,
            scope=st.sampled_from(SCOPES[:2]),
            purpose=FEW,
            method=FEW,
            route=st.sampled_from(ROUTES),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    "kinds": st.lists(FEW, min_size=1, max_size=3).map(tuple),
    "genetic": st.booleans(),
    "held_at": FEW,
    "retention_months": st.integers(1, 3),
    "term_months": st.integers(1, 3),
    "recipients": st.lists(
        st.builds(
            Recipient,
            name=FEW,
            code=st.sampled_from([bodies.LAB, bodies.INSURER]),
            scope=st.sampled_from(SCOPES[:2]),
            use=FEW,
            route=st.sampled_from(ROUTES),
        ),
        max_size=3,
        unique_by=lambda one: (one.code, one.scope),
    ).map(tuple),
    "safeguards": st.lists(FEW, min_size=1, max_size=3).map(tuple),
}
NOTICES = st.fixed_dictionaries(FIELDS).map(lambda fields: replace(notice(), **fields))


@st.composite
def near(draw: st.DrawFn) -> tuple[Notice, Notice]:
    """Two notices that differ in a field or two: any two at random hardly ever cover each other."""
    first = draw(NOTICES)
    names = draw(st.sets(st.sampled_from(sorted(FIELDS)), max_size=2))
    return first, replace(first, **{name: draw(FIELDS[name]) for name in sorted(names)})


def terms(one: Notice) -> Any:
    """All that a notice lets happen, in one form: of a purpose's or recipient's forms the most revealing."""
    purposes: dict[Any, int] = {}
    for p in one.purposes:
        key = (p.scope, p.purpose, p.method)
        purposes[key] = max(purposes.get(key, 0), ROUTES.index(p.route))
    recipients = {(r.code, r.scope, r.use): r.route for r in one.recipients}
    periods = (one.retention_months, one.term_months)
    guards = (frozenset(one.safeguards), one.held_at)
    return one.controller.code, purposes, frozenset(one.kinds), one.genetic, periods, recipients, guards


@given(NOTICES)
def test_a_version_covers_itself(one: Notice) -> None:
    assert wider(one, one) == ()


@given(near())
def test_two_that_cover_each_other_take_the_same(pair: tuple[Notice, Notice]) -> None:
    first, second = pair
    both = not wider(first, second) and not wider(second, first)
    assert both is (terms(first) == terms(second))


@given(near(), st.data())
def test_what_covers_a_version_covers_all_that_one_covers(pair: tuple[Notice, Notice], data: Any) -> None:
    first, second = pair
    name = data.draw(st.sampled_from(sorted(FIELDS)))
    third = replace(second, **{name: data.draw(FIELDS[name])})
    if not wider(first, second) and not wider(second, third):
        assert wider(first, third) == ()


NEW_PURPOSE = Purpose("insurance", "新目的", "新方式", "anonymised")
NEW_RECIPIENT = Recipient("某保险公司", bodies.INSURER, "insurance", "核保", "anonymised")


@given(
    NOTICES, st.sampled_from(["purposes", "kinds", "recipients", "genetic", "period", "term", "safeguards"])
)
def test_adding_anything_is_wider_and_taking_it_back_is_not(one: Notice, what: str) -> None:
    one = replace(one, genetic=False)
    more = {
        "purposes": replace(one, purposes=(*one.purposes, NEW_PURPOSE)),
        "kinds": replace(one, kinds=(*one.kinds, "新种类")),
        "recipients": replace(one, recipients=(*one.recipients, NEW_RECIPIENT)),
        "genetic": replace(one, genetic=True),
        "period": replace(one, retention_months=one.retention_months + 1),
        "term": replace(one, term_months=one.term_months + 1),
        "safeguards": replace(one, safeguards=("别的",)),
    }[what]
    assert len(wider(one, more)) >= 1
    if what != "safeguards":
        assert wider(more, one) == ()


# ------------------------------------------------------------------ uses

ADDED = notice(purposes=[*PURPOSES, {**PURPOSES[0], "purpose": "新目的"}])
MORE_KINDS = notice(kinds=["检验结果", "影像报告", "病程记录"])
TWO = notice(recipients=[bodies.recipient(), bodies.recipient(bodies.INSURER)])
IN_CLEAR = notice(purposes=[{**PURPOSES[0], "route": "identifiable"}, PURPOSES[1]])


@pytest.mark.parametrize(
    ("new", "scope", "purpose", "code", "expected"),
    [
        (ADDED, "base", "新目的", bodies.HOSPITAL, True),
        (ADDED, "base", "本院临床研究", bodies.HOSPITAL, False),
        (ADDED, "base", "自己的说法", bodies.HOSPITAL, True),
        (ADDED, RESEARCH, "自己的说法", bodies.LAB, False),
        (MORE_KINDS, "base", "本院临床研究", bodies.HOSPITAL, True),
        (MORE_KINDS, RESEARCH, "合作研究", bodies.LAB, True),
        (TWO, RESEARCH, "合作研究", bodies.INSURER, True),
        (TWO, RESEARCH, "合作研究", bodies.LAB, False),
        (IN_CLEAR, "base", "本院临床研究", bodies.HOSPITAL, True),
        (IN_CLEAR, RESEARCH, "合作研究", bodies.LAB, False),
        (notice(), "base", "自己的说法", bodies.HOSPITAL, False),
    ],
)
def test_whether_a_use_rests_on_what_is_wider(
    new: Notice, scope: str, purpose: str, code: str, expected: bool
) -> None:
    found = wider(notice(), new)
    assert rests_on_wider(found, new, scope, purpose, code) is expected
