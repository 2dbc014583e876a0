"""Merkle proofs: 196 vectors by others, and everything up to 40 leaves against the RFC's own recursion."""

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.log.growth import as_reader
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log import merkle

VECTORS = Path(__file__).parents[2] / "vectors" / "rfc6962"
CASES = sorted(str(path.relative_to(VECTORS)) for path in VECTORS.rglob("*.json"))
LEAVES = [merkle.hash_leaf(n.to_bytes(2, "big")) for n in range(300)]
OTHER = merkle.hash_leaf(b"other")


# RFC 6962 sections 2.1, 2.1.1 and 2.1.2, word for word.


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def test_there_are_196_vectors() -> None:
    assert len(CASES) == 196


@pytest.mark.parametrize("name", CASES)
def test_vector(name: str) -> None:
    case = json.loads((VECTORS / name).read_text())

    def hashes(*names: str) -> list[bytes]:
        return [base64.b64decode(case[name]) for name in names]

    def check() -> None:
        proof = [base64.b64decode(value) for value in case["proof"] or ()]
        if "leafIdx" in case:
            leaf, root = hashes("leafHash", "root")
            merkle.verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
        else:
            root1, root2 = hashes("root1", "root2")
            merkle.verify_consistency(case["size1"], root1, case["size2"], root2, proof)

    if case["wantErr"]:
        with pytest.raises(DataFault):
            check()
    else:
        check()


def test_hashes() -> None:
    # RFC 6962 section 2.1; the values are those of the certificate transparency reference tests.
    empty_leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"

    assert merkle.hash_leaf(b"").hex() == empty_leaf
    assert merkle.EMPTY_ROOT == merkle.root_from_leaves([]) == mth([])
    assert merkle.hash_node(LEAVES[0], LEAVES[1]) == mth(LEAVES[:2])


@pytest.mark.parametrize("size", range(1, 41))
def test_small_trees_exhaustively(size: int) -> None:
    leaves, read = LEAVES[:size], as_reader(LEAVES[:size])
    root = mth(leaves)

    assert merkle.root_from_leaves(leaves) == merkle.root_of(size, read) == root
    for index in range(size):
        proof = merkle.inclusion_path(index, size, read)
        assert proof == path(index, leaves)
        merkle.verify_inclusion(leaves[index], index, size, proof, root)
        assert merkle.root_from_inclusion(leaves[index], index, size, proof) == root
    for smaller in range(1, size + 1):
        proof = merkle.consistency_path(smaller, size, read)
        assert proof == subproof(smaller, leaves, True)
        merkle.verify_consistency(smaller, mth(leaves[:smaller]), size, root, proof)


def mutations(proof: list[bytes]) -> list[list[bytes]]:
    changed = [[*proof[:i], OTHER, *proof[i + 1 :]] for i in range(len(proof))]
    lacking = [proof[:i] + proof[i + 1 :] for i in range(len(proof))]
    surplus = [[*proof[:i], OTHER, *proof[i:]] for i in range(len(proof) + 1)]
    cut = [[*proof[:i], proof[i][:-1], *proof[i + 1 :]] for i in range(len(proof))]
    return changed + lacking + surplus + cut


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_inclusion_proof_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    root = mth(LEAVES[:size])
    proof = merkle.inclusion_path(index, size, as_reader(LEAVES[:size]))
    arguments: list[tuple[Any, ...]] = [
        (OTHER, index, size, proof, root),
        (LEAVES[index], index ^ 1, size, proof, root),
        (LEAVES[index], index + size, size, proof, root),
        (LEAVES[index], -1, size, proof, root),
        (LEAVES[index], index, 2**63, proof, root),
        (LEAVES[index], index, size, proof, OTHER),
        *((LEAVES[index], index, size, changed, root) for changed in mutations(proof)),
    ]
    for wrong in arguments:
        with pytest.raises(DataFault) as caught:
            merkle.verify_inclusion(*wrong)
        assert caught.value.code == "inclusion-proof"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_consistency_proof_fails(data: st.DataObject) -> None:
    size2 = data.draw(st.integers(2, 300))
    size1 = data.draw(st.integers(1, size2 - 1))
    root1, root2 = mth(LEAVES[:size1]), mth(LEAVES[:size2])
    proof = merkle.consistency_path(size1, size2, as_reader(LEAVES[:size2]))
    arguments: list[tuple[Any, ...]] = [
        (size1, OTHER, size2, root2, proof),
        (size1, root1, size2, OTHER, proof),
        (size1, root2, size2, root1, proof),
        (size1, root1[:-1], size2, root2, proof),
        (size2, root1, size1, root2, proof),
        (0, root1, size2, root2, proof),
        (0, merkle.EMPTY_ROOT, size2, root2, []),
        (size1, root1, 2**63, root2, proof),
        (size2, root1, size2, root2, []),
        (size2, root2, size2, root2, [OTHER]),
        *((size1, root1, size2, root2, changed) for changed in mutations(proof)),
    ]
    for wrong in arguments:
        with pytest.raises(DataFault) as caught:
            merkle.verify_consistency(*wrong)
        assert caught.value.code == "consistency-proof"


