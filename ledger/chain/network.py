"""What a foreign network is, read off its own blocks when a registry is created on it (D12, H6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yinzheng.ledger.chain.evidence import Ask, header_of
from yinzheng.verifier.chain.consensus import UNPROVEN, Consensus, recognise
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.header import Header
from yinzheng.verifier.errors import EnvironmentFault, UsageFault


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
    """Recognise the consensus by the newest block, and compare its validators with those named, if any are.

    Where the blocks list them (QBFT) they need not be named. Raises `UsageFault` `validators-differ`;
    `EnvironmentFault` and `DataFault` as `evidence.Prover.collect`.
    """
    first, latest = _block(ask, "0x0"), _block(ask, "latest")
    consensus = recognise(header_of(latest))
    if consensus is UNPROVEN:  # a development node may hash its first block in a way of its own
        return Network(bytes.fromhex(first["hash"].removeprefix("0x")), consensus, tuple(validators))
    newest = header_of(latest, consensus)
    sealing = tuple(validators) or consensus.listed(newest)
    if validators and newest.number:
        _require_sealers(newest, consensus, sealing)
    return Network(consensus.block_hash(header_of(first, consensus)), consensus, sealing)


def _block(ask: Ask, which: str) -> dict[str, Any]:
    answer = ask("eth_getBlockByNumber", [which, False])
    if not isinstance(answer, dict):
        raise EnvironmentFault(
            f"The node has no block {which}.",
            code="node-no-block",
            hint="It may still be synchronising, or belong to another network.",
        )
    return answer


def _require_sealers(newest: Header, consensus: Consensus, named: Sequence[bytes]) -> None:
    try:
        consensus.sealers(newest, frozenset(named))
    except NotGiven as fault:
        raise UsageFault(
            f"the validators named are not those of the network: {fault.message}",
            code="validators-differ",
            hint="Name all that seal blocks there now; of QBFT none need be named, its blocks list them.",
        ) from None
