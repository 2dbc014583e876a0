"""Supervision of right holders as one table (R52): suspicion, measure, report to the supervising body, end.

A measure is recorded when it is taken, and every measure is reported: one taken after a report calls for
another. A suspicion that proves unfounded before any measure ends without a report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from yinzheng.ledger.rules import course
from yinzheng.ledger.rules.course import Course
from yinzheng.ledger.rules.events import SupervisionStatement
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.terms import Label


class State(StrEnum):
    """Where a supervision stands."""

    NEW = "new"
    SUSPECTED = "suspected"
    MEASURED = "measured"
    REPORTED = "reported"
    CLOSED = "closed"


class Move(StrEnum):
    """What an officer may do in it."""

    SUSPECT = "suspect"
    MEASURE = "measure"
    REPORT = "report"
    DROP = "drop"
    CLOSE = "close"


class Measure(StrEnum):
    """What a registry does about a suspected breach of law."""

    TALK = "talk"
    RECTIFICATION = "rectification"
    REMARK = "remark"
    SUSPENSION = "suspension"
    CANCELLATION = "cancellation"
    HANDED_OVER = "handed_over"
    OTHER = "other"


class Outcome(StrEnum):
    """How it ended."""

    CONFIRMED = "confirmed"
    UNFOUNDED = "unfounded"
    PASSED_ON = "passed_on"


MEASURES: Final[Mapping[Measure, Label]] = MappingProxyType(
    {
        Measure.TALK: Label("约谈", "a talk with the holder"),
        Measure.RECTIFICATION: Label("责令限期改正", "rectification within a term"),
        Measure.REMARK: Label("登记行政管控备注", "a remark of control on its certificate"),
        Measure.SUSPENSION: Label("暂停受理其登记业务", "no further business with it meanwhile"),
        Measure.CANCELLATION: Label("依职权启动注销", "cancellation on the registry's own motion"),
        Measure.HANDED_OVER: Label("移送有权机关", "handed over to the authority in charge"),
        Measure.OTHER: Label("其他措施", "another measure"),
    }
)

OUTCOMES: Final[Mapping[Outcome, Label]] = MappingProxyType(
    {
        Outcome.CONFIRMED: Label("违法属实", "the breach is confirmed"),
        Outcome.UNFOUNDED: Label("不属实", "the suspicion is unfounded"),
        Outcome.PASSED_ON: Label("已移交处理", "another authority decides"),
    }
)

_S, _M, _T = State, Move, SupervisionStatement
_LINES: Final = (
    (_S.NEW, _M.SUSPECT, _S.SUSPECTED, _T.OPENED),
    (_S.SUSPECTED, _M.MEASURE, _S.MEASURED, _T.MEASURE),
    (_S.MEASURED, _M.MEASURE, _S.MEASURED, _T.MEASURE),
    (_S.REPORTED, _M.MEASURE, _S.MEASURED, _T.MEASURE),
    (_S.MEASURED, _M.REPORT, _S.REPORTED, _T.REPORTED),
    (_S.SUSPECTED, _M.DROP, _S.CLOSED, _T.CLOSED),
    (_S.REPORTED, _M.CLOSE, _S.CLOSED, _T.CLOSED),
)

Rule: TypeAlias = course.Rule[State, Move]


@dataclass(frozen=True, slots=True)
class Situation:
    """Where it stands: all that the table looks at."""

    state: State = State.NEW

    def meets(self, guard: StrEnum, _now: int) -> bool:
        """No move here has a condition besides its state."""
        raise KeyError(guard)


COURSE: Final = Course(
    "supervision",
    tuple(Rule(state, move, to, Capacity.REGISTRY, statement) for state, move, to, statement in _LINES),
    {},
)
"""Refusals have the codes `move-not-allowed` and `move-wrong-capacity`."""


def ending(outcome: Outcome, state: State) -> Move:
    """The move that ends it so: what was measured is closed after its report, a bare suspicion dropped.

    A confirmed or passed-on one is closed, so that the table asks for measure and report first (R52).
    """
    return Move.DROP if outcome is Outcome.UNFOUNDED and state is State.SUSPECTED else Move.CLOSE
