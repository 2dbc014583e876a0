"""The reviewer's checklist (R19), its completeness, and what follows from it (R20, R21, R23).

Every item is worded so that "yes" speaks for registration and "no" against it. An item that is mandatory in
a case cannot be answered "not applicable".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.consent import basis_ground_problem
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.review_items import CHECKLIST, ITEMS, Item
from yinzheng.ledger.rules.states import Move
from yinzheng.ledger.rules.terms import Importance, InformationRoute, Label, LawfulBasis, Problem, Processing
from yinzheng.ledger.rules.volume import (
    FlagDecision,
    Volume,
    decision_problems,
    flag_problem,
    flags,
    importance_of,
    undecided,
)
from yinzheng.verifier.errors import DataFault


class Answer(StrEnum):
    """The three answers (R19)."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


_CONDITIONAL = frozenset(
    {Item.LAWFUL_BASIS, Item.IMPACT_ASSESSMENT, Item.ETHICS, Item.EXPORT_ROUTE, Item.IMPORTANT_DATA}
)
_CALLS_FOR_ASSESSMENT = frozenset(
    {
        Processing.SENSITIVE,
        Processing.AUTOMATED_DECISIONS,
        Processing.ENTRUSTMENT,
        Processing.PROVISION,
        Processing.DISCLOSURE,
        Processing.EXPORT,
    }
)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the application says that decides which items are mandatory."""

    route: InformationRoute
    processing: frozenset[Processing]
    volume: Volume
    reports: frozenset[str] = frozenset()
    """Paths of the dossier's files of role `risk`: assessments of important data (R23)."""
    kind: CaseType = CaseType.FIRST

    @classmethod
    def of_move(cls, kind: CaseType) -> Self:
        """Those of a move: all of its items are mandatory, and no data is examined anew."""
        return cls(InformationRoute.ANONYMISED, frozenset(), Volume(0, 0, False, frozenset()), kind=kind)


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """One answer with its note and evidence (paths of files in the dossier, or references)."""

    item: Item
    answer: Answer
    note: str = ""
    evidence: tuple[str, ...] = ()


def mandatory_items(facts: CaseFacts) -> frozenset[Item]:
    """Give the items that cannot be answered "not applicable" in this case (R19)."""
    if facts.kind is not CaseType.FIRST:
        return frozenset(ITEMS[facts.kind])
    mandatory = set(ITEMS[CaseType.FIRST]) - _CONDITIONAL
    if facts.route is not InformationRoute.ANONYMISED:
        mandatory.add(Item.LAWFUL_BASIS)
    if facts.processing & _CALLS_FOR_ASSESSMENT:
        mandatory.add(Item.IMPACT_ASSESSMENT)
    if Processing.HUMAN_GENETIC in facts.processing:
        mandatory.add(Item.ETHICS)
    if Processing.EXPORT in facts.processing:
        mandatory.add(Item.EXPORT_ROUTE)
    if flags(facts.volume):
        mandatory.add(Item.IMPORTANT_DATA)
    return frozenset(mandatory)


def basis_problem(route: InformationRoute, basis: LawfulBasis | None) -> str | None:
    """Say what is wrong with the lawful basis of a route, or None (R19, R27).

    De-identified and identifiable data need consent or another named basis; an ethics waiver goes with
    de-identification only.
    """
    if route is InformationRoute.ANONYMISED:
        return None if basis is None else "anonymised data has no lawful basis to name"
    if basis is None:
        return "data that is not anonymised needs consent or another lawful basis"
    if basis is LawfulBasis.ETHICS_WAIVER and route is not InformationRoute.DEIDENTIFIED:
        return "an ethics waiver goes with de-identified data only"
    return None


def information_problem(
    route: InformationRoute, basis: LawfulBasis | None, ground: str, *, retrospective: bool
) -> str | None:
    """Say what is wrong with what an application tells of personal information, or None (R19, R27)."""
    if (what := basis_problem(route, basis)) is not None:
        return f"{what} (R19, R27)"
    if basis is None:
        stray = ground or retrospective
        return "without a lawful basis there is no ground to name (R27)" if stray else None
    problem = basis_ground_problem(basis, route, ground, retrospective=retrospective)
    return None if problem is None else problem.what


