"""A short campaign of kills; `scripts/campaign` runs thousands of rounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaign import campaign, made_world
from tests.faults.striking import Tally

ROUNDS = 24


@pytest.mark.slow
def test_a_short_campaign(tmp_path: Path) -> None:
    tally = Tally()
    with made_world(tmp_path) as template:
        campaign(template, tmp_path, ROUNDS, 28, lambda _line: None, tally)
    assert tally.rounds.total() == ROUNDS
    assert tally.rounds["kill"] > 3
    assert len(tally.operations) > 6
    assert tally.audits == 2
