"""Nothing that is published groups consents by person better than chance (R49).

A day of a hospital: everyone consents twenty times, each person's consents follow each other; about half
are imported from a file sorted by person, the rest registered one by one. Which way each takes is drawn: if
everyone took both equally often, a person's consents would stand apart more than chance has it, and by no
fault of the ledger. The observer has the log's files and the chain, nothing else. So that the test is known
to see what it looks for, each protection is taken away in turn, and must be missed.
"""

from __future__ import annotations

import dataclasses
import random
from array import array
from pathlib import Path
from typing import Any, cast

import pytest
from sqlmodel import select

from tests.ledger.consent_world import HOSPITAL, ConsentWorld
from tests.ledger.consents.observer import Published, published, striking
from tests.ledger.consents.test_importing import told
from tests.ledger.world import Clock, World
from yinzheng.ledger.consents import importing as bulk
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.importing import import_consents
from yinzheng.ledger.flow import pool
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.store.models import Checkpoint
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import sha256

EACH = 20
ORDER = {"log neighbours", "log distance", "same 16 entries"}


@dataclasses.dataclass(frozen=True)
class Day:
    """What an observer sees at the end, and whose each consent truly is, in the order of the log."""

    seen: Published
    persons: list[int]
    traffic: bytes
    """Everything ever sent to the chain."""


def live(world: World, folder: Path, people: int) -> Day:
    """Let the day pass."""
    clock, chance = world.clock, random.Random(20_261_128)
    with world.open() as registry:
        clinic = ConsentWorld(registry)
        whose: dict[bytes, int] = {}
        lines, persons = [], []
        for person in range(people):
            imported = sum(chance.random() < 0.5 for _ in range(EACH))
            for number in range(imported):
                body = clinic.body(person, until=clock.now + 86_400 * (300 + number))
                lines.append(canonical.dumps(body) + b"\n")
                persons.append(person)
            one_by_one(clinic, clock, person, EACH - imported, whose)
        clock.advance(pool.PATIENCE)  # what waits is due when the import settles: one head for the whole day
        file, results = folder / "in", folder / "results"
        file.write_bytes(b"".join(lines))
        import_consents(registry, file, HOSPITAL, progress=silent, results=results, workers=0)
        for one, person in zip(told(results), persons, strict=True):
            whose[bytes.fromhex(one["subject"])] = person
        pool.flush(registry, force=True)
        settle(registry)
        with registry.store.reading() as session:
            heads = sorted(session.exec(select(Checkpoint.size)))
        seen = published(registry, heads)
        return Day(seen, [whose[one.subject] for one in seen.statements], traffic(registry))


def one_by_one(clinic: ConsentWorld, clock: Clock, person: int, many: int, whose: dict[bytes, int]) -> None:
    """A person's visit: every consent is given in the same second."""
    until = [clock.now + 86_400 * (100 + number) for number in range(many)]  # others than the file's
    given = [clinic.body(person, until=end) for end in until]
    whose |= {granted.subject: person for granted in grant(clinic.registry, given, HOSPITAL)}
    clock.advance(1)


def traffic(registry: Registry) -> bytes:
    eth = registry.w3.eth
    blocks = (cast("Any", eth.get_block(number, True)) for number in range(eth.block_number + 1))
    return b"".join(bytes(tx["input"]) for block in blocks for tx in block["transactions"])


@pytest.mark.slow
def test_ten_thousand_consents_of_five_hundred_people(production_template: World, tmp_path: Path) -> None:
    day = live(production_template.copy(tmp_path / "state"), tmp_path, 500)
    assert len(day.persons) == 10_000
    assert striking(day.seen, day.persons) == {}
    values = [
        value
        for one in day.seen.statements
        for value in (one.subject, one.leaf_hash, one.commitment.sm3, one.commitment.sha256)
    ]
    assert len(set(values)) == 40_000
    assert not any(value in day.traffic for value in values)
    would_be_seen(day)


def would_be_seen(day: Day) -> None:
    """The same data with one slip each: the observer sees it."""
    pairs = list(zip(day.seen.statements, day.persons, strict=True))
    names = {person: sha256(b"%d" % person) for person in day.persons}
    slips = {
        "equal at": [dataclasses.replace(one, at=one.at + person) for one, person in pairs],
        "equal prev": [dataclasses.replace(one, prev=names[person]) for one, person in pairs],
        "bits of subject": [
            dataclasses.replace(one, subject=names[person][:1] + one.subject[1:]) for one, person in pairs
        ],
    }
    for name, statements in slips.items():
        slipped = dataclasses.replace(day.seen, statements=tuple(statements))
        assert name in striking(slipped, day.persons, {name})


class Unshuffled:
    """A source of randomness that leaves every order as it is."""

    def shuffle(self, items: list[object]) -> None:
        """Do nothing."""


def test_an_import_in_the_order_of_its_file_would_be_seen(
    production_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither shuffled nor, within a batch, put in the order of hashes."""
    monkeypatch.setattr(bulk, "order_of", lambda _seed, lines: array("I", range(lines)))
    monkeypatch.setattr(bulk, "_LEAF", lambda _one: b"")
    day = live(production_template.copy(tmp_path / "state"), tmp_path, 60)
    assert striking(day.seen, day.persons, ORDER).keys() == ORDER


def test_a_pool_in_the_order_of_arrival_would_be_seen(
    production_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yinzheng.ledger.flow.pool.secrets.SystemRandom", Unshuffled)
    day = live(production_template.copy(tmp_path / "state"), tmp_path, 60)
    assert striking(day.seen, day.persons, ORDER).keys() == ORDER


def test_a_head_for_each_person_would_be_seen(production_template: World, tmp_path: Path) -> None:
    day = live(production_template.copy(tmp_path / "state"), tmp_path, 60)
    chance = random.Random(7)
    order = sorted(range(len(day.persons)), key=lambda index: (day.persons[index], chance.random()))
    statements = tuple(day.seen.statements[index] for index in order)
    heads = tuple(range(int(day.seen.positions[0]) + EACH, int(day.seen.positions[-1]) + 2, EACH))
    grouped = Published(statements, day.seen.positions, heads)
    assert "same head" in striking(grouped, [day.persons[index] for index in order], {"same head"})
