from collections.abc import Iterator

import pytest

from tests.contracts.disputes import Court
from tests.contracts.world import World


@pytest.fixture(scope="session")
def _world() -> World:
    return World.create()


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    """A chain with the contracts, as it was right after deployment."""
    snapshot = _world.tester.take_snapshot()
    yield _world
    _world.tester.revert_to_snapshot(snapshot)


@pytest.fixture(scope="session")
def _court() -> Court:
    return Court.create(World.create())


@pytest.fixture
def court(_court: Court) -> Iterator[Court]:
    """A chain with contracts and modules, as it was right after their deployment."""
    snapshot = _court.world.tester.take_snapshot()
    yield _court
    _court.world.tester.revert_to_snapshot(snapshot)
