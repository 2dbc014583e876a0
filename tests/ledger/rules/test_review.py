"""The reviewer's checklist, flags and refusals (R19 to R23)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.refusals import (
    GROUND_LABELS,
    HARD,
    Ground,
    Refusal,
    refusals,
    require_registrable,
)
from yinzheng.ledger.rules.review import (
    Answer,
    CaseFacts,
    ItemAnswer,
    basis_problem,
    grounds_against,
    mandatory_items,
    require_complete,
    review_move,
    review_problems,
)
from yinzheng.ledger.rules.review_items import CHECKLIST, ITEMS, Item
from yinzheng.ledger.rules.states import Move
from yinzheng.ledger.rules.terms import InformationRoute, LawfulBasis, Processing
from yinzheng.ledger.rules.volume import (
    Flag,
    FlagDecision,
    SpecialKind,
    Volume,
    decision_problems,
    flags,
    importance_of,
    undecided,
)
from yinzheng.verifier.errors import DataFault

REGISTRY = "11990100DEM000022D"
SMALL = Volume(1000, 0)
RISK = "risk.pdf"
PLAIN = CaseFacts(InformationRoute.ANONYMISED, frozenset(), SMALL, frozenset({RISK}))
ALWAYS = {
    "classification", "identity", "honesty", "no_penalty", "capability", "information_route",
    "no_state_secrets", "no_security_data", "no_prescriber_statistics", "no_harm", "source_lawful",
    "no_dispute", "truthful",
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
        frozenset({RISK}),
    )


@given(facts_of_a_case())
def test_a_full_review_is_complete_and_each_omission_shows(facts: CaseFacts) -> None:
    answers, decisions = favourable_review(facts, ("a.pdf",))
    require_complete(facts, answers, decisions)
    assert review_move(grounds_against(answers, decisions)) is Move.REVIEW
    for i, left_out in enumerate(answers):
        problems = review_problems(facts, answers[:i] + answers[i + 1 :], decisions)
        assert tuple(map(str, problems)) == (
            f"{CHECKLIST[left_out.item].label.en} ({left_out.item}): not answered",
        )
    for i, decision in enumerate(decisions):
        problems = review_problems(facts, answers, decisions[:i] + decisions[i + 1 :])
        assert [(one.item, one.what.en) for one in problems] == [
            (decision.flag, "no decision with a reason (R23)")
        ]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (ItemAnswer(Item.ETHICS, Answer.NOT_APPLICABLE), "ethics: needs a note"),
        (ItemAnswer(Item.ETHICS, Answer.NO, " "), "ethics: needs a note"),
        (ItemAnswer(Item.IDENTITY, Answer.NOT_APPLICABLE, "x"), "identity: mandatory in this case"),
        (
            ItemAnswer(Item.LAWFUL_BASIS, Answer.YES, "x"),
            "lawful_basis: needs evidence: a file of the dossier, or a reference",
        ),
    ],
)
def test_incomplete_answers(answer: ItemAnswer, problem: str) -> None:
    facts = replace(PLAIN, route=InformationRoute.DEIDENTIFIED)
    answers, _ = favourable_review(facts, ("a.pdf",))
    changed = [answer if a.item is answer.item else a for a in answers]
    assert [f"{one.item}: {one.what.en}" for one in review_problems(facts, changed)] == [problem]
    with pytest.raises(DataFault) as refused:
        require_complete(facts, changed)
    assert refused.value.code == "review-incomplete"
    (told,) = refused.value.data["problems"]
    item, _, what = problem.partition(": ")
    assert told == f"{CHECKLIST[answer.item].label.en} ({item}): {what}"
    assert CHECKLIST[answer.item].label.zh in refused.value.data["zh"][0]


def test_an_item_answered_twice() -> None:
    answers, _ = favourable_review(PLAIN, ())
    (problem,) = review_problems(PLAIN, [*answers, answers[0]])
    assert (problem.item, problem.what.en) == ("classification", "answered twice")


@pytest.mark.parametrize("item", ITEMS[CaseType.FIRST])
def test_any_no_speaks_against(item: Item) -> None:
    answers, _ = favourable_review(PLAIN, ("a.pdf",))
    changed = [ItemAnswer(item, Answer.NO, "不符") if a.item is item else a for a in answers]
    assert review_problems(PLAIN, changed) == ()
    assert grounds_against(changed) == (CHECKLIST[item].ground,)
    assert review_move(grounds_against(changed)) is Move.REVIEW_AGAINST


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


IMPORTANT_YES = FlagDecision(Flag.IMPORTANT_DATA, True, "属于", RISK)
IMPORTANT_NO = FlagDecision(Flag.IMPORTANT_DATA, False, "不属于", RISK)
CORE_YES = FlagDecision(Flag.CORE_DATA, True, "属于", RISK)


def test_classification_comes_first() -> None:
    assert next(iter(Item)) is Item.CLASSIFICATION
    assert next(iter(CHECKLIST)) is Item.CLASSIFICATION


@pytest.mark.parametrize("assessment", ["", "任意文字", "identity.pdf", "risk.pdf "])
def test_a_decision_rests_on_a_file_of_the_dossier_and_no_other_words(assessment: str) -> None:
    answers, decisions = favourable_review(replace(PLAIN, volume=Volume(1_000_000, 0)), ("a.pdf",))
    facts = replace(PLAIN, volume=Volume(1_000_000, 0))
    require_complete(facts, answers, decisions)
    loose = [replace(decision, assessment=assessment) for decision in decisions]
    (problem,) = review_problems(facts, answers, loose)
    assert str(problem).startswith(
        "may be important data (important_data): the assessment is no file of role risk in the dossier"
    )


def test_decisions_contradict_neither_themselves_nor_each_other() -> None:
    reports = frozenset({RISK})
    assert decision_problems([IMPORTANT_YES, CORE_YES], reports) == ()
    assert decision_problems([CORE_YES], reports) == ()
    (twice,) = decision_problems([IMPORTANT_YES, IMPORTANT_NO], reports)
    assert (twice.item, twice.what.en) == ("important_data", "decided twice")
    (both,) = decision_problems([IMPORTANT_NO, CORE_YES], reports)
    assert (both.item, both.what.en) == ("core_data", "core data is important data too")


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], None),
        ([IMPORTANT_NO], None),
        ([IMPORTANT_YES], "important"),
        ([IMPORTANT_YES, CORE_YES], "core"),
        ([CORE_YES], "core"),
    ],
)
def test_what_was_decided(decisions: list[FlagDecision], expected: str | None) -> None:
    assert importance_of(decisions) == expected
    grounds = grounds_against((), decisions)
    assert grounds == ((Ground.CORE_DATA,) if expected == "core" else ())
    assert grounds_against((), decisions, admits_core_data=True) == ()
