"""A ward made once, copied for each test; and one whose erasure only waits to be carried out."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ledger.erasure import ward as w
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import World


@pytest.fixture(scope="session")
def ward_template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return Ward.create(demonstration_template.copy(tmp_path_factory.mktemp("ward") / "state"))


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
    ward = ward_template.copy(tmp_path_factory.mktemp("approved") / "state")
    with ward.open() as registry:
        id_ = w.propose(registry, ward.withdrawn)
        w.sign_all(registry, id_)
    return Approved(ward, id_)


@pytest.fixture
def approved(approved_template: Approved, tmp_path: Path) -> Approved:
    return Approved(approved_template.ward.copy(tmp_path / "state"), approved_template.id)
