"""Registries for every test below: two are made per run, each test works on its own copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.world import Clock, World, create
from yinzheng.ledger.registry import Registry


@pytest.fixture(scope="session")
def demonstration_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A registry that knows the demonstration's profile besides the real ones; nobody writes to it."""
    clock = Clock()
    return World(create(tmp_path_factory.mktemp("template") / "state", clock), clock)


@pytest.fixture(scope="session")
def production_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A registry that knows only the real profiles; nobody writes to it."""
    clock = Clock()
    root = tmp_path_factory.mktemp("template") / "state"
    return World(create(root, clock, demonstration=False), clock)


@pytest.fixture
def world(demonstration_template: World, tmp_path: Path) -> World:
    return demonstration_template.copy(tmp_path / "state")


@pytest.fixture
def registry(world: World) -> Iterator[Registry]:
    """The registry of `world`, open for writing."""
    with world.open() as opened:
        yield opened
