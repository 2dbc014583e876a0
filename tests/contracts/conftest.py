"""One chain for all contract tests of a process: each test begins at the moment it needs.

The moments follow each other: contracts deployed, modules beside them, then either certificates with holders
or a dispute that holds something. Nobody cleans up: who comes next goes back to a moment of its own.
"""

from dataclasses import replace

import pytest

from tests.contracts.disputes import CASE, ONE, TWO, Court
from tests.contracts.estate import Estate
from tests.contracts.ground import Moment
from tests.contracts.world import STRANGER, World, address
from yinzheng.ledger.chain.contracts import MODULE
from yinzheng.ledger.chain.sender import Sender


@pytest.fixture(scope="session")
def _world() -> tuple[World, Moment]:
    made = World.create()
    return made, made.ground.moment()


@pytest.fixture
def world(_world: tuple[World, Moment]) -> World:
    """A chain with the contracts, as it was right after deployment."""
    made, moment = _world
    made.ground.back_to(moment)
    return made


@pytest.fixture(scope="session")
def _court(_world: tuple[World, Moment]) -> tuple[Court, Moment]:
    world, moment = _world
    world.ground.back_to(moment)
    return Court.create(world), world.ground.moment()


@pytest.fixture
def court(_court: tuple[Court, Moment]) -> Court:
    """A chain with contracts and modules, as it was right after their deployment."""
    made, moment = _court
    made.world.ground.back_to(moment)
    return made


@pytest.fixture(scope="session")
def _estate(_court: tuple[Court, Moment]) -> tuple[Estate, Moment]:
    court, moment = _court
    court.world.ground.back_to(moment)
    return Estate.create(court), court.world.ground.moment()


@pytest.fixture
def estate(_estate: tuple[Estate, Moment]) -> Estate:
    """Certificates with holders who have accounts, as they were right after their deposit."""
    made, moment = _estate
    made.court.world.ground.back_to(moment)
    return replace(made, held=dict(made.held), keys=dict(made.keys))


@pytest.fixture
def module(court: Court) -> Sender:
    """An account that stands in for a module contract."""
    court.send(court.client.grant_role(MODULE, address(STRANGER)), court.world.admin)
    return Sender(court.world.w3, STRANGER, lambda _: None)


@pytest.fixture(scope="session")
def _held(_court: tuple[Court, Moment]) -> Moment:
    court, moment = _court
    court.world.ground.back_to(moment)
    court.deposited(ONE)
    court.deposited(TWO)
    court.published(CASE)
    court.send(court.open(court.opening(records=(ONE,), cases=(CASE,))))
    return court.world.ground.moment()


@pytest.fixture
def held(court: Court, _held: Moment) -> Court:
    """A dispute that holds ONE, CASE and CONSENT."""
    court.world.ground.back_to(_held)
    return court
