"""What an exchange asked before trades, the newest first, for itself alone (S20.4)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.keys import MonthKey, month_of, open_key
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.organisations.keys import require
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_trades import TradeCheck
from yinzheng.ledger.store.paging import page_of
from yinzheng.ledger.trades.checking import KEYS
from yinzheng.ledger.trades.receipts import unknown
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.trade_check import TradeChecked, parse_checked


@dataclass(frozen=True, slots=True)
class Listed:
    """A check, as its exchange is told of it; what it asked besides stands in the receipt."""

    leaf: bytes
    number: str | None
    """Of the certificate; None where there was no such certificate here."""
    body: TradeChecked
    anchored: bool
    """Whether its receipt can be had with proofs."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S20.4."""
        asked = self.body.asked
        return {
            "check": self.leaf.hex(),
            "certificate": self.number,
            "answer": self.body.answer,
            "kind": asked.kind,
            "seller": asked.seller.to_json(),
            "buyer": asked.buyer.to_json(),
            "checked_at": self.body.checked_at,
            "anchored": self.anchored,
        }


def checks_of(registry: Registry, exchange: str, after: bytes | None) -> tuple[list[Listed], bytes | None]:
    """A page of an exchange's checks: those before the check `after`, or the newest.

    With the check to go on after, or None at the end. Raises `UsageFault`: `organisation-role`,
    `trade-check-unknown` (also of another exchange's); `DataFault` `access-key-missing`.
    """
    with registry.store.reading() as session:
        require(session, exchange, Role.EXCHANGE)
        query = select(TradeCheck).where(TradeCheck.exchange == exchange)
        behind = None
        if after is not None:
            last = session.get(TradeCheck, after)
            if last is None or last.exchange != exchange:
                raise unknown()
            behind = (last.checked_at, last.leaf)
        order = (col(TradeCheck.checked_at), col(TradeCheck.leaf))
        rows, more = page_of(session, query, order, behind)
        keys: dict[bytes, MonthKey] = {}
        checkpoint = repository.latest_checkpoint(session, anchored=True)
        size = 0 if checkpoint is None else checkpoint.size
        found = [_listed(registry, session, row, keys, size) for row in rows]
    return found, None if more is None else more.leaf


def _listed(
    registry: Registry, session: Session, row: TradeCheck, keys: dict[bytes, MonthKey], size: int
) -> Listed:
    month = month_of(row.checked_at, KEYS)
    if month not in keys:
        keys[month] = open_key(session, registry.keys, month)
    event = repository.event_by_leaf(session, row.leaf)
    assert event is not None  # written with the row
    body, _ = open_event(keys[month].seal, event.sealed, row.leaf)
    anchored = event.log_index is not None and event.log_index < size
    return Listed(row.leaf, row.number, parse_checked(body), anchored)
