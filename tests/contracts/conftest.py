from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.contracts.disputes import CASE, ONE, TWO, Court
from tests.contracts.estate import Estate
from tests.contracts.world import STRANGER, World, address
from yinzheng.ledger.chain.contracts import MODULE
from yinzheng.ledger.chain.sender import Sender


@pytest.fixture(scope="session")
def _world() -> World:
    return World.create()


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    """A chain with the contracts, as it was right after deployment."""
    snapshot = _world.ground.moment()
    yield _world
    _world.ground.back_to(snapshot)


@pytest.fixture(scope="session")
def _court() -> Court:
    return Court.create(World.create())


@pytest.fixture
def court(_court: Court) -> Iterator[Court]:
    """A chain with contracts and modules, as it was right after their deployment."""
    snapshot = _court.world.ground.moment()
    yield _court
    _court.world.ground.back_to(snapshot)


@pytest.fixture(scope="session")
def _estate() -> Estate:
    return Estate.create(Court.create(World.create()))


@pytest.fixture
def estate(_estate: Estate) -> Iterator[Estate]:
    """Certificates with holders who have accounts, as they were right after their deposit."""
    snapshot = _estate.court.world.ground.moment()
    yield replace(_estate, held=dict(_estate.held), keys=dict(_estate.keys))
    _estate.court.world.ground.back_to(snapshot)


@pytest.fixture
def module(court: Court) -> Sender:
    """An account that stands in for a module contract."""
    court.send(court.client.grant_role(MODULE, address(STRANGER)), court.world.admin)
    return Sender(court.world.w3, STRANGER, lambda _: None)


@pytest.fixture
def held(court: Court) -> Court:
    """A dispute that holds ONE, CASE and CONSENT."""
    court.deposited(ONE)
    court.deposited(TWO)
    court.published(CASE)
    court.send(court.open(court.opening(records=(ONE,), cases=(CASE,))))
    return court
