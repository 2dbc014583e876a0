"""The reviewer's checklist, flags and refusals (R19 to R23)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.rules.refusals import (
    GROUND_LABELS,
    HARD,
    Ground,
    Refusal,
    refusals,
    require_registrable,
    shows_prescriber_statistics,
)
from yinzheng.ledger.rules.review import (
    CHECKLIST,
    Answer,
    CaseFacts,
    Item,
    ItemAnswer,
    basis_problem,
    grounds_against,
    mandatory_items,
    require_complete,
    review_move,
    review_problems,
)
from yinzheng.ledger.rules.states import Move
from yinzheng.ledger.rules.terms import InformationRoute, LawfulBasis, Processing
from yinzheng.ledger.rules.volume import Flag, FlagDecision, SpecialKind, Volume, flags, undecided
from yinzheng.verifier.errors import DataFault

REGISTRY = "11990100DEM000022D"
SMALL = Volume(1000, 0)
PLAIN = CaseFacts(InformationRoute.ANONYMISED, frozenset(), SMALL)
ALWAYS = {
    "identity", "honesty", "no_penalty", "capability", "information_route", "no_state_secrets",
    "no_security_data", "no_prescriber_statistics", "no_harm", "source_lawful", "no_dispute", "truthful",
}  # fmt: skip


def test_tables_are_whole() -> None:
    assert set(CHECKLIST) == set(Item)
    assert set(GROUND_LABELS) == set(Ground)
    assert len({text.label.zh for text in CHECKLIST.values()}) == len(Item)
    assert {CHECKLIST[item].ground for item in Item} >= HARD


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        (PLAIN, set[str]()),
        (replace(PLAIN, route=InformationRoute.DEIDENTIFIED), {"lawful_basis"}),
        (replace(PLAIN, route=InformationRoute.IDENTIFIABLE), {"lawful_basis"}),
        (replace(PLAIN, processing=frozenset({Processing.SENSITIVE})), {"impact_assessment"}),
        (replace(PLAIN, processing=frozenset({Processing.AUTOMATED_DECISIONS})), {"impact_assessment"}),
        (replace(PLAIN, processing=frozenset({Processing.ENTRUSTMENT})), {"impact_assessment"}),
        (replace(PLAIN, processing=frozenset({Processing.PROVISION})), {"impact_assessment"}),
        (replace(PLAIN, processing=frozenset({Processing.DISCLOSURE})), {"impact_assessment"}),
        (replace(PLAIN, processing=frozenset({Processing.EXPORT})), {"impact_assessment", "export_route"}),
        (replace(PLAIN, processing=frozenset({Processing.HUMAN_GENETIC})), {"ethics"}),
        (replace(PLAIN, volume=Volume(1_000_000, 0)), {"important_data"}),
    ],
)
def test_mandatory_items(facts: CaseFacts, more: set[str]) -> None:
    assert mandatory_items(facts) == ALWAYS | more


@st.composite
def facts_of_a_case(draw: st.DrawFn) -> CaseFacts:
    persons = draw(st.integers(0, 2 * 10**7))
    return CaseFacts(
        draw(st.sampled_from(InformationRoute)),
        draw(st.frozensets(st.sampled_from(Processing))),
        Volume(persons, draw(st.integers(0, persons)), draw(st.booleans())),
    )


@given(facts_of_a_case())
def test_a_full_review_is_complete_and_each_omission_shows(facts: CaseFacts) -> None:
    answers, decisions = favourable_review(facts, ("a.pdf",))
    require_complete(facts, answers, decisions)
    assert review_move(answers) is Move.REVIEW
    for i, left_out in enumerate(answers):
        problems = review_problems(facts, answers[:i] + answers[i + 1 :], decisions)
        assert problems == (f"{left_out.item}: not answered",)
    for i, decision in enumerate(decisions):
        problems = review_problems(facts, answers, decisions[:i] + decisions[i + 1 :])
        assert problems == (f"{decision.flag}: no decision with a reason (R23)",)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (ItemAnswer(Item.ETHICS, Answer.NOT_APPLICABLE), "ethics: needs a note"),
        (ItemAnswer(Item.ETHICS, Answer.NO, " "), "ethics: needs a note"),
        (ItemAnswer(Item.IDENTITY, Answer.NOT_APPLICABLE, "x"), "identity: mandatory in this case"),
        (ItemAnswer(Item.LAWFUL_BASIS, Answer.YES, "x"), "lawful_basis: needs evidence"),
    ],
)
def test_incomplete_answers(answer: ItemAnswer, problem: str) -> None:
    facts = replace(PLAIN, route=InformationRoute.DEIDENTIFIED)
    answers, _ = favourable_review(facts, ("a.pdf",))
    changed = [answer if a.item is answer.item else a for a in answers]
    assert review_problems(facts, changed) == (problem,)
    with pytest.raises(DataFault) as refused:
        require_complete(facts, changed)
    assert refused.value.code == "review-incomplete"
    assert refused.value.data["problems"] == [problem]


def test_an_item_answered_twice() -> None:
    answers, _ = favourable_review(PLAIN, ())
    assert review_problems(PLAIN, [*answers, answers[0]]) == ("identity: answered twice",)


@pytest.mark.parametrize("item", Item)
def test_any_no_speaks_against(item: Item) -> None:
    answers, _ = favourable_review(PLAIN, ("a.pdf",))
    changed = [ItemAnswer(item, Answer.NO, "不符") if a.item is item else a for a in answers]
    assert review_problems(PLAIN, changed) == ()
    assert review_move(changed) is Move.REVIEW_AGAINST
    assert grounds_against(changed) == (CHECKLIST[item].ground,)


@pytest.mark.parametrize(
    ("route", "basis", "fine"),
    [
        ("anonymised", None, True),
        ("anonymised", "consent", False),
        ("deidentified", None, False),
        ("deidentified", "consent", True),
        ("deidentified", "ethics_waiver", True),
        ("identifiable", None, False),
        ("identifiable", "statutory_duty", True),
        ("identifiable", "ethics_waiver", False),
    ],
)
def test_lawful_basis(route: str, basis: str | None, fine: bool) -> None:
    problem = basis_problem(InformationRoute(route), None if basis is None else LawfulBasis(basis))
    assert (problem is None) is fine


IMPORTANT, CORE = {Flag.IMPORTANT_DATA}, {Flag.IMPORTANT_DATA, Flag.CORE_DATA}


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (Volume(999_999, 99_999), set[Flag]()),
        (Volume(1_000_000, 0), IMPORTANT),
        (Volume(100_000, 100_000), IMPORTANT),
        (Volume(9_999_999, 999_999), IMPORTANT),
        (Volume(10_000_000, 0), CORE),
        (Volume(1_000_000, 1_000_000), CORE),
        *[
            (Volume(persons, 0, nationwide, frozenset({SpecialKind(kind)})), expected)
            for kind, threshold in [
                ("group_health", 100_000),
                ("ethnic_biometric", 10_000),
                ("medical_resource", 10_000),
                ("treatment", 100_000),
                ("rescue", 100_000),
                ("drug_trial", 100_000),
            ]
            for persons, nationwide, expected in [
                (threshold, True, IMPORTANT),
                (threshold - 1, True, set[Flag]()),
                (threshold, False, set[Flag]()),
            ]
        ],
    ],
)
def test_thresholds(volume: Volume, expected: set[Flag]) -> None:
    assert flags(volume) == expected


def test_a_flag_needs_a_reasoned_decision() -> None:
    volume = Volume(1_000_000, 0)
    assert undecided(volume, []) == IMPORTANT
    assert undecided(volume, [FlagDecision(Flag.IMPORTANT_DATA, False, " ")]) == IMPORTANT
    assert undecided(volume, [FlagDecision(Flag.IMPORTANT_DATA, False, "汇总数据")]) == frozenset()


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (["处方医师", "药品名称", "数量"], True),
        (["开方医生工号", "药物", "金额（元）"], True),
        (["prescriber_id", "drug", "quantity"], True),
        (["药品名称", "数量"], False),
        (["处方医师", "诊断"], False),
        (["收缩压", "用药依从性"], False),
    ],
)
def test_prescriber_statistics(fields: list[str], shown: bool) -> None:
    assert shows_prescriber_statistics(fields) is shown


def test_refusals_name_every_ground() -> None:
    found = refusals(
        [Ground.PUBLIC_SECURITY, Ground.STATE_SECRETS],
        ["处方医师", "药品", "用量"],
        ["91350100M000100Y43", REGISTRY],
        REGISTRY,
    )
    assert [r.ground for r in found] == [
        "state_secrets", "public_security", "prescriber_statistics", "own_data",
    ]  # fmt: skip
    with pytest.raises(DataFault) as refused:
        require_registrable(found)
    assert refused.value.code == "registration-refused"
    assert refused.value.data["grounds"] == [r.ground.value for r in found]
    assert "R20" in refused.value.hint


def test_the_registrys_own_data_alone() -> None:
    found = refusals([], ["字段"], [REGISTRY], REGISTRY)
    assert found == (Refusal(Ground.OWN_DATA, "applicant or holder is the registry itself"),)
    with pytest.raises(DataFault, match="own data") as refused:
        require_registrable(found)
    assert "R21" in refused.value.hint
    require_registrable(refusals([], ["字段"], ["91350100M000100Y43"], REGISTRY))


def test_declared_prescriber_statistics_are_named_once() -> None:
    found = refusals([Ground.PRESCRIBER_STATISTICS], ["处方医师", "药品", "用量"], [], REGISTRY)
    assert [r.ground for r in found] == [Ground.PRESCRIBER_STATISTICS]
