"""Nodes of tries as they lie in the chain's database: those of a block together, in their order (ADR 113).

As many as fit a page are one value, under `NODES`, the block's number (4 bytes) and the page's among the
block's (2). Each stands there as 4 bytes, the length of its record, and the record: one byte, how many
children it names by their hashes; 8 bytes for each of these, its place; and the node in RLP. A node none of
whose children has a place is its RLP alone. A place is block, page, and where in the value the record begins
(2 bytes). 8 zeros are no place: such a child lies under its hash, as every node did once. Numbers are
big-endian.

In memory a child is its hash, or hash and place (40 bytes). Who begins at a root knows no place: under its
hash lies the place. Whatever else lies under a hash has that hash, so neither is taken for the other.
"""

from __future__ import annotations

from typing import Any, Final

from yinzheng.ledger.chain.embedded import coding
from yinzheng.verifier.bytes.algorithms import keccak256

NODES: Final = b"yinzheng:nodes:"
NAME: Final = 32
PLACE: Final = 8
_LENGTH: Final = 4
_PAGE: Final = 4080
"""Bytes of a value that takes one page of LMDB's. Each look reads all of a value from the disk, so it is no
longer but for a record that is."""
_NOWHERE: Final = bytes(PLACE)
_BRANCH: Final = 17
_LIST: Final = 0xC0
"""The RLP of a node begins with this byte, or a greater one."""

Node = list[Any]
"""As RLP has it: 16 children and a value, or the way on and what it leads to. A child is its hash, with its
place or without, or the node itself: one shorter than a hash, or one that changed and is not hashed yet. No
node is altered that another may hold."""


class Written:
    """The nodes that a block writes. They are on disk once all of `values` lie under their keys."""

    def __init__(self, number: int) -> None:
        """Of the block of that number."""
        self._block = number.to_bytes(4, "big")
        self._page = self._end = 0
        self.records: dict[bytes, bytes] = {}
        """By their places."""

    def add(self, record: bytes) -> bytes:
        """Put a record after the others; gives its place."""
        if self._end and self._end + _LENGTH + len(record) > _PAGE:
            self._page, self._end = self._page + 1, 0
        begins = self._end + _LENGTH
        self._end = begins + len(record)
        place = self._block + self._page.to_bytes(2, "big") + begins.to_bytes(2, "big")
        self.records[place] = record
        return place

    def values(self) -> dict[bytes, bytes]:
        """What is to lie where."""
        pages: dict[bytes, bytes] = {}
        for place, record in self.records.items():
            key = page_of(place)
            pages[key] = pages.get(key, b"") + len(record).to_bytes(_LENGTH, "big") + record
        return pages


def page_of(place: bytes) -> bytes:
    """The key of the value in which the record there stands."""
    return NODES + place[:6]


def is_place(name: bytes, value: bytes) -> bool:
    """Whether what lies under `name` is a root's place, and not itself what is called so."""
    return len(value) == PLACE and len(name) == NAME and keccak256(value) != name


def record_in(value: bytes | memoryview, place: bytes) -> bytes:
    """The record at `place` in its page's value; b"" where there is none."""
    begins = int.from_bytes(place[6:], "big")
    length = int.from_bytes(value[begins - _LENGTH : begins], "big")
    return bytes(value[begins : begins + length])


def encode(node: Node) -> bytes:
    """A node in RLP, as it is hashed: a child is its hash, or a short node itself."""
    where = _children(node)
    bare = node.copy()
    bare[where] = [one[:NAME] for one in node[where]]
    return coding.encode(bare)


def record_of(node: Node, encoded: bytes) -> bytes:
    """The record of a node, whose RLP is `encoded`."""
    named = [one for one in node[_children(node)] if type(one) is bytes and one]
    if all(len(one) == NAME for one in named):
        return encoded
    return b"".join([bytes((len(named),)), *(one[NAME:] or _NOWHERE for one in named), encoded])


def opened(record: bytes, name: bytes) -> tuple[bytes, Node]:
    """A node's RLP and the node, from its record; `KeyError` where its hash is not the one in `name`: a place
    does not say what lies there."""
    begins = 1 + PLACE * record[0] if record[0] < _LIST else 0
    encoded = record[begins:]
    if keccak256(encoded) != name[:NAME]:
        raise KeyError(name)
    node: Node = coding.decode(encoded, True, False)[0]
    if begins:
        _place(node, record)
    return encoded, node


def _place(node: Node, record: bytes) -> None:
    where, at = _children(node), 1
    for position, child in enumerate(node[where], where.start):
        if type(child) is bytes and child:
            after = at + PLACE
            if (place := record[at:after]) != _NOWHERE:
                node[position] = child + place
            at = after


def _children(node: Node) -> slice:
    """Where in a node its children stand: nowhere in a leaf (Yellow Paper, appendix C)."""
    if len(node) == _BRANCH:
        return slice(0, _BRANCH - 1)
    return slice(1, 2) if node[0][0] < 0x20 else slice(0, 0)
