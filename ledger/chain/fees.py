"""What a transaction pays for a unit of gas, and what one pays that replaces it (EIP-1559, ADR 69)."""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.chain.sender import Fees
from yinzheng.verifier.chain.rlp import Item, decode_integer, decode_item
from yinzheng.verifier.errors import DataFault

_LIMIT: Final = 1024 * 1024
_LEGACY: Final = 0xC0
"""First byte of a list; what has a type begins with its number, which is less (EIP-2718)."""
_PRIORITY, _HIGHEST = 2, 3
"""Fields of a transaction of type 2: chain, nonce, priority fee, highest fee, …"""
_PRICE: Final = 1
"""Field of a transaction without type: nonce, price, …"""


def fees_of(raw: bytes) -> Fees:
    """The fees in a transaction that we signed. Raises `DataFault` for what is none of ours."""
    legacy = raw[:1] >= bytes([_LEGACY])
    item = decode_item(raw if legacy else raw[1:], limit=_LIMIT, what="a signed transaction")
    if not isinstance(item, list) or len(item) <= _HIGHEST or not (legacy or raw[:1] == b"\2"):
        raise DataFault("a kept transaction is of no kind that is signed here", code="transaction-malformed")
    if legacy:
        return Fees(_integer(item[_PRICE]), None)
    return Fees(_integer(item[_HIGHEST]), _integer(item[_PRIORITY]))


def _integer(item: Item) -> int:
    return decode_integer(item, size=32, what="a fee")


def for_sealers(fees: Fees) -> int:
    """Wei that the sealers get at most for a unit of gas: the whole price where there is no base fee."""
    return fees.highest if fees.priority is None else fees.priority


def dearer(paid: Fees, now: Fees, most: int) -> Fees | None:
    """Fees of a transaction that nodes take in the place of one that paid so little; None: there are none.

    Nodes ask for a tenth more, of both fees (geth `txpool.pricebump`, Besu `tx-pool-price-bump`). Sealers
    get twice as much, or what is suggested `now`, but `most` wei a unit of gas at most.
    """
    if (paid.priority is None) != (now.priority is None):
        return None  # the network has changed its kinds of transactions: nothing to compare
    before = for_sealers(paid)
    after = min(max(2 * before, for_sealers(now)), most)
    raised = after > before and _by_a_tenth(before, after)
    if now.priority is None:
        return Fees(after, None) if raised else None
    highest = max(now.highest - now.priority + after, -(-paid.highest * 11 // 10))
    outgrown = now.highest - now.priority > 2 * paid.highest and _by_a_tenth(before, after)
    return Fees(highest, after) if raised or outgrown else None


def _by_a_tenth(before: int, after: int) -> bool:
    return 10 * after >= 11 * before
