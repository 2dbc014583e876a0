"""Clique networks that stand still: how that comes, and how they go on.

Each of four signers may seal one of any three blocks in a row. Where two pairs of signers sealed beside each
other, on two chains of the same weight, each has just sealed on its own and waits for one of the others; and
geth changes over to a heavier chain only. So they wait for ever. Nodes that come back and seal before they
heard of the others make such pairs; so, seldom, do two that seal at the same moment. It takes an operator:
those of one chain go back to the last block that both have, and follow the other. Nothing final is taken
back: no block on either side has the seals of more than half.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scripts.network_parts import nodes
from scripts.network_parts.binaries import Program
from scripts.network_parts.plan import Network, Node

_LOOKED_PERIODS: Final = 3
"""Block periods in which a network at work has another block."""
_CLOCKS: Final = 5
"""Seconds by which a block may be dated ahead of now and its chain still be one to follow."""
_DEEPEST: Final = 64
"""Blocks within which two chains of one network have one in common."""


@dataclass(frozen=True, slots=True)
class Head:
    """A node's newest block; `weight` is the difficulty of its whole chain."""

    number: int
    hash: str
    weight: int
    time: int
    """When it was proposed, UTC seconds, by the clock of who did."""


def head_of(node: Node) -> Head | None:
    """The newest block of a node; None if it does not answer."""
    found = nodes.ask(node, "eth_getBlockByNumber", ["latest", False])
    if not found:
        return None
    weight, proposed = found.get("totalDifficulty") or "0x0", found.get("timestamp") or "0x0"
    return Head(int(found["number"], 16), found["hash"], int(weight, 16), int(proposed, 16))


def start(network: Network, names: Iterable[str] = (), *, patience: float = 60) -> None:
    """Start nodes as `nodes.start`; a validator of Clique seals once it follows what the others have.

    Raises `TimeoutError`.
    """
    chosen = [network.node(name) for name in names] or list(network.nodes)
    down = [node for node in chosen if nodes.pid_of(network, node) is None]
    back = [node for node in down if network.program is Program.GETH and nodes.has_chain(network, node)]
    nodes.start(network, [node.name for node in chosen], patience=patience)
    _seal_again(network, back, patience)


def sides_of(network: Network) -> list[list[str]]:
    """The names of running nodes by the chain they are on, the one to keep first; one list: all on one.

    What is only behind is on the chain that it follows.
    """
    heads = {node.name: head for node in network.nodes if (head := head_of(node)) is not None}
    if not heads:
        return []
    due = {name: head for name, head in heads.items() if head.time <= time.time() + _CLOCKS} or heads
    chosen = _chosen(due)
    keeper = network.node(next(name for name, head in due.items() if head == chosen))
    sides: dict[str, list[str]] = {chosen.hash: []}
    for name, head in heads.items():
        same = name in due and head.weight <= chosen.weight and _hash_at(keeper, head.number) == head.hash
        sides.setdefault(chosen.hash if same else head.hash, []).append(name)
    return list(sides.values())


def heal(network: Network, *, patience: float = 60) -> list[str]:
    """Have all nodes follow one chain, where they stand still on several; gives who went back.

    Those on a block that is yet to come go back in any case: their validators' clocks were wrong, and nobody
    builds on it before it is due. Set the clocks first. Raises `ValueError`: it is no Clique, blocks come, or
    one side holds what is final; `TimeoutError`.
    """
    if network.program is not Program.GETH:
        raise ValueError("only Clique stands still so")
    heads = [head_of(node) for node in network.nodes]
    sides = sides_of(network)
    if len(sides) < 2:
        return []
    time.sleep(_LOOKED_PERIODS * network.period)
    if heads != [head_of(node) for node in network.nodes]:
        raise ValueError("blocks come: two chains of a network at work become one by themselves")
    keeper = network.node(sides[0][0])
    giving = [network.node(name) for side in sides[1:] for name in side]
    back_to = {node.name: _shared(node, keeper) for node in giving}
    for node in giving:
        _require_open(network, node, back_to[node.name])
    names = [node.name for node in giving]
    nodes.stop(network, names)
    nodes.start(network, names, patience=patience)
    for node in giving:
        nodes.ask(node, "debug_setHead", [hex(back_to[node.name])])
    _seal_again(network, giving, patience)
    return names


def _seal_again(network: Network, back: Sequence[Node], patience: float) -> None:
    """Have each of these nodes that may seal do so, once it is where the others are."""
    until = time.monotonic() + patience
    missing = list(back)
    others = [node for node in network.nodes if node not in back] or list(back)
    while missing:
        for node in [node for node in missing if _follows(node, others)]:
            missing.remove(node)
            if node.validator is not None:
                nodes.ask(node, "miner_start")
        if missing and time.monotonic() > until:
            names = ", ".join(node.name for node in missing)
            raise TimeoutError(f"does not follow the others, and does not seal: {names}")
        time.sleep(0.1)


def _follows(node: Node, others: Sequence[Node]) -> bool:
    """Whether a node's chain is as heavy as any: a block less, and it would seal beside the others."""
    heads = [head for other in others if (head := head_of(other)) is not None]
    own = head_of(node)
    return own is not None and own.weight >= max((head.weight for head in heads), default=0)


def _chosen(heads: dict[str, Head]) -> Head:
    """The heaviest; of several, the one that most have; of several, any, and always the same."""
    found = list(heads.values())
    return max(found, key=lambda head: (head.weight, found.count(head), head.hash))


def _hash_at(node: Node, number: int) -> Any:
    return (nodes.ask(node, "eth_getBlockByNumber", [hex(number), False]) or {}).get("hash")


def _shared(one: Node, other: Node) -> int:
    """The last block that two nodes have in common."""
    top = min(nodes.height(one) or 0, nodes.height(other) or 0)
    for number in range(top, max(0, top - _DEEPEST), -1):
        if _hash_at(one, number) == _hash_at(other, number):
            return number
    raise ValueError(f"{one.name} and {other.name} have none of the last {_DEEPEST} blocks in common")


def _require_open(network: Network, node: Node, shared: int) -> None:
    """Refuse to take back a block that more than half of the signers have sealed on top of."""
    head = nodes.height(node) or shared
    sealers = {nodes.ask(node, "clique_getSigner", [hex(at)]) for at in range(shared + 1, head + 1)}
    signers = nodes.ask(node, "clique_getSigners") or []
    if len(sealers) > len(signers) // 2:
        raise ValueError(
            f"{node.name} holds a final block {shared + 1} that others lack: validators sealed two chains, or"
            " the network was parted. Nothing was changed"
        )
