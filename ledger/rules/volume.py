"""Important and core data (R23): thresholds that call for a human decision, recorded in the review."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from yinzheng.ledger.rules.terms import Importance, Label, Problem


class SpecialKind(StrEnum):
    """Kinds of nationwide data with thresholds of their own (R23)."""

    GROUP_HEALTH = "group_health"
    ETHNIC_BIOMETRIC = "ethnic_biometric"
    MEDICAL_RESOURCE = "medical_resource"
    TREATMENT = "treatment"
    RESCUE = "rescue"
    DRUG_TRIAL = "drug_trial"


KIND_LABELS: Mapping[SpecialKind, Label] = MappingProxyType(
    {
        SpecialKind.GROUP_HEALTH: Label("群体健康数据", "group health"),
        SpecialKind.ETHNIC_BIOMETRIC: Label("族群生物特征数据", "ethnic biometrics"),
        SpecialKind.MEDICAL_RESOURCE: Label("医疗资源数据", "medical resources"),
        SpecialKind.TREATMENT: Label("诊疗数据", "treatment"),
        SpecialKind.RESCUE: Label("医疗救援数据", "rescue"),
        SpecialKind.DRUG_TRIAL: Label("特定药物试验数据", "specific drug trials"),
    }
)

NATIONWIDE_THRESHOLDS: Mapping[SpecialKind, int] = MappingProxyType(
    {
        SpecialKind.GROUP_HEALTH: 100_000,
        SpecialKind.ETHNIC_BIOMETRIC: 10_000,
        SpecialKind.MEDICAL_RESOURCE: 10_000,
        SpecialKind.TREATMENT: 100_000,
        SpecialKind.RESCUE: 100_000,
        SpecialKind.DRUG_TRIAL: 100_000,
    }
)
"""Persons from which nationwide data of a kind may be important data."""

IMPORTANT_PERSONS, IMPORTANT_SENSITIVE = 1_000_000, 100_000
CORE_PERSONS, CORE_SENSITIVE = 10_000_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Volume:
    """How many persons the data is about, how many with sensitive data; `kinds` count when nationwide."""

    persons: int
    sensitive_persons: int
    nationwide: bool = False
    kinds: frozenset[SpecialKind] = frozenset()


class Flag(StrEnum):
    """What a human must decide on before the review is complete (R23)."""

    IMPORTANT_DATA = "important_data"
    CORE_DATA = "core_data"


FLAG_LABELS: Mapping[Flag, Label] = MappingProxyType(
    {
        Flag.IMPORTANT_DATA: Label("可能属于重要数据", "may be important data"),
        Flag.CORE_DATA: Label("可能属于核心数据", "may be core data"),
    }
)


def flags(volume: Volume) -> frozenset[Flag]:
    """Give the flags of a volume; reaching a threshold is enough. Core data is important data too."""
    found = set()
    special = volume.nationwide and any(
        volume.persons >= NATIONWIDE_THRESHOLDS[kind] for kind in volume.kinds
    )
    if volume.persons >= IMPORTANT_PERSONS or volume.sensitive_persons >= IMPORTANT_SENSITIVE or special:
        found.add(Flag.IMPORTANT_DATA)
    if volume.persons >= CORE_PERSONS or volume.sensitive_persons >= CORE_SENSITIVE:
        found |= {Flag.IMPORTANT_DATA, Flag.CORE_DATA}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class FlagDecision:
    """A named flag, what a person decided on it and why: `confirmed` means it is such data.

    `assessment` is the path of the file in the dossier that the decision rests on, of role `risk`.
    """

    flag: Flag
    confirmed: bool
    reason: str
    assessment: str = ""


def decision_problems(decisions: Iterable[FlagDecision], reports: Collection[str]) -> tuple[Problem, ...]:
    """List what is wrong with decisions on flags (R23); `reports` are the dossier's files of role `risk`."""
    problems = []
    given: dict[Flag, FlagDecision] = {}
    for decision in decisions:
        if decision.flag in given:
            problems.append(flag_problem(decision.flag, Label("决定了两次", "decided twice")))
        given[decision.flag] = decision
        if decision.assessment not in reports:
            named = ", ".join(sorted(reports))
            what = Label(
                f"所写评估不是材料中 risk 类的文件（有：{named or '无'}；R23）",
                f"the assessment is no file of role risk in the dossier ({named or 'none is there'}; R23)",
            )
            problems.append(flag_problem(decision.flag, what))
    core, important = given.get(Flag.CORE_DATA), given.get(Flag.IMPORTANT_DATA)
    if core is not None and core.confirmed and important is not None and not important.confirmed:
        what = Label("核心数据也是重要数据", "core data is important data too")
        problems.append(flag_problem(Flag.CORE_DATA, what))
    return tuple(problems)


def flag_problem(flag: Flag, what: Label) -> Problem:
    """What is wrong with the decision on a flag."""
    return Problem(flag.value, FLAG_LABELS[flag], what)


def importance_of(decisions: Iterable[FlagDecision]) -> Importance | None:
    """Give what the data was decided to be (R23), or None where it is general data."""
    confirmed = {decision.flag for decision in decisions if decision.confirmed}
    if Flag.CORE_DATA in confirmed:
        return Importance.CORE
    return Importance.IMPORTANT if Flag.IMPORTANT_DATA in confirmed else None


def undecided(volume: Volume, decisions: Iterable[FlagDecision]) -> frozenset[Flag]:
    """Give the flags no one has decided on with a reason."""
    return flags(volume) - {decision.flag for decision in decisions if decision.reason.strip()}
