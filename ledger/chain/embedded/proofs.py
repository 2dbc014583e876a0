"""Accounts and Merkle-Patricia proofs at any block, as `eth_getProof` gives them (EIP-1186)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from eth.abc import BlockHeaderAPI
from eth_hash.auto import keccak

from yinzheng.ledger.chain.embedded.accounts import Account
from yinzheng.ledger.chain.embedded.db import Store
from yinzheng.ledger.chain.embedded.nodes import opened
from yinzheng.ledger.chain.embedded.tries import Read, Trie
from yinzheng.ledger.chain.embedded.views import address as address_view
from yinzheng.ledger.chain.embedded.views import hexed
from yinzheng.verifier.chain.mpt import EMPTY_ROOT, MAX_NODE
from yinzheng.verifier.chain.rlp import Item, decode_item


def account_at(store: Store, header: BlockHeaderAPI, address: bytes) -> Account:
    """The account after that block; an empty one where there is none."""
    read = Read() if store.nodes is None else store.nodes
    encoded = Trie(store, header.state_root, read)[keccak(address)]
    return Account.decode(encoded) if encoded else Account()


def code_at(store: Store, header: BlockHeaderAPI, address: bytes) -> bytes:
    """The code of the account after that block."""
    code_hash = account_at(store, header, address).code_hash
    return store[code_hash] if store.exists(code_hash) else b""


def storage_at(store: Store, header: BlockHeaderAPI, address: bytes, slot: int) -> int:
    """The storage word at `slot` after that block, zero where nothing is stored."""
    way = _Trie(store, account_at(store, header, address).storage_root).to(slot.to_bytes(32, "big"))
    return _word(way)


def proof_at(store: Store, header: BlockHeaderAPI, address: bytes, slots: Sequence[int]) -> dict[str, Any]:
    """Proof of the account and of `slots` in its storage, existence or absence, after that block."""
    way = _Trie(store, header.state_root).to(address)
    account = Account.decode(way.value) if way.value else Account()
    storage = _Trie(store, account.storage_root)
    ways = {slot: storage.to(slot.to_bytes(32, "big")) for slot in slots}
    return {
        "address": address_view(address),
        "accountProof": [hexed(node) for node in way.nodes],
        "balance": hex(account.balance),
        "codeHash": hexed(account.code_hash),
        "nonce": hex(account.nonce),
        "storageHash": hexed(account.storage_root),
        "storageProof": [
            {
                "key": hexed(slot.to_bytes(32, "big")),
                "value": hex(_word(ways[slot])),
                "proof": [hexed(node) for node in ways[slot].nodes],
            }
            for slot in slots
        ],
    }


class _Way(NamedTuple):
    """From the root of a trie towards a key."""

    nodes: list[bytes]
    """Encoded. A node shorter than its hash sits inside its parent and is not listed again (Yellow Paper,
    appendix D); the root always is, if there is one.
    """
    value: bytes
    """RLP; empty where the trie has no such key."""


class _Trie:
    """A trie after some block, read node by node as its database has them, each once.

    `trie`'s own proofs decode and encode each node anew for every key, which took most of the time that a
    certificate's evidence did.
    """

    def __init__(self, store: Store, root: bytes) -> None:
        self._store = store
        self._root = root
        self._read: dict[bytes, tuple[bytes, Item]] = {}

    def to(self, key: bytes) -> _Way:
        """The way to the entry of `key`, which is hashed first as in all tries of the state."""
        return self._way(keccak(key).hex())

    def _way(self, path: str) -> _Way:
        if self._root == EMPTY_ROOT:
            return _Way([], b"")
        encoded, node = self._load(self._root)
        nodes = [encoded]
        while node:
            assert isinstance(node, list)
            if len(node) == 17:
                if not path:
                    break  # no key of such a trie ends here: all are of one length
                child, path = node[int(path[0], 16)], path[1:]
            else:
                first = node[0]
                assert isinstance(first, bytes)
                kind, packed = first[0] >> 4, first.hex()
                segment = packed[1:] if kind & 1 else packed[2:]
                if not path.startswith(segment):
                    break
                child, path = node[1], path[len(segment) :]
                if kind & 2:
                    assert isinstance(child, bytes)
                    return _Way(nodes, child)
            if isinstance(child, bytes) and child:
                encoded, child = self._load(child)
                nodes.append(encoded)
            node = child
        return _Way(nodes, b"")

    def _load(self, name: bytes) -> tuple[bytes, Item]:
        if name not in self._read:
            self._read[name] = opened(self._store[name], name)
        return self._read[name]


def _word(way: _Way) -> int:
    if not way.value:
        return 0
    word = decode_item(way.value, limit=MAX_NODE, what="a storage value")
    assert isinstance(word, bytes)
    return int.from_bytes(word, "big")
