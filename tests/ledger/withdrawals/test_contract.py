"""The table of rules and the contract allow the same moves, and call the same overdue (S5.10, S5.12, R35).

Every state that can be reached is walked on a chain, and there every move is tried on both. The contract
knows fewer states: `requested` is one with `verified` and `notified`. It knows no capacities,
and who a receipt is from only by its salted name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.contracts.disputes import CONSENT, Court
from tests.contracts.world import STRANGER, World, address, b32
from yinzheng.ledger.chain.clients.calling import CALL_GAS
from yinzheng.ledger.chain.contracts import MOVES
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.withdrawal import Ground, Move, Situation, State, begin, step
from yinzheng.verifier.bytes.algorithms import keccak256, sha256
from yinzheng.verifier.errors import UsageFault, YinzhengError

HOSPITAL, LAB = "hospital", "lab"
NAMES = {HOSPITAL: sha256(b"hospital"), LAB: sha256(b"lab")}
SAID, GROUND = b32(60), b32(61)
HOUR, END = 3600, 30 * 86_400
TRIED = ("open", "frozen", "receipt hospital", "receipt lab", "complete", "restrict")


@pytest.fixture(scope="module")
def court() -> Court:
    return Court.create(World.create())


class Pair:
    """One withdrawal as the rules and as the contract have it."""

    def __init__(self, court: Court, *, minor: bool) -> None:
        self.court, self.minor = court, minor
        self.rules = Situation()
        self.until = 0
        self.mover = Sender(court.world.w3, STRANGER, lambda _: None)
        court.send(court.client.grant_role(MOVES, address(STRANGER)), court.world.admin)
        self.seen: set[tuple[Situation, bool]] = set()

    # ---------------------------------------------------------------- moves

    def call(self, move: str) -> Call:
        client, now = self.court.client, self.court.now
        match move.split():
            case ["open"]:
                return client.open_withdrawal(CONSENT, CONSENT, now, SAID, NAMES.values(), minor=self.minor)
            case ["frozen"]:
                return client.frozen(CONSENT, SAID)
            case ["receipt", who]:
                return client.receipt(CONSENT, NAMES[who], SAID)
            case ["complete"]:
                return client.complete(CONSENT, SAID)
            case ["restrict"]:
                return client.restrict(CONSENT, SAID, now + END)
        raise AssertionError(move)

    def after(self, move: str) -> Situation:
        """The rules' situation after a move now; raises as they do."""
        rules, now, by = self.rules, self.court.now, Capacity
        match move.split():
            case ["open"]:
                _, opened = begin(
                    rules, Move.REQUEST, by.SUBJECT, now,
                    minor=self.minor, genetic=False, controller=HOSPITAL, owing=[LAB],
                )  # fmt: skip
                _, verified = step(opened, Move.VERIFY, by.REGISTRY, now)
                return step(verified, Move.NOTIFY, by.REGISTRY, now)[1]
            case ["frozen"]:
                return step(rules, Move.FREEZE, by.CONTROLLER, now, actor=HOSPITAL)[1]
            case ["receipt", "hospital"]:
                return step(rules, Move.CLEAR_LINKS, by.CONTROLLER, now, actor=HOSPITAL)[1]
            case ["receipt", who]:
                return step(rules, Move.CONFIRM_DESTRUCTION, by.RECIPIENT, now, actor=who)[1]
            case ["complete"]:
                return step(rules, Move.COMPLETE, by.REGISTRY, now)[1]
            case ["restrict"]:
                until = now + END
                return step(rules, Move.RESTRICT, by.REGISTRY, now, ground=Ground.RETENTION, until=until)[1]
        raise AssertionError(move)

    # ---------------------------------------------------------------- the walk

    def walk(self) -> None:
        """Compare here, then go wherever either of them lets one go."""
        over = bool(self.rules.restricted_until) and self.court.now >= self.rules.restricted_until
        key = (replace(self.rules, received_at=0, restricted_until=bool(self.rules.restricted_until)), over)
        if key in self.seen:
            return
        self.seen.add(key)
        self.compare_clocks()
        for move in TRIED:
            on_chain = self.court.code(self.call(move)) is None
            try:
                after = self.after(move)
            except UsageFault:
                assert not on_chain, (self.rules, move)
                continue
            assert on_chain, (self.rules, move)
            with self.undone():
                self.court.send(self.call(move))
                self.rules = after
                self.walk()
        self.walk_holds()
        if self.rules.restricted_until and not over:
            with self.undone():
                self.court.pass_to(self.rules.restricted_until + HOUR)
                self.walk()

    def walk_holds(self) -> None:
        if self.rules.state is State.NEW:
            return
        by = -1 if self.rules.holds else 1
        with self.undone():
            name = "release(bytes32,bytes32)" if by < 0 else "hold(bytes32,bytes32)"
            data = keccak256(name.encode())[:4] + CONSENT + GROUND
            self.court.send(Call(self.court.client.modules.consents, data, CALL_GAS), self.mover)
            self.rules = replace(self.rules, holds=self.rules.holds + by)
            self.walk()

    def compare_clocks(self) -> None:
        """Whoever reads the chain alone computes the same (R35)."""
        if self.rules.state is State.NEW:
            return
        client, now = self.court.client, self.court.now
        due = self.rules.destroy_by
        assert client.deadline(CONSENT) == due
        assert client.freeze_deadline(CONSENT) == self.rules.freeze_by
        for at in {now, due, due + 1, *((self.rules.freeze_by or due) + one for one in (0, 1))}:
            if at >= now:
                overdue = self.rules.overdue_since(at) is not None
                assert client.is_overdue(CONSENT, at) == overdue, (self.rules, at)

    def undone(self) -> Undone:
        """What happens inside is undone on both at its end."""
        return Undone(self)


class Undone:
    """A snapshot of a pair."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair

    def __enter__(self) -> None:
        self.rules = self.pair.rules
        self.snapshot = self.pair.court.world.ground.moment()

    def __exit__(self, *_: object) -> None:
        self.pair.court.world.ground.back_to(self.snapshot)
        self.pair.rules = self.rules


@pytest.fixture
def pair(court: Court) -> Iterator[Pair]:
    """A child's, which has both clocks."""
    snapshot = court.world.ground.moment()
    yield Pair(court, minor=True)
    court.world.ground.back_to(snapshot)


@pytest.mark.slow
def test_rules_and_contract_allow_the_same(pair: Pair) -> None:
    pair.walk()
    states = {key[0].state for key in pair.seen}
    assert states == {State.NEW, State.NOTIFIED, State.FROZEN, State.RESTRICTED, State.COMPLETED}
    assert len(pair.seen) > 30


def test_of_age_there_is_one_clock(pair: Pair) -> None:
    pair.minor = False
    pair.rules = pair.after("open")
    pair.court.send(pair.call("open"))
    pair.rules = replace(pair.rules, received_at=pair.court.withdrawal().received_at)
    assert pair.rules.freeze_by is None
    pair.compare_clocks()


def test_the_contract_refuses_a_receipt_of_nobody(pair: Pair) -> None:
    pair.court.send(pair.call("open"))
    with pytest.raises(YinzhengError):
        pair.court.send(pair.court.client.receipt(CONSENT, sha256(b"nobody"), SAID))
