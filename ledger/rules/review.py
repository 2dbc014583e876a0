"""The reviewer's checklist (R19), its completeness, and what follows from it (R20, R21, R23).

Every item is worded so that "yes" speaks for registration and "no" against it. An item that is mandatory in
a case cannot be answered "not applicable".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from yinzheng.ledger.rules.consent import basis_ground_problem
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.states import Move
from yinzheng.ledger.rules.terms import Importance, InformationRoute, Label, LawfulBasis, Processing
from yinzheng.ledger.rules.volume import (
    FlagDecision,
    Volume,
    decision_problems,
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


class Item(StrEnum):
    """Items of the checklist, in the order they are asked."""

    CLASSIFICATION = "classification"
    IDENTITY = "identity"
    HONESTY = "honesty"
    NO_PENALTY = "no_penalty"
    CAPABILITY = "capability"
    INFORMATION_ROUTE = "information_route"
    LAWFUL_BASIS = "lawful_basis"
    IMPACT_ASSESSMENT = "impact_assessment"
    ETHICS = "ethics"
    EXPORT_ROUTE = "export_route"
    IMPORTANT_DATA = "important_data"
    NO_STATE_SECRETS = "no_state_secrets"
    NO_SECURITY_DATA = "no_security_data"
    NO_PRESCRIBER_STATISTICS = "no_prescriber_statistics"
    NO_HARM = "no_harm"
    SOURCE_LAWFUL = "source_lawful"
    NO_DISPUTE = "no_dispute"
    TRUTHFUL = "truthful"


@dataclass(frozen=True, slots=True)
class ItemText:
    """What an item asks, and the ground of refusal (R20, R21) that a "no" stands for."""

    label: Label
    ground: Ground


CHECKLIST: Mapping[Item, ItemText] = MappingProxyType(
    {
        Item.CLASSIFICATION: ItemText(
            Label(
                "数据类别、级别与所依据的分级标准相符（已逐级对照）",
                "Class and level were checked against the scheme named, and agree with it",
            ),
            Ground.LAW,
        ),
        Item.IDENTITY: ItemText(
            Label("主体身份真实有效", "The identity of the applicant is genuine"), Ground.CONCEALMENT
        ),
        Item.HONESTY: ItemText(
            Label("近三年无严重失信记录", "No serious dishonesty in the last 3 years"), Ground.LAW
        ),
        Item.NO_PENALTY: ItemText(
            Label(
                "近三年无数据相关行政处罚或刑事责任",
                "No data-related penalty or criminal liability in the last 3 years",
            ),
            Ground.LAW,
        ),
        Item.CAPABILITY: ItemText(
            Label("具备相应的数据管理和安全保障能力", "Able to manage and protect the data"), Ground.LAW
        ),
        Item.INFORMATION_ROUTE: ItemText(
            Label(
                "个人信息处理方式与申报一致（匿名化、去标识化或可识别）",
                "Personal information was treated as declared (anonymised, de-identified, identifiable)",
            ),
            Ground.CONCEALMENT,
        ),
        Item.LAWFUL_BASIS: ItemText(
            Label(
                "已取得个人同意或具备其他合法性基础",
                "Consent was given or another lawful basis named applies",
            ),
            Ground.UNLAWFUL_SOURCE,
        ),
        Item.IMPACT_ASSESSMENT: ItemText(
            Label("已开展个人信息保护影响评估", "A personal-information impact assessment was made"),
            Ground.LAW,
        ),
        Item.ETHICS: ItemText(
            Label(
                "已通过伦理审查并办理人类遗传资源备案或审批",
                "Ethics approval and filing for human genetic resources are in place",
            ),
            Ground.LAW,
        ),
        Item.EXPORT_ROUTE: ItemText(
            Label("数据出境路径合法", "The route for export is lawful"), Ground.UNLAWFUL_SOURCE
        ),
        Item.IMPORTANT_DATA: ItemText(
            Label(
                "已明确重要数据安全负责人并提交风险评估报告",
                "An officer for important data is named and a risk report is in",
            ),
            Ground.LAW,
        ),
        Item.NO_STATE_SECRETS: ItemText(
            Label("不涉及国家秘密", "Touches no state secrets"), Ground.STATE_SECRETS
        ),
        Item.NO_SECURITY_DATA: ItemText(
            Label("不涉及国家安全、公共安全", "Touches no national or public security"),
            Ground.PUBLIC_SECURITY,
        ),
        Item.NO_PRESCRIBER_STATISTICS: ItemText(
            Label(
                "不涉及统方（按医生统计药品或耗材的用量、金额）",
                "Touches no prescriber statistics (drugs or consumables by doctor)",
            ),
            Ground.PRESCRIBER_STATISTICS,
        ),
        Item.NO_HARM: ItemText(
            Label(
                "不损害国家安全、公共利益或他人合法权益", "No harm to security, public or private interests"
            ),
            Ground.HARM,
        ),
        Item.SOURCE_LAWFUL: ItemText(
            Label("数据来源合法且有材料证明", "The source is lawful and proved"), Ground.UNLAWFUL_SOURCE
        ),
        Item.NO_DISPUTE: ItemText(
            Label("无尚未解决的权属争议", "No unresolved ownership dispute"), Ground.DISPUTE
        ),
        Item.TRUTHFUL: ItemText(
            Label("材料真实完整，无隐瞒或虚假", "The material is true and complete"), Ground.CONCEALMENT
        ),
    }
)

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


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """One answer with its note and evidence (paths of files in the dossier, or references)."""

    item: Item
    answer: Answer
    note: str = ""
    evidence: tuple[str, ...] = ()


def mandatory_items(facts: CaseFacts) -> frozenset[Item]:
    """Give the items that cannot be answered "not applicable" in this case (R19)."""
    mandatory = set(Item) - _CONDITIONAL
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
) -> tuple[str, ...]:
    """List everything that keeps a review from being complete, as sentences; empty when it is complete.

    Each item has exactly one answer; mandatory ones are not "not applicable"; a "no" and a "not applicable"
    have a note; a mandatory conditional item answered "yes" names its evidence; every flag of R23 has a
    person's decision with a reason, resting on an assessment that is a file of the dossier.
    """
    problems = []
    given: dict[Item, ItemAnswer] = {}
    for answer in answers:
        if answer.item in given:
            problems.append(f"{answer.item}: answered twice")
        given[answer.item] = answer
    mandatory = mandatory_items(facts)
    for item in Item:
        problem = _item_problem(item, given.get(item), item in mandatory)
        if problem:
            problems.append(f"{item}: {problem}")
    problems += decision_problems(decisions := tuple(decisions), facts.reports)
    problems += [
        f"{flag}: no decision with a reason (R23)" for flag in sorted(undecided(facts.volume, decisions))
    ]
    return tuple(problems)


def _item_problem(item: Item, answer: ItemAnswer | None, mandatory: bool) -> str | None:
    if answer is None:
        return "not answered"
    if answer.answer is Answer.NOT_APPLICABLE and mandatory:
        return "mandatory in this case"
    if answer.answer is not Answer.YES and not answer.note.strip():
        return "needs a note"
    if answer.answer is Answer.YES and mandatory and item in _CONDITIONAL and not answer.evidence:
        return "needs evidence"
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
            f"The review is not complete: {'; '.join(problems)}.",
            code="review-incomplete",
            hint="Answer every item; the review was not recorded.",
            problems=list(problems),
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
