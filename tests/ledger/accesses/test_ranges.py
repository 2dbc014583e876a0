"""Ranges of access lines that the ledger hands out are whole, or are not handed out (S16.7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlmodel import select

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
            batches = range_between(session, keys, begin + first, begin + last, lambda _subject: None)
        about: dict[str, Any] = {
            "first": batches[0].lines[0].line.number,
            "last": batches[-1].lines[-1].line.number,
            "statements": [batch.statement.leaf_hash.hex() for batch in batches],
        }
        return format_range(batches), about


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
    assert [one["line"]["number"] for batch in value["batches"] for one in batch["lines"]] == [
        2,
        3,
        4,
        5,
        6,
        7,
    ]
    assert value["batches"][0]["lines"][0]["who"]["who"]["person"] == OFFICER


def test_a_dropped_line_or_batch_is_named(made: Read) -> None:
    data, about = made.range(0, 11)
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


@pytest.mark.parametrize(("first", "last"), [(-9, -1), (100, 200), (5, 4), (0, 12)])
def test_there_is_no_range_without_lines_or_of_lines_that_wait(made: Read, first: int, last: int) -> None:
    with pytest.raises(UsageFault) as caught:
        made.range(first, last)
    assert caught.value.code == "access-range"


def test_a_range_from_which_the_database_lost_a_line_is_not_made(made: Read) -> None:
    with pytest.raises(DataFault) as caught, made.registry.store.transaction() as session:
        session.delete(session.exec(select(AccessRow).where(AccessRow.number == 6)).one())
        session.flush()
        range_between(session, made.registry.keys, made.since, made.since + 11, lambda _subject: None)
    assert (caught.value.code, caught.value.data["line"]) == ("access-altered", 6)
