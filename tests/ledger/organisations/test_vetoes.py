"""An announced replacement is vetoed by the old account, by anyone; a forum replaces at once (ADR 45)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from sqlmodel import select

from tests.ledger.organisations.enrolling import HOSPITAL, LAB, Member, enrol
from tests.ledger.organisations.test_holders import (
    enter,
    entered,
    holder,
    on_chain,
    refuse_rotation,
    rotate,
)
from tests.ledger.world import OFFICER, World, actor_of, unchanged
from yinzheng.ledger.audit.modules import _same_key
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.chain.approvals_holders import Revocation as AccountLoss
from yinzheng.ledger.chain.records_holders import AccountState
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment, holding
from yinzheng.ledger.organisations.accounts import data_of, handing_over, refusing
from yinzheng.ledger.organisations.calls import VETO
from yinzheng.ledger.organisations.keys import keys_at
from yinzheng.ledger.people.acting import key_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair, sha256
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.organisation import Decision, Rotation
from yinzheng.verifier.formats.veto import VetoFile, parse_veto
from yinzheng.verifier.log.statement import organisation_subject

__all__ = ["entered"]

COURT = "11440100MB2DEMC01T"


def vetoing(registry: Registry, by: EthereumKey | None, *, serial: int = 3, code: str = HOSPITAL) -> VetoFile:
    assert by is not None
    said = VetoFile(code, serial, registry.clock(), bytes(65))
    signed = replace(said, signature=sign(refusing(said), registry.client.holders_domain, by))
    return parse_veto(signed.to_json())


def refuse_veto(registry: Registry, code: str, said: VetoFile) -> None:
    with unchanged(registry), pytest.raises(YinzhengError) as raised:
        holding.veto(registry, said)
    assert raised.value.code == code


def announced(registry: Registry, firm: Member) -> Sm2PrivateKey:
    """By whoever has persuaded an officer; the key that the log has from then on."""
    new, to = Sm2PrivateKey.generate(), EthereumKey.generate()
    rotate(registry, firm.handing_over(registry, new, registry.clock() + 60, to=to, lost=True))
    return new


def test_the_old_account_refuses(registry: Registry, entered: Member) -> None:
    refuse_veto(registry, "nothing-announced", vetoing(registry, entered.wallet, serial=2))
    announced(registry, entered)
    stranger = EthereumKey.generate()
    refuse_veto(registry, "account-possession", vetoing(registry, stranger))
    refuse_veto(registry, "serial-not-next", vetoing(registry, entered.wallet, serial=2))
    refuse_veto(registry, "organisation-unknown", vetoing(registry, entered.wallet, code=LAB))
    said = vetoing(registry, entered.wallet)
    for _ in range(2):  # brought twice, it is one
        holding.veto(registry, said)
        settle(registry)
    found = on_chain(registry)
    assert (found.contested, found.serial, found.next, found.next_from) == (True, 3, bytes(20), 0)
    assert entered.wallet is not None
    assert found.account == entered.wallet.address


def test_an_audit_knows_that_what_was_announced_was_refused(world: World) -> None:
    """The log's last key is the refused one; the chain keeps one from before it, and no other."""
    with world.open() as registry:
        firm = holder()
        enter(registry, firm.holding(registry))
        settle(registry)
        announced(registry, firm)
        holding.veto(registry, vetoing(registry, firm.wallet))
        settle(registry)
        found = on_chain(registry)
        with registry.store.reading() as session:
            row = session.get_one(Organisation, HOSPITAL)
            refused = sha256(keys_at(session, row.head)[-1].grant.key)
            assert [_same_key(replace(found, key=one), session, row) for one in (found.key, refused)] == [
                True,
                False,
            ]
    assert world.audit() == []


