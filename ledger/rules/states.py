"""The courses of cases (R4–R8, R10, R11, R24), one table for each type: what may follow what, and by whom.

applied → accepted → reviewed → (ordinary only) committee decided → publicity → issuing → deposited. A
licence, its end and a transfer have no publicity; what makes no certificate is recorded in the end.
Whatever the table does not hold is refused, with the moves that are possible and who may make them.
"Objection open" is no state of its own but a count that blocks issuing (R24).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from yinzheng.ledger.rules import course
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.course import Course
from yinzheng.ledger.rules.terms import Procedure


class State(StrEnum):
    """Where a case stands; derived from its moves, never stored on its own."""

    NEW = "new"
    APPLIED = "applied"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    ACCEPTED = "accepted"
    REVIEW_SUPPLEMENT_REQUESTED = "review_supplement_requested"
    REVIEWED = "reviewed"
    COMMITTEE_DECIDED = "committee_decided"
    REFUSAL_DUE = "refusal_due"
    PUBLICITY = "publicity"
    ISSUING = "issuing"
    DEPOSITED = "deposited"
    RECORDED = "recorded"
    """On the ledger, without a certificate of its own: a licence, the end of one, a cancellation."""
    REFUSED = "refused"
    CLOSED = "closed"


class Move(StrEnum):
    """What someone may do in a case. A decision and its opposite are two moves, so that the table decides."""

    APPLY = "apply"
    ACCEPT = "accept"
    DEEM_ACCEPTED = "deem_accepted"
    REQUEST_SUPPLEMENT = "request_supplement"
    GIVE_SUPPLEMENT = "give_supplement"
    TO_ORDINARY = "to_ordinary"
    INSPECT = "inspect"
    REVIEW = "review"
    REVIEW_AGAINST = "review_against"
    DECIDE = "decide"
    DECIDE_AGAINST = "decide_against"
    PUBLISH = "publish"
    PUBLISH_WAIVED = "publish_waived"
    OBJECT = "object"
    DISMISS = "dismiss"
    UPHOLD = "uphold"
    ISSUE = "issue"
    COSIGN = "cosign"
    SIGN = "sign"
    SUCCEED = "succeed"
    DEPOSIT = "deposit"
    REFUSE = "refuse"


class Capacity(StrEnum):
    """In what capacity someone acts; the `by` of a statement (S3.1). `public` is anyone.

    `subject` is the data subject or the guardian who acts for it: told apart, the log would say
    who is a minor.
    """

    REGISTRY = "registry"
    COMMITTEE = "committee"
    APPLICANT = "applicant"
    PUBLIC = "public"
    CONTROLLER = "controller"
    RECIPIENT = "recipient"
    SUBJECT = "subject"
    FORUM = "forum"
    PARTY = "party"
    HOLDER = "holder"
    EXCHANGE = "exchange"


class StatementType(StrEnum):
    """Types of statements of a case (S3.2); which bodies are public is the format's to say."""

    APPLICATION_RECEIVED = "application.received"
    APPLICATION_ACCEPTED = "application.accepted"
    SUPPLEMENT_REQUESTED = "supplement.requested"
    SUPPLEMENT_GIVEN = "supplement.given"
    PROCEDURE_CHANGED = "procedure.changed"
    INSPECTION_RECORDED = "inspection.recorded"
    REVIEW_RECORDED = "review.recorded"
    COMMITTEE_DECIDED = "committee.decided"
    PUBLICITY_OPENED = "publicity.opened"
    OBJECTION_RAISED = "objection.raised"
    OBJECTION_CONCLUDED = "objection.concluded"
    APPLICATION_REFUSED = "application.refused"
    CERTIFICATE_DEPOSITED = "certificate.deposited"
    LICENCE_GIVEN = "licence.given"
    LICENCE_ENDED = "licence.ended"
    RIGHT_TRANSFERRED = "right.transferred"
    CERTIFICATE_CHANGED = "certificate.changed"
    CERTIFICATE_RENEWED = "certificate.renewed"
    CERTIFICATE_CANCELLED = "certificate.cancelled"


