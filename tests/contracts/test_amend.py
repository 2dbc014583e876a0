"""What happens to a record after its deposit, by `amend` alone (S5.9)."""

from typing import Any

import pytest

from tests.contracts.disputes import like
from tests.contracts.moves import ID, code_of, deposited, module
from tests.contracts.world import BY_LAW, STRANGER, World, address, b32
from yinzheng.ledger.chain.client import RegistryClient
from yinzheng.ledger.chain.contracts import MOVES
from yinzheng.ledger.chain.records import Amendment, Record, Status
from yinzheng.ledger.chain.sender import Sender
from yinzheng.verifier.errors import YinzhengError

GROUND = b32(50)


def amend(world: World, sender: Sender | None = None, **changes: Any) -> Record:
    """Amend ID as the account that stands in for a module."""
    record = world.client.record(ID)
    assert record is not None
    world.send(world.client.amend(ID, like(record, **changes), GROUND), sender or module(world))
    after = world.client.record(ID)
    assert after is not None
    return after


def refused(world: World, **changes: Any) -> str:
    before = world.client.record(ID)
    with pytest.raises(YinzhengError) as caught:
        amend(world, **changes)
    assert world.client.record(ID) == before
    return caught.value.code


@pytest.fixture
def moves(world: World) -> World:
    """ID in force, and STRANGER standing in for a module contract that was given MOVES."""
    deposited(world)
    world.send(world.client.grant_role(MOVES, address(STRANGER)), world.admin)
    return world


@pytest.mark.parametrize("final", [Status.CANCELLED, Status.LAPSED])
def test_what_is_over_stays_over(moves: World, final: Status) -> None:
    if final is Status.LAPSED:
        assert refused(moves, status=final) == "status-move"
        record = moves.client.record(ID)
        assert record is not None
        moves.next_block_at(record.valid_until + 1)
    if final is Status.CANCELLED:
        amend(moves, holds=1)
    before = amend(moves, status=final)
    for to in set(Status) - {final}:
        assert refused(moves, status=to) == "status-move"
    assert refused(moves, remarks=1) == "remarks-fixed"
    assert refused(moves, holds=before.holds + 1) == "count-outside"
    assert (
        refused(moves, reserved_until=moves.now + 60, reserved_by=bytes(19) + b"\1") == "reservation-refused"
    )
    if before.holds:
        assert amend(moves, holds=0).holds == 0
    after = moves.client.record(ID)
    assert after is not None
    fixed = ("content", "deposited_at", "valid_until", "case_id", "procedure", "status", "holdings")
    assert [getattr(after, name) for name in fixed] == [getattr(before, name) for name in fixed]


def test_who_cancelled_and_why_is_said_once(moves: World) -> None:
    """Initiators are 1 to 3, grounds 1 to 6 (S5.3); nobody rewrites it, and nothing else has one."""
    for ending in (0, 0x01, 0x10, 0x41, 0x17, 0xFF):
        assert refused(moves, status=Status.CANCELLED, ending=ending) == "ending-refused"
    assert refused(moves, ending=BY_LAW) == "ending-refused"
    assert amend(moves, status=Status.CANCELLED, ending=0x33).ending == 0x33
    for ending in (0, BY_LAW):
        assert refused(moves, ending=ending) == "ending-refused"


def test_reservations(moves: World) -> None:
    one, two = bytes(19) + b"\1", bytes(19) + b"\2"
    hours = 3600
    for until, by in (
        (moves.now + 73 * hours, one),
        (moves.now, one),
        (moves.now + hours, bytes(20)),
        (0, one),
    ):
        assert refused(moves, reserved_until=until, reserved_by=by) == "reservation-refused"
    reserved = amend(moves, reserved_until=moves.now + 2 * hours, reserved_by=one)
    assert refused(moves, reserved_by=two) == "reservation-refused"
    assert refused(moves, reserved_until=reserved.reserved_until + 60) == "reservation-refused"
    assert amend(moves, holds=1).reserved_by == one
    moves.next_block_at(reserved.reserved_until + 1)
    assert amend(moves, reserved_until=reserved.reserved_until + hours, reserved_by=two).reserved_by == two
    assert amend(moves, reserved_until=0, reserved_by=bytes(20)).reserved_until == 0


def test_amending_needs_a_record_and_a_ground(moves: World) -> None:
    client: RegistryClient = moves.client
    nothing = Amendment(Status.NONE, 0, 0, 0)
    assert code_of(moves, client.amend(b32(404), nothing, GROUND), module(moves)) == "status-move"
    created = Amendment(Status.IN_FORCE, 0, 0, 0)
    assert code_of(moves, client.amend(b32(404), created, GROUND), module(moves)) == "status-move"
    record = moves.client.record(ID)
    assert record is not None
    assert code_of(moves, client.amend(ID, like(record), bytes(32)), module(moves)) == "identifier-zero"


def test_no_remark_that_nobody_knows(moves: World) -> None:
    for bits in (0x20, 0x40, 0x80, 0x21):
        assert refused(moves, remarks=bits) == "remarks-unknown"
    assert amend(moves, remarks=0x1F).remarks == 0x1F
