"""What others told the contracts themselves, and whether the log says that it was found (S24.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from yinzheng.api.mirror.watched import Kind
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.formats.inlet import EVENTS, FOUND, Found, inlets_subject
from yinzheng.verifier.formats.trade_check import Block
from yinzheng.verifier.log.statement import Statement, commit_public

_INLETS: Final = {(contract, event): inlet for inlet, (contract, event, *_) in EVENTS.items()}


class Node(Protocol):
    """A chain node. Each raises `EnvironmentFault` where it does not answer."""

    def sender_of(self, transaction: bytes) -> bytes | None:
        """Whose transaction it was, 20 bytes."""

    def time_of(self, block: int) -> int | None:
        """When a block was sealed, UTC seconds."""


def told(kind: Kind, log: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of an event by which others may tell the contracts: what a `chain.found` has of it, as JSON."""
    inlet = _INLETS.get((kind.contract, kind.name))
    if inlet is None:
        return None
    return {
        "inlet": inlet,
        "about": log["topics"][1][2:],
        "transaction": log["transactionHash"][2:],
        "log": int(log["logIndex"], 16),
        "hash": log["blockHash"][2:],
    }


def founds_of(log: TileLog, origin: str) -> list[Statement]:
    """Every `chain.found` of a log, in its order."""
    said = (Statement.from_bytes(entry) for entry in log.entries() if FOUND.encode() in entry)
    subject = inlets_subject(origin)
    return [one for one in said if (one.type, one.subject) == (FOUND, subject)]


def is_found(node: Node, founds: list[Statement], name: bytes, block: int, event: Mapping[str, Any]) -> bool:
    """Whether one of `founds` is of this very event, which `told` gave; it is taken out of them then.

    Its body is what the chain says, and the time at which it was found: it is made again, and compared.
    """
    transaction = bytes.fromhex(event["transaction"])
    try:
        account, time = (node.sender_of(transaction), node.time_of(block)) if founds else (None, None)
    except EnvironmentFault:
        return False  # a node that does not tell must not keep the mirror from going on
    if account is None or time is None:
        return False
    for number, statement in enumerate(founds):
        body = Found(
            inlet=event["inlet"],
            about=bytes.fromhex(event["about"]),
            name=name,
            account=account,
            transaction=transaction,
            log=event["log"],
            block=Block(block, bytes.fromhex(event["hash"]), time),
            at=statement.at,
        )
        if commit_public(canonical.dumps(body.to_json())).matches(statement.commitment):
            del founds[number]  # the next event is most likely that of the next one
            return True
    return False