class Guard(StrEnum):
    """A condition a move needs besides its state."""

    ORDINARY = "ordinary"
    SIMPLIFIED = "simplified"
    OBJECTION_OPEN = "objection_open"
    NO_OBJECTION_OPEN = "no_objection_open"
    PUBLICITY_OVER = "publicity_over"
    ASKED_FOR = "asked_for"


Rule: TypeAlias = course.Rule[State, Move]
"""One line of the table; `statement` is None for a move that only prepares the deposit."""


def _rule(
    states: str, move: Move, to: State, by: Capacity, statement: StatementType | None, *guards: Guard
) -> list[Rule]:
    return [Rule(State(s), move, to, by, statement, frozenset(guards)) for s in states.split()]


_T, _C, _S = StatementType, Capacity, State
_BEFORE_PUBLICITY = "accepted review_supplement_requested reviewed committee_decided refusal_due"
_OPEN = f"applied supplement_requested {_BEFORE_PUBLICITY}"
_MAY_ISSUE = (Guard.PUBLICITY_OVER, Guard.NO_OBJECTION_OPEN)
_EXAMINED = [
    *_rule("new", Move.APPLY, _S.APPLIED, _C.APPLICANT, _T.APPLICATION_RECEIVED),
    *_rule("applied", Move.ACCEPT, _S.ACCEPTED, _C.REGISTRY, _T.APPLICATION_ACCEPTED),
    *_rule("applied", Move.DEEM_ACCEPTED, _S.ACCEPTED, _C.REGISTRY, _T.APPLICATION_ACCEPTED),
    *_rule("applied", Move.REQUEST_SUPPLEMENT, _S.SUPPLEMENT_REQUESTED, _C.REGISTRY, _T.SUPPLEMENT_REQUESTED),
    *_rule("supplement_requested", Move.GIVE_SUPPLEMENT, _S.APPLIED, _C.APPLICANT, _T.SUPPLEMENT_GIVEN),
    *_rule(
        "accepted",
        Move.REQUEST_SUPPLEMENT,
        _S.REVIEW_SUPPLEMENT_REQUESTED,
        _C.REGISTRY,
        _T.SUPPLEMENT_REQUESTED,
    ),
    *_rule(
        "review_supplement_requested",
        Move.GIVE_SUPPLEMENT,
        _S.ACCEPTED,
        _C.APPLICANT,
        _T.SUPPLEMENT_GIVEN,
    ),
    # Decided at acceptance, the procedure may only become the ordinary one, before the public is told.
    *_rule("accepted", Move.TO_ORDINARY, _S.ACCEPTED, _C.REGISTRY, _T.PROCEDURE_CHANGED, Guard.SIMPLIFIED),
    *_rule("reviewed", Move.TO_ORDINARY, _S.REVIEWED, _C.REGISTRY, _T.PROCEDURE_CHANGED, Guard.SIMPLIFIED),
    # Looking into a matter changes no state (R53). Not while issuing: the draft names the last statement.
    *[
        Rule(State(s), Move.INSPECT, State(s), _C.REGISTRY, _T.INSPECTION_RECORDED)
        for s in _BEFORE_PUBLICITY.split()
    ],
    *_rule("accepted", Move.REVIEW, _S.REVIEWED, _C.REGISTRY, _T.REVIEW_RECORDED),
    *_rule("accepted", Move.REVIEW_AGAINST, _S.REFUSAL_DUE, _C.REGISTRY, _T.REVIEW_RECORDED),
    *_rule("reviewed", Move.DECIDE, _S.COMMITTEE_DECIDED, _C.COMMITTEE, _T.COMMITTEE_DECIDED, Guard.ORDINARY),
    *_rule(
        "reviewed", Move.DECIDE_AGAINST, _S.REFUSAL_DUE, _C.COMMITTEE, _T.COMMITTEE_DECIDED, Guard.ORDINARY
    ),
    *_rule(f"{_OPEN} publicity issuing", Move.REFUSE, _S.REFUSED, _C.REGISTRY, _T.APPLICATION_REFUSED),
]
"""From the application to review and decision; the same for every type."""

