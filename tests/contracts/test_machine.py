"""Random lawful and unlawful calls, and a ghost beside the contracts that says which is which.

The ghost knows the rules only as lists of reasons to refuse: a call with none must succeed, one with some
must be refused for one of them. After every call that succeeded, and at the end, all that can be read from
the chain equals the ghost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as change
from typing import ClassVar

import pytest
from eth_account.signers.local import LocalAccount
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contracts.ground import Moment
from tests.contracts.merkle import consistency, root
from tests.contracts.world import BOTH, BY_LAW, MEMBERS, OFFICERS, STRANGER, World, address, b32
from yinzheng.ledger.chain.approvals import Closure, Conclusion, Deposit, Publication
from yinzheng.ledger.chain.contracts import MOVES, REGISTRY
from yinzheng.ledger.chain.records import (
    Amendment,
    CaseState,
    Head,
    ObjectionState,
    Procedure,
    Record,
    Status,
)
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.ledger.rules.calendar import official_calendar
from yinzheng.verifier.errors import YinzhengError

CALENDAR = official_calendar()
LEAVER = OFFICERS[1]
COMMITTEE_PEOPLE = (*MEMBERS, BOTH)

CASES = st.sampled_from([b32(n) for n in (1, 2, 3)])
IDS = st.sampled_from([b32(n) for n in (11, 12, 13)])
OBJECTIONS = st.sampled_from([b32(n) for n in (21, 22)])
GOOD = (OFFICERS[0], MEMBERS[0])
PEOPLE = st.one_of(
    st.just(GOOD[:1]),
    st.just(GOOD),
    st.lists(st.sampled_from([*OFFICERS, *MEMBERS, BOTH, STRANGER]), max_size=3),
)
FORGED = st.sampled_from([False] * 7 + [True])
PROCEDURES = st.sampled_from([Procedure.ORDINARY, Procedure.SIMPLIFIED])


@dataclass
class GhostCase:
    """What the chain should hold of a case."""

    state: CaseState
    procedure: Procedure
    waived: bool
    end: int
    outcome: bytes = bytes(32)
    objections: dict[bytes, ObjectionState] = field(default_factory=dict)

    @property
    def open(self) -> int:
        return sum(state is ObjectionState.OPEN for state in self.objections.values())


class Registry(RuleBasedStateMachine):
    """Contracts on a chain beside their ghost."""

    world: ClassVar[World]
    start: ClassVar[Moment]
    module: ClassVar[Sender]

    def __init__(self) -> None:
        super().__init__()
        self.world.ground.back_to(self.start)
        self.cases: dict[bytes, GhostCase] = {}
        self.records: dict[bytes, Record] = {}
        self.heads: dict[int, bytes] = {}
        self.leaves: list[bytes] = []
        self.officers = {*OFFICERS, BOTH}
        self.changed = False

    # ------------------------------------------------------------ what should happen

    def attempt(self, call: Call, reasons: set[str], sender: Sender | None = None) -> bool:
        """Send `call`; it must be refused for one of `reasons`, or succeed if there is none."""
        code = None
        try:
            self.world.send(call, sender)
        except YinzhengError as error:
            code = error.code
        assert code in reasons if reasons else code is None, (code, reasons)
        self.changed = code is None
        return self.changed

    def approvals(
        self,
        decision: Publication | Conclusion | Closure | Deposit,
        people: Sequence[LocalAccount],
        forged: bool,
        both: bool,
    ) -> tuple[list[bytes], set[str]]:
        """Sign, perhaps something else than `decision`; give the reasons to refuse the signatures."""
        needed = 2 if both else 1
        signed = change(decision, case_id=b32(404)) if forged else decision
        reasons = set()
        if len(people) != needed:
            reasons.add("approval-count")
        elif forged or people[0] not in self.officers or (both and people[1] not in COMMITTEE_PEOPLE):
            reasons.add("approver-not-entitled")
        elif both and people[0] == people[1]:
            reasons.add("approver-repeated")
        return self.world.sign(signed, *people), reasons

    def in_publicity(self, case_id: bytes) -> set[str]:
        case = self.cases.get(case_id)
        return set() if case and case.state is CaseState.PUBLICITY else {"case-state"}

    @property
    def next(self) -> int:
        """Time of the next block."""
        return self.world.now + 1

    # ------------------------------------------------------------ moves

    @rule(seconds=st.integers(2, 6))
    def wait(self, seconds: int) -> None:
        self.world.next_block_at(self.world.now + seconds)
        self.world.admin.send(Call(self.world.admin.address, b"", 21_000), 1)

    @rule(
        case_id=CASES,
        procedure=PROCEDURES,
        tag=st.sampled_from(["DEMO/1", "DEMO/1", "GD-HEALTH/1", "NONE/1"]),
        waived=st.booleans(),
        people=PEOPLE,
        forged=FORGED,
    )
    def publish(
        self,
        case_id: bytes,
        procedure: Procedure,
        tag: str,
        waived: bool,
        people: Sequence[LocalAccount],
        forged: bool,
    ) -> None:
        decision = Publication(case_id, tag, procedure, b32(7), waived)
        signatures, reasons = self.approvals(decision, people, forged, both=waived)
        if case_id in self.cases:
            reasons.add("case-state")
        if tag == "NONE/1":
            reasons.add("profile-unknown")
        if self.attempt(self.world.client.open_publicity(decision, signatures), reasons):
            now = self.world.now
            end = now + 3 if tag == "DEMO/1" else CALENDAR.add_working_days(now, 5)
            self.cases[case_id] = GhostCase(CaseState.PUBLICITY, procedure, waived, now if waived else end)

    @rule(case_id=CASES, objection=OBJECTIONS)
    def object(self, case_id: bytes, objection: bytes) -> None:
        reasons = self.in_publicity(case_id)
        if case_id in self.cases and objection in self.cases[case_id].objections:
            reasons.add("objection-state")
        if self.attempt(self.world.client.raise_objection(case_id, objection), reasons):
            self.cases[case_id].objections[objection] = ObjectionState.OPEN

    @rule(case_id=CASES, objection=OBJECTIONS, upheld=FORGED, people=PEOPLE, forged=FORGED)
    def conclude(
        self, case_id: bytes, objection: bytes, upheld: bool, people: Sequence[LocalAccount], forged: bool
    ) -> None:
        decision = Conclusion(case_id, objection, b32(9), upheld)
        signatures, reasons = self.approvals(decision, people, forged, both=False)
        reasons |= self.in_publicity(case_id)
        case = self.cases.get(case_id)
        if case is None or case.objections.get(objection) is not ObjectionState.OPEN:
            reasons.add("objection-state")
        if self.attempt(self.world.client.conclude_objection(decision, signatures), reasons):
            assert case is not None
            case.objections[objection] = ObjectionState.UPHELD if upheld else ObjectionState.DISMISSED
            if upheld:
                case.state, case.outcome = CaseState.CLOSED, b32(9)

    @rule(case_id=CASES, people=PEOPLE, forged=FORGED, meant=FORGED)
    def close(self, case_id: bytes, people: Sequence[LocalAccount], forged: bool, meant: bool) -> None:
        decision = Closure(case_id, b32(10))
        signatures, reasons = self.approvals(decision, people if meant else (), forged, both=False)
        reasons |= self.in_publicity(case_id)
        if self.attempt(self.world.client.close_case(decision, signatures), reasons):
            self.cases[case_id].state, self.cases[case_id].outcome = CaseState.CLOSED, b32(10)

    @rule(
        id_=IDS,
        case_id=CASES,
        late=st.sampled_from([0, 0, 0, 1, -1, -86_401]),
        validity=st.sampled_from([10**6, 10**6, 5 * 366 * 86_400, 5 * 366 * 86_400 + 1, 0]),
        remarks=st.sampled_from([0, 5, 31, 32]),
        people=PEOPLE,
        forged=FORGED,
    )
    def deposit(
        self,
        id_: bytes,
        case_id: bytes,
        late: int,
        validity: int,
        remarks: int,
        people: Sequence[LocalAccount],
        forged: bool,
    ) -> None:
        registered = self.next + late
        decision = Deposit(id_, case_id, b32(3), registered, registered + validity, b32(4), remarks)
        case = self.cases.get(case_id)
        ordinary = case is not None and case.procedure is Procedure.ORDINARY
        signatures, reasons = self.approvals(decision, people, forged, both=ordinary)
        reasons |= self.in_publicity(case_id)
        if id_ in self.records:
            reasons.add("record-state")
        if case is not None:
            reasons |= self.deposit_reasons(case, decision)
        if self.attempt(self.world.client.deposit(decision, signatures), reasons):
            assert case is not None
            self.deposited(decision, case, bytes(32))

    def deposited(self, decision: Deposit, case: GhostCase, predecessor: bytes) -> None:
        case.state = CaseState.DEPOSITED
        case.outcome = case.outcome if any(case.outcome) else decision.id
        self.records[decision.id] = Record(
            id=decision.id,
            content=decision.content,
            status=Status.IN_FORCE,
            procedure=case.procedure,
            remarks=decision.remarks,
            holds=0,
            objections=0,
            deposited_at=self.world.now,
            valid_until=decision.valid_until,
            changed_at=self.world.now,
            successor=bytes(32),
            reserved_until=0,
            reserved_by=bytes(20),
            case_id=decision.case_id,
            holdings=decision.holdings,
            predecessor=predecessor,
            remainder=bytes(32),
        )

    @rule(
        id_=IDS,
        successors=st.lists(IDS, min_size=1, max_size=2, unique=True),
        case_id=CASES,
        published=st.booleans(),
        validity=st.sampled_from([10**6, 10**6, 0]),
    )
    def succeed(
        self, id_: bytes, successors: list[bytes], case_id: bytes, published: bool, validity: int
    ) -> None:
        at = self.next
        orders = [Deposit(one, case_id, b32(3), at, at + validity, b32(4)) for one in successors]
        current, case = self.records.get(id_), self.cases.get(case_id)
        reasons = self.succession_reasons(current, case, orders, published)
        call = self.world.client.succeed(id_, orders, b32(50), published=published)
        if self.attempt(call, reasons, self.module):
            assert current is not None
            case = self.cases.setdefault(
                case_id, GhostCase(CaseState.NONE, current.procedure, waived=False, end=0)
            )
            for order in orders:
                self.deposited(order, case, id_)
            over = change(current, status=Status.SUPERSEDED, changed_at=self.world.now)
            remainder = successors[1] if len(successors) == 2 else bytes(32)
            self.records[id_] = change(over, successor=successors[0], remainder=remainder)

    def succession_reasons(
        self, current: Record | None, case: GhostCase | None, orders: Sequence[Deposit], published: bool
    ) -> set[str]:
        reasons = {"record-state"} if {order.id for order in orders} & self.records.keys() else set()
        if current is None or current.status is not Status.IN_FORCE:
            reasons.add("record-state")
        elif current.holds or current.objections:
            reasons.add("record-blocked")
        if case is None:
            return reasons | ({"case-state"} if published else self.term_reasons(orders[0], 0))
        if case.state is not CaseState.PUBLICITY:
            return reasons | {"case-state"}
        return reasons | self.deposit_reasons(case, orders[0])

    def deposit_reasons(self, case: GhostCase, decision: Deposit) -> set[str]:
        conditions = {
            "publicity-not-ended": self.next < case.end,
            "objections-open": case.open > 0,
        }
        found = {code for code, holds in conditions.items() if holds}
        return found | self.term_reasons(decision, case.end)

    def term_reasons(self, decision: Deposit, end: int) -> set[str]:
        conditions = {
            "registration-time": not max(end, self.next - 86_400) <= decision.registered_at <= self.next,
            "validity-outside": not self.next
            < decision.valid_until
            <= decision.registered_at + 5 * 366 * 86_400,
            "remarks-unknown": decision.remarks > 31,
        }
        return {code for code, holds in conditions.items() if holds}

    @rule(
        id_=IDS,
        status=st.sampled_from(Status),
        holds=st.integers(-1, 2),
        objections=st.integers(-1, 1),
        meant=st.booleans(),
    )
    def amend(self, id_: bytes, status: Status, holds: int, objections: int, meant: bool) -> None:
        record = self.records.get(id_)
        if record is None:
            call = self.world.client.amend(id_, Amendment(status, 0, 0, 0), b32(50))
            self.attempt(call, {"status-move"}, self.module)
            return
        if not meant:  # mostly leave the status, which else soon ends every record
            status = record.status
        amended = change(
            record,
            status=status,
            holds=max(0, record.holds + holds),
            objections=max(0, record.objections + objections),
            ending=BY_LAW if status is Status.CANCELLED else record.ending,
        )
        names = ("status", "remarks", "holds", "objections", "ending")
        wanted = Amendment(**{name: getattr(amended, name) for name in names})
        call = self.world.client.amend(id_, wanted, b32(50))
        if self.attempt(call, self.amend_reasons(record, amended), self.module):
            self.records[id_] = change(amended, changed_at=self.world.now)

    def amend_reasons(self, old: Record, new: Record) -> set[str]:
        over = old.status is not Status.IN_FORCE
        moved = old.status is not new.status
        counts = [(old.holds, new.holds), (old.objections, new.objections)]
        conditions = {
            "status-move": moved and (over or new.status is not Status.CANCELLED),
            "count-outside": any(abs(b - a) > 1 or (over and b > a) for a, b in counts),
        }
        return {code for code, holds in conditions.items() if holds}

    @rule(here=st.booleans())
    def officer_leaves_or_returns(self, here: bool) -> None:
        client = self.world.client
        change_role = client.grant_role if here else client.revoke_role
        self.world.send(change_role(REGISTRY, address(LEAVER)), self.world.admin)
        (self.officers.add if here else self.officers.discard)(LEAVER)

    @rule(grown=st.integers(0, 5), fault=st.sampled_from([None, None, "root", "short", "long", "rewritten"]))
    def anchor(self, grown: int, fault: str | None) -> None:
        leaves = [*self.leaves, *(bytes([len(self.leaves) + n]) for n in range(grown))]
        old, size = max(self.heads, default=0), len(leaves)
        if fault == "rewritten" and leaves:
            leaves[0] += b"rewritten"
        proof = consistency(old, leaves) if 0 < old < size else []
        given = root(leaves) if leaves else bytes(32)
        if fault == "root":
            given = b32(1)
        if fault == "short":
            proof = proof[:-1]
        if fault == "long":
            proof = [*proof, b32(1)]
        reasons = self.anchor_reasons(old, size, given, fault)
        if self.attempt(self.world.client.anchor(Head(size, given), proof), reasons):
            self.heads[size] = given
            self.leaves = leaves

    def anchor_reasons(self, old: int, size: int, given: bytes, fault: str | None) -> set[str]:
        if size == 0:
            return {"head-empty"}
        if not old:
            return {"head-proof-surplus"} if fault == "long" else set()
        if size == old:
            return {"head-anchored" if given == self.heads[old] else "head-conflict"}
        if fault is None and root(self.leaves) == self.heads[old]:
            return set()
        return {"head-inconsistent"}

    # ------------------------------------------------------------ what always holds

    @invariant()
    def what_changed_was_meant(self) -> None:
        if self.changed:
            self.chain_equals_ghost()
            self.changed = False

    def teardown(self) -> None:
        self.chain_equals_ghost()

    def chain_equals_ghost(self) -> None:
        client = self.world.client
        for number in (1, 2, 3):
            case, ghost = client.case(b32(number)), self.cases.get(b32(number))
            assert (case is None) == (ghost is None)
            if case is not None and ghost is not None:
                shown = (case.state, case.procedure, case.waived, case.publicity_end, case.outcome)
                assert shown == (ghost.state, ghost.procedure, ghost.waived, ghost.end, ghost.outcome)
                assert case.objections == ghost.open
        for number in (11, 12, 13):
            assert client.record(b32(number)) == self.records.get(b32(number))
        latest = max(self.heads, default=0)
        assert client.latest_anchor() == (Head(latest, self.heads[latest]) if latest else None)
        assert all(client.anchored_root(size) == head for size, head in self.heads.items())


@pytest.mark.slow
def test_contracts_follow_their_ghost(world: World) -> None:
    world.send(world.client.grant_role(MOVES, address(STRANGER)), world.admin)
    Registry.world = world
    Registry.module = Sender(world.w3, STRANGER, lambda _: None)
    Registry.start = world.ground.moment()
    machine: type[RuleBasedStateMachine] = Registry
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
