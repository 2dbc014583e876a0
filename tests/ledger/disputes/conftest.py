"""A registry with something to quarrel about: made once, copied for each test."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ledger.disputes.court import Court, Template
from tests.ledger.world import World
from tests.shared import made_once


@pytest.fixture(scope="session")
def court_template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Template:
    def create(folder: Path) -> Template:
        return Template.create(demonstration_template.copy(folder / "state"), folder / "dossiers")

    return made_once(tmp_path_factory, "court", create)


@pytest.fixture
def court(court_template: Template, tmp_path: Path) -> Iterator[Court]:
    world = court_template.world.copy(tmp_path / "state")
    with ExitStack() as opened:
        yield Court(world, opened.enter_context(world.open()), court_template, opened)