_PUBLISHED = [
    *_rule("reviewed", Move.PUBLISH, _S.PUBLICITY, _C.REGISTRY, _T.PUBLICITY_OPENED, Guard.SIMPLIFIED),
    *_rule("reviewed", Move.PUBLISH_WAIVED, _S.PUBLICITY, _C.REGISTRY, _T.PUBLICITY_OPENED, Guard.SIMPLIFIED),
    *_rule("committee_decided", Move.PUBLISH, _S.PUBLICITY, _C.REGISTRY, _T.PUBLICITY_OPENED),
    *_rule("committee_decided", Move.PUBLISH_WAIVED, _S.PUBLICITY, _C.REGISTRY, _T.PUBLICITY_OPENED),
    *_rule("publicity", Move.INSPECT, _S.PUBLICITY, _C.REGISTRY, _T.INSPECTION_RECORDED),
    # A body drafted before an objection names the wrong last statement (S6.1 `prev`), so issuing begins anew.
    *_rule("publicity issuing", Move.OBJECT, _S.PUBLICITY, _C.PUBLIC, _T.OBJECTION_RAISED),
    *_rule(
        "publicity", Move.DISMISS, _S.PUBLICITY, _C.REGISTRY, _T.OBJECTION_CONCLUDED, Guard.OBJECTION_OPEN
    ),
    *_rule("publicity", Move.UPHOLD, _S.CLOSED, _C.REGISTRY, _T.OBJECTION_CONCLUDED, Guard.OBJECTION_OPEN),
    *_rule("publicity", Move.ISSUE, _S.ISSUING, _C.REGISTRY, None, *_MAY_ISSUE),
]
_UNPUBLISHED = [
    *_rule("reviewed", Move.ISSUE, _S.ISSUING, _C.REGISTRY, None, Guard.SIMPLIFIED),
    *_rule("committee_decided", Move.ISSUE, _S.ISSUING, _C.REGISTRY, None),
]


def _ending(kind: CaseType, to: State, statement: StatementType, *, succeeds: bool = False) -> list[Rule]:
    """What is approved at last, and by whom; `succeeds`: a certificate or two are stated in the same step."""
    guards = _MAY_ISSUE if kind.published else ()
    ending = _rule("issuing", Move.COSIGN, _S.ISSUING, _C.COMMITTEE, None, Guard.ORDINARY)
    if kind is not CaseType.FIRST:
        for who in (_C.HOLDER, _C.FORUM, _C.EXCHANGE):
            ending += _rule("issuing", Move.SIGN, _S.ISSUING, who, None, *guards)
    if succeeds:
        ending += _rule("issuing", Move.SUCCEED, _S.ISSUING, _C.REGISTRY, _T.CERTIFICATE_DEPOSITED, *guards)
    if kind is CaseType.LICENCE_END:  # by a forum's document: its own statement (S6.7)
        ending += _rule("issuing", Move.DEPOSIT, to, _C.FORUM, statement, *guards)
    return [*ending, *_rule("issuing", Move.DEPOSIT, to, _C.REGISTRY, statement, *guards)]


