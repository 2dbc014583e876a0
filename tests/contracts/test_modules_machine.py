"""Random lawful and unlawful calls of consents and disputes, and a ghost that says which is which.

As in the registry's machine the ghost knows the rules only as lists of reasons to refuse.
"""

from collections.abc import Sequence
from typing import ClassVar

import pytest
from eth_account.signers.local import LocalAccount
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.contracts import storage
from tests.contracts.disputes import DAY, FORUM, HOUR, OTHER_FORUM, PARTIES, STATEMENT, Court
from tests.contracts.ghosts import GhostDispute, GhostWithdrawal, reasons
from tests.contracts.ground import Moment
from tests.contracts.world import BY_LAW, STRANGER, address, b32
from yinzheng.ledger.chain.approvals import Opening
from yinzheng.ledger.chain.contracts import MODULE
from yinzheng.ledger.chain.records import (
    Amendment,
    DisputeState,
    OpeningKind,
    ReceiptState,
    Status,
    WithdrawalState,
)
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.verifier.chain.layout_consents import overdue_since
from yinzheng.verifier.errors import YinzhengError

CONSENTS = [b32(n) for n in (1, 2)]
LATER = b32(3)
"""Identifier of a later withdrawal, of whichever consent."""
WITHDRAWALS = [*CONSENTS, LATER]
RECORDS = [b32(n) for n in (11, 12)]
CASES = [b32(n) for n in (21,)]
DISPUTES = [b32(n) for n in (31, 32)]
ROOTS = [bytes(32), b32(41), b32(42), b32(43)]
RECIPIENTS = [b32(51), b32(52)]
SAID = b32(60)
FORUMS = (FORUM, OTHER_FORUM)
CONSENT = st.sampled_from([CONSENTS[0]] * 3 + CONSENTS)
WITHDRAWAL = st.sampled_from([CONSENTS[0]] * 3 + WITHDRAWALS)
CASE_ID = st.sampled_from([DISPUTES[0]] * 2 + DISPUTES)
SOME = st.lists(st.sampled_from(RECORDS), unique=True, max_size=2)

S = WithdrawalState


