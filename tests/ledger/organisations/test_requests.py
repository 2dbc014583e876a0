"""Signed requests against the ledger's own keys and nonces (S11.3)."""

from __future__ import annotations

import secrets
import threading

import pytest
from sqlmodel import select

from tests.ledger.organisations.enrolling import HOSPITAL, LAB, REGISTRY, Member, check_request, enrol
from tests.ledger.world import Clock, World
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_consents import Nonce
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.request import WINDOW, Received, Request


@pytest.fixture
def clock(world: World) -> Clock:
    return world.clock


@pytest.fixture
def hospital(registry: Registry) -> Member:
    member = Member(HOSPITAL)
    enrol(registry, member)
    return member


def arrived(now: int, path: str = "/org/v1/consents", body: bytes = b"{}") -> Received:
    return Received(REGISTRY, "POST", path, digest_pair(body), now)


def check(registry: Registry, token: str, received: Received) -> Request:
    return check_request(registry.store, token, received)


def refused(registry: Registry, token: str, received: Received) -> str:
    with pytest.raises(YinzhengError) as raised:
        check_request(registry.store, token, received)
    return raised.value.code


def nonces(registry: Registry) -> int:
    with registry.store.reading() as session:
        return len(session.exec(select(Nonce)).all())


def test_a_request_is_taken_once(registry: Registry, clock: Clock, hospital: Member) -> None:
    token = hospital.request(clock.now)
    assert check(registry, token, arrived(clock.now)).org == HOSPITAL
    assert refused(registry, token, arrived(clock.now)) == "request-replayed"
    assert nonces(registry) == 1


def test_what_is_refused_uses_up_nothing(registry: Registry, clock: Clock, hospital: Member) -> None:
    now, nonce = clock.now, secrets.token_bytes(16)
    thief = Sm2PrivateKey.generate()
    token = hospital.request(now, nonce=nonce)
    head = token.partition(".")[0]
    other = hospital.request(now, nonce=nonce, body=b"other").partition(".")[2]
    assert refused(registry, token, arrived(now + WINDOW + 1)) == "request-stale"
    elsewhere = hospital.request(now, nonce=nonce, registry=bytes(32))
    assert refused(registry, elsewhere, arrived(now)) == "request-elsewhere"
    assert refused(registry, token, arrived(now, path="/org/v1/notices")) == "request-mismatch"
    assert refused(registry, token, arrived(now, body=b"{ }")) == "request-mismatch"
    assert refused(registry, f"{head}.{other}", arrived(now)) == "request-signature"
    assert refused(registry, hospital.request(now, key=thief), arrived(now)) == "request-key-unknown"
    assert refused(registry, Member(LAB).request(now), arrived(now)) == "request-key-unknown"
    assert nonces(registry) == 0
    check(registry, token, arrived(now))


def test_nonces_are_forgotten_when_time_alone_refuses_them(
    registry: Registry, clock: Clock, hospital: Member
) -> None:
    first = hospital.request(clock.now)
    check(registry, first, arrived(clock.now))
    clock.advance(WINDOW)
    check(registry, hospital.request(clock.now), arrived(clock.now))
    assert nonces(registry) == 2
    assert refused(registry, first, arrived(clock.now)) == "request-replayed"
    clock.advance(1)
    assert refused(registry, first, arrived(clock.now)) == "request-stale"
    check(registry, hospital.request(clock.now), arrived(clock.now))
    assert nonces(registry) == 2


def test_two_organisations_may_choose_one_nonce(registry: Registry, clock: Clock, hospital: Member) -> None:
    lab = Member(LAB, ("recipient",))
    enrol(registry, lab)
    nonce = secrets.token_bytes(16)
    for member in (hospital, lab):
        check(registry, member.request(clock.now, nonce=nonce), arrived(clock.now))


def test_a_key_counts_by_our_clock(registry: Registry, clock: Clock, hospital: Member) -> None:
    new = Sm2PrivateKey.generate()
    enrolment.rotate(registry, hospital.rotation(new, clock.now + 100), None)
    assert (
        refused(registry, hospital.request(clock.now, key=new), arrived(clock.now)) == "request-key-unknown"
    )
    check(registry, hospital.request(clock.now), arrived(clock.now))
    clock.advance(100)
    assert refused(registry, hospital.request(clock.now - 10), arrived(clock.now)) == "request-key-unknown"
    check(registry, hospital.request(clock.now, key=new), arrived(clock.now))


def test_a_compromised_key_is_refused_at_once_whatever_time_it_claims(
    registry: Registry, clock: Clock, hospital: Member
) -> None:
    clock.advance(60)
    enrolment.revoke(registry, hospital.revocation("compromised", clock.now), None)
    for claimed in (clock.now, clock.now - 30):
        assert refused(registry, hospital.request(claimed), arrived(clock.now)) == "request-key-unknown"


def test_who_is_not_admitted_keeps_the_nonce(registry: Registry, clock: Clock, hospital: Member) -> None:
    def nobody(code: str) -> None:
        raise UsageFault(f"too many requests of {code}", code="rate-limited")

    token = hospital.request(clock.now)
    with pytest.raises(UsageFault):
        check_request(registry.store, token, arrived(clock.now), nobody)
    check(registry, token, arrived(clock.now))


def test_of_many_at_once_one_is_taken(registry: Registry, clock: Clock, hospital: Member) -> None:
    token = hospital.request(clock.now)
    taken: list[bytes] = []
    codes: list[str] = []

    def attempt() -> None:
        try:
            taken.append(check(registry, token, arrived(clock.now)).nonce)
        except YinzhengError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    assert codes == ["request-replayed"] * 7
