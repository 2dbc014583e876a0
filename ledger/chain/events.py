"""Events of the contracts: asked of a node by contract and name, and read as their ABI tells them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from web3 import Web3
from web3.contract import Contract
from web3.providers.base import BaseProvider
from web3.types import FilterParams, LogReceipt

from yinzheng.contracts import artifact
from yinzheng.ledger.chain.contracts import CONTRACTS, canonical_type
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import checksummed
from yinzheng.verifier.bytes.algorithms import keccak256


def told(
    w3: Web3, address: bytes, contract: str, event: str, *, first: int = 0, about: bytes | None = None
) -> list[Mapping[str, Any]]:
    """Arguments, by name, of each such event of the contract at `address` since block `first`, oldest first.

    `contract` as in `CONTRACTS`; `about`: only those whose first indexed argument is these 32 bytes.
    Raises `ChainUnreachable`, `NodeRefused`.
    """
    asked: FilterParams = {
        "fromBlock": first,
        "toBlock": "latest",
        "address": checksummed(address),
        "topics": ["0x" + one.hex() for one in (topic(contract, event), about) if one is not None],
    }
    with translated():
        logs = w3.eth.get_logs(asked)
    return [arguments_of(contract, event, log) for log in logs]


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
