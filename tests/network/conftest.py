"""One network and one registry on it for all tests of a run, where there is geth or Go to build it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.network_parts.binaries import NoProgram, find_geth

pytest.register_assert_rewrite("tests.network.orphaned", "tests.network.faults", "tests.network.validators")

from tests.network.net import Net, Office, create  # noqa: E402


@pytest.fixture(scope="session")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    try:
        binary = find_geth()
    except NoProgram as fault:
        if "there is no Go" not in str(fault):
            raise
        pytest.skip("Go is not installed, nor a geth named by YINZHENG_GETH")
    started = Net.start(tmp_path_factory.mktemp("network") / "net", binary)
    yield started
    started.close()


@pytest.fixture(scope="session")
def founded(net: Net, tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("office")
    world = create(net, folder / "state", net.url("registry"))
    return Office.found(net, world, folder)


@pytest.fixture
def office(founded: Office) -> Iterator[Office]:
    """With all nodes well, the registry asking its own alone; so it is left, and its audit is clean."""
    founded.net.running()
    founded.change(founded.net.url("registry"))
    yield founded
    founded.net.running()
    founded.change(founded.net.url("registry"))
    with founded.world.open():
        pass  # which carries on what was left
    assert founded.codes() == set()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path
