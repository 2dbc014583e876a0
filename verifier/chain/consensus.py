"""How validators agree on blocks (S7.2, H6): all that differs between kinds of networks, behind one type.

Policy and instance name one of `CONSENSUS`; whoever needs a block's hash, its sealers, or how many headers
make a block final, asks it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.chain import clique, qbft
from yinzheng.verifier.chain.header import Header


@dataclass(frozen=True, slots=True)
class Consensus:
    """The rules of one kind of consensus."""

    name: str
    """As a policy writes it."""
    recognises: Callable[[Header], bool]
    """Whether a header has the marks of this consensus."""
    block_hash: Callable[[Header], bytes]
    """The hash, 32 bytes, by which children name the block."""
    listed: Callable[[Header], tuple[bytes, ...]]
    """The validators that a header names (20 bytes each); none where it names none."""
    sealers: Callable[[Header, frozenset[bytes]], frozenset[bytes]]
    """Who sealed the block, all of them among those pinned for it (addresses of 20 bytes).

    Raises `NotGiven` where nothing is wrong but the policy does not cover it, `DataFault` where a seal does
    not hold.
    """
    quorum: Callable[[int], int]
    """Of how many validators seals make a block final, by how many there are."""
    later_seals_count: bool
    """Whether the seals of later blocks count for an earlier one; else each block needs a quorum of its own.
    """

    def headers_until_final(self, validators: int) -> int:
        """How many headers, the block's own included, show that it is final."""
        return self.quorum(validators) if self.later_seals_count else 1


CLIQUE: Final = Consensus(
    "clique",
    clique.recognises,
    clique.block_hash,
    clique.listed,
    clique.sealers,
    clique.quorum,
    later_seals_count=True,
)
"""A Clique signer may seal only one of any ⌊N/2⌋ + 1 consecutive blocks, so that so many headers suffice."""

QBFT: Final = Consensus(
    "qbft",
    qbft.recognises,
    qbft.block_hash,
    qbft.listed,
    qbft.sealers,
    qbft.quorum,
    later_seals_count=False,
)

UNPROVEN: Final = Consensus(
    "none",
    lambda _: True,
    Header.digest,
    lambda _: (),
    lambda *_: frozenset(),
    lambda _: 1,
    later_seals_count=False,
)
"""Of a chain whose blocks nobody seals (a development node), or not so that it could be read here: what is on
it is recorded, and a verifier is told that nobody vouches for it.
"""

CONSENSUS: Final = {one.name: one for one in (CLIQUE, QBFT, UNPROVEN)}


def recognise(header: Header) -> Consensus:
    """The consensus whose marks the header has; `UNPROVEN` if none of those whose seals can be read."""
    return next(one for one in (CLIQUE, QBFT, UNPROVEN) if one.recognises(header))
