"""Enrolling, replacing and revoking keys: what the ledger then says of them, and what it refuses (R41)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.ledger.access_lines import said
from tests.ledger.organisations.enrolling import COURT, HOSPITAL, LAB, Member, enrol
from tests.ledger.world import KEEPER, MEMBER, OFFICER, Clock, World, actor_of, unchanged
from yinzheng.ledger.chain.contracts import FORUM
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.organisations import enrolment, keys
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.key_history import End
from yinzheng.verifier.log.statement import Statement, organisation_subject


@pytest.fixture
def clock(world: World) -> Clock:
    return world.clock


def row(registry: Registry, code: str) -> Organisation:
    with registry.store.reading() as session:
        return session.get_one(Organisation, code)


def held_at(registry: Registry, member: Member, at: int) -> bool:
    with registry.store.reading() as session:
        return keys.find_key(session, member.code, member.kid, at) is not None


def refuse(registry: Registry, code: str, act: Callable[[], object]) -> None:
    with unchanged(registry), pytest.raises(YinzhengError) as raised:
        act()
    assert raised.value.code == code


def test_an_enrolment_is_a_public_statement_of_a_thread_of_its_own(registry: Registry, clock: Clock) -> None:
    hospital = Member(HOSPITAL, ("controller", "recipient"))
    leaf = enrol(registry, hospital, "https://hospital.example/notices?to=us")
    settle(registry)

    found = row(registry, HOSPITAL)
    assert (found.head, found.roles, found.webhook) == (
        leaf,
        "controller recipient",
        "https://hospital.example/notices?to=us",
    )
    with registry.store.reading() as session:
        (event,) = thread(session, leaf)
        assert keys.require(session, HOSPITAL, Role.RECIPIENT).code == HOSPITAL
        key = keys.public_key(session, HOSPITAL, hospital.kid, clock.now)
    statement = Statement.from_bytes(event.statement)
    assert key.point == hospital.key.public_key.point
    assert (statement.subject, statement.prev, statement.by) == (
        organisation_subject(HOSPITAL),
        None,
        "registry",
    )
    assert (event.sealed, event.case_id) == (b"", None)
    assert event.log_index is not None


def test_the_ledger_writes_when_not_the_organisation(registry: Registry, clock: Clock) -> None:
    hospital = Member(HOSPITAL)
    claimed = hospital.enrolment(clock.now - 3600)
    enrolment.enrol(registry, claimed, actor_of(registry, OFFICER))
    with registry.store.reading() as session:
        (event,) = thread(session, session.get_one(Organisation, HOSPITAL).head)
    assert event.public is not None
    assert f'"enrolled_at":{clock.now}'.encode() in event.public


def test_only_an_officer_enrols_and_once(registry: Registry, clock: Clock) -> None:
    hospital = Member(HOSPITAL)
    made = hospital.enrolment(clock.now)
    refuse(registry, "officer-needed", lambda: enrolment.enrol(registry, made, actor_of(registry, MEMBER)))
    refuse(registry, "person-unknown", lambda: enrolment.enrol(registry, made, actor_of(registry, "nobody")))
    enrolment.enrol(registry, made, actor_of(registry, OFFICER))
    refuse(
        registry,
        "organisation-enrolled",
        lambda: enrolment.enrol(registry, made, actor_of(registry, OFFICER)),
    )


@pytest.mark.parametrize("shift", [86_400, -400 * 86_400])
def test_a_key_that_does_not_hold_now_is_not_enrolled(registry: Registry, clock: Clock, shift: int) -> None:
    made = Member(HOSPITAL).enrolment(clock.now + shift)
    refuse(registry, "key-not-current", lambda: enrolment.enrol(registry, made, actor_of(registry, OFFICER)))


def test_roles_are_asked(registry: Registry) -> None:
    enrol(registry, Member(HOSPITAL))
    with registry.store.reading() as session:
        with pytest.raises(UsageFault, match="not enrolled as forum"):
            keys.require(session, HOSPITAL, Role.FORUM)
        with pytest.raises(UsageFault) as raised:
            keys.require(session, LAB, Role.CONTROLLER)
        assert raised.value.code == "organisation-unknown"
        with pytest.raises(DataFault) as unknown:
            keys.public_key(session, HOSPITAL, bytes(8), registry.clock())
        assert unknown.value.code == "key-not-in-force"
        assert keys.find_key(session, LAB, bytes(8), registry.clock()) is None


# ---------------------------------------------------------------- forums


def test_a_forum_is_enrolled_with_its_account_or_not_at_all(registry: Registry) -> None:
    """Enrolled without one it learned so at the last signature of what only it could sign."""
    refuse(registry, "account-needed", lambda: enrol(registry, Member(COURT, ("forum",))))
    with registry.store.reading() as session:
        assert session.get(Organisation, COURT) is None
    enrol(registry, Member(COURT, ("exchange",)))  # which checks trades without one


def test_a_forum_may_decide_on_chain_until_it_is_dismissed(registry: Registry, clock: Clock) -> None:
    account = bytes.fromhex("c0" * 20)
    enrol(registry, Member(COURT, ("forum",), account=account))
    assert not registry.client.has_role(FORUM, account)
    settle(registry)
    assert registry.client.has_role(FORUM, account)

    refuse(
        registry,
        "administrator-needed",
        lambda: enrolment.dismiss(registry, COURT, actor_of(registry, MEMBER)),
    )
    enrolment.dismiss(registry, COURT, actor_of(registry, KEEPER))
    settle(registry)
    assert not registry.client.has_role(FORUM, account)
    assert row(registry, COURT).account is None
    refuse(registry, "role-none", lambda: enrolment.dismiss(registry, COURT, actor_of(registry, KEEPER)))


def test_a_party_with_an_account_decides_nothing(registry: Registry) -> None:
    account = bytes.fromhex("c1" * 20)
    enrol(registry, Member(LAB, ("party",), account=account))
    settle(registry)
    assert not registry.client.has_role(FORUM, account)
    refuse(
        registry,
        "account-taken",
        lambda: enrol(registry, Member(COURT, ("forum",), account=account)),
    )


@pytest.mark.parametrize("name", [RELAY, KEEPER, OFFICER, MEMBER])
def test_who_decides_for_the_registry_is_no_forum(registry: Registry, name: str) -> None:
    account = registry.sender.address if name == RELAY else actor_of(registry, name).address
    refuse(registry, "roles-overlap", lambda: enrol(registry, Member(COURT, ("forum",), account=account)))


# ---------------------------------------------------------------- keys over time


def test_a_key_hands_over_to_its_successor_without_an_officer(registry: Registry, clock: Clock) -> None:
    old, new = Member(HOSPITAL), Sm2PrivateKey.generate()
    enrol(registry, old)
    begins = clock.now + 600
    enrolment.rotate(registry, old.rotation(new, begins), None)
    after = Member(HOSPITAL, key=new)
    assert held_at(registry, old, begins - 1)
    assert not held_at(registry, after, begins - 1)
    assert held_at(registry, after, begins)
    assert not held_at(registry, old, begins)


def test_no_organisation_fills_the_proofs_that_others_need(
    registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more than 256 statements about a party a contract could not be proved, and its partner paid."""
    monkeypatch.setattr(enrolment, "MOST_OWN", 3)
    member = Member(HOSPITAL)
    enrol(registry, member)
    for _ in range(2):
        clock.advance(600)
        new = Sm2PrivateKey.generate()
        enrolment.rotate(registry, member.rotation(new, clock.now), None)
        member = Member(HOSPITAL, key=new)
    clock.advance(600)
    made = member.rotation(Sm2PrivateKey.generate(), clock.now)
    refuse(registry, "officer-needed", lambda: enrolment.rotate(registry, made, None))
    enrolment.revoke(registry, member.revocation("lost", clock.now - 60), None)  # is always taken
    again = member.revocation("compromised", clock.now - 90)
    refuse(registry, "officer-needed", lambda: enrolment.revoke(registry, again, None))
    enrolment.revoke(registry, again, actor_of(registry, OFFICER))


