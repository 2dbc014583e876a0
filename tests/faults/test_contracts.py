"""Every write of a contract about data may fail: it and what is told of it is whole or not there (D9, S21.9).

As in the crash table: the registry is opened again, which rolls forward; who was not acknowledged asks again.
One contract takes a fault of each step in turn. In the end each statement is there once, in order, and the
audit finds nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from sqlmodel import select

from tests.faults.turns import Armed, in_turn
from tests.ledger import world as w
from tests.ledger.trades.test_contracts import END, PACKAGE, SAID, Deal
from tests.ledger.world import World
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.contracts import Move
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.store.models_trades import TradeContract
from yinzheng.ledger.trades.contracts import conclude, shown
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.trade_contract import SignedContract


@dataclass
class Scene:
    """A deal before its contract is recorded."""

    world: World
    deal: Deal
    signed: SignedContract

    def of(self, world: World, registry: Registry) -> Deal:
        deal = copy.copy(self.deal)
        deal.world, deal.registry = world, registry
        return deal


@pytest.fixture(scope="module")
def scene(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("contracts")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        w.to_deposited(registry, world.clock, folder / "d")
        deal = Deal(world, registry)
        signed = deal.signed(deal.value())
    return Scene(world, deal, signed)


def _concluded(deal: Deal, signed: SignedContract) -> bytes:
    """Have it recorded, by who does not know whether it is."""
    with suppress(UsageFault):
        return conclude(deal.registry, signed, deal.seller.code).subject
    return only(deal.registry).subject


def _delivered(deal: Deal, signed: SignedContract) -> None:
    """Both at once: a statement that waits beside another goes its way with it."""
    _concluded(deal, signed)
    _tell(deal, Move.DELIVER)


def _tell(deal: Deal, move: Move) -> None:
    row = only(deal.registry)
    told, by = {
        Move.DELIVER: (PACKAGE, deal.seller),
        Move.ACCEPT: (SAID, deal.buyer),
        Move.END: (END, deal.buyer),
        Move.DESTROY: (None, deal.buyer),
    }[move]
    deal.tell(row, move, deal.destroyed(row, by) if told is None else told, by)


STEPS: Final[dict[str, Callable[[Deal, SignedContract], object]]] = {
    "delivered": _delivered,
    "accepted": lambda deal, _: _tell(deal, Move.ACCEPT),
    "ended": lambda deal, _: _tell(deal, Move.END),
    "closed": lambda deal, _: _tell(deal, Move.DESTROY),
}
"""What is asked for, by the state it leads to."""


def only(registry: Registry) -> TradeContract:
    with registry.store.reading() as session:
        return session.exec(select(TradeContract)).one()


def reached(registry: Registry, state: str) -> bool:
    with registry.store.reading() as session:
        row = session.exec(select(TradeContract)).one_or_none()
    return row is not None and row.state == state


def points_of(scene: Scene, folder: Path) -> dict[str, list[str]]:
    """By step, the points that it passes until it is settled."""
    recorder, world, passed = Recorder(), scene.world.copy(folder), {}
    for state, step in STEPS.items():
        with world.open(recorder, settle=False) as registry:
            recorder.seen.clear()
            step(scene.of(world, registry), scene.signed)
            settle(registry)
        passed[state] = [*recorder.seen]
    return passed


def strike(scene: Scene, world: World, state: str, point: str, occurrence: int) -> None:
    """Take the step until the fault strikes, open again, and ask again where it was not acknowledged."""
    armed, acknowledged = Armed(), False
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        armed.inner = RaiseAt(point, occurrence)
        STEPS[state](scene.of(world, registry), scene.signed)
        acknowledged = True
        settle(registry)
    with world.open() as registry:
        assert reached(registry, state) or not acknowledged
        go_on(scene, world, registry, state)


def go_on(scene: Scene, world: World, registry: Registry, state: str) -> None:
    if not reached(registry, state):
        STEPS[state](scene.of(world, registry), scene.signed)
        settle(registry)
    assert reached(registry, state)


def require_whole(scene: Scene, world: World) -> None:
    """Each statement once, in order, and nothing that the audit knows of is wrong."""
    with world.open() as registry:
        deal = scene.of(world, registry)
        subject = _concluded(deal, scene.signed)
        told: Any = shown(registry, subject, deal.seller.code)
        assert [one["type"].removeprefix("contract.") for one in told["events"]] == [
            "concluded", "delivered", "accepted", "ended", "destroyed",
        ]  # fmt: skip
        assert told["state"] == "closed"
        with pytest.raises(UsageFault) as again:
            deal.tell(only(registry), Move.END, END, deal.buyer)
        assert again.value.code == "move-not-allowed"
    assert world.audit() == []


def round_of(scene: Scene, world: World, faults: dict[str, tuple[str, int]]) -> None:
    """One contract, each of whose steps meets one fault, if there is one left for it."""
    for state in STEPS:
        if state not in faults:
            with world.open() as registry:
                go_on(scene, world, registry, state)
            continue
        point, occurrence = faults[state]
        try:
            strike(scene, world, state, point, occurrence)
        except BaseException as error:
            error.add_note(f"{state}: {point}, occurrence {occurrence}")
            raise
    require_whole(scene, world)


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after"])
def test_a_crash_leaves_a_contract_whole(scene: Scene, point: str, tmp_path: Path) -> None:
    round_of(scene, scene.world.copy(tmp_path / "state"), dict.fromkeys(STEPS, (point, 1)))


@pytest.mark.slow
def test_every_write_of_a_contract_may_fail(scene: Scene, tmp_path: Path) -> None:
    for number, faults in enumerate(in_turn(points_of(scene, tmp_path / "tried"))):
        round_of(scene, scene.world.copy(tmp_path / str(number)), faults)
