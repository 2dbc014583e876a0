"""A registry with a certificate and three enrolled holders: made once, copied for each test."""

from pathlib import Path

import pytest

from tests.ledger.moves.parties import settled
from tests.ledger.world import World
from tests.shared import made_once


@pytest.fixture(scope="session")
def parties_template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """What `settled` makes: `parties_of` gives who is in it."""

    def made(folder: Path) -> World:
        world = demonstration_template.copy(folder / "state")
        with world.open() as registry:
            settled(world, registry, folder / "d")
        return world

    return made_once(tmp_path_factory, "parties", made)


@pytest.fixture
def world(parties_template: World, tmp_path: Path) -> World:
    return parties_template.copy(tmp_path / "state")


@pytest.fixture
def unsettled(demonstration_template: World, tmp_path: Path) -> World:
    """A registry before anything, for a certificate of another kind."""
    return demonstration_template.copy(tmp_path / "unsettled")
