"""Ranges of access lines that the ledger hands out are whole, or are not handed out (S16.7)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlmodel import Session

from tests.ledger.access_lines import opened_dossier
from tests.ledger.world import OFFICER, World
from yinzheng.ledger.accesses import batching
from yinzheng.ledger.accesses.ranges import range_between
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.access_range import check_range, format_range


@dataclass
class Read:
    """Twelve lines, a second after each other, in three batches in the log; one more waits."""

    registry: Registry
    since: int

    def range(self, first: int, last: int) -> tuple[bytes, dict[str, Any]]:
        """The lines written from the `first` second to the `last`, and what an item says of them."""
        with self.registry.store.reading() as session:
            keys, begin = self.registry.keys, self.since
            found = range_between(session, keys, begin + first, begin + last, lambda _subject: None)
        about: dict[str, Any] = {
            "since": begin + first,
            "until": found.until,
            "first": found.first,
            "last": found.last,
            "statements": [batch.statement.leaf_hash.hex() for batch in found.batches],
        }
        return format_range(found.batches), about


@pytest.fixture(scope="module")
def made(told_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    world = told_template.copy(tmp_path_factory.mktemp("ranges") / "state")
    with world.open() as registry:
        since = registry.clock()
        for number in range(13):
            if number == 12:
                settle(registry)
            opened_dossier(registry, f"A-2026-{number % 5:06d}")
            world.clock.advance(1)
            if number in (3, 7, 11):
                batching.commit(registry, everything=True)
        yield Read(registry, since)


def test_a_range_is_whole_says_who_acted_and_discloses_no_line_outside(made: Read) -> None:
    data, about = made.range(1, 6)
    found = check_range(data, about)
    assert (found.first, found.last, len(found.leaves)) == (2, 7, 2)
    value = json.loads(data)
    lines = [one for batch in value["batches"] for one in batch["lines"]]
    assert [one["line"]["number"] for one in lines] == [1, 2, 3, 4, 5, 6, 7, 8], "with those beside it"
    assert [one["who"] and one["who"]["who"]["person"] for one in lines] == [None, *[OFFICER] * 6, None]


def test_a_dropped_line_or_batch_is_named(made: Read) -> None:
    data, about = made.range(0, 10)
    value = json.loads(data)
    del value["batches"][1]["lines"][2]
    with pytest.raises(DataFault) as caught:
        check_range(canonical.dumps(value), about)
    assert (caught.value.code, caught.value.data["lines"]) == ("access-missing", [7])
    value = json.loads(data)
    del value["batches"][1]
    with pytest.raises(DataFault) as caught:
        check_range(canonical.dumps(value), about)
    assert (caught.value.code, caught.value.data["lines"]) == ("access-missing", [5, 6, 7, 8])


def test_a_time_ends_before_the_newest_line_at_the_latest(made: Read) -> None:
    """Nothing shows that there is none after it."""
    _, about = made.range(5, 11)
    assert (about["first"], about["last"], about["until"]) == (6, 11, made.since + 10)


@pytest.mark.parametrize(("first", "last"), [(-9, -1), (100, 200), (5, 4), (11, 11)])
def test_there_is_no_range_without_lines_or_of_lines_that_wait(made: Read, first: int, last: int) -> None:
    with pytest.raises(UsageFault) as caught:
        made.range(first, last)
    assert caught.value.code == "access-range"


@pytest.mark.parametrize("time", [(1, 5), (1, 7), (-9, 6), (3, 3)])
def test_a_range_said_to_be_of_another_time_is_not(made: Read, time: tuple[int, int]) -> None:
    """The lines 2 to 7 are those of seconds 1 to 6, and of no other: the lines beside them tell."""
    data, about = made.range(1, 6)
    check_range(data, about)
    since, until = (made.since + second for second in time)
    with pytest.raises(DataFault) as caught:
        check_range(data, {**about, "since": since, "until": until})
    assert caught.value.code == "access-period"


def test_a_range_without_the_lines_beside_it_is_not_whole(made: Read) -> None:
    """A registry that leaves out the first or last line of the time, and says nothing of it."""
    data, about = made.range(1, 6)
    for change in ({"first": 3}, {"last": 6}):
        with pytest.raises(DataFault) as caught:
            check_range(data, {**about, **change})
        assert caught.value.code == "access-batch", "a line more than the range and those beside it"
    shorter, said = made.range(2, 6)
    with pytest.raises(DataFault) as caught:
        check_range(shorter, {**said, "since": made.since + 1})
    assert (caught.value.code, caught.value.data["lines"]) == ("access-period", [2])
    value = json.loads(data)
    value["batches"][0]["lines"][1]["who"] = None
    with pytest.raises(DataFault) as caught:
        check_range(canonical.dumps(value), about)
    assert (caught.value.code, caught.value.data["lines"]) == ("access-differs", [2])


def gone(session: Session, number: int) -> None:
    session.delete(session.get_one(AccessRow, number))


def moved(session: Session, number: int, *, by: int) -> None:
    row = session.get_one(AccessRow, number)
    row.at += by
    session.add(row)


CHEATS: list[tuple[str, Callable[[Session], None]]] = [
    ("a line inside gone", lambda session: gone(session, 6)),
    ("the first gone", lambda session: gone(session, 2)),
    ("the last gone", lambda session: gone(session, 7)),
    ("the one before gone", lambda session: gone(session, 1)),
    ("the one after gone", lambda session: gone(session, 8)),
    ("the first said to be earlier", lambda session: moved(session, 2, by=-100)),
    ("the first said to be later", lambda session: moved(session, 2, by=100)),
    ("the last said to be later", lambda session: moved(session, 7, by=100)),
    ("the last said to be earlier", lambda session: moved(session, 7, by=-100)),
    ("one outside said to be inside", lambda session: moved(session, 9, by=-3)),
]


@pytest.mark.parametrize("cheat", [cheat for _, cheat in CHEATS], ids=[name for name, _ in CHEATS])
def test_no_range_hides_a_line_at_its_edge(made: Read, cheat: Callable[[Session], None]) -> None:
    with pytest.raises(DataFault) as caught, made.registry.store.transaction() as session:
        cheat(session)
        session.flush()
        range_between(session, made.registry.keys, made.since + 1, made.since + 6, lambda _subject: None)
    assert caught.value.code == "access-altered"
