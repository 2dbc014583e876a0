"""Merkle-Patricia proofs (Yellow Paper, appendix D), as ``eth_getProof`` (EIP-1186) returns them (S7.3).

A proof is the list of the nodes on the path from the root, each hashed by the one before it. It shows either
the value under a key or that the key is absent. It is read strictly: every node must be the one its parent
names, and must be needed; surplus nodes are refused, since a proof that contains more than it proves invites
readers to disagree.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Final, TypeAlias

from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.rlp import Item, decode_item, encode_item
from yinzheng.verifier.errors import DataFault

EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
"""Root of a trie without entries: keccak256 of the RLP of the empty string."""

MAX_NODE = 1024
"""Bytes of one node; a full branch has 532, a leaf with an account some 110."""

MAX_NODES = 65
"""Nodes of one proof: a key of 64 nibbles passes at most 65."""


Nodes: TypeAlias = MutableMapping[bytes, tuple[bytes, Item]]
"""Nodes that were hashed and decoded, by keccak256: the first of a trie's stand in each of its proofs."""


def prove_secure(root: bytes, key: bytes, proof: Sequence[bytes], nodes: Nodes | None = None) -> bytes | None:
    """Return the value (RLP) under ``key`` in a trie keyed by keccak256, or None when its absence is proved.

    State and storage tries are such tries (Yellow Paper, section 4.1). Raises as ``prove`` does.
    """
    return prove(root, keccak256(key), proof, nodes)


def prove(root: bytes, key: bytes, proof: Sequence[bytes], nodes: Nodes | None = None) -> bytes | None:
    """Return the value under ``key`` in the trie with that root, or None when its absence is proved.

    ``proof`` are the encoded nodes, from the root on; ``nodes`` those that were loaded before, of which an
    equal one is not hashed again. Raises ``DataFault`` with code ``state-proof-short``,
    ``state-proof-wrong`` (its hash is not the one named above), ``state-proof-surplus``,
    ``state-proof-malformed``, or one of ``items``.
    """
    if len(proof) > MAX_NODES:
        raise DataFault(
            f"a state proof has {len(proof)} nodes, more than {MAX_NODES}", code="state-proof-surplus"
        )
    if root == EMPTY_ROOT and not proof:
        return None
    return _walk(root, key.hex(), proof, {} if nodes is None else nodes)


def _walk(root: bytes, path: str, proof: Sequence[bytes], nodes: Nodes) -> bytes | None:
    """One pass over the nodes of a proof, in order, along ``path`` (nibbles, in hex) from that root.

    One loop, for a certificate's evidence takes some forty nodes: each round takes the next node of the
    proof, follows it and whatever it embeds, and ends at the hash of another or at the end of the path.
    """
    used, at, count = 0, 0, len(proof)
    extends = False
    value: bytes | None = None
    expected: bytes | None = root
    while expected is not None:
        if used == count:
            raise DataFault("a state proof ends before its path does", code="state-proof-short")
        node = _load(expected, proof[used], used, nodes)
        used += 1
        expected = None
        if extends and not node:
            raise _malformed("is an extension that leads nowhere")
        while node:
            if not isinstance(node, list) or len(node) not in (2, 17):
                raise _malformed("is neither branch, extension nor leaf")
            if len(node) == 17:
                if at == len(path):
                    value = _value(node[16])
                    break
                extends, child = False, node[_NIBBLES[path[at]]]
                at += 1
            else:
                leaf, segment = _segment(node[0])
                if leaf:
                    value = _value(node[1]) if path[at:] == segment else None
                    break
                if not path.startswith(segment, at):
                    break
                extends, child = True, node[1]
                at += len(segment)
            if isinstance(child, list):
                if len(encode_item(child)) >= 32:
                    raise _malformed("embeds a child that should have been hashed")
            elif child:
                if len(child) != 32:
                    raise _malformed("refers to its child by something other than a hash")
                expected = child
                break
            if extends and not child:
                raise _malformed("is an extension that leads nowhere")
            node = child
    if used != count:
        raise DataFault("a state proof has nodes that its path does not need", code="state-proof-surplus")
    return value


_NIBBLES: Final = {digit: at for at, digit in enumerate("0123456789abcdef")}


def _load(expected: bytes, node: bytes, at: int, nodes: Nodes) -> Item:
    """The node at ``at`` in a proof, decoded; it must have the expected keccak256."""
    known = nodes.get(expected)
    if known is not None and known[0] == node:
        return known[1]
    if keccak256(node) != expected:
        raise DataFault(
            f"node {at} of a state proof is not the one its parent names", code="state-proof-wrong", node=at
        )
    item = decode_item(node, limit=MAX_NODE, what="a node of a state proof")
    nodes[expected] = node, item
    return item


def _value(item: Item) -> bytes | None:
    if not isinstance(item, bytes):
        raise _malformed("has a list for a value")
    return item or None


def _segment(item: Item) -> tuple[bool, str]:
    """Undo the hex-prefix encoding (Yellow Paper, appendix C): whether a leaf, and the nibbles in hex."""
    nibbles = item.hex() if isinstance(item, bytes) else ""
    if nibbles[:1] not in ("1", "3") and nibbles[:2] not in ("00", "20"):
        raise _malformed("has a wrongly encoded path")
    leaf, odd = nibbles[0] in "23", nibbles[0] in "13"
    segment = nibbles[1 if odd else 2 :]
    if not leaf and not segment:
        raise _malformed("is an extension without a path")
    return leaf, segment


def _malformed(what: str) -> DataFault:
    return DataFault(f"a node of a state proof {what}", code="state-proof-malformed")
