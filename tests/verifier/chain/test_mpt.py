"""Merkle-Patricia proofs, against tries and proofs made by `trie`."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.mpt import EMPTY_ROOT, MAX_NODES, prove, prove_secure
from yinzheng.verifier.errors import DataFault

# Few distinct bytes, so that keys share prefixes, end within each other, and nodes get embedded.
keys = st.lists(st.sampled_from([0x00, 0x01, 0x10, 0x11, 0xA5]), max_size=4).map(bytes)
values = st.binary(min_size=1, max_size=40)


def trie_of(entries: dict[bytes, bytes]) -> Any:
    made = HexaryTrie(db={})
    for key, value in entries.items():
        made[key] = value
    return made


def proof_of(made: Any, key: bytes) -> list[bytes]:
    """As `eth_getProof` gives it: without the nodes that are embedded in their parents."""
    encoded = [rlp.encode(node) for node in made.get_proof(key)]
    return [node for at, node in enumerate(encoded) if at == 0 or len(node) >= 32]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(keys, values, max_size=12), keys)
def test_existence_and_absence_are_as_the_trie_says(entries: dict[bytes, bytes], asked: bytes) -> None:
    made = trie_of(entries)
    for key in (asked, *entries):
        assert prove(bytes(made.root_hash), key, proof_of(made, key)) == entries.get(key)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(keys, values, min_size=1, max_size=12), keys, st.data())
def test_no_change_of_a_proof_is_accepted(
    entries: dict[bytes, bytes], asked: bytes, data: st.DataObject
) -> None:
    made = trie_of(entries)
    root, proof = bytes(made.root_hash), proof_of(made, asked)
    at = data.draw(st.integers(0, len(proof) - 1))
    node = bytearray(proof[at])
    node[data.draw(st.integers(0, len(node) - 1))] ^= data.draw(st.integers(1, 255))
    changed = [*proof[:at], bytes(node), *proof[at + 1 :]]
    for wrong, codes in (
        (changed, {"state-proof-wrong"}),
        (proof[:at], {"state-proof-short"}),
        ([*proof[:at], *proof[at + 1 :]], {"state-proof-short", "state-proof-wrong"}),
        ([*proof, proof[-1]], {"state-proof-surplus"}),
        ([*proof[: at + 1], proof[at], *proof[at + 1 :]], {"state-proof-surplus", "state-proof-wrong"}),
    ):
        with pytest.raises(DataFault) as caught:
            prove(root, asked, wrong)
        assert caught.value.code in codes


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(keys, values, min_size=1, max_size=12), st.data())
def test_nodes_known_from_other_proofs_change_nothing(
    entries: dict[bytes, bytes], data: st.DataObject
) -> None:
    made, nodes = trie_of(entries), {}  # type: ignore[var-annotated]
    root = bytes(made.root_hash)
    for key, value in entries.items():
        assert prove(root, key, proof_of(made, key), nodes) == value
    proof = proof_of(made, data.draw(st.sampled_from(sorted(entries))))
    at = data.draw(st.integers(0, len(proof) - 1))
    changed = bytearray(proof[at])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1
    with pytest.raises(DataFault) as caught:
        prove(root, next(iter(entries)), [bytes(changed)], nodes)
    assert caught.value.code == "state-proof-wrong"
    assert bytes(changed) not in [raw for raw, _ in nodes.values()]


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.binary(min_size=32, max_size=32), values, max_size=30),
    st.binary(min_size=32, max_size=32),
)
def test_secure_tries_are_keyed_by_hashes(entries: dict[bytes, bytes], other: bytes) -> None:
    made = trie_of({keccak256(key): value for key, value in entries.items()})
    for key in (*entries, other):
        found = prove_secure(bytes(made.root_hash), key, proof_of(made, keccak256(key)))
        assert found == entries.get(key)


def test_the_empty_trie() -> None:
    assert bytes(HexaryTrie(db={}).root_hash) == EMPTY_ROOT
    assert prove(EMPTY_ROOT, b"any", []) is None
    assert prove(EMPTY_ROOT, b"any", [b"\x80"]) is None
    with pytest.raises(DataFault) as caught:
        prove(EMPTY_ROOT, b"any", [b"\x80", b"\x80"])
    assert caught.value.code == "state-proof-surplus"
    with pytest.raises(DataFault) as caught:
        prove(bytes(32), b"any", [])
    assert caught.value.code == "state-proof-short"


def test_proofs_have_a_size() -> None:
    with pytest.raises(DataFault) as caught:
        prove(EMPTY_ROOT, b"any", [b"\x80"] * (MAX_NODES + 1))
    assert caught.value.code == "state-proof-surplus"
    with pytest.raises(DataFault) as caught:
        prove(keccak256(bytes(2000)), b"any", [bytes(2000)])
    assert caught.value.code == "rlp-too-large"


BRANCH: list[Any] = [b""] * 17


@pytest.mark.parametrize(
    "node",
    [
        b"text",
        [b""],
        [b"", b"", b""],
        [b"", b"value"],  # a path without its flag
        [b"\x40", b"value"],  # a flag that does not exist
        [b"\x05\x12", b"value"],  # padding that is not zero
        [b"\x00", bytes(32)],  # an extension without a path
        [b"\x16", b""],  # an extension that leads nowhere
        [b"\x16", b"short"],  # a reference that is neither hash nor node
        [b"\x16", [b"\x20", b"v" * 40]],  # embeds what should have been hashed
        [[b"\x20"], b"value"],  # a list for a path
        [b"\x20\x61", [b"v"]],  # a list for a value
        [*BRANCH[:16], [b"v"]],  # the same in a branch
        [b"\x20\x61", b"value", b"more"],  # a leaf of three
        [*BRANCH[:16], b"v", b"more"],  # a branch of eighteen
    ],
    ids=repr,
)
def test_nodes_that_are_none(node: Any) -> None:
    raw = rlp.encode(node)
    for key in (b"\x61\x61", b"\x61", b"", b"\x66\x16"):
        try:
            found = prove(keccak256(raw), key, [raw])
        except DataFault as fault:
            assert fault.code in {"state-proof-malformed", "state-proof-short"}  # noqa: PT017
            if fault.code == "state-proof-malformed":
                return
        else:
            assert found is None
    pytest.fail("no key showed the node to be malformed")


@pytest.mark.parametrize("end", [b"\x80", b"\xc0"])
def test_an_extension_to_a_node_that_is_empty_leads_nowhere(end: bytes) -> None:
    extension = rlp.encode([b"\x16", keccak256(end)])
    with pytest.raises(DataFault) as caught:
        prove(keccak256(extension), b"\x61", [extension, end])
    assert caught.value.code == "state-proof-malformed"
    # A branch's child may be empty, though no tree writes it so.
    branch = rlp.encode([*BRANCH[:6], keccak256(end), *BRANCH[7:]])
    assert prove(keccak256(branch), b"\x61", [branch, end]) is None


def test_of_an_account_without_proof_nothing_is_known() -> None:
    with pytest.raises(NotGiven) as raised:
        Evidence((), {}).storage_root(b"\1" * 20)
    assert raised.value.code == "evidence-not-given"
