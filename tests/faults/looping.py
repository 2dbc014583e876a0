"""A registry's working day, to be killed: `python looping.py STATE WORK SEED` prints each acknowledgement.

One line for each decision once it is durable: `CASE STEP`. Cases are begun, taken on and left at random.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from tests.ledger import world as w
from tests.ledger.world import Clock, World, actor_of
from yinzheng.ledger.cases import issuing, publicity
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Case


def one_step(registry: Registry, world: World, case: str) -> str | None:
    """Take the case one step on; None at its end."""
    with registry.store.reading() as session:
        row = session.get_one(Case, case)
    if row.state == "applied":
        w.accept(registry, case)
    elif row.state == "accepted":
        w.favourable(registry, case)
    elif row.state == "reviewed":
        publicity.publish(registry, case, actor_of(registry, w.OFFICER))
    elif row.state == "publicity":
        settle(registry)
        w.past_publicity(registry, world.clock, case)
        issuing.issue(registry, case, actor_of(registry, w.OFFICER))
    else:
        return None
    return row.state


def acknowledge(case: str, step: str) -> None:
    """Tell the test, at once."""
    sys.stdout.write(f"{case} {step}\n")
    sys.stdout.flush()


def main(state: Path, work: Path, seed: int) -> None:
    """Work until killed."""
    world = World(state, Clock()).resume()
    chance = random.Random(seed)
    with world.open() as registry:
        for number in range(100_000):
            case = w.apply(registry, work / f"{seed}-{number}")
            acknowledge(case, "new")
            while chance.random() < 0.9 and (step := one_step(registry, world, case)):
                acknowledge(case, step)
                world.clock.advance(1)
                if chance.random() < 0.5:
                    settle(registry)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
