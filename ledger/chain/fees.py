"""What a transaction pays for a unit of gas, and what one pays that replaces it (EIP-1559, ADR 69, 85)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.chain.rlp import Item, decode_integer, decode_item
from yinzheng.verifier.errors import DataFault, EnvironmentFault

_LIMIT: Final = 1024 * 1024
_LEGACY: Final = 0xC0
"""First byte of a list; what has a type begins with its number, which is less (EIP-2718)."""
_PRIORITY, _HIGHEST = 2, 3
"""Fields of a transaction of type 2: chain, nonce, priority fee, highest fee, …"""
_PRICE: Final = 1
"""Field of a transaction without type: nonce, price, …"""


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei for one unit of gas. `priority` None makes a legacy transaction at the price `highest`."""

    highest: int
    priority: int | None

    @property
    def least(self) -> int:
        """What the next block asks, of fees that leave room for the base fee to double."""
        return self.highest if self.priority is None else (self.highest + self.priority + 1) // 2


@dataclass(frozen=True, slots=True)
class Payable:
    """What an account can pay: `fees` of the first `count` transactions."""

    fees: Fees
    count: int


def payable(account: bytes, balance: int, asked: Fees, gas: Sequence[int]) -> Payable:
    """How many of transactions with these limits can be paid together, and with which fees.

    Nodes take nothing that might cost more than the account (20 bytes) holds, whatever a block then asks.
    So many go that each may offer what is `asked`; one alone may offer less, if it is what the next block
    asks.
    Raises `EnvironmentFault` `chain-unfunded` where the account cannot pay that.
    """
    count = cost = 0
    for limit in gas:
        cost += limit * asked.highest
        if count and cost > balance:
            break
        count += 1
    if count != 1:
        return Payable(asked, count)
    highest = min(asked.highest, balance // gas[0])
    if highest < asked.least:
        raise unpayable(account, balance, asked, gas[0])
    return Payable(Fees(highest, asked.priority), 1)


def unpayable(account: bytes, balance: int, asked: Fees, gas: int) -> EnvironmentFault:
    """What is told of an account that cannot pay a transaction."""
    return EnvironmentFault(
        f"the account 0x{account.hex()} holds {balance} wei, and a transaction may cost"
        f" {gas * asked.least} by what the nodes say ({asked.least} for a unit of gas)",
        code="chain-unfunded",
        hint="Nothing of it was signed. Have the account funded: what is decided goes on then, anything else"
        " is done again. A fee that cannot be is a wrong node's: `yinzheng chain` tells what each says.",
        account=account.hex(),
    )


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


def dearer(paid: Fees, now: Fees, most: int, afford: int | None = None) -> Fees | None:
    """Fees of a transaction that nodes take in the place of one that paid so little; None: there are none.

    Nodes ask for a tenth more, of both fees (geth `txpool.pricebump`, Besu `tx-pool-price-bump`). Sealers
    get twice as much, or what is suggested `now`, but `most` wei a unit of gas at most; `afford` is what the
    account can pay for one, whatever for.
    """
    if (paid.priority is None) != (now.priority is None):
        return None  # the network has changed its kinds of transactions: nothing to compare
    before = for_sealers(paid)
    after = min(max(2 * before, for_sealers(now)), most)
    raised = after > before and _by_a_tenth(before, after)
    if now.priority is None:
        return _within(Fees(after, None), paid, afford) if raised else None
    highest = max(now.highest - now.priority + after, -(-paid.highest * 11 // 10))
    outgrown = now.highest - now.priority > 2 * paid.highest and _by_a_tenth(before, after)
    return _within(Fees(highest, after), paid, afford) if raised or outgrown else None


def _within(fees: Fees, paid: Fees, afford: int | None) -> Fees | None:
    """As much of it as can be paid, if that is still a tenth more."""
    if afford is None or fees.highest <= afford:
        return fees
    enough = _by_a_tenth(paid.highest, afford) and afford >= (fees.priority or 0)
    return Fees(afford, fees.priority) if enough and fees.priority is not None else None


def cheaper(paid: Fees, now: Fees, *, beyond: bool) -> bool:
    """Whether what no node takes is to be signed anew as is asked now: it was told much too dear a fee.

    `beyond`: the account cannot pay it. Otherwise nodes may have a bound of their own (geth
    `rpc.txfeecap`); what falls a little from block to block is no reason.
    """
    return now.highest < paid.highest if beyond else 2 * now.highest <= paid.highest


def _by_a_tenth(before: int, after: int) -> bool:
    return 10 * after >= 11 * before
