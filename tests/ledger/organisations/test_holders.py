"""Holders enrol an SM2 key and an account, both proved; the chain holds what the ledger says (D16, R41)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ledger.organisations.enrolling import COURT, HOSPITAL, LAB, Member
from tests.ledger.world import KEEPER, OFFICER, World, actor_of, unchanged
from yinzheng.ledger.chain.approvals import Domain, sign
from yinzheng.ledger.chain.records_holders import AccountState, HolderOnChain
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.keys.provider import RELAY, EthereumKey
from yinzheng.ledger.organisations import enrolment, keys
from yinzheng.ledger.organisations.accounts import domain_of, entering
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, sha256
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.organisation import (
    AccountRevocation,
    Enrolment,
    Rotation,
    parse_enrolment,
    parse_revocation,
    parse_rotation,
)
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.log.statement import organisation_subject


def holder(code: str = HOSPITAL, *roles: str) -> Member:
    return Member(code, ("holder", *roles), wallet=EthereumKey.generate())


def enter(registry: Registry, body: Enrolment) -> bytes:
    return enrolment.enrol(registry, body, actor_of(registry, OFFICER))


def refuse(registry: Registry, code: str, body: Enrolment) -> None:
    with unchanged(registry), pytest.raises(YinzhengError) as raised:
        enter(registry, body)
    assert raised.value.code == code


def malformed(body: Enrolment) -> str:
    with pytest.raises(YinzhengError) as raised:
        parse_enrolment(body.to_json())
    return raised.value.code


def test_a_holders_account_and_key_are_on_chain_as_the_log_says(world: World) -> None:
    with world.open() as registry:
        firm = _entered(registry)
        new, to = Sm2PrivateKey.generate(), EthereumKey.generate()
        rotate(registry, firm.handing_over(registry, new, registry.clock() + 60, to=to))
    assert world.audit() == []


def _entered(registry: Registry) -> Member:
    firm = holder(HOSPITAL, "controller")
    body = parse_enrolment(firm.holding(registry).to_json())
    leaf = enter(registry, body)
    assert registry.client.holder(organisation_subject(HOSPITAL)) is None
    settle(registry)

    assert firm.wallet is not None
    found = registry.client.holder(organisation_subject(HOSPITAL))
    assert found is not None
    assert (found.account, found.state, found.serial) == (firm.wallet.address, AccountState.CURRENT, 1)
    assert found.key == sha256(firm.key.public_key.point)
    with registry.store.reading() as session:
        (event,) = thread(session, leaf)
    assert event.public is not None
    told = parse_enrolment(canonical.loads(event.public, max_bytes=8192))
    # What the chain names is what anyone works out from the public statement.
    assert found.statement == told.declared == body.declared
    return firm


def test_a_policy_says_where_accounts_sign(registry: Registry) -> None:
    policy = parse_trust(canonical.dumps(trust_policy(registry.instance)))
    assert domain_of(policy) == registry.client.holders_domain


def test_an_account_that_did_not_sign_is_not_entered(registry: Registry) -> None:
    refuse(registry, "account-possession", holder().holding(registry, wallet=EthereumKey.generate()))


def test_a_proof_for_another_registry_is_none_here(registry: Registry) -> None:
    firm = holder()
    body = firm.holding(registry)
    assert body.binding is not None
    assert firm.wallet is not None
    home = registry.client.holders_domain
    for other in (Domain(home.chain_id + 1, home.registry, home.name), replace(home, registry=bytes(20))):
        binding = replace(body.binding, account=sign(entering(body), other, firm.wallet))
        refuse(registry, "account-possession", replace(body, binding=binding))


@pytest.mark.parametrize(
    "change",
    ["code", "name", "roles", "account", "key"],
)
def test_what_was_signed_is_for_one_declaration(registry: Registry, change: str) -> None:
    """Someone else's proofs, put under another code, name, role, account or key, prove nothing."""
    firm, other = holder(), holder(LAB)
    body, foreign = firm.holding(registry), other.holding(registry)
    party = body.organisation
    mixed = {
        "code": replace(foreign, binding=body.binding),
        "name": replace(body, organisation=replace(party, name="另一机构（虚构）")),
        "roles": replace(body, roles=("controller", "holder")),
        "account": replace(body, account=foreign.account),
        "key": replace(body, grant=firm.grant(1), possession=foreign.possession),
    }[change]
    assert malformed(mixed) == ("key-possession" if change in ("account", "key") else "holder-declaration")
    # Were the SM2 signature left out of sight, the account's is for those words alone too.
    if change != "key":
        refuse(registry, "account-possession", mixed)


