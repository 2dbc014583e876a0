"""A registry with enrolled organisations, made a minute ago; each module works on its own copy."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.desk.calls import DeskProcess, running_desk
from tests.ledger.conftest import demonstration_template, world
from tests.ledger.consent_world import ConsentWorld, Json, consent_body
from tests.ledger.world import Clock, World, create
from tests.shared import made_once
from yinzheng.ledger.store.models_consents import Notice
from yinzheng.verifier.bytes.algorithms import DigestPair

__all__ = ["demonstration_template", "world"]


@dataclass(frozen=True)
class Founded:
    """A state folder nobody writes to, and what consents to its notice need."""

    root: Path
    notice: Notice
    digest: DigestPair

    def consent(self, number: int = 1, **changes: object) -> Json:
        """A lawful consent given a few seconds ago."""
        return consent_body(self.notice, self.digest, int(time.time()) - 5, number, **changes)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    return made_once(tmp_path_factory, "desk", _founded)


def _founded(folder: Path) -> Founded:
    # A while ago, so that every clock of the tests is later.
    clock = Clock(int(time.time()) - 60)
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry:
        made = ConsentWorld(registry)
    return Founded(world.root, made.notice, made.digest)


@pytest.fixture(scope="session")
def copy_of(founded: Founded) -> Callable[[Path], Path]:
    def copy(target: Path) -> Path:
        shutil.copytree(founded.root, target)
        return target

    return copy


@pytest.fixture(scope="module")
def desk(founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskProcess]:
    """`yinzheng desk` over a copy of the registry, for one module."""
    state = tmp_path_factory.mktemp("running") / "state"
    shutil.copytree(founded.root, state)
    with running_desk(state) as running:
        yield running