def test_hashes_of_other_lengths_prove_no_consistency() -> None:
    """Not even where the bytes under a node's hash are those of a genuine proof."""
    leaves = [merkle.hash_leaf(b"%d" % number) for number in range(4)]
    root1, root2 = merkle.root_from_leaves(leaves[:2]), merkle.root_from_leaves(leaves)
    rest = merkle.root_from_leaves(leaves[2:])
    merkle.verify_consistency(2, root1, 4, root2, [rest])
    both = root1 + rest
    assert merkle.hash_node(both[:31], both[31:]) == root2
    for first, proof in ((both[:31], [both[31:]]), (both, [b""]), (root1, [rest + b"\0"]), (b"", [both])):
        with pytest.raises(DataFault) as caught:
            merkle.verify_consistency(2, first, 4, root2, proof)
        assert caught.value.code == "consistency-proof"


def test_surplus_and_lack_are_found_before_roots_are_compared() -> None:
    read, root1, root2 = as_reader(LEAVES[:7]), mth(LEAVES[:3]), mth(LEAVES[:7])
    inclusion, consistency = merkle.inclusion_path(2, 7, read), merkle.consistency_path(3, 7, read)

    for proof, problem in (([*inclusion, OTHER], "too many"), (inclusion[:-1], "lacks")):
        with pytest.raises(DataFault, match=problem):
            merkle.root_from_inclusion(LEAVES[2], 2, 7, proof)
    for proof, problem in (([*consistency, OTHER], "too many"), (consistency[:-1], "lacks"), ([], "empty")):
        with pytest.raises(DataFault, match=problem):
            merkle.verify_consistency(3, root1, 7, root2, proof)


def test_proofs_out_of_range_are_not_made() -> None:
    read = as_reader(LEAVES)
    for index, size in ((-1, 3), (3, 3), (0, 0)):
        with pytest.raises(UsageFault):
            merkle.inclusion_path(index, size, read)
    for size1, size2 in ((0, 3), (0, 0), (4, 3), (-1, 3)):
        with pytest.raises(UsageFault):
            merkle.consistency_path(size1, size2, read)


def test_a_tree_that_grows_keeps_its_edge_alone() -> None:
    tree = merkle.Growing()
    assert tree.root() == merkle.EMPTY_ROOT
    for size, leaf in enumerate(LEAVES, 1):
        tree.add(leaf)
        assert (tree.size, tree.root()) == (size, merkle.root_from_leaves(LEAVES[:size]))
    for kept in (0, 1, 7, 128, 255):
        later = merkle.Growing(kept, as_reader(LEAVES[:kept]))
        for leaf in LEAVES[kept:]:
            later.add(leaf)
        assert later.root() == tree.root()
