"""The course of an erasure (R43) as one table: proposed, approved, witnessed, carried out; or dropped.

Whose signature comes next follows from those given (`destruction.next_step`); the table asks for it as a
condition, so that who signs out of turn is refused as everyone is, with who may instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from yinzheng.ledger.rules import course
from yinzheng.ledger.rules.course import Course
from yinzheng.ledger.rules.destruction import Function, StaffRole
from yinzheng.ledger.rules.states import Capacity


class State(StrEnum):
    """Where an erasure stands. It is approved once everyone signed, and destroyed when nothing is left."""

    NEW = "new"
    PROPOSED = "proposed"
    APPROVED = "approved"
    DESTROYED = "destroyed"
    DROPPED = "dropped"


class Move(StrEnum):
    """What someone may do in an erasure."""

    PROPOSE = "propose"
    APPROVE = "approve"
    WITNESS = "witness"
    CARRY_OUT = "carry_out"
    DROP = "drop"


class Guard(StrEnum):
    """A condition a move needs besides its state; and a function of staff stands for that it signs next."""

    ALL_ACT = "all_act"
    ALL_SIGNED = "all_signed"
    NOTHING_GONE = "nothing_gone"


Rule: TypeAlias = course.Rule[State, Move]
"""One line of the table. None writes a statement: the log learns of the tombstone alone (R49)."""

_S, _C = State, Capacity
_APPROVERS = tuple(StaffRole(function.value) for function in Function)


def _rule(state: State, move: Move, to: State, by: StrEnum, *guards: StrEnum) -> Rule:
    return Rule(state, move, to, by, None, frozenset(guards))


_UNMET: Mapping[StrEnum, tuple[str, str]] = {
    **dict.fromkeys(StaffRole, ("destruction-order", "approvals come in order, then two witnesses (R43)")),
    Guard.ALL_ACT: (
        "approval-left",
        "someone who proposed or signed it acts no more; drop it, and propose it anew (R47)",
    ),
    Guard.ALL_SIGNED: ("erasure-state", "not everyone has signed (R43)"),
    Guard.NOTHING_GONE: ("erasure-state", "it is being carried out"),
}

COURSE: Final = Course(
    "erasure",
    (
        _rule(_S.NEW, Move.PROPOSE, _S.PROPOSED, _C.REGISTRY),
        *(_rule(_S.PROPOSED, Move.APPROVE, _S.PROPOSED, role, role, Guard.ALL_ACT) for role in _APPROVERS),
        _rule(_S.PROPOSED, Move.WITNESS, _S.PROPOSED, StaffRole.WITNESS, StaffRole.WITNESS, Guard.ALL_ACT),
        *(
            _rule(state, Move.DROP, _S.DROPPED, _C.REGISTRY, Guard.NOTHING_GONE)
            for state in (_S.PROPOSED, _S.APPROVED)
        ),
        # Whoever is enrolled may carry it out and signed nothing before (`destruction.check_destruction`).
        *(
            _rule(_S.APPROVED, Move.CARRY_OUT, _S.DESTROYED, by, Guard.ALL_ACT, Guard.ALL_SIGNED)
            for by in (_C.REGISTRY, _C.COMMITTEE, *StaffRole)
        ),
    ),
    _UNMET,
    not_allowed="erasure-state",
    wrong_capacity="destruction-order",
)
"""An erasure. Its refusals have the codes `erasure-state`, `destruction-order` and `approval-left`."""

OVER: Final = COURSE.final(State)
"""States that nothing follows."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where an erasure stands: of `next` one signs now; once it is `begun`, its rows are gone.

    `left` are those who proposed or signed it and act no more.
    """

    state: State = State.NEW
    next: frozenset[str] = frozenset()
    begun: bool = False
    left: frozenset[str] = frozenset()

    def meets(self, guard: StrEnum, now: int) -> bool:
        """Tell whether a guard's condition is met."""
        if guard is Guard.ALL_ACT:
            return not self.left
        if guard is Guard.ALL_SIGNED:
            return not self.next
        if guard is Guard.NOTHING_GONE:
            return not self.begun
        return guard.value in self.next
