"""Licences (R4, R5): what they may cover, and which exclude each other.

A licence leaves the licensor's right whole. An exclusive one excludes what is given after it, by the same
holder of the same right or by whoever follows it; what was given before stands beside it. The contract
holds the same rules (S5.21, S5.22); here they are sentences instead of a revert.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from yinzheng.ledger.rules.terms import Label, Right
from yinzheng.verifier.errors import UsageFault

MAX_EXCLUSIVES: Final = 16
"""Exclusive licences that one right of a holder bears at a time (S5.21)."""

BACKDATE: Final = 86_400
"""Seconds that a licence may begin before it reaches the chain."""


class Act(StrEnum):
    """What a licensee may do with the data (R45, R56), in the order of the chain's bits."""

    STORE = "store"
    PROCESS = "process"
    USE = "use"
    TRANSMIT = "transmit"
    PROVIDE = "provide"
    PUBLISH = "publish"


ACTS: Final[Mapping[Act, Label]] = MappingProxyType(
    {
        Act.STORE: Label("存储", "store"),
        Act.PROCESS: Label("加工", "process"),
        Act.USE: Label("使用", "use"),
        Act.TRANSMIT: Label("传输", "transmit"),
        Act.PROVIDE: Label("提供", "provide"),
        Act.PUBLISH: Label("公开", "publish"),
    }
)

PROVINCES: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "11": Label("北京", "Beijing"),
        "12": Label("天津", "Tianjin"),
        "13": Label("河北", "Hebei"),
        "14": Label("山西", "Shanxi"),
        "15": Label("内蒙古", "Inner Mongolia"),
        "21": Label("辽宁", "Liaoning"),
        "22": Label("吉林", "Jilin"),
        "23": Label("黑龙江", "Heilongjiang"),
        "31": Label("上海", "Shanghai"),
        "32": Label("江苏", "Jiangsu"),
        "33": Label("浙江", "Zhejiang"),
        "34": Label("安徽", "Anhui"),
        "35": Label("福建", "Fujian"),
        "36": Label("江西", "Jiangxi"),
        "37": Label("山东", "Shandong"),
        "41": Label("河南", "Henan"),
        "42": Label("湖北", "Hubei"),
        "43": Label("湖南", "Hunan"),
        "44": Label("广东", "Guangdong"),
        "45": Label("广西", "Guangxi"),
        "46": Label("海南", "Hainan"),
        "50": Label("重庆", "Chongqing"),
        "51": Label("四川", "Sichuan"),
        "52": Label("贵州", "Guizhou"),
        "53": Label("云南", "Yunnan"),
        "54": Label("西藏", "Xizang"),
        "61": Label("陕西", "Shaanxi"),
        "62": Label("甘肃", "Gansu"),
        "63": Label("青海", "Qinghai"),
        "64": Label("宁夏", "Ningxia"),
        "65": Label("新疆", "Xinjiang"),
        "71": Label("台湾", "Taiwan"),
        "81": Label("香港", "Hong Kong"),
        "82": Label("澳门", "Macao"),
    }
)
"""Province-level codes of GB/T 2260, ascending; the chain's bits count from the first."""

EVERYWHERE: Final = frozenset(PROVINCES)

_CODES: Final = tuple(PROVINCES)


def act_bits(acts: Iterable[Act]) -> int:
    """Pack acts as the chain keeps them (S5.21)."""
    return sum(1 << tuple(Act).index(act) for act in set(acts))


def right_bits(rights: Iterable[Right]) -> int:
    """Pack rights as the chain keeps them (S5.17)."""
    return sum(1 << tuple(Right).index(right) for right in set(rights))


def territory_bits(codes: Iterable[str]) -> int:
    """Pack province-level codes as the chain keeps them (S5.21).

    Raises:
        UsageFault: `territory-unknown`, a code is none of `PROVINCES`.
    """
    wanted = set(codes)
    if unknown := sorted(wanted - EVERYWHERE):
        raise UsageFault(
            f"These are no province-level codes of GB/T 2260: {', '.join(unknown)}.",
            code="territory-unknown",
            hint="Give the first two digits, such as 44 for Guangdong.",
        )
    return sum(1 << _CODES.index(code) for code in wanted)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a licence covers. Times are UTC seconds, both ends included."""

    rights: frozenset[Right]
    acts: frozenset[Act]
    territory: frozenset[str]
    """Province-level codes."""
    begins: int
    ends: int

    def overlaps(self, other: "Terms") -> bool:
        """Tell whether both cover some right, act, place and second."""
        return (
            not self.rights.isdisjoint(other.rights)
            and not self.acts.isdisjoint(other.acts)
            and not self.territory.isdisjoint(other.territory)
            and self.begins <= other.ends
            and other.begins <= self.ends
        )


def check_licence(
    terms: Terms,
    *,
    licensor: str,
    licensee: str,
    held: Iterable[Right],
    valid_until: int,
    now: int,
    exclusives: Iterable[Terms],
) -> None:
    """Check a licence before anyone signs it.

    `held` are the licensor's rights under the certificate, which is valid to `valid_until`; `exclusives` the
    exclusive licences on them that are not over, whoever gave them.

    Raises:
        UsageFault: `same-organisation`, `licence-empty` (no right, act or place), `rights-not-held`,
            `licence-term`, `exclusive-overlaps`.
    """
    if licensor == licensee:
        raise UsageFault(
            "Nobody licenses to itself.", code="same-organisation", hint="Name another licensee."
        )
    if not (terms.rights and terms.acts and terms.territory):
        raise UsageFault("A licence names rights, acts and territory.", code="licence-empty")
    if lacking := terms.rights - set(held):
        raise UsageFault(
            f"The licensor does not hold: {', '.join(sorted(lacking))}.",
            code="rights-not-held",
            hint="Nobody licenses what it does not hold (R4).",
        )
    if not now - BACKDATE <= terms.begins <= terms.ends <= valid_until or terms.ends < now:
        raise UsageFault(
            "The term does not lie within the certificate's validity, or is past.",
            code="licence-term",
            hint="It begins a day ago at the earliest and ends with the certificate at the latest.",
        )
    if any(terms.overlaps(other) for other in exclusives):
        raise UsageFault(
            "An exclusive licence covers some of the same rights, acts, territory and time.",
            code="exclusive-overlaps",
            hint="End that one first, or leave out what it covers.",
        )