def test_what_the_old_key_did_not_sign_is_no_rotation(registry: Registry, clock: Clock) -> None:
    old, new = Member(HOSPITAL), Sm2PrivateKey.generate()
    enrol(registry, old)
    unsigned = old.rotation(new, clock.now + 60, signed=False)
    for by in (None, actor_of(registry, OFFICER)):
        refuse(registry, "key-succession", partial(enrolment.rotate, registry, unsigned, by))


def test_a_rotation_that_arrives_late_begins_on_arrival(registry: Registry, clock: Clock) -> None:
    old, new = Member(HOSPITAL), Sm2PrivateKey.generate()
    enrol(registry, old)
    clock.advance(600)
    enrolment.rotate(registry, old.rotation(new, clock.now - 60), None)
    after = Member(HOSPITAL, key=new)
    assert held_at(registry, old, clock.now - 1)
    assert not held_at(registry, after, clock.now - 1)
    assert held_at(registry, after, clock.now)


def test_a_lost_key_is_replaced_by_an_officer(registry: Registry, clock: Clock) -> None:
    old, new = Member(HOSPITAL), Sm2PrivateKey.generate()
    enrol(registry, old)
    clock.advance(86_400)
    enrolment.revoke(registry, old.revocation("lost", clock.now - 3600), actor_of(registry, OFFICER))
    made = old.rotation(new, clock.now + 60, signed=False)
    refuse(registry, "officer-needed", lambda: enrolment.rotate(registry, made, None))
    refuse(registry, "officer-needed", lambda: enrolment.rotate(registry, made, actor_of(registry, MEMBER)))
    enrolment.rotate(registry, made, actor_of(registry, OFFICER))
    clock.advance(60)
    assert held_at(registry, Member(HOSPITAL, key=new), clock.now)
    with registry.store.reading() as session:
        assert [key.end for key in keys.keys_of(session, HOSPITAL)] == [End.LOST, End.EXPIRED]


