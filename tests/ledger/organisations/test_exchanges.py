"""An exchange is enrolled, appointed on chain, and loses that with its key (R46, D16)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.faults.turns import Armed
from tests.ledger.organisations.enrolling import COURT, HOSPITAL, LAB, Member, enrol
from tests.ledger.world import KEEPER, OFFICER, Clock, World, actor_of
from yinzheng.ledger.chain import grants
from yinzheng.ledger.chain.contracts import EXCHANGE, FORUM
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.flow.outbox import nothing_to
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.organisations.whose import whose
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.organisation import Rotation

EXCHANGE_CODE = LAB
ACCOUNT = bytes.fromhex("e8" * 20)


@pytest.fixture
def clock(world: World) -> Clock:
    return world.clock


def test_an_exchange_may_act_on_chain_until_its_key_is_revoked(world: World, clock: Clock) -> None:
    market = Member(EXCHANGE_CODE, ("exchange",), account=ACCOUNT)
    with world.open() as registry:
        enrol(registry, market)
        assert not registry.client.has_role(EXCHANGE, ACCOUNT)
        settle(registry)
        assert registry.client.has_role(EXCHANGE, ACCOUNT)
        assert not registry.client.has_role(FORUM, ACCOUNT)
    assert world.audit() == []

    with world.open() as registry:
        enrolment.revoke(
            registry,
            market.revocation("compromised", clock.now),
            actor_of(registry, OFFICER),
            administrator=actor_of(registry, KEEPER),
        )
        settle(registry)
        assert not registry.client.has_role(EXCHANGE, ACCOUNT)
    assert world.audit() == []


def test_a_dismissed_exchange_is_appointed_again_as_often_as_needed(world: World, clock: Clock) -> None:
    market = Member(EXCHANGE_CODE, ("exchange",), account=ACCOUNT)
    with world.open() as registry:
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)

        def again() -> None:
            enrolment.appoint(registry, EXCHANGE_CODE, officer, administrator=keeper)

        enrol(registry, market)
        for _ in range(3):
            settle(registry)
            assert registry.client.has_role(EXCHANGE, ACCOUNT)
            assert _code(again) == "role-held"
            enrolment.dismiss(registry, EXCHANGE_CODE, keeper)
            assert _code(again) == "role-held", "its dismissal is on its way"
            settle(registry)
            assert not registry.client.has_role(EXCHANGE, ACCOUNT)
            again()
        settle(registry)
    assert world.audit() == []
    with world.open() as registry:
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrolment.revoke(registry, market.revocation("lost", clock.now), officer, administrator=keeper)
        settle(registry)
        assert _code(again) == "key-not-current"
        enrol(registry, Member(HOSPITAL, ("controller",)))
        plain = lambda: enrolment.appoint(registry, HOSPITAL, officer, administrator=keeper)  # noqa: E731
        assert _code(plain) == "role-none"
    assert world.audit() == []


def _code(act: Callable[[], object]) -> str:
    with pytest.raises(UsageFault) as raised:
        act()
    return raised.value.code


def _spend_elsewhere(registry: Registry, by: Actor) -> None:
    """Use an administrator's next nonce for something else: what waits for it fails for good."""
    sender = Sender(registry.w3, by.key.account(), time.sleep)
    made = sender.prepare(nothing_to(sender), sender.next_nonce(), sender.fees())
    sender.broadcast_all([made])
    sender.wait(made.hash, 60)
    with pytest.raises(YinzhengError):
        settle(registry)


