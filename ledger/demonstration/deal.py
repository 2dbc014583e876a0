"""The demonstration's contract about data: both sign it, and the exchange settles the sale by it (R56)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import select

from yinzheng.ledger.certificates.reserving import reservations_of
from yinzheng.ledger.demonstration.members import Members
from yinzheng.ledger.document.contract_pdf import render_contract
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_trades import TradeContract
from yinzheng.ledger.trades.contracts import conclude
from yinzheng.ledger.trades.proving import proof_of
from yinzheng.ledger.trades.settling import Report, settle_trade
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.terms import ACTS
from yinzheng.verifier.formats.body import MAX_BODY, Party, parse_body
from yinzheng.verifier.formats.trade_clauses import CLAUSES
from yinzheng.verifier.formats.trade_contract import SignedContract, parse_contract, sign_contract

_REPORTS = ("seller_report", "buyer_report", "plan")
"""Terms of the example that are digests of files; it has what stands in them."""


def sold(
    registry: Registry,
    members: Members,
    example: Mapping[str, Any],
    number: str,
    parties: Mapping[str, Party],
) -> SignedContract:
    """The contract by which the certificate of that number is sold, signed by both.

    `parties` are seller and buyer, by the demonstration's names, in this order.
    """
    with registry.store.reading() as session:
        row = repository.find_certificate(session, number)
        leaf = session.get_one(Event, row.event_id).leaf_hash
    body = parse_body(canonical.loads(row.body, max_bytes=MAX_BODY))
    told, declared = example["contract"], example["declarations"]
    seller, buyer = ({**one.to_json(), "region": told["region"]} for one in parties.values())
    value = {
        "v": 1,
        "number": told["number"],
        "certificate": {"number": number, "leaf": leaf.hex()},
        "kind": "transfer",
        "seller": seller,
        "buyer": buyer,
        "standing": told["standing"],
        "subject": {
            "kind": "derived" if body.source == "derived" else "processed",
            "importance": body.importance or None,
            **{name: declared[name] for name in ("fields", "route", "limits_kept", "touches_secrets")},
        },
        "rights": example["transfer"],
        "purpose": example["licence"]["purposes"],
        "manner": list(ACTS),
        "clauses": {name: _clause(told["clauses"].get(name)) for name in CLAUSES},
        "made_at": registry.clock(),
    }
    signed = SignedContract(parse_contract(value), ())
    for name, party in parties.items():
        signed = sign_contract(signed, party.code, members.sm2(name))
    return signed


def _clause(terms: Mapping[str, JSON] | None) -> JSON:
    if terms is None:
        return {"applies": False}
    written: dict[str, JSON] = {
        name: {**digest_pair(str(value).encode()).to_json()} if name in _REPORTS else value
        for name, value in terms.items()
    }
    return {"applies": True, "terms": written}


def recorded(registry: Registry, signed: SignedContract, exchange: str) -> bytes:
    """Have the exchange hand it in, unless it has; its identifier."""
    query = select(TradeContract.subject).where(TradeContract.digest == signed.contract.digest.sha256)
    with registry.store.reading() as session:
        known = session.exec(query).first()
    if known is not None:
        return known
    subject = conclude(registry, signed, exchange).subject
    settle(registry)
    return subject


def printed(registry: Registry, subject: bytes, party: str) -> bytes:
    """The contract as its party prints it, which proves itself."""
    return render_contract(proof_of(registry, subject, party))


def settled(registry: Registry, exchange: str, case: str, contract: DigestPair, signature: bytes) -> None:
    """The exchange reports the trade that it reserved the certificate for: that registers it (R46)."""
    kept = reservations_of(registry, exchange)[0][0]
    settle_trade(registry, kept.leaf, Report(case, contract, signature), exchange)
