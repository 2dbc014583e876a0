"""The write of checks before a trade fails, or seems to: all of a transaction are recorded, or none (D9)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import col, select

from tests.faults.turns import Armed
from tests.ledger import world as w
from tests.ledger.trades.market import RIVAL, ask, enrolled, trade_of
from tests.ledger.trades.market import market as made
from tests.ledger.world import World
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_trades import TradeCheck
from yinzheng.ledger.trades.receipts import receipt_of

NUMBER = "SJ4412026090001"


@pytest.fixture(scope="module")
def market(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A registry with a certificate and two exchanges."""
    folder = tmp_path_factory.mktemp("asking")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        w.to_deposited(registry, world.clock, folder / "dossier")
        enrolled(registry)
        enrolled(registry, RIVAL)
        settle(registry)
    return world


def checks(registry: Registry) -> list[bytes]:
    """Leaves of the checks that are recorded; each is an event, and none of them is more."""
    with registry.store.reading() as session:
        rows = list(session.exec(select(TradeCheck.leaf)))
        events = session.exec(select(Event.leaf_hash).where(col(Event.type) == "trade.checked")).all()
    assert sorted(rows) == sorted(events)
    return rows


@pytest.mark.parametrize(("point", "kept"), [("store.commit.before", 0), ("store.commit.after", 2)])
def test_checks_of_one_transaction_are_all_recorded_or_none(
    market: World, point: str, kept: int, tmp_path: Path
) -> None:
    world, exchange = market.copy(tmp_path / "state"), made()
    armed = Armed()
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        armed.inner = RaiseAt(point)
        ask(registry, exchange, trade_of(NUMBER), trade_of(NUMBER, kind="transfer", registration="transfer"))
    with world.open() as registry:
        found = checks(registry)
        assert len(found) == kept
        settle(registry)
        for leaf in found:  # what was recorded is the exchange's, though it was not told
            receipt_of(registry, leaf, exchange.code)
        ask(registry, exchange, trade_of(NUMBER))
        assert len(checks(registry)) == kept + 1
    assert world.audit() == []
