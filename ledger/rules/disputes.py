"""A dispute (R37 to R39): who opens and releases it, what a hold blocks and what passes, as tables.

The form of evidence items is `verifier.items` (S10.7). The hold itself is kept by the contracts; these
tables say the same in words, before a transaction is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from yinzheng.ledger.rules import course
from yinzheng.ledger.rules.course import Course
from yinzheng.ledger.rules.events import DisputeStatement
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.errors import UsageFault

MAX_PARTIES = 16
MAX_SUBJECTS = 64


class State(StrEnum):
    """Where a dispute stands."""

    NEW = "new"
    OPEN = "open"
    RELEASED = "released"


class Move(StrEnum):
    """What someone may do in a dispute."""

    OPEN = "open"
    OPEN_WITH_EVIDENCE = "open_with_evidence"
    ADD_EVIDENCE = "add_evidence"
    PRESERVE = "preserve"
    SETTLE = "settle"
    EXECUTE = "execute"


Rule: TypeAlias = course.Rule[State, Move]
"""One line of the table; each writes a statement."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a dispute stands."""

    state: State = State.NEW

    def meets(self, guard: object, now: int) -> bool:
        """No move of a dispute has a condition besides its state."""
        raise NotImplementedError(guard)


_T, _C, _S = DisputeStatement, Capacity, State
COURSE: Final = Course(
    "dispute",
    (
        Rule(_S.NEW, Move.OPEN, _S.OPEN, _C.FORUM, _T.OPENED),
        Rule(_S.NEW, Move.OPEN_WITH_EVIDENCE, _S.OPEN, _C.PARTY, _T.OPENED),
        Rule(_S.OPEN, Move.ADD_EVIDENCE, _S.OPEN, _C.PARTY, _T.EVIDENCE),
        Rule(_S.OPEN, Move.PRESERVE, _S.OPEN, _C.REGISTRY, _T.EVIDENCE),
        Rule(_S.OPEN, Move.SETTLE, _S.RELEASED, _C.PARTY, _T.RELEASED),
        Rule(_S.OPEN, Move.EXECUTE, _S.RELEASED, _C.FORUM, _T.RELEASED),
    ),
    {},
)
"""A dispute. Its refusals have the codes `move-not-allowed` and `move-wrong-capacity`."""

TABLE = COURSE.table
OPENINGS = frozenset(rule.move for rule in COURSE.rules if rule.state is State.NEW)


@dataclass(frozen=True, slots=True)
class Party:
    """A party: how it is named in the case, and the account it signs with (compared as given)."""

    name: str
    account: str


@dataclass(frozen=True, slots=True)
class Case:
    """A dispute as it is opened (R37). `subjects` identify certificates, cases and consents (S2.4)."""

    forum: str
    number: str
    parties: tuple[Party, ...]
    subjects: frozenset[bytes]
    items: int
    """Evidence items it is opened with."""
    opened_at: int


def check_opening(case: Case, move: Move, known: Iterable[bytes]) -> None:
    """Check that a case may be opened with `move`; `known` are the subjects that exist.

    Raises:
        UsageFault: `dispute-case` (forum or number missing), `dispute-parties` (not 2 to 16, or one twice),
            `dispute-subjects` (none, or over 64), `dispute-subject-unknown`, `dispute-evidence` (a party
            brings none).
    """
    if not case.forum.strip() or not case.number.strip():
        raise UsageFault("A dispute names its forum and case number (R37).", code="dispute-case")
    accounts = {party.account for party in case.parties}
    if not 2 <= len(case.parties) <= MAX_PARTIES or len(accounts) < len(case.parties):
        raise UsageFault(f"A dispute has 2 to {MAX_PARTIES} different parties.", code="dispute-parties")
    if not 1 <= len(case.subjects) <= MAX_SUBJECTS:
        raise UsageFault(
            f"A dispute concerns 1 to {MAX_SUBJECTS} subjects.",
            code="dispute-subjects",
            hint="Name certificates, published cases or consents of this registry.",
        )
    if case.subjects - set(known):
        raise UsageFault("The dispute names a subject nobody registered.", code="dispute-subject-unknown")
    if move is Move.OPEN_WITH_EVIDENCE and not case.items:
        raise UsageFault(
            "A party opens a dispute with evidence (R37).",
            code="dispute-evidence",
            hint="Add an item first, or have the forum open it.",
        )


