"""A right's history through disputes: whoever opened and ended each is told as the chain has it (S23.3)."""

from __future__ import annotations

import pytest

from tests.ledger.disputes.court import Court
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.judge.history.verify import verify_history
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.words import history as words


@pytest.mark.parametrize("kind", ["party", "forum"])
@pytest.mark.parametrize("end", ["party", "forum", None])
def test_who_opened_and_ended_is_who_did(court: Court, kind: str, end: str | None) -> None:
    id_ = court.open(kind)
    if end == "party":
        court.settle_dispute(id_)
    elif end == "forum":
        court.execute(id_)
    settle(court.registry)
    with open_reader(court.world.root, court.world.clock) as reader:
        file = reader.right_history(court.made.number)
        assert file is not None
        report = verify_history(read_target(file), reader.trust(), now=court.now)
    finding = report.finding(9)
    assert (finding.outcome, finding.code) == (Outcome.VALID, "ok"), finding
    (held,) = report.holdings
    assert words.state(held).en == ("in force" if end else "held")
    assert report.to_json()["certificates"][0]["standing"] == ("in_force" if end else "held")
    told = [(line.type, line.by) for line in report.lines if line.type.startswith("dispute.")]
    assert told == [("dispute.opened", kind), *([("dispute.released", end)] if end else [])]
