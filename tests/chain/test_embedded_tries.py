"""Tries hashed late against `trie`'s own: the same roots, the same nodes, and nothing that is missing."""

from __future__ import annotations

from typing import Final

import pytest
from eth.constants import BLANK_ROOT_HASH
from hypothesis import given
from hypothesis import strategies as st
from trie.exceptions import MissingTrieNode
from trie.hexary import HexaryTrie

from yinzheng.ledger.chain.embedded.tries import Read, Trie

_ALIKE: Final = st.lists(st.sampled_from([0x00, 0x01, 0x10, 0x11, 0x12, 0xF1]), min_size=3, max_size=3)
KEYS: Final = st.one_of(_ALIKE.map(bytes), st.binary(min_size=3, max_size=3))
SHORTER: Final = st.one_of(KEYS, st.binary(max_size=2))
VALUES: Final = st.one_of(st.binary(max_size=3), st.binary(min_size=30, max_size=70))
Course = list[tuple[bytes, bytes] | None]


def course(keys: st.SearchStrategy[bytes]) -> st.SearchStrategy[Course]:
    """Keys that are set, to nothing too; None: the root is asked for."""
    return st.lists(st.one_of(st.none(), st.tuples(keys, VALUES), st.tuples(keys, st.just(b""))), max_size=40)


def walked(steps: Course, read: Read) -> None:
    """Take both tries through the same course, with one reading what the other wrote."""
    theirs_in: dict[bytes, bytes] = {}
    ours_in: dict[bytes, bytes] = {}
    theirs, ours = HexaryTrie(theirs_in), Trie(ours_in, BLANK_ROOT_HASH, read)
    held: dict[bytes, bytes] = {}
    for step in [*steps, None]:
        if step is None:
            assert ours.root_hash == theirs.root_hash
            again = HexaryTrie(ours_in, ours.root_hash)
            anew = Trie(ours_in, ours.root_hash, Read())
            for key, value in held.items():
                assert again[key] == anew[key] == ours[key] == value
            continue
        key, value = step
        if value:
            theirs[key] = ours[key] = value
            held[key] = value
        else:
            theirs.delete(key)  # type: ignore[no-untyped-call]
            del ours[key]
            held.pop(key, None)
        assert ours[key] == value
        assert (key in ours) == bool(value)
    assert set(ours_in) <= set(theirs_in), "nothing is written that no root of theirs leads to"
    assert all(theirs_in[name] == encoded for name, encoded in ours_in.items())


@given(course(KEYS))
def test_keys_of_one_length_end_in_the_same_root(steps: Course) -> None:
    walked(steps, Read())


@given(course(SHORTER))
def test_keys_that_begin_others_end_in_the_same_root(steps: Course) -> None:
    walked(steps, Read())


def test_what_is_remembered_of_other_tries_changes_nothing() -> None:
    shared = Read()

    @given(course(KEYS))
    def both(steps: Course) -> None:
        walked(steps, shared)

    both()
    assert shared


def test_setting_nothing_deletes() -> None:
    trie = Trie({}, BLANK_ROOT_HASH, Read())
    trie[b"abc"] = b"value"
    trie[b"abc"] = b""
    assert trie.root_hash == BLANK_ROOT_HASH
    assert trie[b"abc"] == b""


def test_a_node_that_is_missing_is_told() -> None:
    nodes: dict[bytes, bytes] = {}
    trie = Trie(nodes, BLANK_ROOT_HASH, Read())
    for number in range(40):
        trie[number.to_bytes(3, "big")] = bytes([number]) * 40
    root = trie.root_hash
    del nodes[root]
    for ask in (Trie.__getitem__, Trie.__delitem__, lambda one, key: one.__setitem__(key, b"x")):
        with pytest.raises(MissingTrieNode) as caught:
            ask(Trie(nodes, root, Read()), b"\0\0\1")
        assert bytes(caught.value.missing_node_hash) == root


def test_no_more_is_remembered_than_some_thousands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yinzheng.ledger.chain.embedded.tries._MOST_READ", 3)
    read = Read()
    for number in range(10):
        read.keep(bytes([number]), [])
    assert len(read) <= 3
