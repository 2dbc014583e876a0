"""Acceptance, supplements, review, the committee's decision, and refusal (R8, R11, R19–R21)."""

from __future__ import annotations

from collections.abc import Sequence

from yinzheng.ledger.cases.asked import facts_of, require_procedure
from yinzheng.ledger.cases.calls import CLOSURE
from yinzheng.ledger.cases.work import CaseThread, approve, content_of, work_on
from yinzheng.ledger.chain.approvals import Closure
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.review import ItemAnswer, grounds_against, require_complete, review_move
from yinzheng.ledger.rules.states import Capacity, Move, State
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.rules.volume import FlagDecision, importance_of
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault

MAX_TEXT = 4000


def accept(registry: Registry, case_id: str, by: Actor, procedure: Procedure, reasons: str) -> None:
    """Accept an application (R11), and decide which procedure it takes (R8), with reasons.

    Raises `UsageFault` (`procedure-public-data`, `procedure-of-certificate`, `text-missing`,
    `text-too-long`).
    """
    with work_on(registry, case_id) as work:
        take_up(work, by, procedure, reasons)


def take_up(work: CaseThread, by: Actor, procedure: Procedure, reasons: str) -> None:
    """Accept an opened case; as `accept`."""
    rule = work.allow(Move.ACCEPT, by)
    stated = require_procedure(work, procedure)
    body: dict[str, JSON] = {
        "v": 1,
        "person": by.person,
        "procedure": procedure.value,
        "stated": stated.value,
        "reasons": checked_text(reasons),
    }
    work.case.procedure = procedure.value
    work.write(rule, work.compose(rule, body))


def to_ordinary(registry: Registry, case_id: str, by: Actor, reasons: str) -> None:
    """Move a case from the simplified to the ordinary procedure, with reasons (R8); never the other way.

    Raises `UsageFault` (`move-…`, `text-missing`, `text-too-long`).
    """
    with work_on(registry, case_id) as work:
        rule = work.allow(Move.TO_ORDINARY, by)
        require_procedure(work, Procedure.ORDINARY)
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "procedure": Procedure.ORDINARY.value,
            "reasons": checked_text(reasons),
        }
        work.case.procedure = Procedure.ORDINARY.value
        work.write(rule, work.compose(rule, body))


def request_supplement(registry: Registry, case_id: str, by: Actor, missing: Sequence[str]) -> None:
    """Ask for what is missing, in one complete list (R11). Raises `UsageFault` (`text-missing`)."""
    with work_on(registry, case_id) as work:
        rule = work.allow(Move.REQUEST_SUPPLEMENT, by)
        if not missing:
            raise UsageFault("a supplement needs its list of what is missing (R11)", code="text-missing")
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "missing": [checked_text(item) for item in missing],
        }
        work.write(rule, work.compose(rule, body))


def review(
    registry: Registry,
    case_id: str,
    by: Actor,
    answers: Sequence[ItemAnswer],
    decisions: Sequence[FlagDecision] = (),
) -> Move:
    """Record the registry's review with its whole checklist (R19, R23).

    Any "no" is a review against, and so is core data where the profile does not admit it.

    Raises `DataFault` (`review-incomplete`) naming every item that is missing, `UsageFault`
    (`procedure-public-data`) where a supplement told of public data after acceptance.
    """
    with work_on(registry, case_id) as work:
        grounds = grounds_against(answers, decisions, admits_core_data=work.rules.admits_core_data)
        move = review_move(grounds)
        rule = work.allow(move, by)
        require_complete(facts_of(work), answers, decisions)
        if move is Move.REVIEW:
            require_procedure(work, Procedure(work.case.procedure))
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "answers": [
                {"item": a.item.value, "answer": a.answer.value, "note": a.note, "evidence": list(a.evidence)}
                for a in answers
            ],
            "flags": [
                {
                    "flag": d.flag.value,
                    "confirmed": d.confirmed,
                    "reason": d.reason,
                    "assessment": d.assessment,
                }
                for d in decisions
            ],
            "importance": str(importance_of(decisions) or ""),
            "grounds": [ground.value for ground in grounds],
        }
        work.write(rule, work.compose(rule, body))
    return move


def decide(registry: Registry, case_id: str, by: Actor, *, against: bool = False, reasons: str = "") -> None:
    """Record the committee's decision in the ordinary procedure (R8); a decision against needs reasons."""
    with work_on(registry, case_id) as work:
        rule = work.allow(Move.DECIDE_AGAINST if against else Move.DECIDE, by)
        if against or reasons:
            checked_text(reasons)
        body: dict[str, JSON] = {"v": 1, "person": by.person, "approved": not against, "reasons": reasons}
        work.write(rule, work.compose(rule, body))


def refuse(registry: Registry, case_id: str, by: Actor, ground: Ground, reasons: str) -> None:
    """Refuse registration, with written reasons (R20, R21); a published case is closed on chain too."""
    with work_on(registry, case_id) as work:
        published = work.kind.published and work.situation.state in (State.PUBLICITY, State.ISSUING)
        rule = work.allow(Move.REFUSE, by)
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "ground": ground.value,
            "reasons": checked_text(reasons),
        }
        recorded = work.compose(rule, body)
        if published:
            closure = Closure(work.case.subject, recorded.leaf_hash)
            signature = approve(work, closure, "closure", by, Capacity.REGISTRY, content_of(work, recorded))
            call = registry.client.close_case(closure, [signature])
            work.call(CLOSURE, case_id, call)
        work.case.refusal = ground.value
        work.write(rule, recorded)


def checked_text(value: str) -> str:
    """Return reasons that are there and not too long; `UsageFault` (`text-missing`, `text-too-long`)."""
    if not value.strip():
        raise UsageFault("reasons are required", code="text-missing", hint="Give them in writing (R21).")
    if len(value) > MAX_TEXT:
        raise UsageFault(f"a text is longer than {MAX_TEXT} characters", code="text-too-long")
    return value