def review_problems(
    facts: CaseFacts, answers: Iterable[ItemAnswer], decisions: Iterable[FlagDecision] = ()
) -> tuple[Problem, ...]:
    """List everything that keeps a review from being complete; empty when it is complete.

    Each item has exactly one answer; mandatory ones are not "not applicable"; a "no" and a "not applicable"
    have a note; a mandatory conditional item answered "yes" names its evidence; every flag of R23 has a
    person's decision with a reason, resting on an assessment that is a file of the dossier.
    """
    problems = []
    given: dict[Item, ItemAnswer] = {}
    for answer in answers:
        if answer.item in given:
            problems.append(_of(answer.item, Label("答了两次", "answered twice")))
        given[answer.item] = answer
    mandatory = mandatory_items(facts)
    stray = Label("本案不问此项", "not asked in this case")
    problems += [_of(item, stray) for item in given if item not in ITEMS[facts.kind]]
    for item in ITEMS[facts.kind]:
        problem = _item_problem(item, given.get(item), item in mandatory)
        if problem:
            problems.append(_of(item, problem))
    problems += decision_problems(decisions := tuple(decisions), facts.reports)
    undecided_ = Label("没有决定及理由（R23）", "no decision with a reason (R23)")
    problems += [flag_problem(flag, undecided_) for flag in sorted(undecided(facts.volume, decisions))]
    return tuple(problems)


def needs_evidence(item: Item, facts: CaseFacts) -> bool:
    """Whether "yes" to an item has to name what it rests on, in a case of these facts."""
    return item in _CONDITIONAL and item in mandatory_items(facts)


def _of(item: Item, what: Label) -> Problem:
    return Problem(item.value, CHECKLIST[item].label, what)


def _item_problem(item: Item, answer: ItemAnswer | None, mandatory: bool) -> Label | None:
    if answer is None:
        return Label("没有回答", "not answered")
    if answer.answer is Answer.NOT_APPLICABLE and mandatory:
        return Label("本案必答，不能答“不适用”", "mandatory in this case")
    if answer.answer is not Answer.YES and not answer.note.strip():
        return Label("须写说明（note）", "needs a note")
    if answer.answer is Answer.YES and mandatory and item in _CONDITIONAL and not answer.evidence:
        return Label(
            "须写依据（evidence）：材料中的文件或文号",
            "needs evidence: a file of the dossier, or a reference",
        )
    return None


def require_complete(
    facts: CaseFacts, answers: Iterable[ItemAnswer], decisions: Iterable[FlagDecision] = ()
) -> None:
    """Raise unless the review is complete.

    Raises:
        DataFault: `review-incomplete`, with every problem in its message and in `problems`.
    """
    problems = review_problems(facts, answers, decisions)
    if problems:
        raise DataFault(
            f"The review is not complete: {'; '.join(map(str, problems))}.",
            code="review-incomplete",
            hint="Answer every item; the review was not recorded.",
            problems=[str(problem) for problem in problems],
            zh=("审查不完整：" + "；".join(one.zh for one in problems) + "。", "请补全后重试；没有记录。"),
        )


def grounds_against(
    answers: Iterable[ItemAnswer],
    decisions: Iterable[FlagDecision] = (),
    *,
    admits_core_data: bool = False,
) -> tuple[Ground, ...]:
    """Give the grounds of refusal that a review stands for, in the order of `Ground`.

    They are those of the answers "no", and core data where the profile does not admit it (R23).
    """
    found = {CHECKLIST[a.item].ground for a in answers if a.answer is Answer.NO}
    if importance_of(decisions) is Importance.CORE and not admits_core_data:
        found.add(Ground.CORE_DATA)
    return tuple(ground for ground in Ground if ground in found)


def review_move(grounds: Iterable[Ground]) -> Move:
    """Tell which move a complete review is: for registration, or against it on any ground (R20, R21)."""
    return Move.REVIEW_AGAINST if tuple(grounds) else Move.REVIEW
