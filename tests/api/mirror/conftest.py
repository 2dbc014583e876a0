"""The registries of the ledger's tests serve here too; and one whose certificate is deposited."""

from pathlib import Path

import pytest

from tests.ledger.conftest import demonstration_template
from tests.ledger.world import World, to_deposited
from tests.shared import made_once

__all__ = ["demonstration_template"]


@pytest.fixture(scope="session")
def deposited_template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A registry with a certificate; nobody writes to it."""

    def deposit(folder: Path) -> World:
        world = demonstration_template.copy(folder / "state")
        with world.open() as registry:
            to_deposited(registry, world.clock, folder / "one")
        return world

    return made_once(tmp_path_factory, "deposited", deposit)


@pytest.fixture
def deposited(deposited_template: World, tmp_path: Path) -> World:
    return deposited_template.copy(tmp_path / "state")
