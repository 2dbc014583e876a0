"""What the contracts told is asked for in as few pieces as the node likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from web3 import Web3
from web3.exceptions import Web3RPCError

from yinzheng.ledger.chain.events import SPAN, logs_in, told
from yinzheng.ledger.chain.reverts import NodeRefused


@dataclass
class Node:
    """It looks through `most` blocks at once, or refuses; in each `every`-th is what is asked for."""

    block_number: int = 30_000_000
    most: int = 10**9
    every: int = 1_000_000
    asked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def eth(self) -> Node:
        return self

    def get_logs(self, asked: dict[str, Any]) -> list[int]:
        first, last = asked["fromBlock"], asked["toBlock"]
        self.asked.append((first, last))
        if last - first >= self.most:
            raise Web3RPCError("block range too wide")
        return [at for at in range(self.every, self.block_number + 1, self.every) if first <= at <= last]

    def found(self, **options: Any) -> list[int]:
        return cast("list[int]", list(logs_in(cast(Web3, self), {}, 0, self.block_number, **options)))


def test_what_is_about_one_thing_is_asked_for_once() -> None:
    """A chain of a year has tens of millions of blocks."""
    node = Node(every=10**9)
    end = "CertificateCancelled"
    assert list(told(cast(Web3, node), bytes(20), "standing", end, about=bytes(32))) == []
    assert node.asked == [(0, node.block_number)]


@pytest.mark.parametrize(("most", "pieces"), [(10**9, 1), (10_000, 6_002), (5_000, 6_002), (4_000, 12_003)])
def test_a_node_that_looks_through_fewer_is_asked_for_fewer(most: int, pieces: int) -> None:
    node = Node(most=most)
    assert node.found(span=node.block_number + 1) == [at * 1_000_000 for at in range(1, 31)]
    assert len(node.asked) == pieces


def test_what_may_be_very_many_is_asked_for_in_pieces() -> None:
    node = Node(block_number=20_000, every=15_000)
    assert node.found() == [15_000]
    assert node.asked == [(at, min(at + SPAN - 1, 20_000)) for at in range(0, 20_001, SPAN)]


def test_a_node_that_refuses_one_block_refuses() -> None:
    node = Node(most=0)
    with pytest.raises(NodeRefused):
        node.found()
