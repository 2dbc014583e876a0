"""The access log: what is written down, and that nobody edits it unseen (R47)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.world import OFFICER, World
from yinzheng.ledger.cases.dossier_opening import open_dossier_to
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state import access_log
from yinzheng.verifier.errors import YinzhengError


def written(world: World, folder: Path) -> int:
    """Three accesses, ten seconds apart; gives the time of the first."""
    with world.open() as registry:
        first = registry.clock()
        for number in range(3):
            with registry.store.transaction() as session:
                access_log.note(session, registry.clock(), OFFICER, "dossier", f"A-2026-00000{number}")
            world.clock.advance(10)
    return first


def test_lines_and_ranges(world: World, tmp_path: Path) -> None:
    first = written(world, tmp_path)
    lines = access_log.read_range(world.root, first, first + 10)
    assert [(line["line"], line["at"], line["target"]) for line in lines] == [
        (1, first, "A-2026-000000"),
        (2, first + 10, "A-2026-000001"),
    ]
    assert world.codes() == set()
    for since, until in ((0, first - 1), (first + 10, first)):
        with pytest.raises(YinzhengError) as caught:
            access_log.read_range(world.root, since, until)
        assert caught.value.code == "access-range"


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE access SET actor = 'officer-wang' WHERE id = 1",
        "UPDATE access SET at = at + 1 WHERE id = 2",
        "UPDATE access SET target = 'A-2026-000009' WHERE id = 3",
        "UPDATE access SET link = x'00' WHERE id = 3",
        "DELETE FROM access WHERE id = 1",
        "DELETE FROM access WHERE id = 2",
        "INSERT INTO access (at, actor, action, target, place, link) VALUES (1, 'x', 'y', 'z', 'c', x'00')",
        "UPDATE access SET id = CASE id WHEN 1 THEN 2 WHEN 2 THEN 1 END + 10 WHERE id < 3",
    ],
)
def test_whoever_edits_it_is_seen(world: World, tmp_path: Path, tampering: str) -> None:
    first = written(world, tmp_path)
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute(tampering)
        connection.commit()
    with pytest.raises(YinzhengError) as caught:
        access_log.read_range(world.root, first, first + 10)
    assert caught.value.code == "access-log-altered"
    assert "access-log-altered" in world.codes()


def test_opening_a_dossier_is_written_down(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier")
        now = registry.clock()
        open_dossier_to(registry, case, tmp_path / "out", silent, w.actor_of(registry, OFFICER))
        with pytest.raises(YinzhengError):
            open_dossier_to(
                registry, "A-2026-999999", tmp_path / "out2", silent, w.actor_of(registry, OFFICER)
            )
    (line,) = access_log.read_range(world.root, now, now)
    assert (line["actor"], line["action"], line["target"]) == (OFFICER, "dossier", case)


def test_what_is_undone_was_not_seen(world: World, tmp_path: Path) -> None:
    """The line is in the transaction that grants access: both happen or neither."""
    with world.open() as registry:
        with pytest.raises(RuntimeError), registry.store.transaction() as session:
            access_log.note(session, registry.clock(), OFFICER, "dossier", "A-2026-000001")
            raise RuntimeError
        with registry.store.reading() as session:
            assert access_log.check(session) == 0
