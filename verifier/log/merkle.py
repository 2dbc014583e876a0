"""The Merkle tree of RFC 6962 section 2.1, with SHA-256: checking proofs, and making them.

Checking follows the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2, which refuse a proof with a hash
too few or too many. Nothing is proved to or from a tree of size 0 (S4.5).
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeAlias

from yinzheng.verifier.errors import DataFault, UsageFault

HASH_BYTES = 32

MAX_SIZE = 2**63 - 1
"""Largest tree size read or written; what other implementations hold in a signed 64-bit integer."""

EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves."""

SubtreeReader: TypeAlias = Callable[[int, int], bytes]
"""`(height, index)` → hash of the complete subtree over the `1 << height` leaves from `index << height`."""


def hash_leaf(entry: bytes) -> bytes:
    """`SHA-256(0x00 || entry)`."""
    return sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """`SHA-256(0x01 || left || right)`."""
    return sha256(b"\x01" + left + right).digest()


def root_from_leaves(leaf_hashes: Sequence[bytes]) -> bytes:
    """Root over these leaf hashes, in time linear in their number."""
    if not leaf_hashes:
        return EMPTY_ROOT
    row = list(leaf_hashes)
    while len(row) > 1:
        # An odd one out moves up unchanged: the same tree as the RFC's split at a power of two.
        pairs = [hash_node(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = [*pairs, row[-1]] if len(row) % 2 else pairs
    return row[0]


class Growing:
    """A tree that leaf hashes are added to, of which no more is kept than its right-hand edge."""

    def __init__(self, size: int = 0, read: SubtreeReader | None = None) -> None:
        """Begin with a tree of `size` leaves whose complete subtrees `read` gives, or with none."""
        self.size = size
        self._edge: list[
            tuple[int, bytes]
        ] = []  # subtrees from the left, by height, each lower than the last
        low = 0
        while low < size and read is not None:
            height = (size - low).bit_length() - 1
            self._edge.append((height, read(height, low >> height)))
            low += 1 << height

    def add(self, leaf_hash: bytes) -> None:
        """Add a leaf."""
        height, node = 0, leaf_hash
        while self._edge and self._edge[-1][0] == height:
            node = hash_node(self._edge.pop()[1], node)
            height += 1
        self._edge.append((height, node))
        self.size += 1

    def root(self) -> bytes:
        """Root over all leaves so far."""
        if not self._edge:
            return EMPTY_ROOT
        *lefts, (_, root) = self._edge
        for _, left in reversed(lefts):
            root = hash_node(left, root)
        return root


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf_hash` is leaf `index` (from 0) of the tree with `size` leaves and this `root`.

    Raises `DataFault` (`inclusion-proof`).
    """
    if root_from_inclusion(leaf_hash, index, size, proof) != root:
        raise _inclusion_fault("the inclusion proof leads to another root")


def root_from_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root this inclusion proof leads to (RFC 9162 section 2.1.3.2).

    Raises `DataFault` (`inclusion-proof`) if the proof has the wrong shape for `index` and `size`.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise _inclusion_fault(f"there is no leaf {index} in a tree of {size}")
    if not _are_hashes([leaf_hash, *proof]):
        raise _inclusion_fault("a hash in the inclusion proof has not 32 bytes")
    node, last, result = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise _inclusion_fault("the inclusion proof has a hash too many")
        if node & 1 or node == last:
            result = hash_node(sibling, result)
            # On the right edge, rows where our node has no sibling contribute no hash.
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = hash_node(result, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise _inclusion_fault("the inclusion proof lacks a hash")
    return result


def verify_consistency(size1: int, root1: bytes, size2: int, root2: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `size2` extends the tree of `size1` (RFC 9162 section 2.1.4.2).

    Both sizes are at least 1; equal sizes need equal roots and an empty proof. Raises `DataFault`
    (`consistency-proof`).
    """
    if not 1 <= size1 <= size2 <= MAX_SIZE:
        raise _consistency_fault(f"no consistency is defined from size {size1} to size {size2}")
    if size1 == size2:
        if proof or root1 != root2:
            raise _consistency_fault("trees of one size have different roots, or a proof that is not empty")
        return
    if not _are_hashes([root1, root2, *proof]):
        raise _consistency_fault("a hash in the consistency proof has not 32 bytes")
    if _roots_from_consistency(size1, root1, size2, proof) != (root1, root2):
        raise _consistency_fault("the consistency proof leads to other roots")


def _roots_from_consistency(
    size1: int, root1: bytes, size2: int, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    # A first tree that is a complete subtree of the second is its own starting point.
    path = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    if not path:
        raise _consistency_fault("the consistency proof is empty")
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise _consistency_fault("the consistency proof has a hash too many")
        if node & 1 or node == last:
            first, second = hash_node(sibling, first), hash_node(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = hash_node(second, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise _consistency_fault("the consistency proof lacks a hash")
    return first, second


def root_of(size: int, read: SubtreeReader) -> bytes:
    """Root of the tree of `size` leaves whose complete subtrees `read` gives."""
    return _range_hash(0, size, read) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, read: SubtreeReader) -> list[bytes]:
    """Inclusion proof of leaf `index` in the tree of `size` (RFC 6962 section 2.1.1), from the leaf up.

    Raises `UsageFault` (`proof-range`) unless 0 ≤ index < size.
    """
    if not 0 <= index < size:
        raise UsageFault(f"there is no leaf {index} in a tree of {size}", code="proof-range")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_hash(middle, high, read))
            high = middle
        else:
            path.append(_range_hash(low, middle, read))
            low = middle
    return path[::-1]


def consistency_path(size1: int, size2: int, read: SubtreeReader) -> list[bytes]:
    """Consistency proof from `size1` to `size2` (RFC 6962 section 2.1.2).

    Raises `UsageFault` (`proof-range`) unless 1 ≤ size1 ≤ size2.
    """
    if not 1 <= size1 <= size2:
        raise UsageFault(f"no consistency is defined from size {size1} to size {size2}", code="proof-range")
    path: list[bytes] = []
    low, high = 0, size2
    while size1 < high:
        middle = low + _split(high - low)
        if size1 <= middle:
            path.append(_range_hash(middle, high, read))
            high = middle
        else:
            path.append(_range_hash(low, middle, read))
            low = middle
    if low > 0:
        # The old tree ends with this subtree; were it the whole old tree, the reader would know its hash.
        path.append(_range_hash(low, high, read))
    return path[::-1]


def _split(width: int) -> int:
    """Largest power of two smaller than `width`, which is at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_hash(low: int, high: int, read: SubtreeReader) -> bytes:
    """Hash over leaves `low`…`high` of a tree, where `low` is where the RFC's splitting puts it."""
    complete: list[bytes] = []
    while low < high:
        height = (high - low).bit_length() - 1
        complete.append(read(height, low >> height))
        low += 1 << height
    result = complete.pop()
    while complete:
        result = hash_node(complete.pop(), result)
    return result


def _are_hashes(hashes: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in hashes)


def _inclusion_fault(problem: str) -> DataFault:
    return DataFault(problem, code="inclusion-proof")


def _consistency_fault(problem: str) -> DataFault:
    return DataFault(problem, code="consistency-proof")
