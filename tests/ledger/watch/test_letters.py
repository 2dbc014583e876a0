"""Letters to real servers that take, fail and recover: in order, nothing missed, dead ones sent again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.disputes.court import COURT, OPENER, Court
from tests.ledger.withdrawals.test_deliveries import Server, deliver, serving
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.notify import deliveries
from yinzheng.ledger.notify.sending import Courier, read_network
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.ledger.store.models_watch import Watched
from yinzheng.ledger.watch import letters
from yinzheng.ledger.watch.subscriptions import (
    MOST,
    Shown,
    Subscribed,
    subscribe,
    subscriptions_of,
    unsubscribe,
)
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.webhook import Webhook, parse_webhook, verify_webhook

DAY = 86_400
COURIER = Courier(loopback=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def shown(court: Court) -> Shown:
    with court.registry.store.reading() as session:
        certificate = repository.find_certificate(session, court.made.number)
        event = session.get_one(Event, certificate.event_id)
        return Shown(certificate.number, event.leaf_hash)


def watch(court: Court, url: str | None = None, code: str = OPENER) -> Subscribed:
    return subscribe(court.registry, code, [shown(court)], url)


def round_(court: Court) -> tuple[int, int]:
    return deliver(court.registry, COURIER, court.registry.clock())


def until_quiet(court: Court) -> None:
    while round_(court) != (0, 0):
        pass


def told(court: Court, server: Server, code: str = OPENER) -> list[Webhook]:
    """What arrived, each verified."""
    issuer, now = court.registry.keys.sm2(ISSUER).public_key, court.registry.clock()
    return [verify_webhook(body, header, issuer, to=code, now=now) for _, body, header in server.got]


def types(letter: Webhook) -> list[str]:
    events: Any = letter.data["events"]
    return [event["statement"]["type"] for event in events]


def code_of(run: Any) -> str:
    with pytest.raises(YinzhengError) as caught:
        run()
    return caught.value.code


def test_what_happens_after_subscribing_is_told_in_order(court: Court, server: Server) -> None:
    seen = watch(court, server.url)
    assert round_(court) == (0, 0)  # the deposit was before
    id_ = court.open()
    assert round_(court) == (1, 0)
    court.settle_dispute(id_)
    assert round_(court) == (1, 0)
    first, second = told(court, server)
    assert (types(first), types(second)) == (["dispute.opened"], ["dispute.released"])
    assert first.data["begin"] == seen.begin
    assert second.data["begin"] == first.data["end"]
    events: Any = first.data["events"]
    assert [event["certificates"] for event in events] == [[court.made.number]]
    with court.registry.store.reading() as session:
        assert letters.letters_are_due(session) is False


def test_a_letter_that_is_not_taken_holds_back_the_next(court: Court, server: Server) -> None:
    watch(court, server.url)
    server.mood = 500
    id_ = court.open()
    assert round_(court) == (0, 1)
    court.settle_dispute(id_)
    assert round_(court) == (0, 0)  # not yet due again, and the next waits
    server.mood = 204
    court.world.clock.advance(60)
    until_quiet(court)
    assert [types(one) for one in told(court, server)] == [
        ["dispute.opened"], ["dispute.opened"], ["dispute.released"],
    ]  # fmt: skip
    assert len({one.id for one in told(court, server)}) == 2


@pytest.mark.parametrize("taken", [False, True])
def test_killed_between_claiming_and_noting(court: Court, server: Server, taken: bool) -> None:
    watch(court, server.url)
    id_ = court.open()
    claimed = deliveries.claim(court.registry, court.registry.clock())
    if taken:
        deliveries.send_all(claimed, COURIER)
    court.settle_dispute(id_)
    court.opened.close()
    with court.world.open() as registry:
        again = Court(court.world, registry, court.made)
        assert round_(again) == (0, 0)
        court.world.clock.advance(60)
        until_quiet(again)
        kinds = [types(one) for one in told(again, server)]
    assert kinds == [["dispute.opened"]] * (1 + taken) + [["dispute.released"]]


def test_killed_while_a_letter_is_written(
    court: Court, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(court, server.url)
    court.open()
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "pending", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            round_(court)
    with court.registry.store.reading() as session:
        assert session.exec(select(Delivery).where(Delivery.kind == letters.KIND)).all() == []
    until_quiet(court)
    assert [types(one) for one in told(court, server)] == [["dispute.opened"]]


def test_many_events_are_many_letters(court: Court, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "MAX_EVENTS", 2)
    watch(court, server.url)
    for _ in range(2):
        court.settle_dispute(court.open())
    until_quiet(court)
    arrived = told(court, server)
    assert [types(one) for one in arrived] == [["dispute.opened", "dispute.released"]] * 2
    assert arrived[0].data["end"] == arrived[1].data["begin"]


# ---------------------------------------------------------------- dead letters


def given_up(court: Court, server: Server) -> bytes:
    server.mood = 503
    for _ in range(deliveries.MOST_ATTEMPTS):
        assert round_(court)[1] == 1
        court.world.clock.advance(6 * 3600)
    ((dead,), _) = deliveries.dead_letters(court.registry, OPENER)
    assert (dead.attempts, dead.error) == (deliveries.MOST_ATTEMPTS, "webhook-status")
    return dead.id


def test_how_often_a_letter_is_tried_in_so_many_hours(court: Court, server: Server) -> None:
    assert deliveries.MOST_ATTEMPTS == deliveries.attempts_within(deliveries.LETTER_HOURS) == 12
    assert [deliveries.attempts_within(hours) for hours in (1, 72)] == [6, 20]
    waits = [deliveries.backoff(attempt) for attempt in range(1, 20)]
    assert sum(waits) <= 72 * 3600 < sum(waits) + deliveries.backoff(20)
    watch(court, server.url)
    court.open()
    server.mood = 503
    for attempts in (1, 2):
        out = deliveries.claim(court.registry, court.registry.clock())
        deliveries.note(
            court.registry, [(one.id, "webhook-status") for one in out], court.registry.clock(), most=2
        )
        court.world.clock.advance(6 * 3600)
        assert len(deliveries.dead_letters(court.registry, OPENER)[0]) == attempts - 1


def test_a_dead_letter_lets_the_next_out_and_is_sent_again(court: Court, server: Server) -> None:
    watch(court, server.url)
    id_ = court.open()
    dead = given_up(court, server)
    court.settle_dispute(id_)
    server.mood, before = 204, len(server.got)
    until_quiet(court)
    deliveries.resend(court.registry, OPENER, dead)
    assert deliveries.dead_letters(court.registry, OPENER) == ([], None)
    until_quiet(court)
    released, opened = told(court, server)[before:]
    assert (types(released), types(opened)) == (["dispute.released"], ["dispute.opened"])
    assert opened.id == dead


def test_letters_sent_again_in_one_second_go_in_the_order_they_were_written(
    court: Court, server: Server
) -> None:
    watch(court, server.url)
    server.mood = 503
    for _ in range(4):
        court.settle_dispute(court.open())
        for _ in range(deliveries.MOST_ATTEMPTS):
            round_(court)
            court.world.clock.advance(6 * 3600)
    written, _ = deliveries.dead_letters(court.registry, OPENER)
    assert len({one.made_at for one in written}) == len(written) > 3
    server.mood, before = 204, len(server.got)
    for one in reversed(written):
        deliveries.resend(court.registry, OPENER, one.id)
    until_quiet(court)
    again = [one.id for one in told(court, server)[before:]]
    assert again[: len(written)] == [one.id for one in written]


def test_a_letter_sent_again_holds_nothing_back(court: Court, server: Server) -> None:
    watch(court, server.url)
    id_ = court.open()
    dead = given_up(court, server)
    court.settle_dispute(id_)
    assert round_(court) == (0, 1)
    deliveries.resend(court.registry, OPENER, dead)
    court.settle_dispute(court.open())
    server.mood = 204
    court.world.clock.advance(60)
    until_quiet(court)
    assert len({one.id for one in told(court, server)}) == 3


def test_only_its_own_and_only_dead_ones(court: Court, server: Server) -> None:
    watch(court, server.url)
    court.open()
    dead = given_up(court, server)
    assert code_of(lambda: deliveries.resend(court.registry, COURT, dead)) == "letter-unknown"
    deliveries.resend(court.registry, OPENER, dead)
    assert code_of(lambda: deliveries.resend(court.registry, OPENER, dead)) == "letter-unknown"
    assert code_of(lambda: deliveries.resend(court.registry, OPENER, bytes(16))) == "letter-unknown"


# ---------------------------------------------------------------- subscribing


def test_each_hears_of_its_own(court: Court, server: Server) -> None:
    mine, others = watch(court, server.url), watch(court, server.url + "&other", COURT)
    watch(court)
    with court.registry.store.reading() as session:
        assert subscriptions_of(session, COURT) == [others]
        assert len(subscriptions_of(session, OPENER)) == 2
    court.open()
    until_quiet(court)
    assert {parse_webhook(body).to for _, body, _ in server.got} == {OPENER, COURT}
    assert len(server.got) == 2
    assert code_of(lambda: unsubscribe(court.registry, COURT, mine.id)) == "subscription-unknown"
    unsubscribe(court.registry, OPENER, mine.id)
    assert code_of(lambda: unsubscribe(court.registry, OPENER, mine.id)) == "subscription-unknown"


def test_nothing_is_sent_after_the_end(court: Court, server: Server) -> None:
    seen = watch(court, server.url)
    court.open()
    server.mood = 500
    assert round_(court) == (0, 1)
    unsubscribe(court.registry, OPENER, seen.id)
    court.world.clock.advance(DAY)
    assert round_(court) == (0, 0)
    with court.registry.store.reading() as session:
        (row,) = session.exec(select(Delivery).where(Delivery.kind == letters.KIND))
        assert row.state == "moot"
        assert session.exec(select(Watched)).all() == []


def test_who_has_not_the_certificate_watches_nothing(court: Court) -> None:
    have = shown(court)
    for other in (Shown(have.number, bytes(32)), Shown("SJ4412026099999", have.leaf)):
        with pytest.raises(YinzhengError) as caught:
            subscribe(court.registry, OPENER, [have, other], None)
        assert (caught.value.code, caught.value.data["index"]) == ("certificate-unknown", 1)
    with court.registry.store.reading() as session:
        assert subscriptions_of(session, OPENER) == []
    unknown = "91990100DEM0009993"
    assert code_of(lambda: subscribe(court.registry, unknown, [have], None)) == "organisation-unknown"


def test_as_many_as_one_may_have(court: Court) -> None:
    for _ in range(MOST):
        watch(court)
    assert code_of(lambda: watch(court)) == "subscriptions-many"
    assert code_of(lambda: watch(court, "http://hospital.example/", COURT)) == "webhook-address"


# ---------------------------------------------------------------- where nothing is sent


def refused(courier: Courier, url: str) -> str:
    with pytest.raises(UsageFault) as caught:
        courier.check(url)
    return caught.value.code


@pytest.mark.parametrize(
    ("address", "network"),
    [("10.2.0.9", "10.2.0.0/16"), ("fd00::1", "fd00::/8"), ("169.254.169.254", "169.254.0.0/16")],
)
def test_private_addresses_are_refused_unless_configured(address: str, network: str) -> None:
    def courier(*within: str) -> Courier:
        return Courier(resolve=lambda _host, _port: [address], within=[*map(read_network, within)])

    url = "https://inside.example/"
    assert refused(courier(), url) == refused(courier("10.3.0.0/16", "fe80::/10"), url) == "webhook-private"
    courier("10.3.0.0/16", network).check(url)


def test_addresses_that_are_none() -> None:
    nothing = Courier(resolve=lambda _host, _port: [])
    assert refused(nothing, "https://gone.example/") == "webhook-private"
    assert refused(Courier(), "http://127.0.0.1:1/") == "webhook-address"
    assert refused(Courier(), "ftp://example.org/") == "webhook-address"
    assert code_of(lambda: read_network("10.2.0.1/16")) == "network-malformed"


def test_an_open_registry(registry: Registry) -> None:
    """Without any certificate nothing is due."""
    with registry.store.reading() as session:
        assert letters.letters_are_due(session) is False