def test_an_account_has_one_holder(registry: Registry) -> None:
    firm = holder()
    enter(registry, firm.holding(registry))
    refuse(registry, "account-taken", Member(LAB, ("holder",), wallet=firm.wallet).holding(registry))
    refuse(registry, "organisation-enrolled", firm.holding(registry))


@pytest.mark.parametrize("name", [RELAY, KEEPER, OFFICER])
def test_who_acts_for_the_registry_holds_nothing(registry: Registry, name: str) -> None:
    wallet = registry.keys.ethereum(RELAY) if name == RELAY else actor_of(registry, name).key
    refuse(registry, "account-has-role", Member(LAB, ("holder",), wallet=wallet).holding(registry))


def test_what_is_no_holders_enrolment(registry: Registry) -> None:
    body = holder().holding(registry)
    assert malformed(replace(body, binding=None)) == "field-missing"
    assert malformed(replace(body, roles=("party",))) == "holder-binding"
    assert malformed(replace(body, account=None)) == "holder-binding"
    assert malformed(replace(body, roles=("party",), account=None)) == "holder-binding"
    assert malformed(holder(COURT, "forum").holding(registry)) == "roles-overlap"


def test_a_member_of_the_committee_enrols_nobody(registry: Registry) -> None:
    body = holder().holding(registry)
    with unchanged(registry), pytest.raises(YinzhengError) as raised:
        enrolment.enrol(registry, body, actor_of(registry, KEEPER))
    assert raised.value.code == "officer-needed"


def test_an_audit_names_an_account_that_is_not_the_chains(world: World) -> None:
    with world.open() as registry:
        enter(registry, holder().holding(registry))
        settle(registry)
        with registry.store.transaction() as session:
            row = session.get_one(Organisation, HOSPITAL)
            row.account = bytes(20)
            session.add(row)
    assert world.codes() == {"holder-differs"}


@pytest.mark.parametrize("point", ["store.commit.before", "chain.send.after"])
def test_a_crash_leaves_statement_and_account_or_neither(world: World, point: str) -> None:
    firm = holder()
    with world.open(RaiseAt(point), settle=False) as registry, pytest.raises(InjectedFault):
        enter(registry, firm.holding(registry))
        settle(registry)
    with world.open() as registry:
        with registry.store.reading() as session:
            known = session.get(Organisation, HOSPITAL) is not None
        assert known is (point != "store.commit.before")
        if not known:
            enter(registry, firm.holding(registry))
        settle(registry)
        assert firm.wallet is not None
        assert registry.client.account_of(organisation_subject(HOSPITAL)) == firm.wallet.address
    assert world.audit() == []


# ---------------------------------------------------------------- keys and accounts over time


@pytest.fixture
def entered(registry: Registry) -> Member:
    firm = holder()
    enter(registry, firm.holding(registry))
    settle(registry)
    return firm


def on_chain(registry: Registry) -> HolderOnChain:
    found = registry.client.holder(organisation_subject(HOSPITAL))
    assert found is not None
    return found


def rotate(registry: Registry, body: Rotation) -> None:
    enrolment.rotate(registry, parse_rotation(body.to_json()), actor_of(registry, OFFICER))
    settle(registry)


def refuse_rotation(registry: Registry, code: str, body: Rotation, by: str | None = OFFICER) -> None:
    with unchanged(registry), pytest.raises(YinzhengError) as raised:
        enrolment.rotate(registry, body, None if by is None else actor_of(registry, by))
    assert raised.value.code == code


@pytest.mark.parametrize("moves", [False, True])
def test_the_chain_follows_a_rotation(registry: Registry, entered: Member, moves: bool) -> None:
    new, to = Sm2PrivateKey.generate(), EthereumKey.generate() if moves else None
    body = entered.handing_over(registry, new, registry.clock() + 60, to=to)
    rotate(registry, body)
    found, wallet = on_chain(registry), to or entered.wallet
    assert wallet is not None
    assert (found.account, found.serial, found.next_from) == (wallet.address, 2, 0)
    assert (found.key, found.statement) == (sha256(new.public_key.point), body.declared)
    with registry.store.reading() as session:
        assert session.get_one(Organisation, HOSPITAL).account == wallet.address
    # It is used up: neither the log nor the chain takes it twice.
    refuse_rotation(registry, "key-not-last", body)


def test_a_lost_account_is_replaced_after_a_delay(registry: Registry, entered: Member) -> None:
    new, to = Sm2PrivateKey.generate(), EthereumKey.generate()
    now = registry.clock()
    rotate(registry, entered.handing_over(registry, new, now + 60, to=to, lost=True))
    found = on_chain(registry)
    assert entered.wallet is not None
    assert (found.account, found.next) == (entered.wallet.address, to.address)
    assert found.next_from >= now + 15 * 86_400
    assert found.account_at(found.next_from - 1) == entered.wallet.address
    assert found.account_at(found.next_from) == to.address


