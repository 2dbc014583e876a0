"""Merkle-Patricia tries in which many keys are set before anything is hashed (Yellow Paper, appendix D).

`trie`'s own hashes the whole way to the root at each key. Here what changed stands in memory, unhashed, until
somebody asks for the root: a node that twenty keys went through is written and hashed once. Nodes that were
read from disk are remembered as they were read: a node is the same for ever, for its name is its hash. They
are forgotten with the opening, so that whoever opens a folder, an audit above all, reads what lies there.
How nodes lie in the database is told in `nodes.py`.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final, cast

from eth.constants import BLANK_ROOT_HASH
from eth_typing import Hash32
from trie.exceptions import MissingTrieNode

from yinzheng.ledger.chain.embedded.nodes import NAME, Node, Written, encode, opened, record_of
from yinzheng.verifier.bytes.algorithms import keccak256

_BRANCH: Final = 17
_VALUE: Final = 16
_MOST_READ: Final = 4096
_MOST_CODES: Final = 64

Ref = bytes | Node
"""A child; b"" where there is none."""


class Read(dict[bytes, Node]):
    """Nodes as they were read from a database, by their names, some thousands at most; and codes.

    One over another, `below`, knows what that knows. What it is to keep it keeps to itself until `pass_on`:
    nodes that were made and may come to nothing, and with them the places of their children.
    """

    def __init__(self, below: Read | None = None) -> None:
        super().__init__()
        self._below = below
        self.codes: dict[bytes, bytes] = {} if below is None else below.codes

    def find(self, name: bytes) -> Node | None:
        """The node; None where it is not remembered."""
        found = self.get(name)
        return found if found is not None or self._below is None else self._below.find(name)

    def pass_on(self) -> None:
        """Have the one below keep what this one does."""
        if self._below is not None:
            for name, node in self.items():
                self._below.keep(name, node)
            self.clear()

    def keep_code(self, name: bytes, code: bytes) -> None:
        """Remember a contract's code."""
        if len(self.codes) >= _MOST_CODES:
            self.codes.clear()
        self.codes[name] = code

    def keep(self, name: bytes, node: Node) -> None:
        """Remember a node."""
        if len(self) >= _MOST_READ:
            self.clear()
        self[name] = node


