"""The receipt of a trade check with its proofs (S20.3), for the exchange that asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlmodel import Session

from yinzheng.ledger.accesses.keys import month_of, open_key
from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_trades import TradeCheck
from yinzheng.ledger.trades.checking import KEYS
from yinzheng.ledger.witnesses.heads import head_to_show
from yinzheng.verifier.bytes.canonical import JSON, dumps
from yinzheng.verifier.chain.layout import record_slots, root_slot
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.trade_check import parse_trade_receipt, trade_receipt
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import Statement, certificate_subject
from yinzheng.verifier.log.tlogproof import TlogProof


def receipt_of(registry: Registry, leaf: bytes, org: str) -> bytes:
    """Give the receipt of a check as a file, proved from the newest final block.

    Raises `UsageFault`: `trade-check-unknown` (also to every exchange but the one that asked),
    `trade-check-unanchored` (recorded, and not under an anchored head yet); `EnvironmentFault` where the node
    does not answer.
    """
    with registry.store.reading() as session:
        row = session.get(TradeCheck, leaf)
        if row is None or row.exchange != org:
            raise unknown()
        event = repository.event_by_leaf(session, leaf)
        assert event is not None  # written with the row
        proof = _proof(registry, session, event)
        key = open_key(session, registry.keys, month_of(row.checked_at, KEYS))
        body, secret = open_event(key.seal, event.sealed, leaf)
    assert secret is not None  # checks are private (S3.2)
    made = trade_receipt(
        Statement.from_bytes(event.statement),
        body,
        secret,
        (row.kid, row.signature),
        proof=proof,
        chain=_evidence(registry, row.number, peek_checkpoint(proof.checkpoint).size),
    )
    data = dumps(made)
    parse_trade_receipt(data)  # what cannot be read is not handed out
    return data


def unknown() -> UsageFault:
    """What is told of a check that is not there, or not of who asks."""
    return UsageFault(
        "you asked no such check",
        code="trade-check-unknown",
        hint="It is named by the leaf hash of its statement, as its answer told.",
    )


def _proof(registry: Registry, session: Session, event: Event) -> TlogProof:
    checkpoint = None if event.log_index is None else head_to_show(session, event.log_index)
    if checkpoint is None or event.log_index is None:
        raise UsageFault(
            "this check is recorded and not yet anchored",
            code="trade-check-unanchored",
            hint="Ask again in a moment; the answer you have is signed.",
        )
    return registry.log.tlog_proof(event.log_index, checkpoint.note)


def _evidence(registry: Registry, number: str | None, size: int) -> JSON:
    deployment = registry.instance.deployment
    wanted: list[tuple[bytes, Sequence[bytes]]] = [(deployment.anchor, [root_slot(size)])]
    if number is not None:
        wanted.append((deployment.rights, record_slots(certificate_subject(number))))
    return cast("JSON", prover(registry.w3, registry.instance).newest(wanted))