_ENDINGS: Mapping[CaseType, list[Rule]] = {
    CaseType.FIRST: _ending(CaseType.FIRST, _S.DEPOSITED, _T.CERTIFICATE_DEPOSITED),
    CaseType.LICENCE: _ending(CaseType.LICENCE, _S.RECORDED, _T.LICENCE_GIVEN),
    CaseType.LICENCE_END: _ending(CaseType.LICENCE_END, _S.RECORDED, _T.LICENCE_ENDED),
    CaseType.TRANSFER: _ending(CaseType.TRANSFER, _S.DEPOSITED, _T.RIGHT_TRANSFERRED, succeeds=True),
    CaseType.CHANGE: _ending(CaseType.CHANGE, _S.DEPOSITED, _T.CERTIFICATE_CHANGED, succeeds=True),
    CaseType.RENEWAL: _ending(CaseType.RENEWAL, _S.DEPOSITED, _T.CERTIFICATE_RENEWED, succeeds=True),
    CaseType.CANCELLATION: _ending(CaseType.CANCELLATION, _S.RECORDED, _T.CERTIFICATE_CANCELLED),
}


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a case stands: all that the table and its guards look at.

    `procedure` is None before the application is in. `publicity_end` is in UTC seconds: publicity is over
    at that instant and later.
    """

    state: State = State.NEW
    procedure: Procedure | None = None
    open_objections: frozenset[str] = frozenset()
    publicity_end: int | None = None
    own_motion: bool = False
    """Whether the registry began it, and nobody asked (R7)."""

    def meets(self, guard: Guard, now: int) -> bool:
        """Tell whether a guard's condition is met at `now` (UTC seconds)."""
        match guard:
            case Guard.ORDINARY:
                return self.procedure is Procedure.ORDINARY
            case Guard.SIMPLIFIED:
                return self.procedure is Procedure.SIMPLIFIED
            case Guard.OBJECTION_OPEN:
                return bool(self.open_objections)
            case Guard.NO_OBJECTION_OPEN:
                return not self.open_objections
            case Guard.PUBLICITY_OVER:
                return self.publicity_end is not None and now >= self.publicity_end
            case Guard.ASKED_FOR:
                return not self.own_motion


_UNMET: Mapping[StrEnum, tuple[str, str]] = MappingProxyType(
    {
        Guard.ORDINARY: ("move-procedure", "only the ordinary procedure has a committee (R8)"),
        Guard.SIMPLIFIED: (
            "move-procedure",
            "the case takes the ordinary procedure, with the committee's decision (R8)",
        ),
        Guard.OBJECTION_OPEN: ("move-no-objection", "no objection is open"),
        Guard.NO_OBJECTION_OPEN: (
            "move-objection-open",
            "nothing is issued while an objection is open (R24)",
        ),
        Guard.PUBLICITY_OVER: ("move-publicity-running", "publicity is not over (R24)"),
        Guard.ASKED_FOR: (
            "move-own-motion",
            "on its own motion the registry asks nobody for a supplement, and waives no publicity (R7)",
        ),
    }
)

_FOR_OTHERS: Final = frozenset({Move.DEEM_ACCEPTED, Move.REQUEST_SUPPLEMENT, Move.PUBLISH_WAIVED})


def _cancelling(rules: list[Rule]) -> list[Rule]:
    """The same where the registry may begin it itself, and then does not what it does for who asks."""
    guarded = [
        replace(rule, guards=rule.guards | {Guard.ASKED_FOR}) if rule.move in _FOR_OTHERS else rule
        for rule in rules
    ]
    return [*_rule("new", Move.APPLY, _S.APPLIED, _C.REGISTRY, _T.APPLICATION_RECEIVED), *guarded]


def _lines(kind: CaseType) -> list[Rule]:
    lines = [*_EXAMINED, *(_PUBLISHED if kind.published else _UNPUBLISHED), *_ENDINGS[kind]]
    return _cancelling(lines) if kind is CaseType.CANCELLATION else lines


COURSES: Final[Mapping[CaseType, Course[State, Move]]] = MappingProxyType(
    {kind: Course("case", tuple(_lines(kind)), _UNMET) for kind in _ENDINGS}
)
"""By type. Refusals have the codes `move-not-allowed` (not from this state), `move-wrong-capacity`, and for a
guard `move-procedure`, `move-no-objection`, `move-objection-open`, `move-publicity-running` or
`move-own-motion`."""

COURSE: Final = COURSES[CaseType.FIRST]
TABLE = COURSE.table
FINAL = COURSE.final(State) - {State.RECORDED}
"""States nothing follows in a first registration."""
possible, rule_for = COURSE.possible, COURSE.rule_for


def before_issuing(kind: CaseType, procedure: Procedure) -> State:
    """Where a case returns to whose draft ran out, or was refused by the contracts."""
    if kind.published:
        return State.PUBLICITY
    return State.COMMITTEE_DECIDED if procedure is Procedure.ORDINARY else State.REVIEWED
