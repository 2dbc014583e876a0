"""Re-hashing the whole log: does every file hold what the signed checkpoint promises (D9)?"""

from collections.abc import Callable, Collection

from yinzheng.ledger.log.tilefiles import TileFiles, leading_part
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.merkle import root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, NoteKey
from yinzheng.verifier.log.tiles import WIDTH, Tile, bundle_leaves, split_tile

_RESTORE = "restore it from a backup or a mirror of the log"


def check_log(
    log: TileLog, keys: Collection[NoteKey], progress: Callable[[int, int], None] | None = None
) -> Checkpoint:
    """Compare every entry bundle, every tile and the root with the published checkpoint; returns it.

    Files beyond the checkpoint are not looked at: they count for nothing. `progress` is told how many
    entries of how many are done. Memory: 32 bytes for 256 entries.

    Raises the first difference, from the lowest level up and from left to right:
        DataFault: `log-tile-missing`, `log-tile-changed` or `bundle-malformed`, with `path`;
            `log-root-changed`; or what is wrong with the checkpoint (`note-…`, `checkpoint-…`).
    """
    head = log.require_published(keys)
    row = _check_entries(log.files, head.size, progress)
    level, count = 1, head.size // WIDTH
    while count:
        row = _check_level(log.files, level, row)
        level, count = level + 1, count // WIDTH
    if log.tree(head.size).root() != head.root:
        raise DataFault(
            f"the {head.size} entries of the log lead to another root than its checkpoint",
            code="log-root-changed",
            hint="the last tile or the checkpoint was replaced: restore the log from a backup or a mirror",
            size=head.size,
        )
    return head


def _check_entries(files: TileFiles, size: int, progress: Callable[[int, int], None] | None) -> list[bytes]:
    """Check bundles against tiles of level 0; returns the roots of the full ones."""
    roots: list[bytes] = []
    for index in range(-(-size // WIDTH)):
        start = index * WIDTH
        tile = Tile(0, index, min(WIDTH, size - start))
        leaves = _leaves(files, tile.bundle)
        _compare(files, tile, leaves)
        _check_partials(files, tile.bundle)
        if tile.is_full:
            roots.append(root_from_leaves(leaves))
        if progress is not None:
            progress(start + tile.width, size)
    return roots


def _check_level(files: TileFiles, level: int, row: list[bytes]) -> list[bytes]:
    """Check the tiles of `level` against the hashes they must hold; returns the roots of the full ones."""
    roots: list[bytes] = []
    for start in range(0, len(row), WIDTH):
        hashes = row[start : start + WIDTH]
        _compare(files, Tile(level, start // WIDTH, len(hashes)), hashes)
        if len(hashes) == WIDTH:
            roots.append(root_from_leaves(hashes))
    return roots


def _leaves(files: TileFiles, bundle: Tile) -> list[bytes]:
    try:
        return bundle_leaves(files.read(bundle), bundle.width)
    except DataFault as fault:
        if fault.code != "bundle-malformed":
            raise
        raise DataFault(
            f"{bundle.path} is not an entry bundle: {fault.message}",
            code=fault.code,
            hint=_RESTORE,
            path=bundle.path,
        ) from fault


def _compare(files: TileFiles, tile: Tile, hashes: list[bytes]) -> None:
    found = split_tile(files.read(tile))
    if found != hashes:
        place = next(
            (n for n, pair in enumerate(zip(found, hashes, strict=False)) if pair[0] != pair[1]), None
        )
        place = min(len(found), len(hashes)) if place is None else place
        below = tile.bundle.path if tile.level == 0 else "the tiles below it"
        raise _changed(tile, f"{tile.path} and {below} disagree at place {place} of {tile.width}", place)
    _check_partials(files, tile)


def _check_partials(files: TileFiles, tile: Tile) -> None:
    """Older, narrower files of a tile still on disk must be its beginning."""
    whole = files.read(tile)
    for width in files.partial_widths(tile):
        older = Tile(tile.level, tile.index, width)
        if width < tile.width and files.read(older) != leading_part(whole, tile.width, older):
            raise _changed(older, f"{older.path} is not the beginning of {tile.path}", None)


def _changed(tile: Tile, message: str, place: int | None) -> DataFault:
    data = {"path": tile.path, "level": tile.level}
    if place is not None:
        data["first_entry"] = (tile.index * WIDTH + place) * WIDTH ** max(tile.level, 0)
    return DataFault(message, code="log-tile-changed", hint=_RESTORE, **data)
