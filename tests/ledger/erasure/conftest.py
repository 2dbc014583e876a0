"""A ward made once, copied for each test; and one whose erasure only waits to be carried out."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ledger.erasure import ward as w
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import World
from tests.shared import made_once


@pytest.fixture(scope="session")
def ward_template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Ward:
    def create(folder: Path) -> Ward:
        return Ward.create(demonstration_template.copy(folder / "state"))

    return made_once(tmp_path_factory, "ward", create)


@pytest.fixture
def ward(ward_template: Ward, tmp_path: Path) -> Ward:
    return ward_template.copy(tmp_path / "state")


@dataclass
class Approved:
    """A ward and its approved erasure."""

    ward: Ward
    id: str


@pytest.fixture(scope="session")
def approved_template(ward_template: Ward, tmp_path_factory: pytest.TempPathFactory) -> Approved:
    def approve(folder: Path) -> Approved:
        ward = ward_template.copy(folder / "state")
        with ward.open() as registry:
            id_ = w.propose(registry, ward.withdrawn)
            w.sign_all(registry, id_)
        return Approved(ward, id_)

    return made_once(tmp_path_factory, "approved", approve)


@pytest.fixture
def approved(approved_template: Approved, tmp_path: Path) -> Approved:
    return Approved(approved_template.ward.copy(tmp_path / "state"), approved_template.id)
