"""Licences (R4, R5): what they may cover, and which exclude each other.

A licence leaves the licensor's right whole. An exclusive one excludes what is given after it, by the same
holder of the same right or by whoever follows it; what was given before stands beside it. The contract
holds the same rules (S5.21, S5.22); here they are sentences instead of a revert.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yinzheng.ledger.rules.terms import Right
from yinzheng.verifier.chain.terms import ACTS, RIGHTS, TERRITORY, bits_of
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


EVERYWHERE: Final = frozenset(TERRITORY)
"""All province-level codes of GB/T 2260."""


def act_bits(acts: Iterable[Act]) -> int:
    """Pack acts as the chain keeps them (S5.21)."""
    return bits_of(acts, ACTS)


def right_bits(rights: Iterable[Right]) -> int:
    """Pack rights as the chain keeps them (S5.17)."""
    return bits_of(rights, RIGHTS)


def territory_bits(codes: Iterable[str]) -> int:
    """Pack province-level codes as the chain keeps them (S5.21).

    Raises:
        UsageFault: `territory-unknown`, a code is none of `TERRITORY`.
    """
    wanted = set(codes)
    if unknown := sorted(wanted - EVERYWHERE):
        raise UsageFault(
            f"These are no province-level codes of GB/T 2260: {', '.join(unknown)}.",
            code="territory-unknown",
            hint="Give the first two digits, such as 44 for Guangdong.",
        )
    return bits_of(wanted, TERRITORY)


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
            "Nobody licenses to itself (R5).", code="same-organisation", hint="Name another licensee."
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
            "The term does not lie within the certificate's validity, or is past (R4).",
            code="licence-term",
            hint="It begins a day ago at the earliest and ends with the certificate at the latest.",
        )
    if any(terms.overlaps(other) for other in exclusives):
        raise UsageFault(
            "An exclusive licence covers some of the same rights, acts, territory and time.",
            code="exclusive-overlaps",
            hint="End that one first, or leave out what it covers.",
        )
