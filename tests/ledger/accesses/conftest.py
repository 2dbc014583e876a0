"""A registry with enrolled organisations, a notice and a consent: made once, copied for each test."""

from pathlib import Path

import pytest

from tests.ledger.consent_world import ConsentWorld
from tests.ledger.world import World
from tests.shared import made_once


@pytest.fixture(scope="session")
def told_template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    def told(folder: Path) -> World:
        world = demonstration_template.copy(folder / "state")
        with world.open() as registry:
            ConsentWorld(registry)
        return world

    return made_once(tmp_path_factory, "told", told)


@pytest.fixture
def told(told_template: World, tmp_path: Path) -> World:
    return told_template.copy(tmp_path / "state")
