"""A registry with enrolled organisations, a notice and a consent: made once, copied for each test."""

from pathlib import Path

import pytest

from tests.ledger.consent_world import ConsentWorld
from tests.ledger.world import World


@pytest.fixture(scope="session")
def told_template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = demonstration_template.copy(tmp_path_factory.mktemp("accesses") / "state")
    with world.open() as registry:
        ConsentWorld(registry)
    return world


@pytest.fixture
def told(told_template: World, tmp_path: Path) -> World:
    return told_template.copy(tmp_path / "state")
