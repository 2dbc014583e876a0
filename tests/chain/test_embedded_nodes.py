"""How nodes lie: by their places in the value of their block, over what was written under hashes before."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from eth.constants import BLANK_ROOT_HASH
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.exceptions import MissingTrieNode
from web3.contract import Contract

from tests.chain.embedded_world import (
    RICH,
    START,
    VALIDATOR_KEY,
    Clock,
    account,
    connect,
    create,
    deploy,
    raw_address,
    transfer,
)
from yinzheng.ledger.chain.embedded import chain as chains
from yinzheng.ledger.chain.embedded import nodes
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.db import Staging, Store
from yinzheng.ledger.chain.embedded.nodes import (
    NODES,
    Written,
    encode,
    is_place,
    opened,
    page_of,
    record_in,
    record_of,
)
from yinzheng.ledger.chain.embedded.proofs import account_at, proof_at
from yinzheng.ledger.chain.embedded.tries import Read, Trie
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import EnvironmentFault

KEYS = st.sampled_from([keccak256(bytes([number])) for number in range(60)])
VALUES = st.one_of(st.just(b""), st.binary(min_size=1, max_size=3), st.binary(min_size=30, max_size=70))
CHANGES = st.dictionaries(KEYS, VALUES, max_size=12)
HOW = st.sampled_from(["places", "places", "hashes", "lost"])
"""How a block is written: to its end, as the first version did, or never."""


def put(store: Store, root: bytes, number: int, how: str, changes: dict[bytes, bytes]) -> bytes:
    """One block's changes; gives the root."""
    staged = Staging(store, None if how == "hashes" else Written(number))
    assert staged.nodes is not None
    trie = Trie(staged, root, staged.nodes)
    for key, value in changes.items():
        trie[key] = value
    after = trie.root_hash
    anew = Trie(staged, after, Read())
    assert all(anew[key] == value for key, value in changes.items()), (
        "what is staged reads as what is written"
    )
    if how != "lost":
        staged.commit_to(store)
        return after
    return root


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(HOW, CHANGES), max_size=8))
def test_every_state_reads_as_a_dictionary_however_its_blocks_were_written(
    blocks: list[tuple[str, dict[bytes, bytes]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, root, number = Store(Path(folder), writable=True), bytes(BLANK_ROOT_HASH), 0
        plain: dict[bytes, bytes] = {}
        only = Trie(plain, BLANK_ROOT_HASH, Read())
        held: dict[bytes, bytes] = {}
        states = [(bytes(root), held)]
        for how, changes in blocks:
            root = put(store, root, number, how, changes)
            if how == "lost":
                continue
            for key, value in changes.items():
                only[key] = value
            assert root == only.root_hash
            held = {**held, **changes}
            states.append((bytes(root), held))
            number += 1
        assert store.nodes is not None
        for read in (store.nodes, Read()):
            for state, words in states:
                trie = Trie(store, state, read)
                assert all(trie[key] == value for key, value in words.items())
        store.close()


LEAF = [b"\x20" + bytes(32), b"v" * 40]
CHILD = st.one_of(
    st.just(b""),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=40, max_size=40).filter(lambda one: one[32:] != bytes(8)),
    st.just([b"\x31", b"s"]),
)


@given(
    st.one_of(
        st.lists(CHILD, min_size=16, max_size=16).map(lambda children: [*children, b""]),
        CHILD.filter(bool).map(lambda child: [b"\x11", child]),
        st.just(LEAF),
    )
)
def test_a_record_is_read_as_it_was_written(node: nodes.Node) -> None:
    encoded = encode(node)
    record = record_of(node, encoded)
    assert opened(record, keccak256(encoded)) == (encoded, node)
    with pytest.raises(KeyError):
        opened(record, bytes(32))


def test_the_form_of_a_block() -> None:
    child, other = bytes(range(32)), bytes(range(32, 64))
    written = Written(0x0102)
    place = written.add(b"\xc1\x80")
    assert place == bytes.fromhex("0000010200000004")
    branch = [child + place, other, *[b""] * 15]
    record = record_of(branch, encode(branch))
    assert record == b"\2" + place + bytes(8) + encode([child, other, *[b""] * 15])
    assert written.add(record) == bytes.fromhex("000001020000000a")
    assert written.add(bytes(9000)) == bytes.fromhex("0000010200010004")
    assert written.add(b"\xc0") == bytes.fromhex("0000010200020004")
    pages = [
        bytes.fromhex("00000002c180") + len(record).to_bytes(4, "big") + record,
        (9000).to_bytes(4, "big") + bytes(9000),
        bytes.fromhex("00000001c0"),
    ]
    numbers = ("000001020000", "000001020001", "000001020002")
    assert written.values() == {
        NODES + bytes.fromhex(number): page for number, page in zip(numbers, pages, strict=True)
    }


@given(st.lists(st.integers(1, 6000), max_size=60))
def test_what_fits_a_page_takes_one(lengths: list[int]) -> None:
    written = Written(7)
    records = {written.add(bytes([at]) * length): bytes([at]) * length for at, length in enumerate(lengths)}
    pages = written.values()
    assert list(pages) == sorted(pages)
    assert all(record_in(pages[page_of(place)], place) == record for place, record in records.items())
    assert all(
        len(page) <= 4080 or 4 + int.from_bytes(page[:4], "big") == len(page) for page in pages.values()
    )


def test_eight_bytes_under_their_own_hash_are_no_place(tmp_path: Path) -> None:
    code = b"8 bytes!"
    assert not is_place(keccak256(code), code)
    store = Store(tmp_path, writable=True)
    with store.atomic_batch() as batch:
        batch[keccak256(code)] = code
        assert batch[keccak256(code)] == code
    assert store[keccak256(code)] == code
    store.close()


def test_a_place_where_another_node_lies_is_not_believed(tmp_path: Path) -> None:
    store = Store(tmp_path, writable=True)
    words = {keccak256(bytes([number])): bytes([number]) * 40 for number in range(20)}
    root = put(store, BLANK_ROOT_HASH, 1, "places", words)
    key = NODES + bytes.fromhex("000000010000")
    good = store[key]
    for wrong in (good[3:], good[:40], good[:-1], b""):
        store[key] = wrong
        with pytest.raises(MissingTrieNode):
            [Trie(store, root, Read())[one] for one in words]
    store[key] = good
    assert all(Trie(store, root, Read())[one] == word for one, word in words.items())
    del store[key]
    assert not store.exists(root)
    store.close()


def test_nodes_of_a_block_that_came_to_nothing_are_forgotten(tmp_path: Path) -> None:
    """Made again as they were, they would have the next block name their places, where others lie by then."""
    store = Store(tmp_path, writable=True)
    words = {keccak256(bytes([number])): bytes([number]) * 40 for number in range(60)}
    root = put(store, BLANK_ROOT_HASH, 1, "places", words)
    put(store, root, 2, "lost", words)
    changed = {keccak256(b"\1"): b"other" * 8}
    root = put(store, root, 2, "places", changed)
    assert all(Trie(store, root, Read())[key] == word for key, word in {**words, **changed}.items())
    store.close()


@contextmanager
def first_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Chains are written as they were before nodes had places."""
    with monkeypatch.context() as patched:
        patched.setattr(chains, "Written", lambda _: None)
        patched.setattr(chains, "_VERSION", 1)
        yield


def grant(manager: Contract, first: int) -> None:
    """Blocks that change a contract's storage."""
    for number in range(first, first + 5):
        manager.functions.grantRole(7, account(number).address, 0).transact()


def seal(chain: EmbeddedChain, first: int, blocks: int) -> None:
    """Blocks of transfers, to others each time, from a nonce on."""
    for nonce in range(first, first + 3 * blocks, 3):
        to = [account(100 + nonce + more).address for more in range(3)]
        chain.send_all([transfer(nonce + more, to=to[more], value=nonce + 1) for more in range(3)])


def told(chain: EmbeddedChain, *contracts: bytes) -> list[object]:
    """What a chain says of all its blocks, read anew."""
    said: list[object] = []
    assert chain.store.nodes is not None
    chain.store.nodes.clear()
    for number in range(chain.head().block_number + 1):
        header = chain.header(number)
        assert header is not None
        block = chain.block(header)
        people = [raw_address(RICH), *contracts, *(one.to for one in block.transactions if one.to)]
        said += [header.hash, chain.receipts(header), [one.hash for one in block.transactions]]
        said += [[proof_at(chain.store, header, one, [0, 1, 2]) for one in people]]
        said += [[account_at(chain.store, header, one) for one in people]]
    return said


def reopened(folder: Path, *, writing: bool = True) -> EmbeddedChain:
    return EmbeddedChain.open(folder, clock=Clock(), key=VALIDATOR_KEY if writing else None)


def version(chain: EmbeddedChain) -> int:
    return int(json.loads(chain.store[b"yinzheng:chain"])["v"])


def test_a_chain_of_the_first_version_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with create(tmp_path / "new", Clock()) as new:
        manager = deploy(connect(new), "AccessManager", RICH.address)
        there = raw_address(manager.address)
        grant(manager, 10)
        grant(manager, 20)
        begun = connect(new).eth.get_transaction_count(RICH.address)
        seal(new, begun, 6)
        expected = told(new, there)
    old = tmp_path / "old"
    with first_version(monkeypatch), create(old, Clock()) as chain:
        grant(deploy(connect(chain), "AccessManager", RICH.address), 10)
        assert version(chain) == 1
        assert not chain.store.keys_between(NODES, NODES + b"\xff" * 8)
    with reopened(old, writing=False) as chain:
        assert told(chain, there) == expected[: 5 * (chain.head().block_number + 1)]
        assert version(chain) == 1, "a reader changes nothing"
    with reopened(old) as chain:
        grant(connect(chain).eth.contract(address=manager.address, abi=manager.abi), 20)
        assert version(chain) == 2
    with reopened(old) as chain:
        seal(chain, begun, 6)
        assert told(chain, there) == expected
    with first_version(monkeypatch), pytest.raises(EnvironmentFault) as fault:
        reopened(old)
    assert fault.value.code == "chain-newer"


def test_a_block_that_was_not_committed_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    with create(tmp_path / "a", Clock()) as chain:
        seal(chain, 0, 4)
        expected = told(chain)
    with create(tmp_path / "b", Clock(START), RaiseAt("chain.commit.before", 3)) as chain:
        seal(chain, 0, 1)
        with pytest.raises(InjectedFault):
            chain.send_all([transfer(3 + more, value=7) for more in range(5)])
        seal(chain, 3, 3)
        assert told(chain) == expected
    with reopened(tmp_path / "b") as chain:
        assert told(chain) == expected
