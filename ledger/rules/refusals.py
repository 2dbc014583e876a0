"""Grounds of refusal (R20, R21), and which of them the facts of an application show by themselves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from yinzheng.ledger.rules.prescribers import prescriber_statistics
from yinzheng.ledger.rules.terms import Label
from yinzheng.verifier.errors import DataFault


class Ground(StrEnum):
    """Why a registration is refused. The first three are hard refusals (R20), the rest R21."""

    STATE_SECRETS = "state_secrets"
    PUBLIC_SECURITY = "public_security"
    PRESCRIBER_STATISTICS = "prescriber_statistics"
    CORE_DATA = "core_data"
    HARM = "harm"
    UNLAWFUL_SOURCE = "unlawful_source"
    DISPUTE = "dispute"
    CONCEALMENT = "concealment"
    LAW = "law"
    OWN_DATA = "own_data"
    NOT_SUPPLEMENTED = "not_supplemented"


HARD = frozenset({Ground.STATE_SECRETS, Ground.PUBLIC_SECURITY, Ground.PRESCRIBER_STATISTICS})
"""Refused whatever else is said, for registration and for trade (R20)."""

GROUND_LABELS: Mapping[Ground, Label] = MappingProxyType(
    {
        Ground.STATE_SECRETS: Label("涉及国家秘密", "state secrets"),
        Ground.PUBLIC_SECURITY: Label(
            "涉及国家安全、公共安全的数据", "data touching national or public security"
        ),
        Ground.PRESCRIBER_STATISTICS: Label("涉及统方的数据", "prescriber statistics"),
        Ground.CORE_DATA: Label("核心数据", "core data"),
        Ground.HARM: Label(
            "损害国家安全、公共利益或他人合法权益", "harm to security, public or private interests"
        ),
        Ground.UNLAWFUL_SOURCE: Label("数据来源不合法", "unlawful source"),
        Ground.DISPUTE: Label("权属争议尚未解决", "unresolved ownership dispute"),
        Ground.CONCEALMENT: Label("隐瞒事实或提供虚假材料", "concealment or false proof"),
        Ground.LAW: Label("法律法规规定的其他情形", "law"),
        Ground.OWN_DATA: Label("登记机构自身的数据", "the registry's own data"),
        Ground.NOT_SUPPLEMENTED: Label("未按要求补正材料", "the supplement asked for was not given"),
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One ground that applies, and a sentence saying what shows it."""

    ground: Ground
    why: str


def refusals(
    declared: Iterable[Ground], sample_fields: Iterable[str], codes: Iterable[str], registry_code: str
) -> tuple[Refusal, ...]:
    """List every ground that the facts show by themselves.

    Args:
        declared: the hard grounds the applicant declared to apply.
        sample_fields: names of the data's fields.
        codes: credit codes of the applicant and all holders.
        registry_code: the registry's own; a registry cannot register its own data (R21).
    """
    found = [Refusal(ground, "declared in the application") for ground in Ground if ground in set(declared)]
    shown = prescriber_statistics(sample_fields)
    if shown and Ground.PRESCRIBER_STATISTICS not in {r.ground for r in found}:
        found.append(
            Refusal(
                Ground.PRESCRIBER_STATISTICS,
                "the sample fields tell doctor, drug or consumable and amount: " + "、".join(shown),
            )
        )
    if registry_code in set(codes):
        found.append(Refusal(Ground.OWN_DATA, "applicant or holder is the registry itself"))
    return tuple(found)


def require_registrable(found: Sequence[Refusal]) -> None:
    """Raise if any ground applies; every one is in the message.

    Raises:
        DataFault: `registration-refused`, with `grounds` in its data.
    """
    if not found:
        return
    reasons = "; ".join(f"{GROUND_LABELS[r.ground].en} ({r.why})" for r in found)
    rule = "R20" if any(r.ground in HARD for r in found) else "R21"
    raise DataFault(
        f"This data cannot be registered: {reasons}.",
        code="registration-refused",
        hint=f"Nothing was recorded. {rule} bars such data: take it out, or correct the application.",
        grounds=[r.ground.value for r in found],
    )
