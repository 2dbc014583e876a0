"""What an operator watches says what waits, and is quiet when nothing does."""

from __future__ import annotations

from pathlib import Path

from tests.ledger import world as w
from tests.ledger.world import Clock, World
from yinzheng.ledger.reading import open_reader


def test_what_waits_is_counted(tmp_path: Path) -> None:
    world = World(w.create(tmp_path / "state", Clock()), clock := Clock())

    def seen() -> dict[tuple[str, str], int]:
        with open_reader(world.root, clock) as reader:
            found = reader.measures(clock.now)
        return {(one.name, one.label[1] if one.label else ""): one.value for one in found}

    with world.open() as registry:
        w.to_reviewed(registry, tmp_path / "one")
    waiting = seen()
    assert waiting["statements_waiting", ""] > 0
    assert 0 < waiting["statements_waiting_since_seconds", ""] <= clock.now
    with world.open():
        pass
    settled = seen()
    assert settled["statements_waiting", ""] == settled["statements_waiting_since_seconds", ""] == 0
    assert settled["log_size", ""] == settled["log_anchored_size", ""] == waiting["statements_waiting", ""]
    assert settled["chain_block", ""] > waiting["chain_block", ""]
    for state in ("pending", "sent", "failed"):
        assert settled["chain_calls", state] == 0
    assert settled["withdrawals_overdue", ""] == settled["backup_time_seconds", ""] == 0
