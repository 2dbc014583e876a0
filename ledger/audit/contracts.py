"""Is every contract about data in the thread its row names, and does the row say what both signed?"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.keys import month_of, open_key
from yinzheng.ledger.audit.event import check_event
from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.store.models_trades import TradeContract
from yinzheng.ledger.trades.checking import KEYS
from yinzheng.verifier.bytes.shape import read_shape
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.trade_events import Concluded


def check_contracts(audit: Audit, session: Session) -> int:
    """Check every contract; gives how many of their statements are there."""
    seen = 0
    for row in session.exec(select(TradeContract).order_by(col(TradeContract.concluded_at))):
        with audit.finding(contract=row.subject.hex()):
            seen += _check(audit, session, row)
    return seen


def _check(audit: Audit, session: Session, row: TradeContract) -> int:
    prev: bytes | None = None
    events = thread(session, row.head)
    for event in events:
        seal = open_key(session, audit.keys, month_of(event.at, KEYS)).seal
        check_event(event, seal, prev, row.subject)
        if prev is None:
            body: Any = open_event(seal, event.sealed, event.leaf_hash)[0]
            _require_same(row, read_shape(Concluded, body))
        prev = event.leaf_hash
    return len(events)


def _require_same(row: TradeContract, body: Concluded) -> None:
    contract = body.contract
    said = (contract.digest.sha256, contract.certificate.number, contract.seller.code, contract.buyer.code)
    if said != (row.digest, row.number, row.seller, row.buyer) or contract.kind != row.kind:
        raise DataFault("a contract's row is not what both signed", code="contract-altered")
