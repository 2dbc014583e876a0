"""Every write between an exchange's report and its confirmation fails: a trade is settled or it is not (D9).

As in the crash table: the registry is opened again, which rolls forward; who was not told reports again. One
registry takes a fault of a licence and of a transfer, and is looked at whole once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlmodel import select

from tests.faults.turns import Armed, in_turn
from tests.ledger.moves.parties import settled
from tests.ledger.trades.market import RIVAL, enrolled
from tests.ledger.trades.test_settling import PAPER, Trade
from tests.ledger.world import World, state_of, to_deposited
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.trades.settling import Report, settle_trade

DONE = {"licence": ("recorded", "licence.given"), "transfer": ("deposited", "right.transferred")}


@dataclass
class Scene:
    """Trades of a licence and of a transfer, each of its own certificate, that lack the report alone."""

    world: World
    trades: dict[str, tuple[Trade, Report]] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)
    """By kind, the points that it passes until it is settled."""

    def trade(self, world: World, registry: Registry, kind: str) -> Trade:
        made, _ = self.trades[kind]
        return replace(made, parties=replace(made.parties, world=world, registry=registry))

    def reported(self, world: World, registry: Registry, kind: str) -> None:
        trade, report = self.trade(world, registry, kind), self.trades[kind][1]
        settle_trade(registry, trade.kept, report, trade.exchange.code)

    def is_done(self, registry: Registry, kind: str) -> bool:
        return state_of(registry, self.trades[kind][1].case) == DONE[kind][0]


@pytest.fixture(scope="module")
def scene(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("settling")
    world = demonstration_template.copy(folder / "state")
    found = Scene(world)
    with world.open() as registry:
        first = settled(world, registry, folder / "licence")
        _, number = to_deposited(registry, world.clock, folder / "transfer")
        market, rival = enrolled(registry), enrolled(registry, RIVAL)
        settle(registry)
        for kind, parties in (("licence", first), ("transfer", first.take(number))):
            trade = Trade(parties, market, rival)
            trade.kept = trade.reserve()
            asked, contract = parties.licence(), PAPER
            if kind == "transfer":  # by a contract that is recorded, whose thread is told of it
                asked, contract = parties.transfer("use"), trade.contract(kind, rights=["use"])
            case = trade.prepared(asked)
            found.trades[kind] = trade, trade.report(case, asked, contract)
    tried = world.copy(folder / "tried")
    for kind in DONE:
        recorder = Recorder()
        with tried.open(recorder, settle=False) as registry:
            recorder.seen.clear()
            found.reported(tried, registry, kind)
            settle(registry)
        found.passed[kind] = recorder.seen
    require_whole(found, tried)
    return found


def require_whole(scene: Scene, world: World) -> None:
    """Each is settled once, and nothing that the audit knows of is wrong."""
    with world.open() as registry:
        for kind, (_, report) in scene.trades.items():
            assert scene.is_done(registry, kind)
            with registry.store.reading() as session:
                events = repository.events_of_case(session, report.case)
            assert Counter(event.type for event in events)[DONE[kind][1]] == 1
            shown = scene.trade(world, registry, kind).shown
            assert (shown.state, shown.contract is not None) == ("consumed", kind == "transfer")
        with registry.store.reading() as session:
            told = session.exec(select(Event).where(Event.type == "contract.settled")).all()
        assert len(told) == 1
    assert world.audit() == []


def strike(scene: Scene, world: World, kind: str, point: str, occurrence: int) -> None:
    """Report until the fault strikes, open again, and report again where it was not acknowledged."""
    armed, acknowledged = Armed(), False
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        armed.inner = RaiseAt(point, occurrence)
        scene.reported(world, registry, kind)
        acknowledged = True
        settle(registry)
    with world.open() as registry:
        assert scene.is_done(registry, kind) or not acknowledged
        go_on(scene, world, registry, kind)


def go_on(scene: Scene, world: World, registry: Registry, kind: str) -> None:
    if not scene.is_done(registry, kind):
        scene.reported(world, registry, kind)
        settle(registry)
    assert scene.is_done(registry, kind)


def round_of(scene: Scene, world: World, faults: dict[str, tuple[str, int]]) -> None:
    """Both trades, each of which meets one fault, if there is one left for it."""
    for kind in DONE:
        if kind not in faults:
            with world.open() as registry:
                go_on(scene, world, registry, kind)
            continue
        try:
            strike(scene, world, kind, *faults[kind])
        except BaseException as error:
            error.add_note(f"{kind}: {faults[kind]}")
            raise
    require_whole(scene, world)


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after", "chain.send.after"])
def test_a_crash_leaves_a_settlement_whole_or_undone(scene: Scene, point: str, tmp_path: Path) -> None:
    round_of(scene, scene.world.copy(tmp_path / "state"), dict.fromkeys(DONE, (point, 1)))


@pytest.mark.slow
def test_every_write_of_a_settlement_may_fail(scene: Scene, tmp_path: Path) -> None:
    for number, faults in enumerate(in_turn(scene.passed)):
        round_of(scene, scene.world.copy(tmp_path / str(number)), faults)
