"""One demonstration registry for all tests of the command line; whoever writes takes a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.commands import build_demonstration
from tests.cli.rights_world import Scene, require_quiet, scene
from tests.shared import made_once


@dataclass(frozen=True)
class Demonstration:
    """Folders of a finished demonstration; nobody writes to them."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def trust(self) -> Path:
        return self.out / "trust.json"

    @property
    def numbers(self) -> list[str]:
        return sorted(path.stem for path in self.out.glob("SJ*.json"))

    def file(self, suffix: str, at: int = 0) -> Path:
        """The certificate's document of this kind."""
        return self.out / f"{self.numbers[at]}.{suffix}"


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    def build(folder: Path) -> Path:
        build_demonstration(folder)
        return folder

    folder = tmp_path_factory.mktemp("demonstration") / "own"  # which many tests read in place
    shutil.copytree(made_once(tmp_path_factory, "demonstration", build), folder)
    return Demonstration(folder)


@pytest.fixture
def copied(demonstration: Demonstration, tmp_path: Path) -> Callable[[], Path]:
    """Give a copy of the state folder to write to."""

    def copy() -> Path:
        target = tmp_path / "state"
        shutil.copytree(demonstration.state, target)
        return target

    return copy


@pytest.fixture
def state(copied: Callable[[], Path]) -> Path:
    return copied()


@pytest.fixture(scope="session")
def rights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Consents, a withdrawal and a dispute behind a running desk, whose log says nothing private."""
    with scene(tmp_path_factory.mktemp("rights")) as made:
        yield made
    log = made.desk.log.read_text()
    require_quiet(log)
    for secret in (*made.subjects.values(), *(qr.rsplit(".", 1)[1] for qr in made.receipts.values())):
        assert secret not in log
    for qr in made.receipts.values():
        assert all(qr.rsplit(".", 1)[1] not in text for text in made.quiet)
    assert "Traceback" not in log
