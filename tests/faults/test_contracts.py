"""Every write of a contract about data may fail: it and what is told of it is whole or not there (D9, S21.9).

As in the crash table: the registry is opened again, which rolls forward; who was not acknowledged asks again.
In the end each statement is there once, in order, and the audit finds nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.faults.test_crash_table import Armed
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


def recorded(registry: Registry, deal: Deal, signed: SignedContract) -> bytes:
    """Have it recorded, by who does not know whether it is."""
    with suppress(UsageFault):
        return conclude(registry, signed, deal.seller.code).subject
    with registry.store.reading() as session:
        return session.exec(select(TradeContract.subject)).one()


STEPS: tuple[tuple[str, Callable[[Deal, TradeContract], Any]], ...] = (
    ("delivered", lambda deal, row: deal.tell(row, Move.DELIVER, PACKAGE, deal.seller)),
    ("accepted", lambda deal, row: deal.tell(row, Move.ACCEPT, SAID, deal.buyer)),
    ("ended", lambda deal, row: deal.tell(row, Move.END, END, deal.buyer)),
    ("closed", lambda deal, row: deal.tell(row, Move.DESTROY, deal.destroyed(row, deal.buyer), deal.buyer)),
)
"""What is told after the contract, each with the state it leads to."""


def row_of(registry: Registry, subject: bytes) -> TradeContract:
    with registry.store.reading() as session:
        return session.get_one(TradeContract, subject)


def points_of(scene: Scene, folder: Path) -> list[str]:
    """The fault points passed by one contract from signature to destruction."""
    recorder, world = Recorder(), scene.world.copy(folder)
    with world.open(recorder, settle=False) as registry:
        recorder.seen.clear()
        run(scene.of(world, registry), registry, scene.signed)
    return recorder.seen


def run(deal: Deal, registry: Registry, signed: SignedContract) -> None:
    """Go on from wherever it stands to the end, as whoever was not told what became of a request."""
    subject = recorded(registry, deal, signed)
    for state, step in STEPS:
        reached = [name for name, _ in STEPS]
        now = row_of(registry, subject).state
        if now in reached and reached.index(now) >= reached.index(state):
            continue
        assert step(deal, row_of(registry, subject)) == state
        settle(registry)


def strike(scene: Scene, world: World, point: str, occurrence: int) -> None:
    armed = Armed()
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        armed.inner = RaiseAt(point, occurrence)
        run(scene.of(world, registry), registry, scene.signed)
    with world.open() as registry:
        deal = scene.of(world, registry)
        run(deal, registry, scene.signed)
        settle(registry)
        subject = recorded(registry, deal, scene.signed)
        told: Any = shown(registry, subject, deal.seller.code)
        assert [one["type"].removeprefix("contract.") for one in told["events"]] == [
            "concluded", "delivered", "accepted", "ended", "destroyed",
        ]  # fmt: skip
        assert told["state"] == "closed"
        with pytest.raises(UsageFault) as again:
            deal.tell(row_of(registry, subject), Move.END, END, deal.buyer)
        assert again.value.code == "move-not-allowed"
    assert world.audit() == []


@pytest.mark.parametrize("occurrence", [1, 3, 5])
@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after"])
def test_a_crash_leaves_a_contract_whole(scene: Scene, point: str, occurrence: int, tmp_path: Path) -> None:
    strike(scene, scene.world.copy(tmp_path / "state"), point, occurrence)


@pytest.mark.slow
def test_every_write_of_a_contract_may_fail(scene: Scene, tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    for number, point in enumerate(points_of(scene, tmp_path / "tried")):
        seen[point] = seen.get(point, 0) + 1
        try:
            strike(scene, scene.world.copy(tmp_path / str(number)), point, seen[point])
        except BaseException as error:
            error.add_note(f"{point}, occurrence {seen[point]}")
            raise
