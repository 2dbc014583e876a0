"""A forum seizes, lifts and cancels on its own signature alone; nothing half done (D16, R7, R16)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import select

from tests.ledger.certificates import forum as f
from tests.ledger.certificates.test_remarks import SEIZED, enter, lift, record, refused
from tests.ledger.disputes.court import APPLICANT, COURT, STRANGER, Court
from tests.ledger.world import KEEPER, actor_of
from yinzheng.ledger.certificates import messages
from yinzheng.ledger.certificates.calls import FORUM_CANCELLATION
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.work import registered
from yinzheng.ledger.chain.approvals_moves import Cancellation, RemarkEntry
from yinzheng.ledger.chain.records import Status
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.rules.certificates import REMARK_BITS
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.order import parse_order
from yinzheng.verifier.formats.webhook import parse_webhook

SEIZURE = REMARK_BITS[RemarkKind.SEIZURE]


def test_a_forum_seizes_and_lifts(court: Court) -> None:
    seized = f.carry_out(court, f.seizing(court))
    assert record(court).remarks == SEIZURE
    # What the forum seized no officer lifts; what an officer entered the forum may lift.
    refused(court, lambda: lift(court, "seizure", SEIZED), "seized-by-forum")
    entered = enter(court, RemarkKind.SEIZURE, SEIZED)
    f.carry_out(court, f.lifting(court, entered))
    f.carry_out(court, f.lifting(court, seized))
    assert record(court).remarks == 0
    refused(court, lambda: f.carry_out(court, f.lifting(court, seized)), "remark-not-standing")
    assert [(one.by_forum, one.lifted_at is None) for one in f.standing(court).remarks] == [
        (True, False), (False, False)
    ]  # fmt: skip
    # Whoever holds the certificate is told each time.
    with court.registry.store.reading() as session:
        told = [parse_webhook(row.body) for row in session.exec(select(Delivery)).all()]
    mine = [
        str(one.data["type"]) for one in told if (one.to, one.kind) == (APPLICANT, "certificate.recorded")
    ]
    assert sorted(mine) == ["remark.entered", "remark.entered", "remark.lifted", "remark.lifted"]
    assert court.audit() == set()


def test_a_cancellation_that_the_contracts_refuse_ends_nothing(court: Court) -> None:
    execute(court.registry, parse_order(f.ordered(court, f.cancelling(court)).to_json()))
    refusal = UsageFault("held", code="held")
    with court.registry.store.transaction() as session:
        call = session.exec(select(ChainCall).where(ChainCall.kind == FORUM_CANCELLATION.name)).one()
        assert registered(session, court.made.number).ended == "cancelled"
        assert FORUM_CANCELLATION.refusal(session, call, refusal) is refusal
    with court.registry.store.reading() as session:
        assert registered(session, court.made.number).ended is None


def test_a_forum_cancels_for_good(court: Court) -> None:
    enter(court, RemarkKind.PLEDGE, replace(SEIZED, document=None))
    order = f.ordered(court, f.cancelling(court))
    again = parse_order(order.to_json())
    leaf = execute(court.registry, again)
    assert execute(court.registry, again) == leaf  # handed in twice, done once
    settle(court.registry)
    assert record(court).status is Status.CANCELLED
    with court.registry.store.reading() as session:
        assert registered(session, court.made.number).ended == "cancelled"
    assert court.registry.client.cancellation(record(court).id) == leaf
    assert court.world.verify(court.made.number).status.value == "cancelled"
    for body in (f.seizing(court), f.cancelling(court, reference="另案")):
        refused(court, lambda body=body: f.carry_out(court, body), "certificate-over")
    with pytest.raises(UsageFault, match="over: it was cancelled or superseded, or it lapsed") as told:
        f.carry_out(court, f.seizing(court))
    assert "does not follow" not in told.value.message
    assert "tells what ended it" in str(told.value.hint)
    assert court.audit() == set()


def test_what_a_dispute_holds_is_not_cancelled(court: Court) -> None:
    dispute = court.open("forum")
    refused(court, lambda: f.carry_out(court, f.cancelling(court)), "certificate-held")
    f.carry_out(court, f.seizing(court))  # remarks go on (R38)
    court.execute(dispute)
    f.carry_out(court, f.cancelling(court))
    assert record(court).status is Status.CANCELLED


def test_who_decides_nothing_here(court: Court) -> None:
    body, registry = f.seizing(court), court.registry
    home = registry.client.standing_domain
    elsewhere = f.ordered(court, body, domain=replace(home, chain_id=home.chain_id + 1))
    other = replace(f.ordered(court, body), body=f.seizing(court, reference="另一文书"))
    strange = f.ordered(court, body, STRANGER)
    posing = f.ordered(court, f.seizing(court, by={"name": "另一法院", "code": COURT}))
    for order in (elsewhere, strange, posing):
        refused(court, lambda order=order: execute(registry, order), "order-forum")
    with pytest.raises(YinzhengError) as raised:
        parse_order(other.to_json())
    assert raised.value.code == "commitment"
    enrolment.dismiss(registry, COURT, actor_of(registry, KEEPER))
    settle(registry)
    refused(court, lambda: execute(registry, f.ordered(court, body)), "order-forum")


def test_an_order_is_the_next_of_its_certificate(court: Court) -> None:
    early = f.ordered(court, f.seizing(court))
    enter(court, RemarkKind.CONTROL, SEIZED)
    refused(court, lambda: execute(court.registry, early), "order-moved")
    old = f.ordered(court, f.seizing(court, at=court.now - 86_401))
    ahead = f.ordered(court, f.seizing(court, at=court.now + 1))
    for order in (old, ahead):
        refused(court, lambda order=order: execute(court.registry, order), "decision-date")
    foreign = f.ordered(court, f.seizing(court), profile="GD-HEALTH/1")
    refused(court, lambda: execute(court.registry, foreign), "order-moved")
    for changes in (
        {"by": "registry"},
        {"type": "certificate.lapsed"},
        {"at": court.now - 1},
        {"prev": None},
    ):
        order = f.ordered(court, f.seizing(court), **changes)
        with pytest.raises(YinzhengError) as raised:
            parse_order(order.to_json())
        assert raised.value.code == "order-malformed"
    # A forum seizes and cancels; it enters nothing else, and cancels in nobody else's name.
    for body in (
        f.seizing(court, kind="control"),
        f.cancelling(court, initiator="registry", ground="law"),
    ):
        with pytest.raises(YinzhengError) as raised:
            parse_order(f.ordered(court, body).to_json())
        assert raised.value.code == "order-malformed"


def test_a_forum_goes_past_the_registry(court: Court) -> None:
    """It sends its call itself; the statement is taken in afterwards, and nothing is asked twice."""
    registry = court.registry
    for body in (f.seizing(court), f.cancelling(court)):
        order = f.ordered(court, body)
        message = messages.message_of(body, order.statement.leaf_hash)
        if isinstance(message, RemarkEntry):
            call = registry.client.enter_remark(message, order.signature)
        else:
            assert isinstance(message, Cancellation)
            call = registry.client.cancel(message, (), [order.signature])
        registry.sender.send(call, 10)
        assert execute(registry, order) == order.statement.leaf_hash
        settle(registry)
    assert record(court).status is Status.CANCELLED
    assert court.audit() == set()
