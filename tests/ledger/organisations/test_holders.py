"""Holders enrol an SM2 key and an account, both proved; the chain holds what the ledger says (D16, R41)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ledger.organisations.enrolling import COURT, HOSPITAL, LAB, Member
from tests.ledger.world import KEEPER, OFFICER, World, actor_of, unchanged
from yinzheng.ledger.chain.approvals import Domain, sign
from yinzheng.ledger.chain.records_holders import AccountState
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.keys.provider import RELAY, EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.organisations.accounts import domain_of, entering
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.organisation import Enrolment, parse_enrolment
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
        _entered(registry)
    assert world.audit() == []


def _entered(registry: Registry) -> None:
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
    assert malformed(mixed) == ("key-possession" if change == "key" else "holder-declaration")
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