def test_anyone_may_send_it(registry: Registry, entered: Member) -> None:
    announced(registry, entered)
    said = vetoing(registry, entered.wallet)
    call = registry.client.veto(refusing(said), said.signature)
    assert data_of(said) == call.data
    registry.sender.send(Call(registry.client.modules.holders, data_of(said), call.gas), 10)
    assert on_chain(registry).contested
    holding.veto(registry, said)  # the registry hears of it afterwards
    settle(registry)
    assert on_chain(registry).serial == 3


def test_one_that_the_chain_refused_is_not_told_as_done(registry: Registry, entered: Member) -> None:
    announced(registry, entered)
    said = vetoing(registry, entered.wallet)
    holding.veto(registry, said)
    _fail(registry)
    holding.veto(registry, said)  # the chain takes it now
    settle(registry)
    assert on_chain(registry).contested
    assert entered.wallet is not None
    found = on_chain(registry)
    assert (found.serial, found.account) == (3, entered.wallet.address)


def test_one_whose_number_another_change_took_is_refused(registry: Registry, entered: Member) -> None:
    """It was tried, and was on its way; a loss of the same number reached the chain before it."""
    announced(registry, entered)
    said = vetoing(registry, entered.wallet)
    holding.veto(registry, said)
    found, subject = on_chain(registry), organisation_subject(HOSPITAL)
    lost = AccountLoss(subject, 3, found.account, AccountState.LOST, found.since, sha256(b"another"))
    with registry.store.reading() as session:
        key = key_of(session, actor_of(registry, OFFICER))
    approval = sign(lost, registry.client.holders_domain, key)
    registry.sender.send(registry.client.revoke_account(lost, approval), 10)
    with pytest.raises(YinzhengError):
        settle(registry)
    with registry.store.reading() as session:
        assert session.exec(select(ChainCall.state).where(ChainCall.kind == VETO.name)).one() == "failed"
    with unchanged(registry), pytest.raises(YinzhengError):
        holding.veto(registry, said)


def _fail(registry: Registry) -> None:
    """As though the chain had refused the veto."""
    with registry.store.transaction() as session:
        (call,) = session.exec(select(ChainCall).where(ChainCall.kind == VETO.name)).all()
        call.state, call.error = "failed", "serial-not-next"
        session.add(call)


def test_a_forum_replaces_at_once(registry: Registry, entered: Member) -> None:
    forum = Account.create()
    court = Member(COURT, ("forum",), "某市中级人民法院", bytes.fromhex(forum.address[2:]))
    enrol(registry, court)
    settle(registry)
    key = EthereumKey(forum.key)
    thief = announced(registry, entered)
    holding.veto(registry, vetoing(registry, entered.wallet))
    settle(registry)

    thiefs = replace(entered, key=thief)
    told = thiefs.revocation("compromised", registry.clock())
    enrolment.revoke(registry, told, actor_of(registry, OFFICER))
    # The log has the thief's key, ended; the true holder brings another, and the court's word.
    new, to = Sm2PrivateKey.generate(), EthereumKey.generate()
    body = thiefs.handing_over(
        registry, new, registry.clock() + 120, serial=4, to=to, signed=False, lost=True
    )
    refuse_rotation(registry, "replacement-contested", body)
    wrong = decided(registry, body, court, EthereumKey.generate())
    refuse_rotation(registry, "order-forum", wrong)
    refuse_rotation(registry, "order-forum", decided(registry, body, replace(court, name="另一法院"), key))
    rotate(registry, decided(registry, body, court, key))
    found = on_chain(registry)
    assert (found.account, found.next_from, found.contested) == (to.address, 0, False)
    with registry.store.reading() as session:
        assert session.get_one(Organisation, HOSPITAL).account == to.address


def decided(registry: Registry, body: Rotation, court: Member, key: EthereumKey) -> Rotation:
    signature = sign(handing_over(body), registry.client.holders_domain, key)
    forum = Party(court.name, court.code)
    return replace(body, decision=Decision(forum, digest_pair(b"a judgment"), "(2026)粤01民初1号", signature))
