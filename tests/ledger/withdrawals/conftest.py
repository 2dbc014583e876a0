"""A registry with a hospital, its notice and its recipients: made once, copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.withdrawals.clinic import Clinic, Template
from tests.ledger.world import World
from tests.shared import made_once


@pytest.fixture(scope="session")
def clinic_template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Template:
    def create(folder: Path) -> Template:
        return Template.create(demonstration_template.copy(folder / "state"))

    return made_once(tmp_path_factory, "clinic", create)


@pytest.fixture
def clinic(clinic_template: Template, tmp_path: Path) -> Iterator[Clinic]:
    world = clinic_template.world.copy(tmp_path / "state")
    with world.open() as registry:
        yield Clinic(world, registry, clinic_template.notice, clinic_template.digest)


@pytest.fixture
def production(production_template: World, tmp_path: Path) -> Iterator[Clinic]:
    """The same in a registry that is no demonstration: consents wait in the pool for company."""
    template = Template.create(production_template.copy(tmp_path / "state"))
    with template.world.open() as registry:
        yield Clinic(template.world, registry, template.notice, template.digest)
