"""A settled registry to tamper with: made once, copied for each test."""

from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.audit.settled import Settled
from tests.ledger.world import World
from yinzheng.ledger.flow.pipeline import settle


@pytest.fixture(scope="module")
def template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Settled:
    folder = tmp_path_factory.mktemp("settled")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        case, number = w.to_deposited(registry, world.clock, folder / "one")
        other_case, other = w.to_deposited(registry, world.clock, folder / "two", public_data=True)
        w.to_publicity(registry, folder / "three")
        for _ in range(3):  # older partial tiles, longer proofs
            w.apply(registry, folder / f"more{registry.clock()}")
            world.clock.advance(60)
        settle(registry)
    return Settled(world, case, number, other_case, other)


@pytest.fixture
def settled(template: Settled, tmp_path: Path) -> Settled:
    world = template.world.copy(tmp_path / "state")
    return Settled(world, template.case, template.number, template.other_case, template.other_number)