class Trie:
    """A trie of keys of one length over `db`, in which its new nodes are put once the root is asked for:
    into its `written`, if it has that, and the root's place under its hash; else each under its hash.

    As `trie.HexaryTrie`: what is not there is b"", and setting that deletes. Raises its `MissingTrieNode`.
    """

    __slots__ = ("_db", "_read", "_root", "_written")

    def __init__(self, db: MutableMapping[bytes, bytes] | Any, root: bytes, read: Read) -> None:
        self._db = db
        self._read = read
        self._written: Written | None = getattr(db, "written", None)
        self._root: Ref = b"" if root == BLANK_ROOT_HASH else root

    @property
    def root_hash(self) -> Hash32:
        """Hash of the root. What changed is written before it is told."""
        if not self._root:
            return BLANK_ROOT_HASH
        if isinstance(self._root, list):
            self._root = self._named(self._root, root=True)
        return Hash32(cast("bytes", self._root)[:NAME])

    def __getitem__(self, key: bytes) -> bytes:
        path, at = key.hex(), 0
        node = self._load(self._root, key)
        while node:
            if len(node) == _BRANCH:
                if at == len(path):
                    return bytes(node[_VALUE])
                node = self._load(node[int(path[at], 16)], key)
                at += 1
                continue
            segment, leaf = _way(node)
            if leaf:
                return bytes(node[1]) if segment == path[at:] else b""
            if not path.startswith(segment, at):
                return b""
            at += len(segment)
            node = self._load(node[1], key)
        return b""

    def __contains__(self, key: bytes) -> bool:
        return self[key] != b""

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if not value:
            del self[key]
            return
        self._root = self._set(self._root, key.hex(), value, key)

    def __delitem__(self, key: bytes) -> None:
        self._root = self._without(self._root, key.hex(), key)

    def _load(self, ref: Ref, key: bytes) -> Node:
        """The node; none is an empty one."""
        if not isinstance(ref, bytes):
            return ref
        if not ref:
            return []
        name = ref[:NAME]
        if (known := self._read.find(name)) is not None:
            return known
        try:
            _, node = opened(self._db[ref], name)
        except KeyError as error:
            root = self._root[:NAME] if isinstance(self._root, bytes) else BLANK_ROOT_HASH
            raise MissingTrieNode(Hash32(name), Hash32(root), key, prefix=None) from error
        self._read.keep(name, node)
        return node

    def _set(self, ref: Ref, path: str, value: bytes, key: bytes) -> Node:
        node = self._load(ref, key)
        if not node:
            return [_packed(path, leaf=True), value]
        if len(node) == _BRANCH:
            changed = node.copy()
            if path:
                at = int(path[0], 16)
                changed[at] = self._set(node[at], path[1:], value, key)
            else:
                changed[_VALUE] = value
            return changed
        segment, leaf = _way(node)
        if leaf and segment == path:
            return [node[0], value]
        if not leaf and path.startswith(segment):
            return [node[0], self._set(node[1], path[len(segment) :], value, key)]
        return _forked(segment, leaf, node[1], path, value)

    def _without(self, ref: Ref, path: str, key: bytes) -> Ref:
        """The same without that key: `ref` itself where it was not there."""
        node = self._load(ref, key)
        if not node:
            return ref
        if len(node) != _BRANCH:
            return self._short_without(ref, node, path, key)
        at = int(path[0], 16) if path else _VALUE
        after = self._without(node[at], path[1:], key) if path else b""
        if after is node[at] or not (after or node[at]):
            return ref
        changed = node.copy()
        changed[at] = after
        left = [place for place, one in enumerate(changed) if one]
        if len(left) > 1:
            return changed
        if left[0] == _VALUE:
            return [_packed("", leaf=True), changed[_VALUE]]
        return self._joined(f"{left[0]:x}", changed[left[0]], key)

    def _short_without(self, ref: Ref, node: Node, path: str, key: bytes) -> Ref:
        segment, leaf = _way(node)
        if leaf:
            return b"" if segment == path else ref
        if not path.startswith(segment):
            return ref
        after = self._without(node[1], path[len(segment) :], key)
        return ref if after is node[1] else self._joined(segment, after, key)

    def _joined(self, segment: str, ref: Ref, key: bytes) -> Node:
        """A way on to what may be such a way itself."""
        node = self._load(ref, key)
        if len(node) == _BRANCH:
            return [_packed(segment, leaf=False), ref]
        following, leaf = _way(node)
        return [_packed(segment + following, leaf=leaf), node[1]]

    def _named(self, node: Node, *, root: bool = False) -> Ref:
        """How a node stands in the one above it. One that is hashed is put into the database."""
        whole = [self._named(one) if type(one) is list else one for one in node]
        encoded = encode(whole)
        if len(encoded) < NAME and not root:
            return whole
        name, record = keccak256(encoded), record_of(whole, encoded)
        self._read.keep(name, whole)
        if self._written is None:
            self._db[name] = record
            return name
        place = self._written.add(record)
        if root:
            self._db[name] = place
        return name + place


def _forked(segment: str, leaf: bool, led_to: Any, path: str, value: bytes) -> Node:
    """A branch where a new way leaves an old one, and the way to it that both have in common."""
    common = 0
    while common < min(len(segment), len(path)) and segment[common] == path[common]:
        common += 1
    branch: Node = [b""] * _BRANCH
    old, new = segment[common:], path[common:]
    if not old:
        branch[_VALUE] = led_to
    elif leaf or len(old) > 1:
        branch[int(old[0], 16)] = [_packed(old[1:], leaf=leaf), led_to]
    else:
        branch[int(old[0], 16)] = led_to
    if new:
        branch[int(new[0], 16)] = [_packed(new[1:], leaf=True), value]
    else:
        branch[_VALUE] = value
    return [_packed(path[:common], leaf=False), branch] if common else branch


def _way(node: Node) -> tuple[str, bool]:
    """Which way a short node leads, in hexadecimal digits, and whether to a value."""
    packed: str = node[0].hex()
    first = packed[0]
    return packed[1:] if first in "13" else packed[2:], first in "23"


def _packed(path: str, *, leaf: bool) -> bytes:
    """Hexadecimal digits as a short node has them (appendix C)."""
    kind = (2 if leaf else 0) + len(path) % 2
    return bytes.fromhex(f"{kind}{path}" if len(path) % 2 else f"{kind}0{path}")
