"""Events of the contracts: asked of a node by contract and name, and read as their ABI tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from web3 import Web3
from web3.contract import Contract
from web3.providers.base import BaseProvider
from web3.types import FilterParams, LogReceipt

from yinzheng.contracts import artifact
from yinzheng.ledger.chain.contracts import CONTRACTS, canonical_type
from yinzheng.ledger.chain.reverts import NodeRefused, translated
from yinzheng.ledger.chain.sender import checksummed
from yinzheng.verifier.bytes.algorithms import keccak256

SPAN: Final = 5_000
"""Blocks asked for at once: nodes refuse to look through many more."""


def told(
    w3: Web3, address: bytes, contract: str, event: str, *, first: int = 0, about: bytes | None = None
) -> Iterator[Mapping[str, Any]]:
    """Arguments, by name, of each such event of the contract at `address` since block `first`, oldest first.

    `contract` as in `CONTRACTS`; `about`: only those whose first indexed argument is these 32 bytes, which
    are few, and which a node finds by its index: all blocks are asked for at once. Of the others there may be
    more than a node gives at once, and than memory holds. Raises as `logs_in`.
    """
    asked: FilterParams = {
        "address": checksummed(address),
        "topics": ["0x" + one.hex() for one in (topic(contract, event), about) if one is not None],
    }
    with translated():
        last = w3.eth.block_number
    for log in logs_in(w3, asked, first, last, span=SPAN if about is None else last - first + 1):
        yield arguments_of(contract, event, log)


def logs_in(
    w3: Web3, asked: FilterParams, first: int, last: int, *, span: int = SPAN
) -> Iterator[LogReceipt]:
    """The logs that are `asked` for in blocks `first` to `last`, in the order of the chain.

    They are asked for by `span` blocks; of a node that gives fewer at once by fewer, from there on. Raises
    `ChainUnreachable`, `NodeRefused`.
    """
    while first <= last:
        end = min(first + span - 1, last)
        try:
            with translated():
                found = w3.eth.get_logs({**asked, "fromBlock": first, "toBlock": end})
        except NodeRefused:
            if first == end:
                raise
            span = min((end - first + 1) // 2, SPAN)
            continue
        yield from found
        first = end + 1


def arguments_of(contract: str, event: str, log: LogReceipt) -> Mapping[str, Any]:
    """What a log says by its event: integers, bytes, addresses as text, structs by their parts' names."""
    arguments: Mapping[str, Any] = _interface(contract).events[event]().process_log(log)["args"]
    return arguments


@cache
def topic(contract: str, event: str) -> bytes:
    """Give the first topic of an event's logs, 32 bytes."""
    abi = artifact(CONTRACTS[contract].artifact).abi
    (item,) = (one for one in abi if one["type"] == "event" and one["name"] == event)
    return keccak256(f"{event}({','.join(canonical_type(one) for one in item['inputs'])})".encode())


@cache
def _interface(contract: str) -> type[Contract]:
    """Made once, of no node: web3 makes a class of every function and event each time."""
    return Web3(BaseProvider()).eth.contract(abi=artifact(CONTRACTS[contract].artifact).abi)
