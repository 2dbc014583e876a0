"""What the standard says of a growing log, and small trees in memory: what the tests compare with."""

from collections.abc import Sequence

from yinzheng.verifier.log.merkle import SubtreeReader, root_from_leaves
from yinzheng.verifier.log.tiles import WIDTH, Tile


def tiles_between(size1: int, size2: int) -> list[Tile]:
    """The tiles to be published when a log grows from `size1` to `size2`, level by level.

    Full ones that were not full before, and the partial one at the right edge of each level; not the entry
    bundles, which are `.bundle` of those at level 0.
    """
    tiles: list[Tile] = []
    level = 0
    while size1 < size2:
        full, width = divmod(size2, WIDTH)
        tiles += [Tile(level, index) for index in range(size1 // WIDTH, full)]
        if width:
            tiles.append(Tile(level, full, width))
        size1, size2, level = size1 // WIDTH, full, level + 1
    return tiles


def as_reader(leaf_hashes: Sequence[bytes]) -> SubtreeReader:
    """Complete subtrees of a tree held in memory."""
    return lambda height, index: root_from_leaves(leaf_hashes[index << height : (index + 1) << height])
