"""A certificate lapses without anyone's act; a dispute's hold alone makes its record wait (R10, R38)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from tests.ledger.certificates import forum
from tests.ledger.certificates.test_remarks import record
from tests.ledger.disputes.court import Court
from tests.ledger.inlets.test_finding import STRANGER, tell
from tests.ledger.world import OFFICER, actor_of, to_deposited
from yinzheng.ledger.certificates import remarks
from yinzheng.ledger.certificates.calls import LAPSE
from yinzheng.ledger.certificates.lapsing import lapse_expired
from yinzheng.ledger.certificates.messages import message_of
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.work import registered, statements_of
from yinzheng.ledger.chain.approvals_moves import Cancellation
from yinzheng.ledger.chain.records import Status
from yinzheng.ledger.flow import carrying, heartbeat
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.store.models import ChainCall
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.order import Order
from yinzheng.verifier.formats.standing import MAX_STANDING, parse_lapse
from yinzheng.verifier.log.statement import certificate_subject


def test_the_round_writes_down_what_is_past(court: Court) -> None:
    registry, number = court.registry, court.made.number
    ends = record(court).valid_until
    court.world.clock.now = ends
    assert lapse_expired(registry) == []
    court.world.clock.now = ends + 1
    settle(registry)
    before = court.world.verify(number)
    assert (before.authentic.value, before.status.value) == ("genuine", "expired")

    assert lapse_expired(registry) == [number]
    assert lapse_expired(registry) == []
    settle(registry)
    assert record(court).status is Status.LAPSED
    with registry.store.reading() as session:
        row = registered(session, number)
        (event,) = statements_of(session, row)
        assert row.ended == "lapsed"
    lapse = parse_lapse(canonical.loads(event.public or b"", max_bytes=MAX_STANDING))
    assert (lapse.certificate, lapse.valid_until, lapse.at) == (number, ends, ends + 1)
    assert court.world.verify(number).status.value == "lapsed"
    with pytest.raises(UsageFault) as raised:
        remarks.enter(registry, number, RemarkKind.OTHER, remarks.Grounds("x"), actor_of(registry, OFFICER))
    assert raised.value.code == "certificate-over"
    assert court.audit() == set()


def test_opening_the_registry_is_enough(court: Court) -> None:
    court.opened.close()
    court.world.clock.now += 4 * 366 * 86_400
    with court.world.open() as registry, registry.store.reading() as session:
        assert registered(session, court.made.number).ended == "lapsed"
    assert "certificate-standing" not in court.world.codes()


def test_many_share_a_block_untried(court: Court, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry, clock = court.registry, court.world.clock
    made = (to_deposited(registry, clock, tmp_path / str(n))[1] for n in range(4))
    numbers = [court.made.number, *made]
    clock.now = record(court).valid_until + 30 * 86_400
    heartbeat.beat(registry)
    assert lapse_expired(registry) == numbers
    monkeypatch.delattr(carrying, "simulate_in_time")
    at = registry.w3.eth.block_number
    settle(registry)
    assert registry.w3.eth.block_number == at + 1
    for number in numbers:
        found = registry.client.record(certificate_subject(number))
        assert found is not None
        assert found.status is Status.LAPSED
    assert court.audit() == set()


def test_one_that_the_chain_refuses_is_taken_back_and_holds_up_nobody(court: Court, tmp_path: Path) -> None:
    """A forum tells the contracts alone that it is over, after the lapse was stated and before it is sent."""
    registry, number = court.registry, court.made.number
    other = to_deposited(registry, court.world.clock, tmp_path / "other")[1]
    court.world.clock.now = record(court).valid_until + 30 * 86_400
    heartbeat.beat(registry)
    order = forum.ordered(court, forum.cancelling(court))
    assert lapse_expired(registry) == [number, other]
    tell_the_contracts(court, order)
    settle(registry)  # nobody asked for it, and nobody is told
    with registry.store.reading() as session:
        assert registered(session, number).ended is None
        assert registered(session, other).ended == "lapsed"
        failed = session.exec(select(ChainCall).where(ChainCall.state == "failed")).one()
    assert (failed.kind, failed.error) == (LAPSE.name, "record-state")
    found = registry.client.record(certificate_subject(other))
    assert found is not None
    assert found.status is Status.LAPSED
    court.opened.close()
    with court.world.open():
        pass
    assert court.world.codes() == {"call-failed", "certificate-standing", "ending-differs"}


def test_one_that_a_forum_ended_past_the_registry_keeps_nobody_out(court: Court, tmp_path: Path) -> None:
    """And its order is taken in afterwards as at any time (S24)."""
    number = court.made.number
    other = to_deposited(court.registry, court.world.clock, tmp_path / "other")[1]
    court.world.clock.now = record(court).valid_until - 3600
    order = forum.ordered(court, forum.cancelling(court))
    tell_the_contracts(court, order)
    court.opened.close()
    court.world.clock.now += 22 * 3600
    with court.world.open():
        pass
    court.world.clock.now += 3600
    assert court.world.codes() == {"certificate-standing", "ending-differs"}
    with court.world.open() as registry:
        execute(registry, order)
        settle(registry)
        with registry.store.reading() as session:
            row = registered(session, number)
            assert row.ended == "cancelled"
            assert [event.type for event in statements_of(session, row)] == ["certificate.cancelled"]
            assert registered(session, other).ended == "lapsed"
    assert court.world.codes() == set()


def tell_the_contracts(court: Court, order: Order) -> None:
    """As the forum itself does, past the registry."""
    message = message_of(order.body, order.statement.leaf_hash)
    assert isinstance(message, Cancellation)
    tell(court.registry, STRANGER, court.registry.client.cancel(message, (), [order.signature]))


def test_what_a_dispute_holds_waits(court: Court) -> None:
    dispute = court.open("forum")
    court.world.clock.now = record(court).valid_until + 1
    assert lapse_expired(court.registry) == []
    court.execute(dispute)
    assert lapse_expired(court.registry) == [court.made.number]
    settle(court.registry)
    assert record(court).status is Status.LAPSED
