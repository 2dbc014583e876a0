"""Registries for every test below: two are made a run, each test works on its own copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.world import Clock, World, create
from tests.shared import made_once
from yinzheng.ledger.registry import Registry


@pytest.fixture(scope="session")
def demonstration_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A registry that knows the demonstration's profile besides the real ones; nobody writes to it."""
    return made_once(tmp_path_factory, "demonstration-registry", _created)


@pytest.fixture(scope="session")
def production_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A registry that knows only the real profiles; nobody writes to it."""
    return made_once(tmp_path_factory, "registry", lambda folder: _created(folder, demonstration=False))


def _created(folder: Path, *, demonstration: bool = True) -> World:
    clock = Clock()
    return World(create(folder / "state", clock, demonstration=demonstration), clock)


@pytest.fixture
def world(demonstration_template: World, tmp_path: Path) -> World:
    return demonstration_template.copy(tmp_path / "state")


@pytest.fixture
def registry(world: World) -> Iterator[Registry]:
    """The registry of `world`, open for writing."""
    with world.open() as opened:
        yield opened
