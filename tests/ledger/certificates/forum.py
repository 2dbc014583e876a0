"""A court's orders about certificates, as it makes and signs them on its own machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eth_account.signers.local import LocalAccount

from tests.ledger.disputes.court import COURT, FORUM, JUDGMENT, Court
from tests.wallet import sign
from yinzheng.ledger.certificates.listing import Standing, standing_of
from yinzheng.ledger.certificates.messages import message_of
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.chain.approvals import Domain
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.verifier.formats.order import Order, Ordered, statement_of
from yinzheng.verifier.formats.standing import parse_cancellation, parse_lifting, parse_remark


def standing(court: Court) -> Standing:
    with court.registry.store.reading() as session:
        return standing_of(session, court.made.number)


def _said(court: Court, **changes: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "certificate": court.made.number,
        "document": dict(JUDGMENT.to_json()),
        "reference": "(2026)粤01执12号",
        "by": {"name": "某市中级人民法院", "code": COURT},
        "at": court.now,
        **changes,
    }


def seizing(court: Court, **changes: Any) -> Ordered:
    return parse_remark(_said(court, **{"kind": "seizure", "text": "查封", **changes}))


def lifting(court: Court, remark: bytes | None, **changes: Any) -> Ordered:
    leaf = None if remark is None else remark.hex()
    return parse_lifting(_said(court, kind="seizure", text="解封", remark=leaf, **changes))


def cancelling(court: Court, **changes: Any) -> Ordered:
    said = {"ground": "document", "initiator": "forum", **changes}
    return parse_cancellation(_said(court, **said))


def ordered(
    court: Court,
    body: Ordered,
    account: LocalAccount = FORUM,
    *,
    domain: Domain | None = None,
    **changes: Any,
) -> Order:
    """The order, after what the certificate's thread says now; `changes` to its statement."""
    now = standing(court)
    statement = replace(statement_of(body, profile=now.profile, prev=now.head), **changes)
    message = message_of(body, statement.leaf_hash)
    return Order(statement, body, sign(message, domain or court.registry.client.standing_domain, account))


def carry_out(court: Court, body: Ordered) -> bytes:
    leaf = execute(court.registry, ordered(court, body))
    settle(court.registry)
    return leaf
