"""What the demonstration's officers do in any case, by the state it is in, until nothing more is theirs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from yinzheng.ledger.cases import asked, deciding, issuing, publicity
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.rules.terms import Procedure, label

Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Officers:
    """The officer and the member of the committee, about one case."""

    registry: Registry
    case: str
    officer: str
    member: str

    def carry(self, hear: Callable[[State], None], *, until: State | None = None, **others: Step) -> State:
        """Go on from wherever it stands, and no further than `until`; gives the state it is in then.

        `others` take the place of a step, by its state.
        """
        steps: dict[State, Step] = {
            State.APPLIED: self.accept,
            State.ACCEPTED: self.review,
            State.REVIEWED: self.decide,
            State.COMMITTEE_DECIDED: self.after_decision,
            State.PUBLICITY: self.after_publicity,
            State.ISSUING: self.cosign,
        } | {State(name): step for name, step in others.items()}
        while True:
            settle(self.registry)
            with work_on(self.registry, self.case) as work:
                state = work.situation.state
            if state is until or state not in steps:
                return state
            hear(state)
            steps[state]()

    def accept(self) -> None:
        """Accept it in the procedure it states."""
        with work_on(self.registry, self.case) as work:
            stated = asked.stated_procedure(work)
        reasons = f"演示：经核对数据来源与是否涉及公共数据，适用{label(stated).zh}。"
        deciding.accept(self.registry, self.case, self._officer, stated, reasons)

    def review(self) -> None:
        """Find nothing against it."""
        with work_on(self.registry, self.case) as work:
            facts = asked.facts_of(work)
            if work.kind is CaseType.FIRST:
                evidence = asked.application_of(work).files[0].path
            else:
                evidence = asked.request_of(work).request.documents[0].path
        deciding.review(self.registry, self.case, self._officer, *favourable_review(facts, (evidence,)))

    def decide(self) -> None:
        """Have the committee decide where the procedure is ordinary; else go on at once."""
        with work_on(self.registry, self.case) as work:
            ordinary = work.case.procedure == Procedure.ORDINARY.value
        if ordinary:
            deciding.decide(self.registry, self.case, self._member)
        else:
            self.after_decision()

    def after_decision(self) -> None:
        """Publish it, or prepare what is not published."""
        with work_on(self.registry, self.case) as work:
            published = work.kind.published
        if published:
            publicity.publish(self.registry, self.case, self._officer)
        else:
            issuing.issue(self.registry, self.case, self._officer)

    def after_publicity(self) -> None:
        """Wait for the end of publicity, then prepare what was published."""
        with work_on(self.registry, self.case) as work:
            end = work.case.publicity_end or 0
        time.sleep(max(0, end + 1 - self.registry.clock()))  # a node's clock may be a second behind ours
        issuing.issue(self.registry, self.case, self._officer)

    def cosign(self) -> None:
        """Approve for the committee."""
        issuing.issue(self.registry, self.case, self._member)

    @property
    def _officer(self) -> Actor:
        return acting_as(self.registry, self.officer)

    @property
    def _member(self) -> Actor:
        return acting_as(self.registry, self.member)
