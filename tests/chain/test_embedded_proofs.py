"""The embedded chain's proofs, held against those of the library that made its tries."""

from __future__ import annotations

from typing import cast

import rlp
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from yinzheng.ledger.chain.embedded.db import Store
from yinzheng.ledger.chain.embedded.proofs import _Trie
from yinzheng.verifier.chain.mpt import prove_secure

KEYS = st.integers(0, 40).map(lambda number: number.to_bytes(32, "big"))
VALUES = st.integers(1, 2**256 - 1)


def made(words: dict[bytes, int]) -> tuple[dict[bytes, bytes], HexaryTrie]:
    database: dict[bytes, bytes] = {}
    trie = HexaryTrie(database)
    for key, word in words.items():
        trie[keccak(key)] = rlp.encode(word)
    return database, trie


def listed(trie: HexaryTrie, key: bytes) -> list[bytes]:
    """Every node towards a key, encoded, those inside others too."""
    return [rlp.encode(node) for node in trie.get_proof(key)]  # type: ignore[no-untyped-call]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=40), st.lists(KEYS, max_size=8))
def test_the_way_to_a_key_is_the_librarys_proof(words: dict[bytes, int], asked: list[bytes]) -> None:
    database, trie = made(words)
    read = _Trie(cast("Store", database), trie.root_hash)
    for key in [*asked, *words]:
        way = read.to(key)
        encoded = listed(trie, keccak(key))
        assert way.nodes == [node for depth, node in enumerate(encoded) if depth == 0 or len(node) >= 32]
        assert way.value == (rlp.encode(words[key]) if key in words else b"")
        assert prove_secure(trie.root_hash, key, way.nodes) == (way.value or None)


def test_nodes_that_lie_inside_others_are_not_listed() -> None:
    """Under keys whose hashes begin alike: values so short that their leaves have no hash of their own."""
    deep: dict[bytes, bytes] = {}
    trie = HexaryTrie(deep)
    for key in (b"\x12\x34\x50", b"\x12\x34\x51", b"\x12\x34\x60"):
        trie[key] = b"\x01"
    read = _Trie(cast("Store", deep), trie.root_hash)
    assert len(listed(trie, b"\x12\x34\x50")) > len(read._way("123450").nodes)
    assert [read._way(path).value for path in ("123450", "123451", "123460", "123461", "22", "")] == [
        *(b"\x01",) * 3,
        *(b"",) * 3,
    ]