def test_after_a_compromise_what_was_stamped_before_stands(registry: Registry, clock: Clock) -> None:
    member = Member(HOSPITAL)
    enrol(registry, member)
    enrolled = clock.now
    clock.advance(7200)
    enrolment.revoke(registry, member.revocation("compromised", clock.now - 3600), None)
    assert held_at(registry, member, enrolled + 3599)
    assert not held_at(registry, member, enrolled + 3600)


@pytest.mark.parametrize(("shift", "code"), [(1, "key-instant"), (-3600, "")])
def test_since_when_is_told_afterwards(registry: Registry, clock: Clock, shift: int, code: str) -> None:
    member = Member(HOSPITAL)
    enrol(registry, member)
    told = member.revocation("lost", clock.now + shift)
    if code:
        refuse(registry, code, lambda: enrolment.revoke(registry, told, actor_of(registry, OFFICER)))
    else:
        enrolment.revoke(registry, told, actor_of(registry, OFFICER))
        assert not held_at(registry, member, clock.now)


def test_only_an_organisations_own_key_is_revoked(registry: Registry, clock: Clock) -> None:
    hospital, lab = Member(HOSPITAL), Member(LAB, ("recipient",))
    enrol(registry, hospital)
    enrol(registry, lab)
    foreign = Member(HOSPITAL, key=lab.key).revocation("lost", clock.now)
    refuse(registry, "key-unknown", lambda: enrolment.revoke(registry, foreign, actor_of(registry, OFFICER)))
    refuse(
        registry,
        "officer-needed",
        lambda: enrolment.revoke(
            registry, hospital.revocation("lost", clock.now), actor_of(registry, MEMBER)
        ),
    )


# ---------------------------------------------------------------- where they are told


@pytest.mark.parametrize(
    "address",
    [
        "http://hospital.example/hook",
        "https://user:pass@hospital.example/",
        "https://hospital.example/#part",
        "https://hospital.example:0/",
        "https://hospital.example:99999/",
        "https:///hook",
        "ftp://127.0.0.1/",
        "http://127.0.0.1.example/",
        "http://2130706433/",
        "https://hospital.example/ hook",
        "https://医院.example/",
        "https://evil.example\\@hospital.example/",
        "https://[::1",
        "https://hospital.example/" + "a" * 500,
    ],
)
def test_an_address_that_is_no_webhook(registry: Registry, address: str) -> None:
    refuse(registry, "webhook-address", lambda: enrol(registry, Member(HOSPITAL), address))


@pytest.mark.parametrize(
    "address",
    ["https://h.example/x?y=1", "http://127.0.0.1:9/x", "http://[::1]:9/", "http://localhost:9/"],
)
def test_an_address_that_is_one(registry: Registry, address: str) -> None:
    enrol(registry, Member(HOSPITAL))
    enrolment.change_webhook(registry, HOSPITAL, address, actor_of(registry, OFFICER))
    assert row(registry, HOSPITAL).webhook == address
    assert said(registry)[-1] == (OFFICER, "act", "organisation", HOSPITAL)
    enrolment.change_webhook(registry, HOSPITAL, None, None)
    assert row(registry, HOSPITAL).webhook is None
    refuse(
        registry,
        "officer-needed",
        lambda: enrolment.change_webhook(registry, HOSPITAL, address, actor_of(registry, MEMBER)),
    )