@pytest.mark.parametrize(("role", "on_chain"), [("exchange", EXCHANGE), ("forum", FORUM)])
def test_another_account_takes_over_with_another_key(world: World, role: str, on_chain: int) -> None:
    """One that lost the key of its account, or was enrolled before it had one, acts on under its own code."""
    first = None if role == "exchange" else ACCOUNT
    member, other = Member(EXCHANGE_CODE, (role,), account=first), bytes.fromhex("e9" * 20)
    with world.open() as registry:
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrol(registry, member)
        enrol(registry, Member(HOSPITAL, ("party",), account=b"\1" * 20))
        settle(registry)
        world.clock.advance(60)
        now = registry.clock()
        rotation = member.rotation(Sm2PrivateKey(77), now, account=other)
        taken = member.rotation(Sm2PrivateKey(77), now, account=b"\1" * 20)
        assert _code(lambda: enrolment.rotate(registry, rotation, None)) == "officer-needed"
        assert _code(lambda: enrolment.rotate(registry, rotation, officer)) == "administrator-needed"

        def both(body: Rotation) -> bytes:
            return enrolment.rotate(registry, body, officer, administrator=keeper)

        assert _code(lambda: both(taken)) == "account-taken"
        both(rotation)
        settle(registry)
        assert registry.client.has_role(on_chain, other)
        assert first is None or not registry.client.has_role(on_chain, first)
        enrolment.dismiss(registry, EXCHANGE_CODE, keeper)
        settle(registry)
        assert not registry.client.has_role(on_chain, other)
        enrolment.appoint(registry, EXCHANGE_CODE, officer, administrator=keeper)
        settle(registry)
        assert registry.client.has_role(on_chain, other)
    assert world.audit() == []


def test_an_account_that_keeps_its_role_is_named_and_dismissed(world: World) -> None:
    """The administrator used the key elsewhere, so that what was to take the role is never mined."""
    member, other = Member(EXCHANGE_CODE, ("forum",), account=ACCOUNT), bytes.fromhex("e9" * 20)
    with world.open() as registry:
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrol(registry, member)
        settle(registry)
        world.clock.advance(60)
        rotation = member.rotation(Sm2PrivateKey(77), registry.clock(), account=other)
        enrolment.rotate(registry, rotation, officer, administrator=keeper)
        _spend_elsewhere(registry, keeper)
        settle(registry)
        assert registry.client.has_role(FORUM, ACCOUNT)
        assert registry.client.has_role(FORUM, other)
    assert world.codes() == {"role-outlives-account", "call-failed"}
    with world.open() as registry:
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrolment.dismiss(registry, EXCHANGE_CODE, keeper)
        settle(registry)
        enrolment.appoint(registry, EXCHANGE_CODE, officer, administrator=keeper)
        settle(registry)
        assert not registry.client.has_role(FORUM, ACCOUNT)
        assert registry.client.has_role(FORUM, other)


def test_who_never_got_its_role_is_appointed_again(world: World) -> None:
    member = Member(EXCHANGE_CODE, ("exchange",), account=ACCOUNT)
    with world.open() as registry:
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrol(registry, member)

        def again() -> None:
            enrolment.appoint(registry, EXCHANGE_CODE, officer, administrator=keeper)

        assert _code(again) == "role-held", "it is on its way"
        _spend_elsewhere(registry, keeper)
        again()
        settle(registry)
        assert registry.client.has_role(EXCHANGE, ACCOUNT)


def test_an_account_that_was_given_up_is_nobody_elses(world: World) -> None:
    """What it did is its organisation's: another that names it would come into that."""
    member, other = Member(EXCHANGE_CODE, ("forum",), account=ACCOUNT), bytes.fromhex("e9" * 20)
    with world.open() as registry:
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrol(registry, member)
        settle(registry)
        world.clock.advance(60)
        rotation = member.rotation(Sm2PrivateKey(77), registry.clock(), account=other)
        enrolment.rotate(registry, rotation, officer, administrator=keeper)
        enrolment.dismiss(registry, EXCHANGE_CODE, keeper)
        party = Member(COURT, ("party",), account=b"\1" * 20)
        enrol(registry, party)
        settle(registry)
        world.clock.advance(60)
        for account in (ACCOUNT, other):
            stranger = Member(HOSPITAL, ("party",), account=account)
            assert _code(partial(enrol, registry, stranger)) == "account-taken"
            body = party.rotation(Sm2PrivateKey(78), registry.clock(), account=account)
            assert _code(partial(enrolment.rotate, registry, body, officer)) == "account-taken"
            with registry.store.reading() as session:
                found = whose(session, account)
                assert found is not None
                assert found.code == EXCHANGE_CODE
    assert world.audit() == []


