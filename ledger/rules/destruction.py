"""How a record is destroyed (R43, R44): by whose approval, before whom, in what way.

Approvals come in order: data manager, department head, legal or security, and for medical data the ethics
committee. Everyone named is another person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from yinzheng.ledger.rules.retention import Blocker
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.tombstone import WITNESSES, Tombstone


class Method(StrEnum):
    """How content is destroyed (R43). Key destruction counts (R44); a logical one alone leaves the bytes."""

    PHYSICAL = "physical"
    OVERWRITE = "overwrite"
    KEY_DESTRUCTION = "key_destruction"
    LOGICAL = "logical"


class Function(StrEnum):
    """In what function someone approves."""

    DATA_MANAGER = "data_manager"
    DEPARTMENT_HEAD = "department_head"
    LEGAL = "legal"
    SECURITY = "security"
    ETHICS = "ethics"


class TargetKind(StrEnum):
    """What can be destroyed: a consent with its withdrawals, an application, the evidence of a dispute, the
    record of a supervision."""

    CONSENT = "consent"
    CASE = "case"
    DISPUTE = "dispute"
    SUPERVISION = "supervision"


class StaffRole(StrEnum):
    """In what function someone signs; the first five approve (R43)."""

    DATA_MANAGER = "data_manager"
    DEPARTMENT_HEAD = "department_head"
    LEGAL = "legal"
    SECURITY = "security"
    ETHICS = "ethics"
    WITNESS = "witness"


_STEPS = (
    frozenset({Function.DATA_MANAGER}),
    frozenset({Function.DEPARTMENT_HEAD}),
    frozenset({Function.LEGAL, Function.SECURITY}),
)
_ETHICS = frozenset({Function.ETHICS})


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval: who (an account, compared as given), in what function, when (UTC seconds)."""

    person: str
    function: Function
    at: int


@dataclass(frozen=True, slots=True)
class DestructionRecord:
    """What is written down of a destruction (R43). It stays in the store; the log holds a tombstone."""

    content: str
    """What was destroyed, in words that identify nobody."""
    proposer: str
    """On whose word it was proposed."""
    method: Method
    medical: bool
    approvals: tuple[Approval, ...]
    operator: str
    witnesses: tuple[str, ...]
    evidence: tuple[DigestPair, ...]
    """Digests of photographs, logs, certificates of destruction."""
    destroyed_at: int


def steps(*, medical: bool) -> tuple[frozenset[Function], ...]:
    """Give the approvals needed, in order; each step by one of the functions in it."""
    return (*_STEPS, _ETHICS) if medical else _STEPS


def next_step(given: Sequence[Approval], *, medical: bool) -> frozenset[Function]:
    """Give the functions of which one must approve next; empty when all approvals are there.

    Raises:
        UsageFault: `destruction-order` (wrong function, or one too many), `destruction-time` (earlier than
            the approval before it), `destruction-person` (someone approved already).
    """
    needed = steps(medical=medical)
    if len(given) > len(needed):
        raise UsageFault("There are more approvals than steps (R43).", code="destruction-order")
    for number, (approval, step) in enumerate(zip(given, needed, strict=False)):
        if approval.function not in step:
            raise UsageFault(
                f"Approval {number + 1} is for {_names(step)}, not {approval.function} (R43).",
                code="destruction-order",
                hint="Approvals come in order: " + ", then ".join(map(_names, needed)) + ".",
            )
    if any(later.at < earlier.at for earlier, later in pairwise(given)):
        raise UsageFault("The approvals are not in order of time (R43).", code="destruction-time")
    if len({approval.person for approval in given}) < len(given):
        raise UsageFault("One person approved twice (R43).", code="destruction-person")
    return needed[len(given)] if len(given) < len(needed) else frozenset()


def check_destruction(record: DestructionRecord, blocked: frozenset[Blocker]) -> None:
    """Check that a destruction is lawful and fully recorded (R39, R43).

    Raises:
        UsageFault: as `next_step`; `destruction-blocked` (a hold or retention; `blockers` in its data),
            `destruction-approval` (one is missing), `destruction-witnesses` (not exactly two),
            `destruction-person` (someone named twice), `destruction-early` (before the last approval),
            `destruction-record` (content or evidence missing).
    """
    if blocked:
        raise UsageFault(
            f"This record cannot be destroyed now: {', '.join(sorted(blocked))} (R39, R42).",
            code="destruction-blocked",
            hint="It waits until the dispute is released and retention is over; keep it safe till then.",
            blockers=sorted(blocked),
        )
    if missing := next_step(record.approvals, medical=record.medical):
        raise UsageFault(f"The approval of {_names(missing)} is missing (R43).", code="destruction-approval")
    if len(record.witnesses) != WITNESSES:
        raise UsageFault("Two witnesses sign (R43).", code="destruction-witnesses")
    approvers = (approval.person for approval in record.approvals)
    people = [record.proposer, *approvers, record.operator, *record.witnesses]
    if len(set(people)) < len(people):
        raise UsageFault(
            "Proposer, approvers, operator and witnesses are all different persons (R43).",
            code="destruction-person",
            hint="Whoever proposed, approved or witnessed it does not carry it out.",
        )
    if record.destroyed_at < record.approvals[-1].at:
        raise UsageFault("It was destroyed before it was approved (R43).", code="destruction-early")
    if not record.content.strip() or not record.evidence:
        raise UsageFault(
            "Say what was destroyed, and give the evidence that it was (R43).", code="destruction-record"
        )


def tombstone(
    record: DestructionRecord,
    *,
    statements: Sequence[bytes],
    ground: str,
    destroyed: Sequence[str],
    places: Sequence[str],
) -> Tombstone:
    """Give the public remains of a destruction that was checked: functions and places, no persons (R49).

    `statements` are the leaf hashes of statements of this one record whose bodies are gone. `ground`,
    `destroyed` and `places` are words of `verifier.tombstone`.
    """
    return Tombstone(
        statements=tuple(sorted(set(statements))),
        ground=ground,
        method=record.method.value,
        destroyed=tuple(sorted(set(destroyed))),
        places=tuple(sorted(set(places))),
        approved_by=tuple(sorted(approval.function.value for approval in record.approvals)),
        erased_at=record.destroyed_at,
    )


def may_restore(backed_up: frozenset[bytes], destroyed: frozenset[bytes]) -> frozenset[bytes]:
    """Give the keys a backup may bring back, by identifier: never one that was destroyed (R44)."""
    return backed_up - destroyed


def _names(functions: frozenset[Function]) -> str:
    return " or ".join(sorted(functions))
