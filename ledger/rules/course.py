"""A course of a right as one table: what may follow what, who may do it, and under which condition.

Every course (a first registration, a withdrawal, a dispute, an erasure) is a `Course` over states and moves
of its own. What the table does not hold is refused, here and in one wording, with what is possible instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Generic, Protocol, TypeVar

from yinzheng.verifier.errors import UsageFault

StateT = TypeVar("StateT", bound=StrEnum)
MoveT = TypeVar("MoveT", bound=StrEnum)
_StateT_co = TypeVar("_StateT_co", bound=StrEnum, covariant=True)

NOT_ALLOWED: Final = "move-not-allowed"
WRONG_CAPACITY: Final = "move-wrong-capacity"


@dataclass(frozen=True)  # with slots, a generic one cannot be made by its alias in Python 3.11
class Rule(Generic[StateT, MoveT]):
    """One line of a table: in `state`, `by` may make `move`, which leads to `to` and writes `statement`.

    `by` is a capacity (S3.1), or a function of staff. `statement` is the type of the statement (S3.2), None
    for a move that writes none. `guards` are conditions that the move needs besides its state.
    """

    state: StateT
    move: MoveT
    to: StateT
    by: StrEnum
    statement: StrEnum | None = None
    guards: frozenset[StrEnum] = frozenset()


class Situation(Protocol[_StateT_co]):
    """Where something stands: all that a table and its guards look at."""

    @property
    def state(self) -> _StateT_co:
        """The state in the table."""
        ...

    def meets(self, guard: Any, now: int) -> bool:
        """Tell whether a guard's condition is met at `now` (UTC seconds)."""
        ...


@dataclass(frozen=True)
class Course(Generic[StateT, MoveT]):
    """The table of one course and the words of its refusals."""

    name: str
    """What takes this course, in a sentence: `case`, `withdrawal`."""
    rules: tuple[Rule[StateT, MoveT], ...]
    unmet: Mapping[StrEnum, tuple[str, str]]
    """For each guard the code and the words of a refusal where its condition is not met."""
    not_allowed: str = NOT_ALLOWED
    """Code for a move that the state does not allow."""
    wrong_capacity: str = WRONG_CAPACITY
    """Code for a move that is somebody else's."""
    over: Mapping[StrEnum, tuple[str, str]] = field(default_factory=dict)
    """By state: words and hint for what does not follow it, where they say more than its name."""

    @property
    def table(self) -> Mapping[tuple[StateT, MoveT], Rule[StateT, MoveT]]:
        """The lines by state and move; where several may make a move, the last of its lines."""
        return MappingProxyType({(rule.state, rule.move): rule for rule in self.rules})

    def final(self, states: Iterable[StateT]) -> frozenset[StateT]:
        """Those of `states` that nothing follows."""
        return frozenset(states) - {rule.state for rule in self.rules}

    def possible(self, situation: Situation[StateT], now: int) -> tuple[Rule[StateT, MoveT], ...]:
        """List the moves possible at `now`, with who may make each."""
        return tuple(
            rule
            for rule in self.rules
            if rule.state is situation.state and all(situation.meets(guard, now) for guard in rule.guards)
        )

    def rule_for(
        self, situation: Situation[StateT], move: MoveT, by: StrEnum, now: int
    ) -> Rule[StateT, MoveT]:
        """Find the rule that allows `move` to `by` at `now`.

        Raises:
            UsageFault: `not_allowed` (not from this state), `wrong_capacity`, or the code of a guard that is
                not met. `course`, `state`, `move` and `possible` are in its data.
        """
        state = situation.state
        lines = [rule for rule in self.rules if rule.state is state and rule.move is move]
        if not lines and state in self.over:
            said, hint = self.over[state]
            raise self._refused(situation, move, now, self.not_allowed, said, hint)
        if not lines:
            raise self._refused(situation, move, now, self.not_allowed, f"{move} does not follow {state}.")
        rule = next((line for line in lines if line.by is by), None)
        if rule is None:
            why = f"{move} is for the {' or '.join(sorted({line.by for line in lines}))}, not the {by}."
            raise self._refused(situation, move, now, self.wrong_capacity, why)
        for guard in sorted(rule.guards):
            if not situation.meets(guard, now):
                code, why = self.unmet[guard]
                raise self._refused(situation, move, now, code, f"{move} is refused: {why}.")
        return rule

    def _refused(
        self, situation: Situation[StateT], move: MoveT, now: int, code: str, why: str, hint: str = ""
    ) -> UsageFault:
        options = [f"{rule.move} (by {rule.by})" for rule in self.possible(situation, now)]
        nothing = f"Nothing more is possible in this {self.name}."
        return UsageFault(
            why if hint else f"The {self.name} is in state {situation.state}: {why}",
            code=code,
            hint=hint or (f"Possible now: {', '.join(options)}." if options else nothing),
            course=self.name,
            state=situation.state.value,
            move=move.value,
            possible=options,
        )
