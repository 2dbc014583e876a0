"""Orders and vetoes as those make them whose accounts sign them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eth_account.signers.local import LocalAccount

from tests.ledger.disputes.court import FORUM, JUDGMENT
from tests.ledger.organisations.enrolling import Member
from tests.ledger.world import OFFICER, Clock, actor_of
from tests.wallet import sign
from yinzheng.ledger.certificates.listing import standing_of
from yinzheng.ledger.certificates.messages import message_of
from yinzheng.ledger.chain.approvals import sign as approve
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.organisations.accounts import refusing
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.order import Order, statement_of
from yinzheng.verifier.formats.standing import parse_remark
from yinzheng.verifier.formats.veto import VetoFile


def exchange_order(
    registry: Registry,
    number: str,
    by: Member,
    said: dict[str, Any],
    read: Callable[[Any], Any],
    key: EthereumKey | None = None,
) -> dict[str, JSON]:
    """An exchange's order about a certificate, in the name of `by`, signed by its account or with `key`."""
    with registry.store.reading() as session:
        now = standing_of(session, number)
    party = {"name": by.name, "code": by.code}
    body = read({"v": 1, "certificate": now.number, "by": party, "at": registry.clock(), **said})
    statement = statement_of(body, profile=now.profile, prev=now.head, by="exchange")
    signer = key or by.wallet
    assert signer is not None
    signature = approve(message_of(body, statement.leaf_hash), registry.client.standing_domain, signer)
    return Order(statement, body, signature).to_json()


def seizure(registry: Registry, number: str, court: Member, account: LocalAccount = FORUM) -> dict[str, JSON]:
    """A court's order that seizes a certificate, signed with its account."""
    with registry.store.reading() as session:
        now = standing_of(session, number)
    body = parse_remark(
        {
            "v": 1,
            "certificate": number,
            "kind": "seizure",
            "text": "",
            "document": dict(JUDGMENT.to_json()),
            "reference": "(2026)粤01执1号",
            "by": {"name": court.name, "code": court.code},
            "at": registry.clock(),
        }
    )
    statement = statement_of(body, profile=now.profile, prev=now.head)
    signature = sign(message_of(body, statement.leaf_hash), registry.client.standing_domain, account)
    return Order(statement, body, signature).to_json()


def announced_veto(registry: Registry, clock: Clock, member: Member) -> dict[str, JSON]:
    """Announce a replacement of a holder's lost account, and have the old account refuse it."""
    assert member.wallet is not None
    new, to, now = Sm2PrivateKey.generate(), EthereumKey.generate(), registry.clock()
    lost = member.handing_over(registry, new, now, to=to, lost=True)
    enrolment.rotate(registry, lost, actor_of(registry, OFFICER))
    member.key = new
    clock.advance(1)
    settle(registry)
    plain = VetoFile(member.code, 3, registry.clock(), bytes(65))
    signature = approve(refusing(plain), registry.client.holders_domain, member.wallet)
    return replace(plain, signature=signature).to_json()
