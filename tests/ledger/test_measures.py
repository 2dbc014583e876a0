"""What an operator watches says what waits, and is quiet when nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.withdrawals.clinic import HOSPITAL, HOUR, LAB, NOTICE, Clinic
from tests.ledger.world import Clock, World
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt


def seen(world: World) -> dict[tuple[str, str], int]:
    with open_reader(world.root, world.clock) as reader:
        found = reader.measures(world.clock.now)
    return {(one.name, one.label[1] if one.label else ""): one.value for one in found}


def test_a_withdrawal_is_overdue_from_its_very_second_until_it_is_carried_out(world: World) -> None:
    with world.open() as registry:
        consents = cw.ConsentWorld(registry, **NOTICE)
        clinic = Clinic(world, registry, consents.notice, consents.digest)
        id_ = clinic.file(clinic.grant())
        settle(registry)
        begun = clinic.row(id_).received_at
        assert (seen(world)["withdrawals_running", ""], seen(world)["withdrawals_overdue", ""]) == (1, 0)
        for later, late in ((48 * HOUR + 1, 0), (72 * HOUR, 0), (72 * HOUR + 1, 1)):
            world.clock.now = begun + later
            assert seen(world)["withdrawals_overdue", ""] == late
            assert registry.client.is_overdue(id_, world.clock.now) is bool(late)
        clinic.freeze(id_)
        assert seen(world)["withdrawals_overdue", ""] == 1
        clinic.confirm(id_, LAB, HOSPITAL)
        settle(registry)
        clinic.tick()
        settle(registry)
        assert (seen(world)["withdrawals_running", ""], seen(world)["withdrawals_overdue", ""]) == (0, 0)


@pytest.mark.parametrize("point", ["chain.send.before", "chain.commit.before"])
def test_a_call_that_is_stuck_says_since_when(world: World, tmp_path: Path, point: str) -> None:
    with pytest.raises(InjectedFault), world.open(RaiseAt(point), settle=False) as registry:
        w.to_publicity(registry, tmp_path / "dossier")
        settle(registry)
    since = world.clock.now
    world.clock.advance(2 * HOUR)
    stuck = seen(world)
    assert stuck["chain_calls", "sent"] > 0
    assert since - HOUR < stuck["chain_calls_since_seconds", "sent"] <= since
    with world.open():
        pass
    assert {one: count for one, count in seen(world).items() if one[0] == "chain_calls" and count} == {}


def test_what_waits_is_counted(tmp_path: Path) -> None:
    world = World(w.create(tmp_path / "state", Clock()), clock := Clock())
    with world.open() as registry:
        w.to_reviewed(registry, tmp_path / "one")
    waiting = seen(world)
    assert waiting["statements_waiting", ""] > 0
    assert 0 < waiting["statements_waiting_since_seconds", ""] <= clock.now
    with world.open():
        pass
    settled = seen(world)
    assert settled["statements_waiting", ""] == settled["statements_waiting_since_seconds", ""] == 0
    assert settled["log_size", ""] == settled["log_anchored_size", ""] == waiting["statements_waiting", ""]
    assert settled["chain_block", ""] > waiting["chain_block", ""]
    for state in ("pending", "sent", "failed"):
        assert settled["chain_calls", state] == 0
    assert settled["withdrawals_overdue", ""] == settled["backup_time_seconds", ""] == 0
