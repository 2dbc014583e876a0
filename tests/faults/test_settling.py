"""Every write between an exchange's report and its confirmation fails: a trade is settled or it is not (D9).

As in the crash table: the registry is opened again, which rolls forward; who was not told reports again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.faults.test_crash_table import Armed
from tests.ledger.moves.parties import settled
from tests.ledger.trades.market import RIVAL, enrolled
from tests.ledger.trades.test_settling import Trade
from tests.ledger.world import World, state_of
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.store import repository
from yinzheng.ledger.trades.settling import Report, settle_trade

DONE = {"licence": ("recorded", "licence.given"), "transfer": ("deposited", "right.transferred")}


@dataclass
class Scene:
    """A trade that lacks the exchange's report alone."""

    kind: str
    world: World
    trade: Trade
    report: Report

    def reported(self, world: World, registry: Registry) -> None:
        trade = replace(self.trade, parties=replace(self.trade.parties, world=world, registry=registry))
        settle_trade(registry, trade.kept, self.report, trade.exchange.code)

    def is_done(self, registry: Registry) -> bool:
        return state_of(registry, self.report.case) == DONE[self.kind][0]


@pytest.fixture(scope="module", params=DONE)
def scene(
    demonstration_template: World, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Scene:
    folder = tmp_path_factory.mktemp("settling")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        trade = Trade(settled(world, registry, folder / "d"), enrolled(registry), enrolled(registry, RIVAL))
        settle(registry)
        trade.kept = trade.reserve()
        asked = trade.parties.licence() if request.param == "licence" else trade.parties.transfer("use")
        case = trade.prepared(asked)
        report = trade.report(case, asked)
    return Scene(request.param, world, trade, report)


def points_of(scene: Scene, folder: Path) -> list[str]:
    recorder, world = Recorder(), scene.world.copy(folder)
    with world.open(recorder, settle=False) as registry:
        recorder.seen.clear()
        scene.reported(world, registry)
        settle(registry)
    return recorder.seen


def strike(scene: Scene, world: World, point: str, occurrence: int) -> None:
    armed, acknowledged = Armed(), False
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        armed.inner = RaiseAt(point, occurrence)
        scene.reported(world, registry)
        acknowledged = True
        settle(registry)
    with world.open() as registry:
        assert scene.is_done(registry) or not acknowledged
        if not scene.is_done(registry):
            scene.reported(world, registry)
            settle(registry)
        assert scene.is_done(registry)
        with registry.store.reading() as session:
            events = repository.events_of_case(session, scene.report.case)
        assert Counter(event.type for event in events)[DONE[scene.kind][1]] == 1
        trade = replace(scene.trade, parties=replace(scene.trade.parties, world=world, registry=registry))
        assert trade.shown.state == "consumed"
    assert world.audit() == []


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after", "chain.send.after"])
def test_a_crash_leaves_a_settlement_whole_or_undone(scene: Scene, point: str, tmp_path: Path) -> None:
    strike(scene, scene.world.copy(tmp_path / "state"), point, 1)


@pytest.mark.slow
def test_every_write_of_a_settlement_may_fail(scene: Scene, tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    for number, point in enumerate(points_of(scene, tmp_path / "tried")):
        seen[point] = seen.get(point, 0) + 1
        try:
            strike(scene, scene.world.copy(tmp_path / str(number)), point, seen[point])
        except BaseException as error:
            error.add_note(f"{point}, occurrence {seen[point]}")
            raise
