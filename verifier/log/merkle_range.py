"""Proof that leaves beside each other are all there are between two places of an RFC 6962 tree.

The leaves of the range are all at hand; of the rest of the tree the proof has the hash of each largest
subtree that lies wholly outside, from left to right. So the root follows from exactly these leaves at exactly
these places: one that is left out, added or moved leads to another root.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.merkle import HASH_BYTES, MAX_SIZE, hash_node, root_from_leaves


def range_path(first: int, end: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from leaves `first` … `end` - 1 to the root over all `leaves`.

    Raises `UsageFault` (`proof-range`) unless 0 ≤ first < end ≤ their number.
    """
    if not 0 <= first < end <= len(leaves):
        raise UsageFault(f"no leaves {first} to {end} in a tree of {len(leaves)}", code="proof-range")
    return list(_outside(0, len(leaves), first, end, leaves))


def verify_range(first: int, leaves: Sequence[bytes], size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that these are leaves `first` and following of the tree with `size` leaves and this `root`.

    Raises `DataFault` (`range-proof`).
    """
    end = first + len(leaves)
    if not 0 <= first < end <= size <= MAX_SIZE or any(len(one) != HASH_BYTES for one in (*leaves, *path)):
        raise _fault(f"there are no leaves {first} to {end} in a tree of {size}")
    rest = iter(path)
    found = _root(0, size, first, leaves, rest)
    if next(rest, None) is not None:
        raise _fault("the range proof has a hash too many")
    if found != root:
        raise _fault("the range proof leads to another root")


def _root(low: int, high: int, first: int, leaves: Sequence[bytes], path: Iterator[bytes]) -> bytes:
    if high <= first or low >= first + len(leaves):
        found = next(path, None)
        if found is None:
            raise _fault("the range proof lacks a hash")
        return found
    if high - low == 1:
        return leaves[low - first]
    middle = low + (1 << ((high - low - 1).bit_length() - 1))
    left = _root(low, middle, first, leaves, path)
    return hash_node(left, _root(middle, high, first, leaves, path))


def _outside(low: int, high: int, first: int, end: int, leaves: Sequence[bytes]) -> Iterator[bytes]:
    if high <= first or low >= end:
        yield root_from_leaves(leaves[low:high])
    elif high - low > 1:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        yield from _outside(low, middle, first, end, leaves)
        yield from _outside(middle, high, first, end, leaves)


def _fault(problem: str) -> DataFault:
    return DataFault(problem, code="range-proof")
