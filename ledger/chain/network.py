"""What a foreign network is, read off its own blocks when a registry is created on it (D12, H6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.ledger.chain.evidence import Ask, header_of
from yinzheng.verifier.chain.consensus import UNPROVEN, Consensus, recognise
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.header import Header
from yinzheng.verifier.errors import EnvironmentFault, UsageFault

LOOKS: Final = 4096
"""Of how many blocks between two that are known it is asked, at most, who might seal them."""


@dataclass(frozen=True, slots=True)
class Network:
    """A chain as a policy pins it: its first block, and who agrees on the others, and how."""

    genesis: bytes
    consensus: Consensus
    validators: tuple[bytes, ...]
    """20 bytes each; none where nobody named them and the blocks do not."""

    @property
    def provable(self) -> bool:
        """Whether a verifier can ever find that its blocks are sealed and final."""
        return self.consensus is not UNPROVEN and bool(self.validators)


def read_network(ask: Ask, validators: Sequence[bytes]) -> Network:
    """Recognise the consensus by the newest block, and its validators; compare them with those named, if any.

    QBFT's blocks list them. Clique's are those that the node tells, or else the first block lists; and the
    last blocks must be sealed by them. Raises `UsageFault` `validators-differ`; `EnvironmentFault` and
    `DataFault` as `evidence.Prover.collect`.
    """
    first, latest = _block(ask, "0x0"), _block(ask, "latest")
    consensus = recognise(header_of(latest))
    if consensus is UNPROVEN:  # a development node may hash its first block in a way of its own
        return Network(bytes.fromhex(first["hash"].removeprefix("0x")), consensus, tuple(validators))
    newest, genesis = header_of(latest, consensus), header_of(first, consensus)
    told = consensus.listed(newest) or _told(ask) or consensus.listed(genesis)
    if validators and told and set(validators) != set(told):
        raise _differ(
            "the network has others: " + ", ".join("0x" + one.hex() for one in sorted(set(told))), told
        )
    sealing = tuple(validators or told)
    if sealing and newest.number:
        _require_sealers(ask, newest, consensus, sealing)
    return Network(consensus.block_hash(genesis), consensus, sealing)


def sets_since(
    ask: Ask, consensus: Consensus, addresses: frozenset[bytes], known: frozenset[bytes], *, after: int
) -> list[tuple[int, frozenset[bytes]]]:
    """Every set that might seal blocks later than `after`, with its first block, the oldest first.

    `addresses` may seal the newest block, `known` the block `after`: where they are the same and nobody came
    and went in between, that set alone, from the block behind it. It is looked at `LOOKS` blocks at even
    distance, and each change between two of them is found by bisection. So of up to that many blocks no set
    stays unseen, and of more none that stood for as many as lie between two looks; one that came and went
    between two looks, the same before and after it, does.
    Raises `EnvironmentFault`, `DataFault` as `read_network`.
    """
    found: list[tuple[int, frozenset[bytes]]] = []
    newest = int(ask("eth_blockNumber", []), 16) + 1
    step = max(1, -(-(newest - after) // LOOKS))
    low, before = after, known
    for high in (*range(after + step, newest, step), newest):
        looked = addresses if high == newest else _may_seal(ask, consensus, high)
        if looked != before:
            found += _between(ask, consensus, low, before, high, looked)
        low, before = high, looked
    return found or [(after + 1, addresses)]


def _between(
    ask: Ask, consensus: Consensus, low: int, before: frozenset[bytes], high: int, addresses: frozenset[bytes]
) -> list[tuple[int, frozenset[bytes]]]:
    """The sets later than that of block `low`, up to that of block `high`, from the latter back."""
    found: list[tuple[int, frozenset[bytes]]] = []
    while True:
        first = _first_of(ask, consensus, addresses, low, high)
        found.insert(0, (first, addresses))
        if first == low + 1:
            return found
        high = first - 1
        if (addresses := _may_seal(ask, consensus, high)) == before:
            return found


def _first_of(ask: Ask, consensus: Consensus, addresses: frozenset[bytes], after: int, until: int) -> int:
    """The first block later than `after` that only these may seal, who may seal block `until` too."""
    low, high = after + 1, until
    while low < high:
        middle = (low + high) // 2
        if _may_seal(ask, consensus, middle) == addresses:
            high = middle
        else:
            low = middle + 1
    return low


def _may_seal(ask: Ask, consensus: Consensus, number: int) -> frozenset[bytes]:
    """Who may seal a block: QBFT's lists them, Clique's are those that were left after the block before."""
    if not consensus.later_seals_count:
        return frozenset(consensus.listed(header_of(_block(ask, hex(number)), consensus)))
    answer = ask("clique_getSigners", [hex(number - 1)])
    if not answer:
        raise EnvironmentFault(
            f"the node does not tell who might seal block {number}",
            code="node-refused",
            hint="Ask one that keeps everything, an archive node. Nothing was changed.",
        )
    return frozenset(bytes.fromhex(one.removeprefix("0x")) for one in answer)


def _told(ask: Ask) -> tuple[bytes, ...]:
    """Who may seal now, as a node of Clique tells; none where it does not."""
    try:
        answer = ask("clique_getSigners", [])
    except EnvironmentFault:
        return ()  # a node need not offer it
    return tuple(bytes.fromhex(one.removeprefix("0x")) for one in answer or ())


def _block(ask: Ask, which: str) -> dict[str, Any]:
    answer = ask("eth_getBlockByNumber", [which, False])
    if not isinstance(answer, dict):
        raise EnvironmentFault(
            f"The node has no block {which}.",
            code="node-no-block",
            hint="It may still be synchronising, or belong to another network.",
        )
    return answer


def _require_sealers(ask: Ask, newest: Header, consensus: Consensus, named: Sequence[bytes]) -> None:
    """The newest block, and under Clique as many before it as there are validators, are sealed by these."""
    count = len(named) if consensus.later_seals_count else 1
    for number in range(max(1, newest.number - count + 1), newest.number + 1):
        answer = ask("eth_getBlockByNumber", [hex(number), False])
        if answer is None:
            continue  # a node that was set up from a snapshot has no older ones
        try:
            consensus.sealers(header_of(answer, consensus), frozenset(named))
        except NotGiven as fault:
            raise _differ(fault.message, named) from None


def _differ(why: str, validators: Sequence[bytes]) -> UsageFault:
    return UsageFault(
        f"the validators named are not those of the network: {why}",
        code="validators-differ",
        hint="Name all that seal blocks there now; of a network that tells them none need be named.",
        validators=[one.hex() for one in validators],
    )
