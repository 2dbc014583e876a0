"""How the network is: its nodes, who seals, what it asks for, and what of ours waits on it (D12, D17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlmodel import Session, col, select
from web3 import Web3

from yinzheng.ledger.chain.connect import conditions, prover
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.endpoints import Condition
from yinzheng.ledger.chain.evidence import header_of
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.store.models import ChainCall
from yinzheng.verifier.chain.consensus import CLIQUE, Consensus
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.header import Header
from yinzheng.verifier.errors import DataFault

LOOKED_AT: Final = 64
"""How many of the last blocks tell who seals."""
STUCK_SECONDS: Final = 300
"""Seconds after which a call that waits is called stuck."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """What one validator did in the last blocks."""

    validator: str
    """40 hex."""
    operator: str | None
    sealed: int
    missed: int | None
    """Of Clique: blocks whose turn was theirs and that another sealed; of QBFT nobody can tell, for a block
    bears no more seals than it needs."""
    last: int | None
    """The newest block with their seal; None of those looked at."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that is not in a final block yet."""

    name: str
    state: str
    age: int
    nonce: int | None
    stuck: bool
    why: str | None


@dataclass(frozen=True, slots=True)
class NetworkState:
    """Everything there is to see of it."""

    nodes: Sequence[Condition]
    consensus: str
    head: int
    head_age: int
    final: int
    looked_at: int
    sealing: Sequence[Sealing]
    strangers: Sequence[str]
    """Sealed, and nobody named them: voted in, perhaps."""
    base_fee: int | None
    """Wei; None where the network knows none."""
    waiting: Sequence[Waiting]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def look_at(w3: Web3, instance: Instance, session: Session, now: int) -> NetworkState:
    """Ask the nodes, and the database what waits. Raises `EnvironmentFault` where none answers."""
    nodes = conditions(w3)
    ask = asking(w3)
    with translated():
        newest = w3.eth.get_block("latest")
    head = newest["number"]
    headers = [
        header_of(ask("eth_getBlockByNumber", [hex(number), False]), instance.consensus)
        for number in range(max(1, head - LOOKED_AT + 1), head + 1)
    ]
    sealing, strangers = seals_of(headers, instance)
    return NetworkState(
        nodes=nodes,
        consensus=instance.consensus.name,
        head=head,
        head_age=max(0, now - newest["timestamp"]),
        final=prover(w3, instance).last_final(),
        looked_at=len(headers),
        sealing=sealing,
        strangers=strangers,
        base_fee=newest.get("baseFeePerGas"),
        waiting=waiting_calls(session, now),
    )


def seals_of(headers: Sequence[Header], instance: Instance) -> tuple[list[Sealing], list[str]]:
    """Who sealed these blocks, each validator once, and who else."""
    known = sorted(instance.validators)
    sealed: dict[bytes, list[int]] = {address: [] for address in known}
    missed = dict.fromkeys(known, 0)
    strangers: set[bytes] = set()
    for header in headers:
        by = _sealers(header, instance.consensus, frozenset(known))
        strangers |= by - set(known)
        for address in by & set(known):
            sealed[address].append(header.number)
        if instance.consensus is CLIQUE and known and by:
            turn = known[header.number % len(known)]
            missed[turn] += turn not in by
    owner = {address: one.name for one in instance.operators for address in one.validators}
    clique = instance.consensus is CLIQUE
    found = [
        Sealing(
            address.hex(),
            owner.get(address),
            len(blocks),
            missed[address] if clique else None,
            blocks[-1] if blocks else None,
        )
        for address, blocks in sealed.items()
    ]
    return found, sorted(address.hex() for address in strangers)


def _sealers(header: Header, consensus: Consensus, known: frozenset[bytes]) -> frozenset[bytes]:
    try:
        return consensus.sealers(header, known)
    except NotGiven as fault:
        stranger = fault.data.get("sealer")
        return frozenset((bytes.fromhex(stranger),) if isinstance(stranger, str) else ())
    except DataFault:
        return frozenset()


def waiting_calls(session: Session, now: int) -> list[Waiting]:
    """Calls that are decided and not in a final block, the oldest first."""
    open_ = select(ChainCall).where(col(ChainCall.state).in_(("pending", "sent")))
    return [
        Waiting(
            call.name,
            call.state,
            age := max(0, now - call.created_at),
            call.nonce,
            age >= STUCK_SECONDS,
            call.error,
        )
        for call in session.exec(open_.order_by(col(ChainCall.id))).all()
    ]
