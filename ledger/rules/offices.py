"""In what capacity someone of the registry acts: officer, committee, staff, and two other offices (R47).

No office is above another: whoever configures sees no dossier, whoever reads the accesses opens none, and
whoever decides gives nobody a role.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.states import Capacity


class Office(StrEnum):
    """Offices that decide no case."""

    ADMINISTRATOR = "administrator"
    """Configures, gives and takes roles, keeps the keys; sees no dossier."""
    AUDITOR = "auditor"
    """Reads who saw what, and what an audit finds; opens nothing."""


Role: TypeAlias = Capacity | StaffRole | Office
"""In what capacity a person is enrolled."""

ON_CHAIN: Final = (Capacity.REGISTRY, Capacity.COMMITTEE)
"""Whose signatures the contracts ask for."""

ROLES: Final[tuple[Role, ...]] = (*ON_CHAIN, *Office, *StaffRole)
"""Every capacity a person may be enrolled in."""


_BY_NAME: Final[Mapping[str, Role]] = MappingProxyType({role.value: role for role in ROLES})


def role_of(name: str) -> Role:
    """The role of that name, as the table of people has it; `KeyError` if there is none."""
    return _BY_NAME[name]
