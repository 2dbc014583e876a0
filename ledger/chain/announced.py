"""What the contracts announced: the events by which others than the registry may have told them something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from web3 import Web3
from web3.types import FilterParams, LogReceipt

from yinzheng.ledger.chain.events import arguments_of, logs_in, topic
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import checksummed
from yinzheng.verifier.formats.inlet import EVENTS


@dataclass(frozen=True, slots=True)
class Announced:
    """One event. Identifiers are 32 bytes."""

    inlet: str
    about: bytes
    name: bytes
    arguments: Mapping[str, Any]
    block: int
    block_hash: bytes
    transaction: bytes
    log: int


def announced(w3: Web3, addresses: Mapping[str, bytes], first: int, last: int) -> list[Announced]:
    """All of them in blocks `first` to `last`, in the order of the chain; `addresses` by contract.

    Raises `ChainUnreachable`, `NodeRefused`.
    """
    of = {addresses[contract]: contract for contract, *_ in EVENTS.values()}
    asked: FilterParams = {
        "address": [checksummed(address) for address in of],
        "topics": [["0x" + one.hex() for _, one in _topics()]],  # any of them
    }
    found = (_read(of, log) for log in logs_in(w3, asked, first, last))
    return [one for one in found if one is not None]


def sender_of(w3: Web3, transaction: bytes) -> bytes:
    """Whose transaction it was, 20 bytes."""
    with translated():
        return bytes.fromhex(w3.eth.get_transaction("0x" + transaction.hex())["from"][2:])  # type: ignore[arg-type]


def _read(of: Mapping[bytes, str], log: LogReceipt) -> Announced | None:
    address = bytes.fromhex(log["address"][2:])
    inlet = dict(_inlets()).get((of.get(address, ""), bytes(log["topics"][0])))
    if inlet is None:
        return None  # of one contract, by the name of another's event
    contract, event, about, name = EVENTS[inlet]
    arguments = arguments_of(contract, event, log)
    return Announced(
        inlet=inlet,
        about=bytes(arguments[about]),
        name=bytes(arguments[name]),
        arguments=arguments,
        block=log["blockNumber"],
        block_hash=bytes(log["blockHash"]),
        transaction=bytes(log["transactionHash"]),
        log=log["logIndex"],
    )


@cache
def _topics() -> tuple[tuple[str, bytes], ...]:
    return tuple((inlet, topic(contract, event)) for inlet, (contract, event, *_) in EVENTS.items())


@cache
def _inlets() -> tuple[tuple[tuple[str, bytes], str], ...]:
    return tuple(((EVENTS[inlet][0], one), inlet) for inlet, one in _topics())
