from collections.abc import Iterator

import pytest

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
