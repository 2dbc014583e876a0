"""A process that imports a file until it is killed: `python -m … STATE FILE SECONDS POINT NTH`."""

import sys
from pathlib import Path

from tests.ledger.consent_world import HOSPITAL
from tests.ledger.world import Clock, World
from yinzheng.ledger.consents.importing import import_consents
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state.faults import KillAt


def main() -> None:
    """Import with two workers and die at the `NTH` passing of `POINT`."""
    state, file, now, point, nth = sys.argv[1:]
    world = World(Path(state), Clock(int(now)))
    with world.open(KillAt(point, int(nth)), settle=False) as registry:
        import_consents(registry, Path(file), HOSPITAL, progress=silent, batch=20, workers=2)


if __name__ == "__main__":
    main()
