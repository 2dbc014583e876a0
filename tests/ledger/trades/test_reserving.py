"""An exchange's reservation is its own: no other exchange's order ends it, whichever way it is handed in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.organisations.enrolling import Member
from tests.ledger.trades.market import RIVAL, enrolled
from tests.ledger.world import World, unchanged
from yinzheng.ledger.certificates.listing import standing_of
from yinzheng.ledger.certificates.messages import message_of
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.reserving import reservation_of
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.order import Order, statement_of
from yinzheng.verifier.formats.reservation import Released, Reserved

NUMBER = "SJ4412026090001"


def order(registry: Registry, member: Member, body: Reserved | Released) -> bytes:
    """Have the exchange make an order and hand it in where everybody's are; its leaf hash."""
    with registry.store.reading() as session:
        now = standing_of(session, NUMBER)
    statement = statement_of(body, profile=now.profile, prev=now.head, by="exchange")
    assert member.wallet is not None
    signature = sign(message_of(body, statement.leaf_hash), registry.client.standing_domain, member.wallet)
    return execute(registry, Order(statement, body, signature))


def test_no_exchange_releases_what_another_reserved(demonstration_template: World, tmp_path: Path) -> None:
    world = demonstration_template.copy(tmp_path / "state")
    with world.open() as registry:
        w.to_deposited(registry, world.clock, tmp_path / "dossier")
        exchange, rival = enrolled(registry), enrolled(registry, RIVAL)
        settle(registry)
        own, other = (Party(one.name, one.code) for one in (exchange, rival))

        def refused(kept: bytes) -> None:
            with pytest.raises(UsageFault) as raised:
                order(registry, rival, Released(NUMBER, kept, other, world.clock.now))
            assert raised.value.code == "reservation-unknown"

        def state(kept: bytes) -> str:
            return reservation_of(registry, kept, exchange.code).state.value

        until = world.clock.now + 3600
        kept = order(registry, exchange, Reserved(NUMBER, until, own, world.clock.now))
        refused(kept)  # on its way to the chain, which knows of none to release
        settle(registry)
        assert state(kept) == "reserved"
        refused(kept)
        world.clock.advance(3601)
        refused(kept)  # lapsed
        assert state(kept) == "lapsed"


def test_no_reservation_is_recorded_twice(demonstration_template: World, tmp_path: Path) -> None:
    """The chain has the second one already, which is no refusal of it: the thread would have no end."""
    world = demonstration_template.copy(tmp_path / "state")
    with world.open() as registry:
        w.to_deposited(registry, world.clock, tmp_path / "dossier")
        exchange = enrolled(registry)
        settle(registry)
        own, until = Party(exchange.name, exchange.code), world.clock.now + 3600
        kept = order(registry, exchange, Reserved(NUMBER, until, own, world.clock.now))
        settle(registry)
        world.clock.advance(5)
        with unchanged(registry), pytest.raises(UsageFault) as raised:
            order(registry, exchange, Reserved(NUMBER, until, own, world.clock.now))
        assert raised.value.code == "certificate-reserved"
        assert reservation_of(registry, kept, exchange.code).state.value == "reserved"
