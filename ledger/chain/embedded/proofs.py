"""Accounts and Merkle-Patricia proofs at any block, as `eth_getProof` gives them (EIP-1186)."""

from collections.abc import Sequence
from typing import Any

import rlp
from eth.abc import BlockHeaderAPI
from eth.rlp.accounts import Account
from eth_hash.auto import keccak
from trie.hexary import HexaryTrie

from yinzheng.ledger.chain.embedded.db import Store
from yinzheng.ledger.chain.embedded.views import address as address_view
from yinzheng.ledger.chain.embedded.views import hexed


def account_at(store: Store, header: BlockHeaderAPI, address: bytes) -> Account:
    """The account after that block; an empty one where there is none."""
    encoded = HexaryTrie(store, header.state_root)[keccak(address)]
    return rlp.decode(encoded, sedes=Account) if encoded else Account()


def code_at(store: Store, header: BlockHeaderAPI, address: bytes) -> bytes:
    """The code of the account after that block."""
    code_hash = account_at(store, header, address).code_hash
    return store[code_hash] if store.exists(code_hash) else b""


def storage_at(store: Store, header: BlockHeaderAPI, address: bytes, slot: int) -> int:
    """The storage word at `slot` after that block, zero where nothing is stored."""
    return _word(HexaryTrie(store, account_at(store, header, address).storage_root), slot)


def proof_at(store: Store, header: BlockHeaderAPI, address: bytes, slots: Sequence[int]) -> dict[str, Any]:
    """Proof of the account and of `slots` in its storage, existence or absence, after that block."""
    account = account_at(store, header, address)
    storage = HexaryTrie(store, account.storage_root)
    return {
        "address": address_view(address),
        "accountProof": _nodes(HexaryTrie(store, header.state_root), keccak(address)),
        "balance": hex(account.balance),
        "codeHash": hexed(account.code_hash),
        "nonce": hex(account.nonce),
        "storageHash": hexed(account.storage_root),
        "storageProof": [
            {
                "key": hexed(slot.to_bytes(32, "big")),
                "value": hex(_word(storage, slot)),
                "proof": _nodes(storage, keccak(slot.to_bytes(32, "big"))),
            }
            for slot in slots
        ],
    }


def _word(storage: HexaryTrie, slot: int) -> int:
    encoded = storage[keccak(slot.to_bytes(32, "big"))]
    return int.from_bytes(rlp.decode(encoded), "big") if encoded else 0


def _nodes(trie: HexaryTrie, key: bytes) -> list[str]:
    """The encoded nodes from the root towards `key`. A node shorter than its hash sits inside its parent
    and is not listed again (Yellow Paper, appendix D); the root always is."""
    encoded = [rlp.encode(node) for node in trie.get_proof(key)]  # type: ignore[no-untyped-call]
    return [hexed(node) for depth, node in enumerate(encoded) if depth == 0 or len(node) >= 32]
