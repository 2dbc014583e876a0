"""On-site verification, enquiries and technical checks in a case (R53): what was found, by whom, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.ledger.cases.deciding import checked_text
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.inspections import InspectionKind, Outcome
from yinzheng.ledger.rules.states import Move
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault

MAX_PRESENT: Final = 20
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Inspection:
    """One inspection: where, who was there or was asked, when (UTC seconds), and what was found."""

    kind: InspectionKind
    held_at: int
    place: str
    present: Sequence[str]
    findings: str
    outcome: Outcome


def inspect(registry: Registry, case_id: str, by: Actor, done: Inspection) -> None:
    """Record an inspection as a step of the case; it changes no state, and findings stay private.

    Raises `UsageFault` (`inspection-time` for one yet to come, `inspection-present`, `text-missing`,
    `text-too-long`, `move-…`).
    """
    with work_on(registry, case_id) as work:
        rule = work.allow(Move.INSPECT, by)
        if not work.case.created_at <= done.held_at <= work.now:
            raise UsageFault(
                "it was held before the application came in, or is yet to come",
                code="inspection-time",
                hint="Give when it was held, such as 2026-11-28T15:00.",
            )
        present = [name.strip() for name in done.present]
        if not 1 <= len(present) <= MAX_PRESENT or any(not 1 <= len(n) <= _LONGEST_NAME for n in present):
            raise UsageFault(
                f"name 1 to {MAX_PRESENT} people who were there or were asked",
                code="inspection-present",
                hint="Repeat --present for each.",
            )
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "kind": done.kind.value,
            "held_at": done.held_at,
            "place": checked_text(done.place),
            "present": [*present],
            "findings": checked_text(done.findings),
            "outcome": done.outcome.value,
        }
        work.write(rule, work.compose(rule, body))