def test_who_took_over_by_the_clock_is_the_account_that_is_lost(world: World) -> None:
    firm, new, to = holder(), Sm2PrivateKey.generate(), EthereumKey.generate()
    with world.open() as registry:
        enter(registry, firm.holding(registry))
        settle(registry)
        rotate(registry, firm.handing_over(registry, new, registry.clock() + 60, to=to, lost=True))
        world.clock.advance(15 * 86_400 + 3600)
        after = replace(firm, key=new, wallet=to)
        told = loss(after, "lost", registry.clock())
        enrolment.revoke(registry, told, actor_of(registry, OFFICER))
        settle(registry)
        assert (on_chain(registry).account, on_chain(registry).state) == (to.address, AccountState.LOST)
    assert world.audit() == []


def test_whose_signatures_a_rotation_needs(registry: Registry, entered: Member) -> None:
    new, now = Sm2PrivateKey.generate(), registry.clock()
    body = entered.handing_over(registry, new, now + 60)
    refuse_rotation(registry, "officer-needed", body, by=None)
    refuse_rotation(registry, "holder-binding", entered.rotation(new, now + 60))
    stranger = replace(entered, wallet=EthereumKey.generate())
    to = EthereumKey.generate()
    foreign = stranger.handing_over(registry, new, now + 60, to=to)
    refuse_rotation(registry, "account-possession", foreign)
    # An announcement stands without the account before, but is no rotation for that.
    assert body.binding is not None
    announced = replace(body, binding=replace(body.binding, current=None))
    refuse_rotation(registry, "account-possession", announced)
    refuse_rotation(registry, "serial-not-next", entered.handing_over(registry, new, now + 60, serial=3))
    other = replace(body, binding=replace(body.binding, account=to.address))
    with pytest.raises(YinzhengError) as raised:
        parse_rotation(other.to_json())
    assert raised.value.code == "holder-declaration"


def loss(member: Member, reason: str, since: int, account: bytes | None = None) -> AccountRevocation:
    assert member.wallet is not None
    return AccountRevocation(member.code, member.kid, reason, since, since, account or member.wallet.address)


@pytest.mark.parametrize("reason", ["lost", "compromised"])
def test_a_compromise_ends_key_and_account_and_says_since_when(
    registry: Registry, world: World, entered: Member, reason: str
) -> None:
    enrolled = world.clock.now
    world.clock.advance(7200)
    told = loss(entered, reason, enrolled + 3600)
    leaf = enrolment.revoke(registry, told, actor_of(registry, OFFICER))
    settle(registry)
    found = on_chain(registry)
    assert (found.state.name.lower(), found.lost_at, found.statement) == (reason, enrolled + 3600, leaf)
    assert found.account_at(world.clock.now) is None
    with registry.store.reading() as session:
        assert keys.find_key(session, HOSPITAL, entered.kid, enrolled + 3599) is not None
        assert keys.find_key(session, HOSPITAL, entered.kid, enrolled + 3600) is None
    # It signs no rotation any more, and is replaced after the delay.
    new, to = Sm2PrivateKey.generate(), EthereumKey.generate()
    begins = world.clock.now + 60
    own = entered.handing_over(registry, new, begins, serial=3, to=to, signed=False)
    refuse_rotation(registry, "account-state", own)
    rotate(registry, entered.handing_over(registry, new, begins, serial=3, to=to, signed=False, lost=True))
    assert on_chain(registry).next == to.address


def test_what_is_no_loss_of_an_account(registry: Registry, entered: Member) -> None:
    now = registry.clock()
    officer = actor_of(registry, OFFICER)
    for by, body, code in (
        (officer, loss(entered, "lost", now, bytes(20)), "account-other"),
        (None, loss(entered, "lost", now), "officer-needed"),
    ):
        with unchanged(registry), pytest.raises(YinzhengError) as raised:
            enrolment.revoke(registry, body, by)
        assert raised.value.code == code
    enrolment.revoke(registry, loss(entered, "lost", now), officer)
    # Until the chain has it, nothing else is sent.
    new = Sm2PrivateKey.generate()
    waiting = entered.handing_over(registry, new, now + 60, serial=3, signed=False)
    refuse_rotation(registry, "holder-under-way", waiting)
    left = loss(entered, "lost", now).to_json() | {"reason": "left"}
    with pytest.raises(YinzhengError) as raised:
        parse_revocation(left)
    assert raised.value.code == "key-reason"
