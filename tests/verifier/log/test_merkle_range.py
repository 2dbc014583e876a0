"""A range of leaves and the hashes around it lead to the root, and nothing else does."""

from __future__ import annotations

import pytest

from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.merkle import hash_leaf, hash_node, inclusion_path, root_from_leaves
from yinzheng.verifier.log.merkle_range import range_path, verify_range

LEAVES = [hash_leaf(b"%d" % number) for number in range(23)]


def test_every_range_of_every_tree_leads_to_its_root() -> None:
    for size in range(1, 14):
        leaves = LEAVES[:size]
        root = root_from_leaves(leaves)
        for first in range(size):
            for end in range(first + 1, size + 1):
                verify_range(first, leaves[first:end], size, range_path(first, end, leaves), root)


def test_a_range_of_one_has_the_hashes_of_an_inclusion_proof() -> None:
    def read(height: int, index: int) -> bytes:
        return root_from_leaves(LEAVES[index << height : (index + 1) << height])

    for place in range(16):
        assert sorted(range_path(place, place + 1, LEAVES[:16])) == sorted(inclusion_path(place, 16, read))


def test_a_leaf_dropped_added_moved_or_changed_shows() -> None:
    root, path = root_from_leaves(LEAVES), range_path(5, 12, LEAVES)
    shown = LEAVES[5:12]
    swapped = [shown[1], shown[0], *shown[2:]]
    for first, leaves, size, proof in (
        (5, shown[:3] + shown[4:], 23, path),
        (5, [*shown, LEAVES[12]], 23, path),
        (6, shown, 23, path),
        (5, swapped, 23, path),
        (5, shown, 12, path),
        (5, shown, 23, path[:-1]),
        (5, shown, 23, [*path, bytes(32)]),
        (5, shown, 23, [bytes(32), *path[1:]]),
        (5, [], 23, path),
        (20, shown, 23, path),
        (23, [bytes(32)], 23, [root]),
        (-1, [bytes(32)], 23, [root]),
        (0, [], 23, [root]),
        (5, [shown[0][1:], *shown[1:]], 23, path),
    ):
        with pytest.raises(DataFault) as caught:
            verify_range(first, leaves, size, proof, root)
        assert caught.value.code == "range-proof"


def test_hashes_of_other_lengths_lead_nowhere_though_their_bytes_are_the_same() -> None:
    """A node's hash is over both its children's bytes: where one ends must not be for the prover to say."""
    root, path, shown = root_from_leaves(LEAVES[:4]), range_path(0, 2, LEAVES[:4]), LEAVES[:2]
    verify_range(0, shown, 4, path, root)
    both = shown[0] + shown[1]
    assert hash_node(both[:31], both[31:]) == hash_node(*shown)
    for leaves, proof in (
        ([both[:31], both[31:]], path),
        ([both, b""], path),
        (shown, [path[0] + b"\0"]),
        (shown, [path[0][1:]]),
    ):
        with pytest.raises(DataFault) as caught:
            verify_range(0, leaves, 4, proof, root)
        assert caught.value.code == "range-proof"


def test_there_is_no_range_outside_a_tree() -> None:
    for first, end in ((-1, 2), (3, 3), (20, 24)):
        with pytest.raises(UsageFault):
            range_path(first, end, LEAVES)
