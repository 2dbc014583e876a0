"""C2SP `tlog-tiles`: the tree as files of 256 hashes, and the entries as files of 256 entries (S4.1).

A tile at level l holds the hashes of complete subtrees of height 8·l, 256 of them or, at the right edge,
1 to 255 (a partial tile). Names are relative to the log's prefix. Source: c2sp.org/tlog-tiles.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.merkle import (
    HASH_BYTES,
    MAX_SIZE,
    Growing,
    consistency_path,
    hash_leaf,
    inclusion_path,
    root_from_leaves,
    root_of,
    verify_consistency,
)

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 0xFFFF
"""An entry's length is written in two bytes."""

ENTRIES = -1
"""The level of entry bundles, which lie below the leaf hashes."""

CHECKPOINT_PATH = "checkpoint"

TileReader: TypeAlias = Callable[["Tile"], bytes]
"""Gives a tile's bytes, at least 32 · width of them (a full tile may stand in for a partial one)."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Name of a tile, or with level `ENTRIES` of an entry bundle. `width` counts hashes or entries."""

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        in_range = ENTRIES <= self.level <= MAX_LEVEL and self.index >= 0 and 1 <= self.width <= WIDTH
        if not in_range or self.index * WIDTH > MAX_SIZE:
            raise UsageFault(f"there is no tile {self.level}/{self.index}.{self.width}", code="tile-range")

    @property
    def is_full(self) -> bool:
        """Whether the tile has all its 256 members, and so will never grow."""
        return self.width == WIDTH

    @property
    def path(self) -> str:
        """For example `tile/0/x001/x234/067`, `tile/entries/000.p/17`."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        rest, digits = divmod(self.index, 1000)
        index = f"{digits:03d}"
        while rest:
            rest, digits = divmod(rest, 1000)
            index = f"x{digits:03d}/{index}"
        suffix = "" if self.is_full else f".p/{self.width}"
        return f"tile/{level}/{index}{suffix}"

    @property
    def bundle(self) -> "Tile":
        """The entry bundle that goes with a tile of level 0."""
        if self.level != 0:
            raise UsageFault("only tiles of level 0 have entries", code="tile-range")
        return Tile(ENTRIES, self.index, self.width)


def parse_tile_path(path: str) -> Tile:
    """The tile a path names. Raises `DataFault` (`tile-path`) for any but the one spelling of a tile."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise DataFault("not the path of a tile", code="tile-path")
    level = ENTRIES if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("x", "").replace("/", ""))
    width = WIDTH if match["width"] is None else int(match["width"])
    try:
        tile = Tile(level, index, width)
    except UsageFault:
        raise DataFault("the path names a tile out of range", code="tile-path") from None
    # Superfluous `x000/` and `.p/256` name the same tile by another path.
    if tile.path != path:
        raise DataFault("not the proper path of its tile", code="tile-path")
    return tile


def grow(size: int, leaf_hashes: Sequence[bytes], read: TileReader) -> list[tuple[Tile, bytes]]:
    """Names and bytes of `tiles_between(size, size + len(leaf_hashes))`.

    `read` is asked for the partial tiles at the right edge of the tree of `size`, at most one a level.
    """
    grown: list[tuple[Tile, bytes]] = []
    level, start, fresh = 0, size, list(leaf_hashes)
    while fresh:
        first, width = divmod(start, WIDTH)
        row = read_exactly(Tile(level, first, width), read) if width else b""
        row += b"".join(fresh)
        chunks = [row[at : at + WIDTH * HASH_BYTES] for at in range(0, len(row), WIDTH * HASH_BYTES)]
        grown += [(Tile(level, first + n, len(c) // HASH_BYTES), c) for n, c in enumerate(chunks)]
        fresh = [root_from_leaves(split_tile(c)) for c in chunks if len(c) == WIDTH * HASH_BYTES]
        level, start = level + 1, first
    return grown


def split_tile(data: bytes) -> list[bytes]:
    """The hashes of a tile's bytes."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def read_exactly(tile: Tile, read: TileReader) -> bytes:
    """The first `tile.width` hashes of what `read` gives. Raises `DataFault` (`tile-size`) if fewer."""
    data = read(tile)
    wanted = tile.width * HASH_BYTES
    if len(data) not in (wanted, WIDTH * HASH_BYTES):
        raise DataFault(f"{tile.path} has {len(data)} bytes instead of {wanted}", code="tile-size")
    return data[:wanted]


class TiledTree:
    """A tree of `size` leaves read from its tiles: root and proofs.

    What `read` gives is not authenticated: compare `root()` with a signed checkpoint, or verify the proofs.
    Each tile is read once and kept; make one instance per question, not per process.
    """

    def __init__(self, size: int, read: TileReader) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[Tile, bytes] = {}

    def root(self) -> bytes:
        """Root of the tree. Raises `DataFault` (`tile-size`)."""
        return root_of(self.size, self._subtree)

    def root_at(self, size: int) -> bytes:
        """Root of the tree as it was at `size` leaves, proved to be the beginning of the tree whose root is
        `root()`.

        Raises `UsageFault` (`proof-range`), `DataFault` (`tile-size`; `consistency-proof`: the tiles do not
        fit together).
        """
        proof = self.consistency_proof(size)
        found = root_of(size, self._subtree)
        verify_consistency(size, found, self.size, self.root(), proof)
        return found

    def growing(self) -> Growing:
        """The tree, to be added to: its right-hand edge. Raises `DataFault` (`tile-size`)."""
        return Growing(self.size, self._subtree)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Inclusion proof of leaf `index`. Raises `UsageFault` (`proof-range`), `DataFault` (`tile-size`)."""
        return inclusion_path(index, self.size, self._subtree)

    def consistency_proof(self, size1: int) -> list[bytes]:
        """Consistency proof from the tree of `size1` to this one. Raises as `inclusion_proof`."""
        return consistency_path(size1, self.size, self._subtree)

    def _subtree(self, height: int, index: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        first = index << above
        number, offset = divmod(first, WIDTH)
        width = min(WIDTH, (self.size >> (HEIGHT * level)) - number * WIDTH)
        data = self._tile(Tile(level, number, width))
        return root_from_leaves(split_tile(data[offset * HASH_BYTES : (offset + (1 << above)) * HASH_BYTES]))

    def _tile(self, tile: Tile) -> bytes:
        if tile not in self._tiles:
            self._tiles[tile] = read_exactly(tile, self._read)
        return self._tiles[tile]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry after its length in two bytes, big-endian.

    Raises `UsageFault` (`entry-size`) for an entry over 65,535 bytes.
    """
    pieces: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise UsageFault(f"a log entry of {len(entry)} bytes is too long", code="entry-size")
        pieces += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(pieces)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle. Raises `DataFault` (`bundle-malformed`), also for more or fewer."""
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < width:
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(entries) != width:  # one that is cut off would end beyond the data
        raise DataFault(f"an entry bundle has not exactly {width} entries", code="bundle-malformed")
    return entries


def bundle_leaves(data: bytes, width: int) -> list[bytes]:
    """Leaf hashes of a bundle's entries, to compare with the tile of level 0. Raises as `decode_bundle`."""
    return [hash_leaf(entry) for entry in decode_bundle(data, width)]
