"""The course of a withdrawal (R31 to R36) as one table, with its two clocks and what each recipient owes.

requested → verified → notified → frozen → receipts → completed, or restricted until its ground ends. Everyone
concerned is told as soon as it is verified, whatever the controller does. "Overdue" is no state but a view of
the clocks, which start at receipt and which nothing pauses. A hold stops
completion alone: a withdrawal is accepted, and narrows what may be done, while a dispute goes on (R36).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from yinzheng.ledger.rules import course
from yinzheng.ledger.rules.course import Course
from yinzheng.ledger.rules.events import WithdrawalStatement
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.chain.layout_consents import DESTRUCTION, FREEZE
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.withdrawal_steps import LONGEST_RESTRICTION

HOUR = 3600

LAST_REMINDER: Final = 12 * HOUR
"""Seconds before the end of a duty when who still owes it is reminded for the last time in time."""


class State(StrEnum):
    """Where a withdrawal stands."""

    NEW = "new"
    REQUESTED = "requested"
    VERIFIED = "verified"
    NOTIFIED = "notified"
    FROZEN = "frozen"
    RESTRICTED = "restricted"
    COMPLETED = "completed"


class Move(StrEnum):
    """What someone may do in a withdrawal."""

    REQUEST = "request"
    FILE_AT_COUNTER = "file_at_counter"
    FORWARD = "forward"
    VERIFY = "verify"
    NOTIFY = "notify"
    FREEZE = "freeze"
    CLEAR_LINKS = "clear_links"
    CONFIRM_DESTRUCTION = "confirm_destruction"
    COMPLETE = "complete"
    RESTRICT = "restrict"


class Guard(StrEnum):
    """A condition a move needs besides its state."""

    ALL_RECEIPTS = "all_receipts"
    NO_HOLD = "no_hold"
    RESTRICTION_OVER = "restriction_over"


class Ground(StrEnum):
    """Why data is restricted rather than destroyed [P47]."""

    RETENTION = "retention"
    HOLD = "hold"


class Reminder(StrEnum):
    """Why who still owes is told once more: 36 h and 60 h into 72 h, 24 h and 36 h into 48 h, and after."""

    HALF = "half"
    LAST = "last"
    OVERDUE = "overdue"


Rule: TypeAlias = course.Rule[State, Move]
"""One line of the table; each writes a statement."""

_C, _S, _T = Capacity, State, WithdrawalStatement
_DONE = (Guard.ALL_RECEIPTS, Guard.NO_HOLD)


def _rule(
    states: str, move: Move, to: State | None, by: Capacity, statement: WithdrawalStatement, *guards: Guard
) -> list[Rule]:
    return [Rule(State(s), move, to or State(s), by, statement, frozenset(guards)) for s in states.split()]


_RULES = [
    # Every intake point can file one (R31): the subject or guardian, an officer at a counter, the controller.
    *_rule("new", Move.REQUEST, _S.REQUESTED, _C.SUBJECT, _T.REQUESTED),
    *_rule("new", Move.FILE_AT_COUNTER, _S.REQUESTED, _C.REGISTRY, _T.REQUESTED),
    *_rule("new", Move.FORWARD, _S.REQUESTED, _C.CONTROLLER, _T.REQUESTED),
    *_rule("requested", Move.VERIFY, _S.VERIFIED, _C.REGISTRY, _T.VERIFIED),
    *_rule("verified", Move.NOTIFY, _S.NOTIFIED, _C.REGISTRY, _T.NOTIFIED),
    *_rule("notified", Move.FREEZE, _S.FROZEN, _C.CONTROLLER, _T.FROZEN),
    # A receipt is recorded whenever it comes, also early, late, under a hold or a restriction: done is done.
    *_rule("notified frozen restricted", Move.CLEAR_LINKS, None, _C.CONTROLLER, _T.RECEIPT),
    *_rule("notified frozen restricted", Move.CONFIRM_DESTRUCTION, None, _C.RECIPIENT, _T.RECEIPT),
    *_rule("frozen", Move.COMPLETE, _S.COMPLETED, _C.REGISTRY, _T.COMPLETED, *_DONE),
    *_rule(
        "restricted",
        Move.COMPLETE,
        _S.COMPLETED,
        _C.REGISTRY,
        _T.COMPLETED,
        *_DONE,
        Guard.RESTRICTION_OVER,
    ),
    # From restricted too: the end moves. A hold that was released brings its own end forward (R39).
    *_rule("frozen restricted", Move.RESTRICT, _S.RESTRICTED, _C.REGISTRY, _T.RESTRICTED),
]

INTAKE = frozenset({Move.REQUEST, Move.FILE_AT_COUNTER, Move.FORWARD})
"""The moves that begin a withdrawal."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a withdrawal stands: all that the table, its guards and its clocks look at.

    `received_at` and `restricted_until` are UTC seconds. `owing` are the credit codes of those whose receipt
    is awaited, the controller among them; `holds` counts the disputes that hold the consent.
    """

    state: State = State.NEW
    minor: bool = False
    genetic: bool = False
    controller: str = ""
    received_at: int = 0
    owing: frozenset[str] = frozenset()
    holds: int = 0
    restricted_until: int = 0

    def meets(self, guard: Guard, now: int) -> bool:
        """Tell whether a guard's condition is met at `now` (UTC seconds)."""
        match guard:
            case Guard.ALL_RECEIPTS:
                return not self.owing
            case Guard.NO_HOLD:
                return not self.holds
            case Guard.RESTRICTION_OVER:
                return now >= self.restricted_until

    @property
    def destroy_by(self) -> int:
        """The last second for destruction: 72 h from receipt or, once restricted, from that end (R32)."""
        return (self.restricted_until or self.received_at) + DESTRUCTION

    @property
    def freeze_by(self) -> int | None:
        """The last second for freezing a minor's interfaces, 48 h from receipt; None for adults (R33)."""
        return self.received_at + FREEZE if self.minor else None

    @property
    def is_frozen(self) -> bool:
        """Tell whether the data interfaces are frozen."""
        return self.state in (State.FROZEN, State.RESTRICTED, State.COMPLETED)

    def reminder(self, now: int, due: int) -> tuple[int, Reminder | None]:
        """Since when who owes a duty that ends at `due` is to be told once more, and why (R35).

        The duty began at receipt or, once restricted, when that ended: from then on, and without a reason,
        until half of its time is over. Of several that were missed the latest counts.
        """
        begins = self.restricted_until or self.received_at
        called = (
            (due + 1, Reminder.OVERDUE),
            (due - LAST_REMINDER, Reminder.LAST),
            (begins + (due - begins) // 2, Reminder.HALF),
        )
        return next(((at, reminder) for at, reminder in called if now >= at), (begins, None))

    def overdue_since(self, now: int) -> int | None:
        """Give the earliest deadline that has passed with its duty open at `now`, or None (R35).

        The deadline's own second is still in time.
        """
        if self.state in (State.NEW, State.COMPLETED):
            return None
        due = self.destroy_by
        if self.freeze_by is not None and not self.is_frozen:
            due = self.freeze_by
        return due if now > due else None

    def is_late(self, at: int) -> bool:
        """Tell whether a receipt given at that instant is late; it is recorded all the same."""
        return at > self.destroy_by


COURSE: Final = Course(
    "withdrawal",
    tuple(_RULES),
    {
        Guard.ALL_RECEIPTS: ("withdrawal-receipts-missing", "not everyone has confirmed destruction (R35)"),
        Guard.NO_HOLD: ("withdrawal-held", "a dispute holds the data, so destruction waits (R36, R39)"),
        Guard.RESTRICTION_OVER: ("withdrawal-restricted", "the restriction has not ended (R35)"),
    },
)
"""A withdrawal. Its refusals have the codes `move-not-allowed`, `move-wrong-capacity`, and for a guard
`withdrawal-receipts-missing`, `withdrawal-held` or `withdrawal-restricted`."""

TABLE = COURSE.table
FINAL = COURSE.final(State)
"""States nothing follows."""
possible, rule_for = COURSE.possible, COURSE.rule_for


def begin(
    situation: Situation,
    move: Move,
    by: StrEnum,
    now: int,
    *,
    minor: bool,
    genetic: bool,
    controller: str,
    owing: Iterable[str],
) -> tuple[Rule, Situation]:
    """Receive a withdrawal at `now`, which starts its clocks; `owing` besides the controller (R32).

    Raises:
        UsageFault: as `rule_for`; a second withdrawal of the same extent is `move-not-allowed`.
    """
    rule = rule_for(situation, move, by, now)
    return rule, replace(
        situation,
        state=rule.to,
        minor=minor,
        genetic=genetic,
        controller=controller,
        received_at=now,
        owing=frozenset({controller, *owing}),
    )


def step(
    situation: Situation,
    move: Move,
    by: StrEnum,
    now: int,
    *,
    actor: str = "",
    ethics_told: bool = False,
    ground: Ground | None = None,
    until: int = 0,
) -> tuple[Rule, Situation]:
    """Make a move after the first; give the rule it followed and the situation after it.

    Args:
        situation: where the withdrawal stands.
        move: what is done.
        by: in what capacity.
        now: UTC seconds.
        actor: credit code of who confirms with `clear_links` or `confirm_destruction`, or freezes.
        ethics_told: with `notify`, whether the ethics committee was told; genetic information needs it (R34).
        ground: with `restrict`, the legal ground.
        until: with `restrict`, the instant it ends.

    Raises:
        UsageFault: as `rule_for`; `withdrawal-incomplete` (a `begin` is needed), `withdrawal-actor` (not the
            controller, or not a recipient that owes a receipt: a stranger, or one that gave it already),
            `withdrawal-ethics`, `withdrawal-ground`, `withdrawal-end`.
    """
    rule = rule_for(situation, move, by, now)
    after = replace(situation, state=rule.to)
    match move:
        case Move.FREEZE:
            _require_controller(situation, actor)
        case Move.NOTIFY:
            if situation.genetic and not ethics_told:
                raise UsageFault(
                    "Genetic information is concerned: tell the ethics committee for its record (R34).",
                    code="withdrawal-ethics",
                )
        case Move.CLEAR_LINKS | Move.CONFIRM_DESTRUCTION:
            if move is Move.CLEAR_LINKS:
                _require_controller(situation, actor)
            elif actor == situation.controller:
                raise _wrong_actor("The controller clears its links; it confirms nothing as recipient.")
            after = replace(after, owing=_without(situation, actor))
        case Move.RESTRICT:
            _check_restriction(situation, now, ground, until)
            after = replace(after, restricted_until=until)
        case move if move in INTAKE:
            raise UsageFault("A withdrawal begins with what it covers.", code="withdrawal-incomplete")
        case _:
            pass
    return rule, after


def _require_controller(situation: Situation, actor: str) -> None:
    if actor != situation.controller:
        raise _wrong_actor("This consent was given to another controller.")


def _without(situation: Situation, actor: str) -> frozenset[str]:
    if actor not in situation.owing:
        raise _wrong_actor("No receipt is awaited from this organisation in this withdrawal.")
    return situation.owing - {actor}


def _wrong_actor(why: str) -> UsageFault:
    return UsageFault(why, code="withdrawal-actor", hint="Each confirms for itself alone (R32).")


def _check_restriction(situation: Situation, now: int, ground: Ground | None, until: int) -> None:
    brought_forward = situation.state is State.RESTRICTED and until < situation.restricted_until
    if ground is None or (ground is Ground.HOLD and not situation.holds and not brought_forward):
        raise UsageFault(
            "A restriction names its legal ground: retention, or a hold that there is (R35).",
            code="withdrawal-ground",
        )
    if not now < until <= now + LONGEST_RESTRICTION:
        raise UsageFault("A restriction ends, after now and within 50 years (R35).", code="withdrawal-end")
