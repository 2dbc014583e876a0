"""Shorthand of the registry's tests: a case that may be deposited, its deposit, and what is refused."""

from typing import Any

import pytest

from tests.contracts.world import STRANGER, World, b32
from yinzheng.ledger.chain.approvals import Deposit
from yinzheng.ledger.chain.records import Procedure, Record
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.verifier.errors import YinzhengError

CASE, ID, CONTENT, OBJECTION = b32(1), b32(2), b32(3), b32(4)
YEAR = 365 * 86_400


def code_of(world: World, call: Call, sender: Sender | None = None) -> str:
    """Simulate what must be refused; give the error's code."""
    with pytest.raises(YinzhengError) as caught:
        world.client.simulate(call, (sender or world.relay).address)
    return caught.value.code


def order(world: World, **changes: Any) -> Deposit:
    now = world.now
    fields: dict[str, Any] = {
        "id": ID,
        "case_id": CASE,
        "content": CONTENT,
        "registered_at": now,
        "valid_until": now + YEAR,
        "remarks": 5,
        "holdings": b32(5),
    }
    return Deposit(**fields | changes)


def successors(now: int, count: int, **changes: Any) -> list[Deposit]:
    """Certificates 61 and 62 that follow another, of case 60, for a year."""
    fields: dict[str, Any] = {
        "case_id": b32(60),
        "content": CONTENT,
        "registered_at": now,
        "valid_until": now + YEAR,
        "holdings": b32(6),
    }
    return [Deposit(b32(61 + at), **fields | changes) for at in range(count)]


def published(world: World, procedure: Procedure = Procedure.SIMPLIFIED) -> None:
    """Publish CASE and let its publicity end, with a day to spare for dating registrations."""
    world.send(world.publish(CASE, procedure))
    world.next_block_at(world.now + 2 * 86_400)
    world.send(world.publish(b32(99)))


def deposited(world: World) -> Record:
    published(world)
    world.send(world.deposit(order(world)))
    record = world.client.record(ID)
    assert record is not None
    return record


def module(world: World) -> Sender:
    return Sender(world.w3, STRANGER, lambda _: None)
