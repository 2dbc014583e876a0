"""Rule profiles: which guide a case follows, and its durations (R1).

A profile never changes once published: a different duration is a new version with a new tag (S2.5),
because the tag stays with every statement and certificate made under it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from yinzheng.ledger.rules.terms import Label, RegistrationType
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.words.levels import LEVELS


class Standing(StrEnum):
    """What a profile makes of a registration type (R1)."""

    REGISTRATION = "registration"
    """One of its registration types."""
    RECORDED = "recorded"
    """Recorded, and labelled as not being one of its registration types."""
    UNAVAILABLE = "unavailable"
    """Not provided for."""


class Unit(StrEnum):
    """In what a publicity period is counted (S5.8)."""

    WORKING_DAYS = "working_days"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Duration:
    """A period; seconds are for demonstrations only (S5.8)."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Profile:
    """One guide's rules of a first registration. Periods ending in `_days` are working days."""

    id: str
    version: int
    label: Label
    publicity: Duration
    types: Mapping[RegistrationType, Standing]
    title: Label
    """What its certificates are called (R13)."""
    level_schemes: frozenset[str] | None = None
    """The schemes whose levels it takes (R22); None: any that is named."""
    public_data_rules_in_force: bool = False
    """Whether the province's rules on authorised operation of public data are in force: until then products
    that involve public data take the ordinary procedure (R8)."""
    admits_core_data: bool = False
    """Whether core data may be registered at all (R23)."""
    acceptance_days: int = 3
    decision_days: int = 10
    decision_extension_days: int = 10
    objection_days: int = 10
    max_validity_years: int = 5
    demonstration: bool = False

    @property
    def tag(self) -> str:
        """Return the profile tag `ID/VERSION` (S2.5)."""
        return f"{self.id}/{self.version}"

    def standing(self, kind: RegistrationType) -> Standing:
        """Tell what this profile makes of `kind` (R1)."""
        return self.types.get(kind, Standing.UNAVAILABLE)


def _types(registered: str, recorded: str = "") -> Mapping[RegistrationType, Standing]:
    table = {RegistrationType(kind): Standing.REGISTRATION for kind in registered.split()}
    table |= {RegistrationType(kind): Standing.RECORDED for kind in recorded.split()}
    return MappingProxyType(table)


GD_HEALTH = Profile(
    id="GD-HEALTH",
    version=1,
    label=Label("广东健康数据产权登记规则", "Guangdong health-data registration rules"),
    publicity=Duration(5, Unit.WORKING_DAYS),
    types=_types("first licence transfer change cancellation renewal"),
    title=Label("健康医疗数据产权登记证书", "Certificate of Health-Data Property Registration"),
    level_schemes=frozenset(LEVELS),
)
"""The Guangdong guide, with the national guide's durations and renewal where it is silent; the default."""

NDA_2026 = Profile(
    id="NDA-2026",
    version=1,
    label=Label("国家数据产权登记规则（2026）", "National data registration rules (2026)"),
    publicity=Duration(5, Unit.WORKING_DAYS),
    types=_types("first renewal transfer change cancellation", recorded="licence"),
    title=Label("数据产权登记证书", "Certificate of Data Property Registration"),
)
"""The national guide: renewal is a registration type, a licence is not."""

DEMO = replace(
    GD_HEALTH,
    id="DEMO",
    label=Label(
        "演示规则：公示期以秒计，不具法律效力", "Demonstration: publicity lasts seconds, no legal effect"
    ),
    publicity=Duration(3, Unit.SECONDS),
    demonstration=True,
)
"""For demonstrations: publicity lasts seconds. Every reader labels it as such (S2.5)."""

DEFAULT = GD_HEALTH

PROFILES: Mapping[str, Profile] = MappingProxyType({p.tag: p for p in (GD_HEALTH, NDA_2026, DEMO)})


def profile_for(tag: str) -> Profile:
    """Find a profile by its tag.

    Raises:
        UsageFault: `profile-unknown`.
    """
    try:
        return PROFILES[tag]
    except KeyError:
        known = ", ".join(PROFILES)
        raise UsageFault(
            "There is no rule profile with this tag.", code="profile-unknown", hint=f"Choose one of: {known}."
        ) from None
