"""A token for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.keys.softhsm import Hsm, softhsm


@pytest.fixture
def hsm(tmp_path: Path) -> Iterator[Hsm]:
    with softhsm(tmp_path) as made:
        yield made
