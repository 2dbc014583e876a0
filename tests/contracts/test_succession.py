"""What replaces a certificate is deposited in the transaction that ends it (S5.9, R4, R6)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.moves import CASE, ID, code_of, deposited, module, order, successors
from tests.contracts.world import STRANGER, World, address, b32
from yinzheng.ledger.chain.approvals import Deposit
from yinzheng.ledger.chain.contracts import MOVES
from yinzheng.ledger.chain.records import Amendment, CaseOnChain, CaseState, Procedure, Record, Status
from yinzheng.ledger.chain.reverts import NotEntitled

GROUND = b32(50)
OF = b32(60)
"""The case that successors come from."""


@pytest.fixture
def moves(world: World) -> World:
    """ID in force, and STRANGER standing in for a module contract that was given MOVES."""
    deposited(world)
    world.send(world.client.grant_role(MOVES, address(STRANGER)), world.admin)
    return world


def record(world: World, id_: bytes = ID) -> Record:
    found = world.client.record(id_)
    assert found is not None
    return found


def case(world: World, case_id: bytes = OF) -> CaseOnChain:
    found = world.client.case(case_id)
    assert found is not None
    return found


def refused(world: World, orders: list[Deposit], *, published: bool = False, id_: bytes = ID) -> str:
    call = world.client.succeed(id_, orders, GROUND, published=published)
    return code_of(world, call, module(world))


def succeed(world: World, orders: list[Deposit], *, published: bool = False) -> None:
    world.send(world.client.succeed(ID, orders, GROUND, published=published), module(world))


def amended(world: World, **changes: Any) -> None:
    now = record(world)
    wanted = replace(Amendment(now.status, now.remarks, now.holds, now.objections), **changes)
    world.send(world.client.amend(ID, wanted, GROUND), module(world))


@pytest.mark.parametrize("count", [1, 2])
def test_predecessor_and_successors_name_each_other(moves: World, count: int) -> None:
    before = record(moves)
    succeed(moves, successors(moves.now, count, remarks=16))
    after = record(moves)
    remainder = b32(62) if count == 2 else bytes(32)
    over = replace(before, status=Status.SUPERSEDED, changed_at=moves.now)
    assert after == replace(over, successor=b32(61), remainder=remainder)
    for id_ in (b32(61), b32(62))[:count]:
        found = record(moves, id_)
        assert (found.status, found.predecessor, found.case_id) == (Status.IN_FORCE, ID, OF)
        assert (found.procedure, found.remarks, found.holdings) == (before.procedure, 16, b32(6))
        assert found.deposited_at == moves.now
    assert (case(moves).state, case(moves).outcome) == (CaseState.DEPOSITED, b32(61))
    assert refused(moves, successors(moves.now, 1, case_id=b32(63))) == "record-state", "over for good"


def test_a_first_registration_follows_nothing(moves: World) -> None:
    assert record(moves).predecessor == bytes(32)


def test_only_modules_replace(moves: World) -> None:
    call = moves.client.succeed(ID, successors(moves.now, 1), GROUND, published=False)
    for sender in (moves.relay, moves.admin):
        with pytest.raises(NotEntitled):
            moves.send(call, sender)


def test_none_or_three_do_not_replace(moves: World) -> None:
    assert refused(moves, []) == "successor-count"
    assert refused(moves, successors(moves.now, 3)) == "successor-count"
    assert refused(moves, successors(moves.now, 1) * 2) == "record-state", "one certificate twice"
    assert refused(moves, successors(moves.now, 1), id_=b32(404)) == "record-state"


def test_successors_come_from_one_case_that_is_used_once(moves: World) -> None:
    one, two = successors(moves.now, 2)
    assert refused(moves, [one, replace(two, case_id=b32(64))]) == "successor-case"
    assert refused(moves, [replace(one, case_id=bytes(32))]) == "identifier-zero"
    assert refused(moves, [replace(one, case_id=CASE)]) == "case-state", "the case of the first registration"
    assert refused(moves, [replace(one, id=ID)]) == "record-state"
    for name in ("id", "content", "holdings"):
        zero: dict[str, Any] = {name: bytes(32)}
        assert refused(moves, [replace(one, **zero)]) == "identifier-zero"
    assert code_of(moves, moves.client.succeed(ID, [one], bytes(32), published=False), module(moves)) == (
        "identifier-zero"
    )
    succeed(moves, [one])
    again = order(moves, id=b32(65), case_id=OF)
    assert code_of(moves, moves.deposit(again)) == "case-state"


def test_the_terms_of_a_deposit_hold_for_successors_too(moves: World) -> None:
    def code(**changes: Any) -> str:
        return refused(moves, successors(moves.now, 1, **changes))

    assert code(registered_at=moves.now + 60) == "registration-time"
    assert code(registered_at=moves.now - 86_400) == "registration-time"
    assert code(valid_until=moves.now) == "validity-outside"
    assert code(valid_until=moves.now + 5 * 366 * 86_400 + 1) == "validity-outside"
    assert code(remarks=32) == "remarks-unknown"


def test_holds_and_objections_bar_it_and_so_does_its_end(moves: World) -> None:
    for name in ("holds", "objections"):
        amended(moves, **{name: 1})
        assert refused(moves, successors(moves.now, 1)) == "record-blocked"
        amended(moves, **{name: 0})
    moves.next_block_at(record(moves).valid_until + 1)
    late = record(moves).valid_until + 1
    assert refused(moves, successors(late, 1)) == "record-expired"


def test_what_must_be_published_waits_for_its_publicity(moves: World) -> None:
    assert refused(moves, successors(moves.now, 1), published=True) == "case-state"
    moves.send(moves.publish(OF, Procedure.ORDINARY))
    moves.send(moves.client.raise_objection(OF, b32(70)))
    for published in (True, False):
        assert refused(moves, successors(moves.now, 1), published=published) == "publicity-not-ended"
    moves.next_block_at(moves.now + 10)
    assert refused(moves, successors(moves.now + 10, 1), published=True) == "objections-open"
    moves.send(moves.conclude(OF, b32(70), upheld=False))
    early = successors(moves.now, 1, registered_at=case(moves).publicity_end - 1)
    assert refused(moves, early, published=True) == "registration-time"
    succeed(moves, successors(moves.now, 1), published=True)
    assert record(moves, b32(61)).procedure is Procedure.ORDINARY, "that of its own case"


def test_a_reservation_ends_with_the_certificate(moves: World) -> None:
    amended(moves, reserved_until=moves.now + 600, reserved_by=b"\1" * 20)
    succeed(moves, successors(moves.now, 1))
    assert (record(moves).reserved_until, record(moves).reserved_by) == (0, bytes(20))


def test_a_case_about_a_cancellation_is_concluded_once(moves: World) -> None:
    moves.send(moves.publish(OF))
    call = moves.client.conclude_case(OF, b32(71))
    assert code_of(moves, call, module(moves)) == "publicity-not-ended"
    moves.next_block_at(moves.now + 10)
    assert code_of(moves, moves.client.conclude_case(OF, bytes(32)), module(moves)) == "identifier-zero"
    with pytest.raises(NotEntitled):
        moves.send(call)
    moves.send(call, module(moves))
    assert (case(moves).state, case(moves).outcome) == (CaseState.CLOSED, b32(71))
    assert code_of(moves, call, module(moves)) == "case-state"
