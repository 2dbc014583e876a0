"""How the network is: its nodes, who seals, what it asks for, and what of ours waits on it (D12, D17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Final

from sqlmodel import Session, col, select
from web3 import Web3

from yinzheng.ledger.chain.connect import conditions, prover
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.endpoints import Condition
from yinzheng.ledger.chain.evidence import header_of
from yinzheng.ledger.chain.fees import fees_of, for_sealers
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import checksummed
from yinzheng.ledger.flow.histories import relay_in
from yinzheng.ledger.flow.outbidding import kept_of, raised
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.store.models import ChainCall
from yinzheng.verifier.chain.consensus import CLIQUE, Consensus
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.header import Header
from yinzheng.verifier.errors import DataFault

LOOKED_AT: Final = 64
"""How many of the last blocks tell who seals."""
STILL_PERIODS: Final = 5
"""Periods without a block after which a chain is said to stand still."""
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
    fee: int | None
    """Wei for a unit of gas that its transaction offers whoever seals; None of what is not signed yet."""
    raised: int
    """How often it was signed anew with a dearer fee (ADR 69)."""
    offers: int | None = None
    """Wei for a unit of gas that it offers at most, the base fee included; None as `fee`."""
    below: bool = False
    """Whether a block asks more than that by now: it waits until it is signed anew, or the base fee falls."""
    limit_needed: int | None = None
    """What `fee_limit` must be at least for it to be signed anew; None: it is that much."""
    unpaid: bool = False
    """Whether it, with those before it, might cost more than the relay holds: no node takes that."""


@dataclass(frozen=True, slots=True)
class NetworkState:
    """Everything there is to see of it."""

    nodes: Sequence[Condition]
    consensus: str
    head: int
    head_age: int
    final: int
    period: int | None
    """Seconds between two of its blocks, as a rule; None of an embedded chain, which seals when asked to."""
    missed: int
    """Periods since its last block."""
    apart: Sequence[str]
    """Of a chain that stands still: the nodes that are well and the block of each, where these differ."""
    looked_at: int
    sealing: Sequence[Sealing]
    strangers: Sequence[str]
    """Sealed, and nobody named them: voted in, perhaps."""
    base_fee: int | None
    """Wei; None where the network knows none."""
    fee_limit: int
    """Wei for a unit of gas that sealers get at most; what waits and offers that much gets no dearer."""
    waiting: Sequence[Waiting]
    relay: str | None = None
    """The account that sends what is decided, 40 hex; None: it never sent anything."""
    balance: int | None = None
    """What it holds, in wei."""
    ahead: int = 0
    """Seconds by which the newest block is dated ahead of our clock: its proposer's is wrong, or ours."""

    @property
    def still(self) -> bool:
        """Whether blocks ought to have come, and did not."""
        return self.missed >= STILL_PERIODS

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "still": self.still}


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
    head_age = max(0, now - newest["timestamp"])
    period = period_of([header.time for header in headers]) if instance.foreign else None
    missed = head_age // period if period else 0
    relay, base_fee = relay_in(session), newest.get("baseFeePerGas")
    with translated():
        balance = None if relay is None else int(w3.eth.get_balance(checksummed(relay)))
    return NetworkState(
        nodes=nodes,
        consensus=instance.consensus.name,
        head=head,
        head_age=head_age,
        final=prover(w3, instance).last_final(),
        period=period,
        missed=missed,
        apart=_apart(nodes) if missed >= STILL_PERIODS else (),
        looked_at=len(headers),
        sealing=sealing,
        strangers=strangers,
        base_fee=base_fee,
        fee_limit=instance.fee_limit,
        waiting=waiting_calls(session, now, base_fee or 0, instance.fee_limit, balance),
        relay=None if relay is None else relay.hex(),
        balance=balance,
        ahead=max(0, newest["timestamp"] - now),
    )


def period_of(times: Sequence[int]) -> int | None:
    """Seconds from block to block, at least one: the median, which no long wait among them moves."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return max(1, round(median(gaps))) if gaps else None


def pace_at(w3: Web3, head: int) -> int | None:
    """The same of the eight blocks up to one, asked for. Raises `EnvironmentFault`."""
    with translated():
        return period_of([w3.eth.get_block(at)["timestamp"] for at in range(max(1, head - 8), head + 1)])


def _apart(nodes: Sequence[Condition]) -> list[str]:
    well = [one for one in nodes if one.fault is None and one.head is not None]
    if len({one.head for one in well}) < 2:
        return []
    return [f"{one.name} block {one.height} {one.head}" for one in well]


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


def waiting_calls(
    session: Session, now: int, base_fee: int = 0, limit: int | None = None, balance: int | None = None
) -> list[Waiting]:
    """Calls that are decided and not in a final block, the oldest first.

    `base_fee`, `limit` (both wei for a unit of gas) and the relay's `balance` tell what keeps them.
    """
    open_ = select(ChainCall).where(col(ChainCall.state).in_(("pending", "sent")))
    calls = session.exec(open_.order_by(col(ChainCall.id))).all()
    signed = {call.id: one for call, one in kept_of(session, calls)}
    found: list[Waiting] = []
    cost = 0
    for call in calls:
        fees = fees_of(signed[call.id].raw) if call.id in signed else None
        relays = fees is not None and call.sender == RELAY
        cost += call.gas * fees.highest if fees and relays else 0
        age = max(0, now - call.created_at)
        found.append(
            Waiting(
                call.name,
                call.state,
                age,
                call.nonce,
                age >= STUCK_SECONDS,
                call.error,
                for_sealers(fees) if fees else None,
                raised(signed[call.id]) if fees else 0,
                fees.highest if fees else None,
                fees is not None and fees.highest < base_fee,
                _limit_needed(for_sealers(fees), limit) if fees and relays and limit is not None else None,
                relays and balance is not None and cost > balance,
            )
        )
    return found


def _limit_needed(fee: int, limit: int) -> int | None:
    """Nodes take nothing in another's place that does not pay sealers a tenth more (`dearer`)."""
    least = -(-11 * fee // 10)
    return least if fee and limit < least else None
