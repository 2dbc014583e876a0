"""Backups and restorations without end, to be killed: `python backing.py STATE DISK KEYS ROOM`.

For each line of its input, a name, it forks a process that says its number, a line for each step that begins,
and works until it is killed; then it says `ended`. Forking spares the import for each kill.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.ledger.world import Clock, World, open_keys, someone_of
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state.backup import make_backup
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.state.restore import restore


def say(line: str) -> None:
    """Tell the test, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def work(name: str, state: Path, disk: Path, keys: Path, room: Path) -> None:
    """Work until killed. What is made is removed again."""
    say(f"pid {os.getpid()}")
    world = World(state, Clock()).resume()
    for number in range(10_000):
        with world.open() as registry:
            say("backup")
            made = make_backup(registry, disk / f"{name}-{number}", keys, silent)
        say("restore")
        keystore = Paths(state).keys
        restore(
            made.folder,
            keys,
            room / f"{name}-{number}",
            world.clock,
            keys=open_keys,
            by=someone_of(world.paths),
            keystore=keystore,
        )
        say("done")
        shutil.rmtree(made.folder)
        shutil.rmtree(room / f"{name}-{number}")


if __name__ == "__main__":
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            work(line.strip(), *map(Path, sys.argv[1:]))
        os.waitpid(pid, 0)
        say("ended")