class Act(StrEnum):
    """What might be done to a subject that is held."""

    DEPOSIT = "deposit"
    TRANSFER = "transfer"
    LICENCE = "licence"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    RENEWAL = "renewal"
    RESERVATION = "reservation"
    LAPSE = "lapse"
    OBJECTION = "objection"
    EVIDENCE = "evidence"
    CHANGE_SCOPE = "change_scope"
    CHANGE_RECIPIENTS = "change_recipients"
    CHANGE_PURPOSE = "change_purpose"
    CHANGE_TERM = "change_term"
    WITHDRAWAL = "withdrawal"
    FREEZE = "freeze"
    RESTRICTION = "restriction"
    DESTRUCTION = "destruction"
    ERASURE = "erasure"
    RETENTION_EXPIRY = "retention_expiry"


class During(StrEnum):
    """What a hold does to an act."""

    PASSES = "passes"
    WAITS = "waits"
    """It resumes when the hold is released (R39)."""
    NEEDS_COURT = "needs_court"
    """The controller may not do it on its own; an effective court document may order it (R38)."""


HOLD: Mapping[Act, During] = MappingProxyType(
    {
        Act.DEPOSIT: During.WAITS,
        Act.TRANSFER: During.WAITS,
        Act.LICENCE: During.WAITS,
        Act.CHANGE: During.WAITS,
        Act.CANCELLATION: During.WAITS,
        Act.RENEWAL: During.WAITS,
        Act.RESERVATION: During.WAITS,
        # Validity ends by itself and every reader computes it; only recording the lapse waits (S5.16).
        Act.LAPSE: During.WAITS,
        Act.OBJECTION: During.PASSES,
        Act.EVIDENCE: During.PASSES,
        Act.CHANGE_SCOPE: During.NEEDS_COURT,
        Act.CHANGE_RECIPIENTS: During.NEEDS_COURT,
        Act.CHANGE_PURPOSE: During.NEEDS_COURT,
        Act.CHANGE_TERM: During.NEEDS_COURT,
        # Narrowing by the data subject passes; only destruction waits (R36).
        Act.WITHDRAWAL: During.PASSES,
        Act.FREEZE: During.PASSES,
        Act.RESTRICTION: During.PASSES,
        Act.DESTRUCTION: During.WAITS,
        Act.ERASURE: During.WAITS,
        Act.RETENTION_EXPIRY: During.WAITS,
    }
)
"""What passes and what waits while a dispute is open (R38, R39)."""


def check_hold(act: Act, holds: int, court_document: DigestPair | None = None) -> None:
    """Raise if a hold stands in the way of `act`; an effective court document overrides it (R38).

    Raises:
        UsageFault: `held-waits` or `held-needs-court`.
    """
    during = HOLD[act]
    if not holds or during is During.PASSES or court_document is not None:
        return
    if during is During.WAITS:
        raise UsageFault(
            f"{act} waits: the data is held for a dispute (R38, R39).",
            code="held-waits",
            hint="It goes on when the dispute is released, or sooner by an effective court document.",
        )
    raise UsageFault(
        f"{act} is not the controller's to do while a dispute is open (R38).",
        code="held-needs-court",
        hint="Ask the forum; its effective document overrides the hold.",
    )


def check_release(
    move: Move, parties: Sequence[Party], signed_by: Sequence[str], document: DigestPair | None
) -> None:
    """Check a release: a settlement that all parties of the opening signed, or a forum's document (R39).

    Args:
        move: `settle` or `execute`.
        parties: those named at the opening.
        signed_by: accounts that signed the release.
        document: digests of the settlement or of the effective document, which are recorded.

    Raises:
        UsageFault: `release-document`, `release-one-party` (a signature is missing),
            `release-stranger` (who signed is no party), `release-forum-is-party`, `release-forum`.
    """
    if document is None:
        raise UsageFault(
            "A release names the settlement or effective document (R39).", code="release-document"
        )
    accounts = {party.account for party in parties}
    if move is Move.SETTLE:
        if set(signed_by) - accounts:
            raise UsageFault(
                "Who signed is no party to this dispute.",
                code="release-stranger",
                hint="Nothing was released; have it signed by the parties named at the opening alone.",
            )
        if accounts - set(signed_by):
            raise UsageFault(
                "A settlement is signed by every party named at the opening (R39).",
                code="release-one-party",
                hint="Nothing was released; have the others sign the same settlement.",
            )
        return
    if len(signed_by) != 1:
        raise UsageFault("An effective document is executed by one forum.", code="release-forum")
    if signed_by[0] in accounts:
        raise UsageFault("Nobody is a forum in its own cause.", code="release-forum-is-party")
