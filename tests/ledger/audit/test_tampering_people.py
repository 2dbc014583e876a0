"""Who may act, and who approved bulk openings, are rows: an edited one is named by the audit (R47)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.ledger.world import AUDITOR, KEEPER, MEMBER, OFFICER, SECOND_OFFICER, World, actor_of
from yinzheng.ledger.accesses.approving import approve_bulk
from yinzheng.ledger.accesses.bulk import approval_digest
from yinzheng.ledger.accesses.noting import Access, note_many
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.people.enrolling import enrol_person, remove_person
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.openings import FREE
from yinzheng.verifier.errors import DataFault

LEFT, NURSE = "left-lu", "witness-wen"


def edit(world: World, statement: str, *values: object) -> None:
    """Change a row as whoever may write the database does."""
    with closing(sqlite3.connect(world.paths.database)) as connection:
        assert connection.execute(statement, values).rowcount == 1
        connection.commit()


def enrol(registry: Registry, name: str, key: EthereumKey | None = None) -> None:
    address = (key or EthereumKey.generate()).address
    enrol_person(registry, name, StaffRole.WITNESS, address, actor_of(registry, KEEPER))


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("UPDATE person SET role = 'auditor' WHERE name = ?", (NURSE,)),
        ("UPDATE person SET address = zeroblob(20) WHERE name = ?", (AUDITOR,)),
        ("UPDATE person SET removed_at = NULL WHERE name = ?", (LEFT,)),
        ("UPDATE person SET removed_at = 1 WHERE name = ?", (NURSE,)),
        ("DELETE FROM person WHERE name = ?", (NURSE,)),
        (
            "INSERT INTO person (name, role, address, added_at) SELECT ?, 'auditor', zeroblob(20), added_at"
            " FROM person WHERE name = 'officer-chen'",
            ("stranger",),
        ),
        ("UPDATE meta SET value = replace(value, ?, 'legal') WHERE key = 'people'", ("auditor",)),
        ("DELETE FROM meta WHERE key = ?", ("people",)),
    ],
)
def test_a_person_somebody_wrote_into_the_database_is_named(
    world: World, statement: str, values: tuple[str, ...]
) -> None:
    with world.open() as registry:
        enrol(registry, NURSE)
        enrol(registry, LEFT)
        remove_person(registry, LEFT, actor_of(registry, KEEPER))
        settle(registry)
    assert world.codes() == set()
    edit(world, statement, *values)
    assert "person-altered" in world.codes()


def opened(registry: Registry, persons: range) -> None:
    accesses = (
        Access("export", "receipt", f"r-{one}", "handover", consent=one.to_bytes(32, "big"))
        for one in persons
    )
    with registry.store.transaction() as session:
        note_many(registry, session, Reader.of_actor(registry, actor_of(registry, OFFICER)), accesses)


def approve(registry: Registry) -> None:
    until = registry.clock() + 3600
    approve_bulk(registry, OFFICER, "handover", 40, until, actor_of(registry, SECOND_OFFICER))


def counted_anew(world: World) -> None:
    edit(world, "UPDATE bulk_approval SET used = ?", 0)


def forgotten(world: World) -> None:
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute("DELETE FROM recent_opening")
        connection.commit()


@pytest.mark.parametrize("cheat", [counted_anew, forgotten])
def test_an_approval_used_twice_shows_in_the_lines(world: World, cheat: Callable[[World], None]) -> None:
    with world.open() as registry:
        approve(registry)
        opened(registry, range(40))
        cheat(world)
        opened(registry, range(FREE))
        settle(registry)
    assert (world.codes() == {"bulk-unapproved"}) is (cheat is counted_anew), "ten again were opened before"
    with world.open() as registry:
        for first in (100, 200):
            cheat(world)
            opened(registry, range(first, first + FREE))
        settle(registry)
    assert world.codes() == {"bulk-unapproved"}


@pytest.mark.parametrize("by", [MEMBER, SECOND_OFFICER])
def test_an_approval_nobody_gave_before_a_witness_of_ours(world: World, by: str) -> None:
    """Whoever signs it: written past the command, it has no line; by one who may not approve, no effect."""
    with world.open() as registry:
        now = registry.clock()
        digest = approval_digest(OFFICER, "handover", 40, now, now + 60)
        signature = actor_of(registry, by).key.sign_digest(digest)
        edit(
            world,
            "INSERT INTO bulk_approval (actor, purpose, persons, used, since, until, by, signature)"
            " VALUES (?, 'handover', 40, 0, ?, ?, ?, ?)",
            OFFICER, now, now + 60, by, signature,
        )  # fmt: skip
        if by == MEMBER:
            with pytest.raises(DataFault) as caught:
                opened(registry, range(40))
            assert caught.value.code == "bulk-altered"
        settle(registry)
    assert world.codes() == {"bulk-altered"}
