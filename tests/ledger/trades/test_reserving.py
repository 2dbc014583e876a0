"""An exchange's reservation is its own: nobody else's order makes or ends it, however it is handed in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.organisations.enrolling import COURT, Member, enrol
from tests.ledger.trades.market import RIVAL, enrolled
from tests.ledger.world import KEEPER, World, actor_of, unchanged
from yinzheng.ledger.certificates.listing import standing_of
from yinzheng.ledger.certificates.messages import message_of
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.reserving import reservation_of, reservations_of
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations.enrolment import dismiss
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.order import Order, statement_of
from yinzheng.verifier.formats.reservation import Released, Reserved

NUMBER = "SJ4412026090001"


def order(
    registry: Registry, member: Member, body: Reserved | Released, wallet: EthereumKey | None = None
) -> bytes:
    """Have the exchange make an order and hand it in where everybody's are; its leaf hash."""
    return execute(registry, made(registry, member, body, wallet))


def made(
    registry: Registry, member: Member, body: Reserved | Released, wallet: EthereumKey | None = None
) -> Order:
    """What the exchange makes, and may hand in more than once; `wallet` signs in its stead."""
    with registry.store.reading() as session:
        now = standing_of(session, body.certificate)
    statement = statement_of(body, profile=now.profile, prev=now.head, by="exchange")
    key = wallet or member.wallet
    assert key is not None
    signature = sign(message_of(body, statement.leaf_hash), registry.client.standing_domain, key)
    return Order(statement, body, signature)


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
        assert raised.value.code == "reservation-own"
        with unchanged(registry), pytest.raises(UsageFault) as raised:
            order(registry, exchange, Reserved(NUMBER, until + 60, own, world.clock.now))
        assert kept.hex() in raised.value.hint, "its own, for which the contract named an account of zeros"
        assert reservation_of(registry, kept, exchange.code).state.value == "reserved"


def test_who_is_no_exchange_reserves_nothing(demonstration_template: World, tmp_path: Path) -> None:
    """A stranger, a forum, another exchange in its name, and one that was dismissed (R46)."""
    world = demonstration_template.copy(tmp_path / "state")
    with world.open() as registry:
        w.to_deposited(registry, world.clock, tmp_path / "dossier")
        exchange, rival = enrolled(registry), enrolled(registry, RIVAL)
        court_s = EthereumKey(b"\5" * 32)
        enrol(registry, Member(COURT, ("forum",), "某市中级人民法院", court_s.address, wallet=court_s))
        settle(registry)
        body = Reserved(NUMBER, world.clock.now + 3600, Party(exchange.name, exchange.code), world.clock.now)
        for wallet in (EthereumKey(b"\6" * 32), court_s, rival.wallet):
            with unchanged(registry), pytest.raises(UsageFault) as raised:
                order(registry, exchange, body, wallet)
            assert raised.value.code == "order-exchange"
        dismiss(registry, exchange.code, actor_of(registry, KEEPER))
        settle(registry)
        with unchanged(registry), pytest.raises(UsageFault) as raised:
            order(registry, exchange, body)
        assert raised.value.code == "order-exchange"
        assert reservations_of(registry, exchange.code) == ([], None)