def test_a_party_gets_its_account_by_an_officer_alone(world: World) -> None:
    member, account = Member(HOSPITAL, ("controller", "party")), b"\3" * 20
    with world.open() as registry:
        enrol(registry, member)
        world.clock.advance(60)
        rotation = member.rotation(Sm2PrivateKey(77), registry.clock(), account=account)
        enrolment.rotate(registry, rotation, actor_of(registry, OFFICER))
        with registry.store.reading() as session:
            assert session.get_one(Organisation, HOSPITAL).account == account
    assert world.audit() == []


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after", "chain.send.after"])
def test_an_appointment_is_whole_or_undone(world: World, point: str) -> None:
    with world.open() as registry:
        enrol(registry, Member(EXCHANGE_CODE, ("exchange",), account=ACCOUNT))
        settle(registry)
        enrolment.dismiss(registry, EXCHANGE_CODE, actor_of(registry, KEEPER))
        settle(registry)
    armed = Armed()
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        people = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        armed.inner = RaiseAt(point, 1)
        enrolment.appoint(registry, EXCHANGE_CODE, people[0], administrator=people[1])
        settle(registry)
    with world.open() as registry:
        if point == "store.commit.before":
            people = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
            enrolment.appoint(registry, EXCHANGE_CODE, people[0], administrator=people[1])
            settle(registry)
        assert registry.client.has_role(EXCHANGE, ACCOUNT)
    assert world.audit() == []


def test_the_audit_names_an_exchange_that_outlives_its_key(world: World, clock: Clock) -> None:
    market = Member(EXCHANGE_CODE, ("exchange",), account=ACCOUNT)
    with world.open() as registry:
        enrol(registry, market)
        settle(registry)
        enrolment.revoke(registry, market.revocation("lost", clock.now), None)  # tells it itself
        settle(registry)
    assert [one.code for one in world.audit()] == ["role-outlives-key"]
    with world.open() as registry:
        enrolment.dismiss(registry, EXCHANGE_CODE, actor_of(registry, KEEPER))
        settle(registry)
    assert world.audit() == []


def test_the_audit_compares_roles_on_chain_with_who_is_enrolled(world: World) -> None:
    with world.open() as registry:
        enrol(registry, Member(EXCHANGE_CODE, ("exchange",), account=ACCOUNT))
        settle(registry)
        admin = actor_of(registry, KEEPER)  # who acts past the registry
        sender = Sender(registry.w3, admin.key.account(), time.sleep)
        for call in (
            registry.client.revoke_role(EXCHANGE, ACCOUNT),
            registry.client.grant_role(EXCHANGE, bytes.fromhex("bad0" * 10)),
        ):
            made = sender.prepare(call, sender.next_nonce(), sender.fees())
            sender.broadcast_all([made])
            sender.wait(made.hash, 60)
    assert sorted(one.code for one in world.audit()) == ["role-missing", "role-stranger"]


@pytest.mark.parametrize("roles", [("exchange", "holder"), ("exchange", "forum"), ("forum", "holder")])
def test_who_checks_trades_holds_nothing_and_decides_nothing(roles: tuple[str, ...], clock: Clock) -> None:
    with pytest.raises(DataFault) as raised:
        Member(EXCHANGE_CODE, roles, account=ACCOUNT, wallet=EthereumKey(secrets.token_bytes(32))).enrolment(
            clock.now
        )
    assert raised.value.code in ("roles-overlap", "field-missing")


def test_an_account_with_another_part_is_not_appointed(world: World) -> None:
    with world.open() as registry:
        client = registry.client
        enrol(registry, Member(COURT, ("forum",), account=ACCOUNT))
        settle(registry)
        holder = Member(HOSPITAL, ("holder",), wallet=EthereumKey(secrets.token_bytes(32)))
        enrolment.enrol(registry, holder.holding(registry), actor_of(registry, OFFICER))
        settle(registry)
        assert holder.wallet is not None
        taken = {
            "forum": ACCOUNT,
            "holder": holder.wallet.address,
            "relay": registry.sender.address,
            "officer": actor_of(registry, OFFICER).address,
        }
        for account in taken.values():
            with pytest.raises(UsageFault) as raised:
                grants.grant(client, EXCHANGE, account)
            assert raised.value.code == "roles-overlap"
        with pytest.raises(UsageFault):
            grants.grant(client, FORUM, holder.wallet.address)
