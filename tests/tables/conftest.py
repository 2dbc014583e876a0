"""One world per module: whatever the cells of a table change, they change for the rows below."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.ledger.conftest import demonstration_template
from tests.ledger.world import World
from tests.tables.scene import Scene

__all__ = ["demonstration_template"]


@pytest.fixture(scope="module")
def scene(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry, closing(Scene.found(world, registry, folder)) as scene:
        yield scene
