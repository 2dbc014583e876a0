"""What a case is about (R1): a first registration, or a move of what is registered."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from yinzheng.ledger.rules.profiles import Profile, Standing
from yinzheng.ledger.rules.terms import Label, RegistrationType
from yinzheng.verifier.errors import UsageFault


class CaseType(StrEnum):
    """Types of cases. The end of a licence before its term is none of R1, and has a licence's standing."""

    FIRST = "first"
    LICENCE = "licence"
    LICENCE_END = "licence_end"
    TRANSFER = "transfer"
    CHANGE = "change"
    RENEWAL = "renewal"
    CANCELLATION = "cancellation"

    @property
    def registration(self) -> RegistrationType:
        """The type of registration it is, or is of the standing of."""
        return RegistrationType.LICENCE if self is CaseType.LICENCE_END else RegistrationType(self.value)

    @property
    def published(self) -> bool:
        """Whether publicity comes before the decision (R6, R7, R24); a licence and a transfer have none."""
        return self not in _UNPUBLISHED


_UNPUBLISHED: Final = frozenset({CaseType.LICENCE, CaseType.LICENCE_END, CaseType.TRANSFER})

MOVES: Final = tuple(kind for kind in CaseType if kind is not CaseType.FIRST)
"""Types of what becomes of a certificate."""

CASE_TYPES: Final[Mapping[CaseType, Label]] = MappingProxyType(
    {
        CaseType.FIRST: Label("首次登记", "first registration"),
        CaseType.LICENCE: Label("许可", "licence"),
        CaseType.LICENCE_END: Label("许可终止", "end of a licence"),
        CaseType.TRANSFER: Label("转让登记", "transfer"),
        CaseType.CHANGE: Label("变更登记", "change"),
        CaseType.RENEWAL: Label("续期登记", "renewal"),
        CaseType.CANCELLATION: Label("注销登记", "cancellation"),
    }
)


def require_available(kind: CaseType, profile: Profile) -> bool:
    """Check that a profile provides for a type; tells whether it is one of its registration types (R1).

    Raises:
        UsageFault: `type-unavailable`.
    """
    standing = profile.standing(kind.registration)
    if standing is Standing.UNAVAILABLE:
        raise UsageFault(
            f"{profile.tag} has no {CASE_TYPES[kind].en}.",
            code="type-unavailable",
            hint="A certificate keeps the rules it was registered under (R1).",
        )
    return standing is Standing.REGISTRATION
