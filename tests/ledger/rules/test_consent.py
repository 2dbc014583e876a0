"""What makes a consent lawful, what needs a new one, who sees it (R26 to R30)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.ledger.rules.times import at
from tests.verifier import bodies
from yinzheng.ledger.rules.consent import (
    SCOPE_RULES,
    AgeGroup,
    Scope,
    Terms,
    age_group,
    basis_ground_problem,
    consent_problems,
    is_in_term,
    require_lawful,
)
from yinzheng.ledger.rules.retention import months_after
from yinzheng.ledger.rules.terms import InformationRoute, LawfulBasis
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import Consent, parse_consent
from yinzheng.verifier.formats.notice import EXTENDED_SCOPES, ROUTES, SCOPES, Notice, parse_notice
from yinzheng.verifier.words import receipt as words

NOW = bodies.NOW
Json = dict[str, Any]


def notice(**changes: Any) -> Notice:
    return parse_notice(bodies.notice() | changes)


def consent(value: Json | None = None, under: Notice | None = None, **changes: Any) -> Consent:
    body = (value or bodies.consent()) | changes
    digest = (under or notice()).digest().to_json()
    return parse_consent(body | {"notice": {"leaf": "11" * 32, "digest": digest}})


def everything(recipients: list[Json]) -> tuple[Notice, Json]:
    """A notice with a lawful purpose for every scope, and a yes to each of them."""
    purposes = [
        {"scope": scope, "purpose": "用途", "method": "方式", "route": "anonymised"} for scope in SCOPES
    ]
    body = bodies.consent(**dict.fromkeys(SCOPES, True))
    body["recipients"] = [{**r, "answer": True} for r in recipients]
    return notice(purposes=purposes, recipients=recipients), body


def codes(consent_: Consent, notice_: Notice) -> list[str]:
    return [problem.code for problem in consent_problems(consent_, Terms.of(notice_))]


def test_scopes_are_those_of_the_format() -> None:
    assert tuple(Scope) == SCOPES
    assert frozenset(Scope) - {Scope.BASE} == set(EXTENDED_SCOPES)
    assert len(EXTENDED_SCOPES) == 6
    assert set(words.SCOPES) == set(SCOPES)
    assert words.SCOPES["base"].zh == "医学研究与临床诊断参考"
    extended = [words.SCOPES[scope].zh.partition("（")[0] for scope in EXTENDED_SCOPES]
    assert extended == [
        "第三方合作研究",
        "商业用途",
        "公共卫生统计与政策制定",
        "AI 辅助诊断系统训练",
        "专业人员培训",
        "商业保险定价及理赔",
    ]
    assert set(SCOPE_RULES) == set(Scope)
    assert tuple(InformationRoute) == ROUTES


def test_a_lawful_consent() -> None:
    require_lawful(consent(), Terms.of(notice()))
    require_lawful(consent(bodies.consent(base=True), recipients=[]), Terms.of(notice()))


def test_every_scope_each_by_its_own_yes() -> None:
    named = [
        bodies.recipient(scope=scope, route="anonymised")
        for scope in ("third_party_research", "commercial_use", "insurance")
    ]
    under, body = everything(named)
    assert codes(consent(body, under), under) == []


def test_a_blanket_consent_is_refused() -> None:
    under, body = everything([])
    assert codes(consent(body, under), under) == ["consent-blanket", *["consent-recipient-unnamed"] * 3]
    # Recipients that are listed but left unset, or answered no, are not named by anyone.
    under, body = everything([bodies.recipient(scope="insurance")])
    for answer in (None, False):
        body["recipients"][0]["answer"] = answer
        assert codes(consent(body, under), under)[0] == "consent-blanket"


@pytest.mark.parametrize(
    ("scope", "route", "lawful"),
    [
        ("commercial_use", "anonymised", True),
        ("commercial_use", "deidentified", False),
        ("commercial_use", "identifiable", False),
        ("public_health_statistics", "anonymised", True),
        ("public_health_statistics", "deidentified", True),
        ("public_health_statistics", "identifiable", False),
        ("third_party_research", "identifiable", True),
    ],
)
def test_forms_of_data(scope: str, route: str, lawful: bool) -> None:
    purpose = {"scope": scope, "purpose": "用途", "method": "方式", "route": "anonymised"}
    recipient = bodies.recipient(scope=scope, route=route)
    body = bodies.consent(**{scope: True}) | {"recipients": [{**recipient, "answer": True}]}
    under = notice(purposes=[purpose], recipients=[recipient])
    assert codes(consent(body, under), under) == ([] if lawful else ["consent-form"])
    # The controller's own use is bound in the same way.
    under = notice(purposes=[purpose | {"route": route}], recipients=[recipient | {"route": "anonymised"}])
    body["recipients"][0]["route"] = "anonymised"
    assert codes(consent(body, under), under) == ([] if lawful else ["consent-form"])


def change_person(body: Json, born: str) -> Json:
    return body | {"person": body["person"] | {"born": born}}


LONGER = months_after(NOW, 60) + 1
UNFIT: list[tuple[str, Callable[[Json], Json]]] = [
    ("consent-controller", lambda b: b | {"controller": {"name": "他院", "code": bodies.LAB}}),
    ("consent-early", lambda b: b | {"given_at": NOW - 1}),
    ("consent-term", lambda b: b | {"until": LONGER}),
    ("consent-genetic", lambda b: b | {"genetic": True}),
    ("consent-scope-unannounced", lambda b: b | {"scopes": b["scopes"] | {"diagnostic_ai": True}}),
    ("consent-recipient-unlisted", lambda b: b | {"recipients": [{**b["recipients"][0], "use": "其他用途"}]}),
    ("consent-recipient-unnamed", lambda b: b | {"recipients": [{**b["recipients"][0], "answer": None}]}),
    ("consent-recipient-scope", lambda b: b | {"scopes": b["scopes"] | {"third_party_research": False}}),
    ("consent-empty", lambda b: b | {"scopes": dict.fromkeys(SCOPES), "recipients": []}),
    ("consent-guardian", lambda b: change_person(b, "2015-06-01")),
    ("consent-guardian", lambda b: change_person(b, "2010-06-01")),
]


@pytest.mark.parametrize(("code", "spoil"), UNFIT)
def test_unlawful(code: str, spoil: Callable[[Json], Json]) -> None:
    spoilt = consent(spoil(bodies.consent()))
    assert codes(spoilt, notice()) == [code]
    with pytest.raises(DataFault) as refused:
        require_lawful(spoilt, Terms.of(notice()))
    assert refused.value.code == code
    assert "张三" not in refused.value.message


def test_the_version_shown_is_the_one_named() -> None:
    assert codes(consent(), notice(withdraw="另一种方式")) == ["consent-notice"]


@pytest.mark.parametrize(
    ("born", "without", "code"),
    [
        ("2015-06-01", (), ""),
        ("2015-06-01", ("live_face",), "consent-live-face"),
        ("2015-06-01", ("guardianship",), "consent-guardianship"),
        ("2010-06-01", ("live_face", "guardianship"), ""),
        ("1980-06-01", (), ""),
        ("1980-06-01", ("guardianship",), "consent-guardianship"),
    ],
)
def test_guardians(born: str, without: tuple[str, ...], code: str) -> None:
    guardian = bodies.guardian() | dict.fromkeys(without)
    body = change_person(bodies.consent(), born) | {"guardian": guardian}
    assert codes(consent(body), notice()) == ([code] if code else [])


def test_proofs_come_before_consent() -> None:
    for name in ("identity", "live_face", "guardianship"):
        guardian = bodies.guardian()
        guardian[name]["checked_at"] = NOW + 1
        body = change_person(bodies.consent(), "2015-06-01") | {"guardian": guardian}
        assert codes(consent(body), notice()) == ["consent-proof-late"]


@pytest.mark.parametrize(
    ("instant", "group"),
    [
        ("2026-02-28 23:59", AgeGroup.UP_TO_14),
        ("2026-03-01 00:00", AgeGroup.UP_TO_14),  # 14 included (R29)
        ("2027-02-28 23:59", AgeGroup.UP_TO_14),
        ("2027-03-01 00:00", AgeGroup.MINOR),
        ("2030-02-28 23:59", AgeGroup.MINOR),
        ("2030-03-01 00:00", AgeGroup.ADULT),
    ],
)
def test_birthdays_at_plus_eight(instant: str, group: AgeGroup) -> None:
    assert age_group(date(2012, 2, 29), at(instant)) is group
    assert group.is_minor is (group is not AgeGroup.ADULT)


def test_nobody_is_born_tomorrow() -> None:
    with pytest.raises(DataFault):
        age_group(date(2026, 11, 22), at("2026-11-21 23:59"))


@pytest.mark.parametrize(
    ("basis", "route", "ground", "retrospective", "code"),
    [
        (LawfulBasis.CONSENT, "identifiable", "", False, None),
        (LawfulBasis.CONSENT, "identifiable", "某法", False, "basis-ground"),
        (LawfulBasis.STATUTORY_DUTY, "identifiable", "传染病防治法", False, None),
        (LawfulBasis.PUBLIC_HEALTH_EMERGENCY, "identifiable", " ", False, "basis-ground"),
        (LawfulBasis.LIFE_OR_PROPERTY_EMERGENCY, "identifiable", "抢救", False, None),
        (LawfulBasis.ETHICS_WAIVER, "deidentified", "伦审 2026-1", True, None),
        (LawfulBasis.ETHICS_WAIVER, "deidentified", "伦审 2026-1", False, "basis-waiver"),
        (LawfulBasis.ETHICS_WAIVER, "identifiable", "伦审 2026-1", True, "basis-waiver"),
    ],
)
def test_other_bases_are_named(
    basis: LawfulBasis, route: str, ground: str, retrospective: bool, code: str | None
) -> None:
    problem = basis_ground_problem(basis, InformationRoute(route), ground, retrospective=retrospective)
    assert (problem.code if problem else None) == code


def test_a_consent_ends_by_itself() -> None:
    given = consent()
    assert [is_in_term(given, t) for t in (NOW - 1, NOW, given.until - 1, given.until)] == [
        False,
        True,
        True,
        False,
    ]
