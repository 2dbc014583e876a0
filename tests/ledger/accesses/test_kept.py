"""Access lines survive: a crash at any point of committing them, a backup and its restoration (D9, R42)."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.ledger.access_lines import lines_of, said
from tests.ledger.accesses.test_lines import batches, dossier, write
from tests.ledger.world import World, open_keys, someone_of
from yinzheng.ledger.accesses.noting import note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state.backup import make_backup
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.state.restore import restore


@pytest.mark.slow
def test_a_crash_anywhere_commits_each_line_once(world: World, tmp_path: Path) -> None:
    """Every write on the way from a hundred lines to the anchored batch, interrupted before and after it."""
    recorder = Recorder()
    with world.copy(tmp_path / "whole").open(recorder) as registry:
        write(registry, 100)
        recorder.seen.clear()
        settle(registry)
    assert {"store.commit.before", "log.checkpoint.after", "chain.send.after"} <= set(recorder.seen)
    passed = [(point, recorder.seen[: n + 1].count(point)) for n, point in enumerate(recorder.seen)]
    for point, nth in passed:
        broken = world.copy(tmp_path / f"{point}-{nth}")
        with broken.open() as registry:
            write(registry, 100)
        try:
            # What the way began with: opening settles nothing, for the lines wait until it is asked for.
            with broken.open(RaiseAt(point, nth), settle=False) as registry:
                settle(registry)
        except InjectedFault:
            pass
        with broken.open() as registry:
            settle(registry)
            assert batches(registry) == [(1, 100)], point
            head = registry.client.latest_anchor()
            assert head is not None
            assert head.size == registry.log.size, point
        if nth == 1:
            assert broken.codes() == set(), point


def test_what_is_undone_leaves_no_gap(world: World) -> None:
    with world.open(RaiseAt("store.commit.before", 1), settle=False) as registry:
        with suppress(InjectedFault):
            write(registry, 3)
        assert lines_of(registry) == []
        assert write(registry, 1) == range(1, 2)


def test_a_backup_carries_them_and_their_keys(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        write(registry, 100)
        settle(registry)
        write(registry, 2, 101)
        before = lines_of(registry)
        make_backup(registry, tmp_path / "backup", tmp_path / "keys", silent)
    restored = World(tmp_path / "restored", world.clock)
    restore(
        tmp_path / "backup",
        tmp_path / "keys",
        restored.root,
        world.clock,
        keys=open_keys,
        by=someone_of(world.paths),
        keystore=world.paths.keys,
    )
    assert restored.codes() == set()
    with restored.open() as registry:
        assert lines_of(registry)[:-1] == before
        assert said(registry)[-1][1:] == ("act", "backup", f"restored:{world.clock()}")
        with registry.store.transaction() as session:
            assert note(registry, session, Reader.itself(registry), dossier(1)) == 104


def test_an_older_copy_beside_a_newer_log_is_missed(world: World, tmp_path: Path) -> None:
    """Lines rolled back with the whole database: the log it lies beside knows of their batch."""
    with world.open() as registry:
        write(registry, 3)
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old = world.paths.database.read_bytes()
    with world.open() as registry:
        write(registry, 100, 4)
        settle(registry)
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    world.paths.database.write_bytes(old)
    assert world.codes() != set()
