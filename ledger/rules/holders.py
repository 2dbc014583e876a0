"""Holders and their rights (R3): a set of holders for each right; several may have the same one.

Hold, use and operate are independent, and a second holder of the same right is no fraud.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yinzheng.ledger.rules.terms import Right

MAX_HOLDERS = 20
_ORDER = tuple(Right)


@dataclass(frozen=True, slots=True)
class Holder:
    """One right holder: name, unified social credit code, and its rights in the order of S6.1."""

    name: str
    code: str
    rights: tuple[Right, ...]


def in_order(rights: Iterable[Right]) -> tuple[Right, ...]:
    """Put rights in the order certificates list them: hold, use, operate (S6.1)."""
    return tuple(sorted(set(rights), key=_ORDER.index))


def holder_problems(holders: Sequence[Holder], wanted: Iterable[Right]) -> tuple[str, ...]:
    """List what is wrong with the holders of an application, as sentences; empty when nothing is.

    Each holder appears once, with at least one right, and together they have exactly the rights asked for.
    """
    asked = set(wanted)
    problems = []
    if not 1 <= len(holders) <= MAX_HOLDERS:
        problems.append(f"there must be 1 to {MAX_HOLDERS} holders")
    if len({holder.code for holder in holders}) < len(holders):
        problems.append("a holder is listed twice; list all its rights in one entry")
    given: set[Right] = {right for holder in holders for right in holder.rights}
    if any(not holder.rights for holder in holders):
        problems.append("a holder has no right")
    if nobody := in_order(asked - given):
        problems.append(f"asked for, but given to nobody: {', '.join(nobody)}")
    if surplus := in_order(given - asked):
        problems.append(f"given to a holder, but not asked for: {', '.join(surplus)}")
    return tuple(problems)
