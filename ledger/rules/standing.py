"""How a registered certificate stands, as one table: what is entered, what ends it, and by whom.

Nothing here needs a case. What does (transfer, change, renewal, a cancellation that was published) is a
course of its own, and leaves the certificate over. The contracts hold the same rules (S5.24, S5.25).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from yinzheng.ledger.rules import course
from yinzheng.ledger.rules.course import Course
from yinzheng.ledger.rules.events import StandingStatement
from yinzheng.ledger.rules.states import Capacity


class State(StrEnum):
    """Whether a certificate is in force, as far as the registry has decided; for good once it is over."""

    IN_FORCE = "in_force"
    OVER = "over"


class Over(StrEnum):
    """Why a certificate is over, as the chain has it (S5.3)."""

    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


class Move(StrEnum):
    """What someone may do about a registered certificate."""

    REMARK = "remark"
    LIFT = "lift"
    LAPSE = "lapse"
    CANCEL = "cancel"
    RESERVE = "reserve"
    RELEASE = "release"
    OBJECT = "object"
    TELL = "tell"
    ANSWER = "answer"
    CONCLUDE = "conclude"


class Guard(StrEnum):
    """A condition a move needs besides its state."""

    VALIDITY_PAST = "validity_past"
    NOT_HELD = "not_held"
    OBJECTION_OPEN = "objection_open"


Rule: TypeAlias = course.Rule[State, Move]


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a certificate stands: all that the table and its guards look at."""

    state: State
    valid_until: int
    """UTC seconds, the last of its validity."""
    holds: int
    """Open disputes that hold it (R38)."""
    open_objections: frozenset[str] = frozenset()
    """By the hex of their leaves (R25)."""

    def meets(self, guard: Guard, now: int) -> bool:
        """Tell whether a guard's condition is met at `now` (UTC seconds)."""
        match guard:
            case Guard.VALIDITY_PAST:
                return now > self.valid_until
            case Guard.NOT_HELD:
                return self.holds == 0
            case Guard.OBJECTION_OPEN:
                return bool(self.open_objections)


_S, _M, _C, _T = State, Move, Capacity, StandingStatement
_RULES: Final = (
    Rule(_S.IN_FORCE, _M.REMARK, _S.IN_FORCE, _C.REGISTRY, _T.REMARKED),
    Rule(_S.IN_FORCE, _M.REMARK, _S.IN_FORCE, _C.FORUM, _T.REMARKED),
    Rule(_S.IN_FORCE, _M.LIFT, _S.IN_FORCE, _C.REGISTRY, _T.LIFTED),
    Rule(_S.IN_FORCE, _M.LIFT, _S.IN_FORCE, _C.FORUM, _T.LIFTED),
    Rule(
        _S.IN_FORCE,
        _M.LAPSE,
        _S.OVER,
        _C.REGISTRY,
        _T.LAPSED,
        frozenset({Guard.VALIDITY_PAST, Guard.NOT_HELD}),
    ),
    Rule(_S.IN_FORCE, _M.RESERVE, _S.IN_FORCE, _C.EXCHANGE, _T.RESERVED, frozenset({Guard.NOT_HELD})),
    Rule(_S.IN_FORCE, _M.RELEASE, _S.IN_FORCE, _C.EXCHANGE, _T.RELEASED, frozenset({Guard.NOT_HELD})),
    Rule(_S.IN_FORCE, _M.RELEASE, _S.IN_FORCE, _C.FORUM, _T.RELEASED, frozenset({Guard.NOT_HELD})),
    Rule(_S.IN_FORCE, _M.CANCEL, _S.OVER, _C.FORUM, _T.CANCELLED, frozenset({Guard.NOT_HELD})),
    Rule(_S.IN_FORCE, _M.OBJECT, _S.IN_FORCE, _C.PUBLIC, _T.OBJECTED),
    # One that is open when the certificate ends is brought to its end all the same.
    *(
        Rule(state, move, state, by, statement, frozenset({Guard.OBJECTION_OPEN}))
        for state in _S
        for move, by, statement in (
            (_M.TELL, _C.REGISTRY, _T.TOLD),
            (_M.ANSWER, _C.HOLDER, _T.ANSWERED),
            (_M.ANSWER, _C.REGISTRY, _T.ANSWERED),
            (_M.CONCLUDE, _C.REGISTRY, _T.CONCLUDED),
        )
    ),
)

COURSE: Final = Course(
    "certificate",
    _RULES,
    {
        Guard.VALIDITY_PAST: ("certificate-valid", "its validity has not ended (R10)"),
        Guard.OBJECTION_OPEN: ("move-no-objection", "no objection is open"),
        Guard.NOT_HELD: ("certificate-held", "a dispute holds it; the forum releases it first (R38)"),
    },
    not_allowed="certificate-over",
    over={
        State.OVER: (
            "The certificate is over: it was cancelled or superseded, or it lapsed (R12).",
            "Nothing more is entered on it. Verify its number, which tells what ended it; where another"
            " follows it, name that one.",
        )
    },
)
"""Refusals have the codes `certificate-over` (nothing more is possible), `move-wrong-capacity`, and for a
guard `certificate-valid`, `certificate-held` or `move-no-objection`."""

TOLD_WITHIN: Final = 5
"""Working days after an objection within which the registrant is told of it (R25)."""
