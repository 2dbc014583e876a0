"""`kill -9` of backups and restorations at random moments: no key of a record reaches the backup disk (R44).

`YINZHENG_KILLS=60 pytest tests/faults/test_kill_backup.py` kills more often than a run of all tests does.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.forked import Forked
from tests.ledger import world as w
from tests.ledger.world import World, open_keys, someone_of
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state.backup import make_backup, places_of
from yinzheng.ledger.state.drafts import MARK, left_drafts
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.record_keys import NAME, LivingKey, lines_of, read_keys
from yinzheng.ledger.state.restore import Restored, restore
from yinzheng.verifier.errors import UsageFault

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("YINZHENG_KILLS", "4"))
LONGEST = 0.5
"""Seconds a backup or a restoration takes here, and some."""


class _Working:
    """The program that is killed over and over."""

    def __init__(self, *arguments: Path) -> None:
        self._process = Forked(
            *map(str, arguments),
            module="tests.faults.backing",
            env={**os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=1,
        )

    def kill(self, name: str, wanted: str, chance: random.Random, until: Callable[[], bool]) -> str:
        """Let it work into the step `wanted`, until that is so and a while on, and kill it; gives the step
        it was in."""
        self._write(name)
        _, _, pid = self._line().partition("pid ")
        while (line := self._line()) != wanted:
            assert line not in ("", "ended"), "it ended by itself"
        while not until():
            time.sleep(0.001)
        time.sleep(chance.uniform(0, LONGEST))
        os.kill(int(pid), signal.SIGKILL)
        last = wanted
        while (line := self._line()) != "ended":
            last = line
        return last

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")

    def _line(self) -> str:
        assert self._process.stdout is not None
        return str(self._process.stdout.readline()).strip()

    def close(self) -> None:
        """Let it go."""
        self._process.communicate(timeout=30)


def _holding(folder: Path, keys: list[bytes]) -> list[tuple[str, str]]:
    """Where a wrapped key is, in bytes or in hex, to the last byte of every file."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [
                (path.name, key.hex()) for key in keys if key in content or key.hex().encode() in content
            ]
    return found


def _is_restoring(room: Path) -> Callable[[], bool]:
    return lambda: any(room.glob(f".*/{MARK}"))


@pytest.mark.slow
def test_a_killed_restoration_is_swept_by_the_next(world: World, tmp_path: Path) -> None:
    """Killed as soon as its draft says whose it is: keys lie in it already, or will in a moment."""
    disk, place, room = (tmp_path / name for name in ("disk", "place", "room"))
    for folder in (disk, place, room):
        folder.mkdir()
    with world.open() as registry:
        w.apply(registry, tmp_path / "work")
        made = make_backup(registry, disk / "kept", place, silent)
    other = room / ".somebody-elses.abcdefgh"
    other.mkdir()
    instance, chance, swept = read_instance(world.root)[1], random.Random(7), 0
    with closing(_Working(world.root, disk, place, room)) as working:
        for number in range(20):
            if number >= 2 and swept:
                break  # a quick machine may have done with it when it is killed
            working.kill(f"k{number}", "restore", chance, _is_restoring(room))
            left = left_drafts(room, instance)
            with pytest.raises(UsageFault):  # who was refused has not touched what others left
                _restored(world, made.folder, place, made.folder)
            assert left_drafts(room, instance) == left
            done = _restored(world, made.folder, place, room / f"after{number}")
            assert done.swept == left
            assert {path.name for path in room.glob(".*")} <= {other.name}
            swept += len(left)
    assert swept, "no restoration was in the making when it was killed"
    assert other.is_dir()


def _restored(world: World, backup: Path, place: Path, root: Path) -> Restored:
    clock, keystore = world.resume().clock, Paths(world.root).keys
    by = someone_of(world.paths)
    return restore(backup, place, root, clock, keys=open_keys, by=by, keystore=keystore)


@pytest.mark.slow
def test_no_kill_leaves_a_key_on_the_backup_disk(world: World, tmp_path: Path) -> None:
    chance = random.Random(20_261_128)
    disk, place, room = (tmp_path / name for name in ("disk", "place", "room"))
    for folder in (disk, place, room):
        folder.mkdir()
    with world.open() as registry:
        for number in range(4):
            w.apply(registry, tmp_path / f"work{number}")
        with registry.store.reading() as session:
            keys = [line.wrapped for line in lines_of(session) if isinstance(line, LivingKey)]
    assert len(keys) == 4
    assert _holding(world.root, keys)
    steps: Counter[str] = Counter()
    with closing(_Working(world.root, disk, place, room)) as working:
        for number in range(KILLS):
            wanted, until = ("restore", _is_restoring(room)) if number % 2 else ("backup", lambda: True)
            steps[working.kill(f"k{number}", wanted, chance, until)] += 1
            assert _holding(disk, keys) == []
            _open_after(world, disk, place, keys, number)
    assert world.audit() == []
    assert sum(steps.values()) == KILLS


def _open_after(world: World, disk: Path, place: Path, keys: list[bytes], number: int) -> None:
    """What was left is swept and told; the next backup is as if nothing had been."""
    left = left_drafts(disk, read_instance(world.root)[1])
    said: list[str] = []
    with open_registry(world.root, open_keys, clock=world.resume().clock, tell=said.append) as registry:
        assert {str(path) for path in left} <= {line.rpartition(": ")[2] for line in said}
        for draft in disk.glob(".*"):  # killed before it said whose it is: there is nothing in it
            assert {path.name for path in draft.iterdir()} <= {f"{MARK}.part"}
        with registry.store.reading() as session:
            places = places_of(session)
        assert places or _holding(place, keys) == []
        assert {path.name for path in place.iterdir()} <= {NAME}
        made = make_backup(registry, disk / f"after{number}", place, silent)
        held = {line.wrapped for line in read_keys(made.key_file) if isinstance(line, LivingKey)}
        assert held == set(keys)
    assert _holding(made.folder, keys) == []
    shutil.rmtree(made.folder)
