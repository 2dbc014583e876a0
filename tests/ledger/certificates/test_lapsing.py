"""A certificate lapses without anyone's act; a dispute's hold alone makes its record wait (R10, R38)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import col, select

from tests.ledger.certificates.test_remarks import record
from tests.ledger.disputes.court import Court
from tests.ledger.world import OFFICER, actor_of, to_deposited
from yinzheng.ledger.certificates import remarks
from yinzheng.ledger.certificates.calls import LAPSE
from yinzheng.ledger.certificates.lapsing import lapse_expired
from yinzheng.ledger.certificates.work import registered, statements_of
from yinzheng.ledger.chain.records import Status
from yinzheng.ledger.flow import carrying, heartbeat
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.store.models import ChainCall
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault, YinzhengError
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


def test_one_that_the_chain_refuses_is_taken_back_and_holds_up_no_other(court: Court, tmp_path: Path) -> None:
    """Here one of a certificate that the chain does not have."""
    registry = court.registry
    other = to_deposited(registry, court.world.clock, tmp_path / "other")[1]
    court.world.clock.now = record(court).valid_until + 30 * 86_400
    heartbeat.beat(registry)
    assert lapse_expired(registry) == [court.made.number, other]
    with registry.store.transaction() as session:
        call = session.exec(
            select(ChainCall).where(ChainCall.kind == LAPSE.name).order_by(col(ChainCall.id))
        ).first()
        assert call is not None
        call.data = registry.client.record_lapse(bytes(32), bytes.fromhex(call.about)).data
    with pytest.raises(YinzhengError):
        settle(registry)
    settle(registry)
    assert record(court).status is Status.IN_FORCE
    with registry.store.reading() as session:
        assert registered(session, court.made.number).ended is None
        assert registered(session, other).ended == "lapsed"
    found = registry.client.record(certificate_subject(other))
    assert found is not None
    assert found.status is Status.LAPSED


def test_what_a_dispute_holds_waits(court: Court) -> None:
    dispute = court.open("forum")
    court.world.clock.now = record(court).valid_until + 1
    assert lapse_expired(court.registry) == []
    court.execute(dispute)
    assert lapse_expired(court.registry) == [court.made.number]
    settle(court.registry)
    assert record(court).status is Status.LAPSED
