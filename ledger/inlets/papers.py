"""What was told to the contracts past the registry, handed in afterwards with what was meant (S24.4).

The chain decided already, or will; a paper only opens what it was told. So anyone may hand one in, and none
is taken that is not exactly what the chain has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from yinzheng.ledger.cases import objections
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.disputes import direct
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.withdrawals import announced
from yinzheng.verifier.formats import dispute_paper, objection_paper, order, receipt_paper
from yinzheng.verifier.formats.dispute_paper import DisputePaper, parse_dispute_paper
from yinzheng.verifier.formats.objection_paper import ObjectionPaper, parse_objection_paper
from yinzheng.verifier.formats.order import Order, parse_order
from yinzheng.verifier.formats.receipt_paper import ReceiptPaper, parse_receipt_paper

MAX_PAPER: Final = dispute_paper.MAX_PAPER
"""Bytes of any of them."""

Paper: TypeAlias = Order | DisputePaper | ObjectionPaper | ReceiptPaper

_READERS: Final[Mapping[str, Callable[[object], Paper]]] = {
    order.FORMAT: parse_order,
    dispute_paper.FORMAT: parse_dispute_paper,
    objection_paper.FORMAT: parse_objection_paper,
    receipt_paper.FORMAT: parse_receipt_paper,
}


def parse_paper(value: object) -> Paper:
    """Read a paper of any kind. Raises `DataFault` as its reader does, `order-malformed` of none."""
    named = value.get("format") if isinstance(value, dict) else None
    return _READERS.get(named if isinstance(named, str) else "", parse_order)(value)


def take_in(registry: Registry, paper: Paper) -> tuple[str, bytes]:
    """Take in a paper; gives what it is about, and the leaf hash or name of what it says. Again, the same.

    Raises as `orders.execute`, `disputes.direct.take_in`, `objections.take_in` and `announced.take_in`.
    """
    match paper:
        case Order():
            return paper.body.certificate, execute(registry, paper)
        case DisputePaper():
            return direct.take_in(registry, paper), paper.statement.leaf_hash
        case ObjectionPaper():
            return objections.take_in(registry, paper), paper.name
        case ReceiptPaper():
            return paper.body.receipt.withdrawal.hex(), announced.take_in(registry, paper)
