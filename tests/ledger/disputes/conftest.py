"""A registry with something to quarrel about: made once, copied for each test."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ledger.disputes.court import Court, Template
from tests.ledger.world import World


@pytest.fixture(scope="session")
def court_template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("court")
    return Template.create(demonstration_template.copy(folder / "state"), folder / "dossiers")


@pytest.fixture
def court(court_template: Template, tmp_path: Path) -> Iterator[Court]:
    world = court_template.world.copy(tmp_path / "state")
    with ExitStack() as opened:
        yield Court(world, opened.enter_context(world.open()), court_template, opened)