class Modules(RuleBasedStateMachine):
    """Modules on a chain beside their ghost."""

    court: ClassVar[Court]
    start: ClassVar[Moment]
    module: ClassVar[Sender]

    def __init__(self) -> None:
        super().__init__()
        self.court.world.ground.back_to(self.start)
        self.client = self.court.client
        self.withdrawals: dict[bytes, GhostWithdrawal] = {}
        self.opened = dict.fromkeys(WITHDRAWALS, 0)
        self.disputes: dict[bytes, GhostDispute] = {}
        self.status = dict.fromkeys(RECORDS, Status.IN_FORCE)
        self.closed: set[bytes] = set()
        self.changed = False

    # ------------------------------------------------------------ what should happen

    def attempt(self, call: Call, reasons: set[str], sender: Sender | None = None) -> bool:
        """Send `call`; it must be refused for one of `reasons`, or succeed if there is none."""
        code = None
        try:
            self.court.send(call, sender)
        except YinzhengError as error:
            code = error.code
        assert code in reasons if reasons else code is None, (code, reasons)
        self.changed = code is None
        return self.changed

    def holds(self, subject: bytes) -> int:
        """Count the open disputes on a subject."""
        return sum(
            subject in dispute.subjects
            for dispute in self.disputes.values()
            if dispute.state is DisputeState.OPEN
        )

    def state(self, id_: bytes) -> WithdrawalState:
        return self.withdrawals[id_].state if id_ in self.withdrawals else S.NONE

    def in_state(self, id_: bytes, *states: WithdrawalState) -> set[str]:
        return set() if self.state(id_) in states else {"withdrawal-state"}

    @property
    def advanced(self) -> bool:
        """Whether some withdrawal may be completed or restricted."""
        return any(self.state(id_) in (S.FROZEN, S.RESTRICTED) for id_ in WITHDRAWALS)

    @property
    def disputed(self) -> bool:
        return any(dispute.state is DisputeState.OPEN for dispute in self.disputes.values())

    @property
    def next(self) -> int:
        """Time of the next block."""
        return self.court.now + 1

    # ------------------------------------------------------------ time and withdrawals

    @initialize(minor=st.booleans(), steps=st.integers(1, 3), disputed=st.booleans())
    def begin(self, minor: bool, steps: int, disputed: bool) -> None:
        for _ in range(steps):
            self.proceed(CONSENTS[0], minor)
        if disputed:
            self.dispute(DISPUTES[0], RECORDS[:1], False, CONSENTS[0])

    @rule(hours=st.sampled_from([1, 20]))
    def wait(self, hours: int) -> None:
        self.court.pass_to(self.court.now + hours * HOUR)
        self.changed = True

    @rule(id_=CONSENT, after=st.sampled_from([-1, 0, 0]))
    def wait_for_the_deadline(self, id_: bytes, after: int) -> None:
        """Let the next call meet the deadline's last second, or just miss it."""
        due = self.withdrawals[id_].due() if id_ in self.withdrawals else None
        if due is not None and self.court.now < due + after:
            self.court.pass_to(due + after)
            self.changed = True

    @rule(
        id_=WITHDRAWAL,
        consent=CONSENT,
        ago=st.sampled_from([0, 0, HOUR, DAY - 1, DAY, -2]),
        minor=st.booleans(),
        recipients=st.sampled_from([RECIPIENTS, RECIPIENTS, RECIPIENTS[:1], [], [b32(51)] * 2]),
    )
    def withdraw(self, id_: bytes, consent: bytes, ago: int, minor: bool, recipients: list[bytes]) -> None:
        received = self.court.now - ago
        conditions = {
            "withdrawal-state": id_ in self.withdrawals,
            "withdrawal-turn": (id_ == consent) != (self.opened[consent] == 0),
            "withdrawal-received": not self.next - DAY <= received <= self.next,
            "recipient-count": not recipients,
            "recipients-order": len(set(recipients)) != len(recipients),
        }
        call = self.client.open_withdrawal(id_, consent, received, SAID, recipients, minor=minor)
        if self.attempt(call, reasons(conditions)):
            self.withdrawals[id_] = GhostWithdrawal(received, minor, set(recipients))
            self.opened[consent] += 1

    @rule(id_=WITHDRAWAL)
    def freeze(self, id_: bytes) -> None:
        if self.attempt(self.client.frozen(id_, SAID), self.in_state(id_, S.REQUESTED)):
            ghost = self.withdrawals[id_]
            ghost.touch(self.court.now)
            ghost.state = S.FROZEN

    @rule(id_=WITHDRAWAL, recipient=st.sampled_from([*RECIPIENTS, *RECIPIENTS, b32(404)]))
    def receive(self, id_: bytes, recipient: bytes) -> None:
        why = self.in_state(id_, S.REQUESTED, S.FROZEN, S.RESTRICTED)
        if id_ in self.withdrawals and recipient not in self.withdrawals[id_].owing:
            why.add("receipt-state")
        if self.attempt(self.client.receipt(id_, recipient, SAID), why):
            ghost = self.withdrawals[id_]
            ghost.touch(self.court.now)
            ghost.given[recipient] = self.court.now > ghost.deadline
            ghost.owing.discard(recipient)

    @precondition(lambda self: self.advanced)
    @rule(id_=WITHDRAWAL)
    def complete(self, id_: bytes) -> None:
        why = self.in_state(id_, S.FROZEN, S.RESTRICTED)
        if id_ in self.withdrawals:
            conditions = {
                "consent-held": self.holds(id_) > 0,
                "receipts-missing": bool(self.withdrawals[id_].owing),
                "restriction-not-ended": self.next < self.withdrawals[id_].until,
            }
            why |= reasons(conditions)
        if self.attempt(self.client.complete(id_, SAID), why):
            ghost = self.withdrawals[id_]
            ghost.touch(self.court.now)
            ghost.state = S.COMPLETED

    @precondition(lambda self: self.advanced)
    @rule(id_=WITHDRAWAL, ahead=st.sampled_from([0, 1, 2 * DAY, 2 * DAY, 51 * 366 * DAY]))
    def restrict(self, id_: bytes, ahead: int) -> None:
        why = self.in_state(id_, S.FROZEN, S.RESTRICTED)
        until = self.next + ahead
        if not 0 < ahead <= 50 * 366 * DAY:
            why.add("restriction-end")
        if self.attempt(self.client.restrict(id_, SAID, until), why):
            ghost = self.withdrawals[id_]
            ghost.touch(self.court.now)
            ghost.state, ghost.until = S.RESTRICTED, until

    @rule(id_=WITHDRAWAL, minor=st.booleans())
    def proceed(self, id_: bytes, minor: bool) -> None:
        """Take the next step towards completion, which random calls alone seldom reach."""
        match self.state(id_):
            case S.NONE:
                consent = CONSENTS[0] if id_ == LATER else id_
                self.withdraw(id_, consent, 0, minor, RECIPIENTS[:1])
            case S.REQUESTED:
                self.freeze(id_)
            case S.COMPLETED:
                pass
            case _:
                owing = sorted(self.withdrawals[id_].owing)
                self.receive(id_, owing[0]) if owing else self.complete(id_)

    # ------------------------------------------------------------ disputes

    @rule(
        case_id=CASE_ID,
        records=SOME,
        settled=st.booleans(),
        consent=CONSENT,
    )
    def dispute(self, case_id: bytes, records: list[bytes], settled: bool, consent: bytes) -> None:
        """Open soundly what is not open yet; else end it."""
        if case_id in self.disputes:
            self.release(case_id, PARTIES if settled else (FORUM,))
        else:
            cases = [id_ for id_ in CASES if id_ not in self.closed]
            standing = [id_ for id_ in records if self.status[id_] is Status.IN_FORCE]
            self.open(case_id, OpeningKind.FORUM, ROOTS[0], FORUM, standing, cases, [consent])

    @rule(
        case_id=CASE_ID,
        kind=st.sampled_from([OpeningKind.FORUM, OpeningKind.PARTY]),
        root=st.sampled_from(ROOTS),
        signer=st.sampled_from([FORUM, FORUM, *PARTIES, *PARTIES, STRANGER]),
        records=SOME,
        cases=st.lists(st.sampled_from(CASES), unique=True),
        consents=st.lists(CONSENT, unique=True),
    )
    def open(
        self,
        case_id: bytes,
        kind: OpeningKind,
        root: bytes,
        signer: LocalAccount,
        records: list[bytes],
        cases: list[bytes],
        consents: list[bytes],
    ) -> None:
        people = tuple(address(party) for party in PARTIES)
        lists = [tuple(sorted(entries)) for entries in (records, cases, consents)]
        decision = Opening(case_id, root, kind, people, STATEMENT, *lists)
        subjects = sum(lists, ())
        conditions = {
            "dispute-state": case_id in self.disputes,
            "subject-count": not subjects,
            "approver-not-entitled": kind is OpeningKind.FORUM and signer not in FORUMS,
            "signer-not-party": kind is OpeningKind.PARTY and signer not in PARTIES,
            "identifier-zero": kind is OpeningKind.PARTY and not any(root),
            "record-state": any(self.status[id_] is not Status.IN_FORCE for id_ in records),
            "case-state": any(id_ in self.closed for id_ in cases),
        }
        if self.attempt(self.court.open(decision, signer), reasons(conditions)):
            for id_ in consents:
                if id_ in self.withdrawals:
                    self.withdrawals[id_].touch(self.court.now)
            self.disputes[case_id] = GhostDispute(subjects, [root] if any(root) else [])

    @precondition(lambda self: self.disputed)
    @rule(case_id=CASE_ID, root=st.sampled_from(ROOTS))
    def add(self, case_id: bytes, root: bytes) -> None:
        dispute = self.disputes.get(case_id)
        conditions = {
            "identifier-zero": not any(root),
            "dispute-state": dispute is None or dispute.state is not DisputeState.OPEN,
            "evidence-known": dispute is not None and root in dispute.roots,
        }
        if self.attempt(self.client.add_evidence(case_id, root, SAID), reasons(conditions)):
            assert dispute is not None
            dispute.roots.append(root)

    @precondition(lambda self: self.disputed)
    @rule(
        case_id=CASE_ID,
        people=st.sampled_from([(FORUM,), PARTIES, PARTIES[:1], PARTIES[::-1], (STRANGER,), ()]),
    )
    def release(self, case_id: bytes, people: Sequence[LocalAccount]) -> None:
        dispute = self.disputes.get(case_id)
        conditions = {
            "dispute-state": dispute is None or dispute.state is not DisputeState.OPEN,
            "approval-count": not people,
            "approver-not-entitled": len(people) == 1 and people[0] not in FORUMS,
            "signer-not-party": tuple(people) == PARTIES[::-1],
        }
        if self.attempt(self.court.release(*people, case_id=case_id), reasons(conditions)):
            assert dispute is not None
            for id_ in dispute.subjects:
                if id_ in self.withdrawals:
                    self.withdrawals[id_].touch(self.court.now)
            dispute.state = DisputeState.RELEASED

    # ------------------------------------------------------------ other modules

    @rule(
        id_=st.sampled_from(RECORDS),
        cancel=st.sampled_from([False, False, True]),
        holds=st.sampled_from([0, 0, 0, -1, 1]),
    )
    def move(self, id_: bytes, cancel: bool, holds: int) -> None:
        wanted = Status.CANCELLED if cancel else self.status[id_]
        given = max(0, self.holds(id_) + holds)
        ending = BY_LAW if wanted is Status.CANCELLED else 0
        conditions = {
            "holds-reserved": given != self.holds(id_),
            "record-held": self.holds(id_) > 0 and wanted is not self.status[id_],
        }
        call = self.client.amend_unheld(id_, Amendment(wanted, 0, given, 0, ending=ending), SAID)
        if self.attempt(call, reasons(conditions), self.module):
            self.status[id_] = wanted

    @rule(case_id=st.sampled_from(CASES), meant=st.sampled_from([False] * 5 + [True]))
    def close(self, case_id: bytes, meant: bool) -> None:
        if meant and case_id not in self.closed:
            self.attempt(self.court.world.close(case_id), set())
            self.closed.add(case_id)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def what_changed_was_meant(self) -> None:
        if self.changed:
            self.chain_equals_ghost()
            self.changed = False

    def teardown(self) -> None:
        self.chain_equals_ghost()

    def chain_equals_ghost(self) -> None:
        for id_ in WITHDRAWALS:
            self.withdrawal_equals_ghost(id_)
            assert storage.opened(self.court.world.w3, self.client, id_) == self.opened[id_]
        for id_ in RECORDS:
            record = self.client.record(id_)
            assert record is not None
            assert (record.status, record.holds) == (self.status[id_], self.holds(id_))
        for id_ in CASES:
            case = self.client.case(id_)
            assert case is not None
            assert id_ in self.closed or case.holds == self.holds(id_)
        for id_ in DISPUTES:
            found, dispute = self.client.dispute(id_), self.disputes.get(id_)
            assert (found is None) == (dispute is None)
            if found is not None and dispute is not None:
                last = dispute.roots[-1] if dispute.roots else bytes(32)
                assert (found.state, found.roots, found.root) == (dispute.state, len(dispute.roots), last)
                for index, root in enumerate(dispute.roots):
                    evidence = self.client.evidence(id_, root)
                    assert evidence is not None
                    assert evidence.index == index
                storage.dispute(self.court.world.w3, self.client, id_, ROOTS[1:])

    def withdrawal_equals_ghost(self, id_: bytes) -> None:
        found, ghost = self.client.withdrawal(id_), self.withdrawals.get(id_)
        read = storage.withdrawal(self.court.world.w3, self.client, id_)
        assert (found.holds if found else 0) == self.holds(id_)
        if ghost is None:
            assert found is None or found.state is S.NONE
            return
        assert found is not None
        assert read is not None
        shown = (
            found.state,
            found.received_at,
            found.minor,
            found.restricted_until,
            found.late,
            found.receipts,
        )
        assert shown == (ghost.state, ghost.received, ghost.minor, ghost.until, ghost.late, len(ghost.given))
        for recipient in RECIPIENTS:
            storage.receipt(self.court.world.w3, self.client, id_, recipient)
        for recipient, late in ghost.given.items():
            receipt = self.client.receipt_of(id_, recipient)
            assert receipt is not None
            assert (receipt.state, receipt.late) == (ReceiptState.GIVEN, late)
        for recipient in ghost.owing:
            receipt = self.client.receipt_of(id_, recipient)
            assert receipt is not None
            assert receipt.state is ReceiptState.EXPECTED
        due, now = ghost.due(), self.court.now
        assert self.client.deadline(id_) == ghost.deadline
        newest = self.court.world.w3.eth.block_number
        assert self.client.overdue_since(id_, newest) == (due if due is not None and now > due else None)
        for instant in (due or now, (due or now) + 1, now + 100 * DAY):
            if instant >= found.changed_at:
                overdue = due if due is not None and instant > due else None
                assert self.client.is_overdue(id_, instant) == (overdue is not None)
                assert overdue_since(read, instant) == overdue


@pytest.mark.slow
def test_modules_follow_their_ghost(court: Court) -> None:
    court.send(court.client.grant_role(MODULE, address(STRANGER)), court.world.admin)
    for id_ in RECORDS:
        court.deposited(id_)
    for case_id in CASES:
        court.published(case_id)
    Modules.court = court
    Modules.module = Sender(court.world.w3, STRANGER, lambda _: None)
    Modules.start = court.world.ground.moment()
    machine: type[RuleBasedStateMachine] = Modules
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6,
            stateful_step_count=30,
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
