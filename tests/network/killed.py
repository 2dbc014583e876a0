"""Decides something and says so before it sends: whoever started it kills it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.ledger import world as w
from tests.ledger.world import World
from tests.network.net import WallClock
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.pipeline import settle

if __name__ == "__main__":
    world = World(Path(sys.argv[1]), WallClock())
    with world.open() as registry:
        w.apply(registry, Path(sys.argv[2]))
        sys.stdout.write("sending\n")
        sys.stdout.flush()
        settle(registry)
        beat(registry, older_than=0)
