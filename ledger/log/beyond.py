"""What lies beyond the published head: how far the files go, and putting them aside (ADR 102)."""

from __future__ import annotations

import errno
import os
from itertools import count, takewhile
from pathlib import Path
from typing import Final

from yinzheng.ledger.log.tilefiles import TileFiles
from yinzheng.ledger.log.tilelog import TileLog, require_extension
from yinzheng.ledger.state.files import disk_faults, make_folder, sync_folder, write_durably
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.merkle import EMPTY_ROOT, hash_leaf
from yinzheng.verifier.log.note import Checkpoint
from yinzheng.verifier.log.tiles import ENTRIES, WIDTH, Tile, parse_tile_path

_IN_A_FOLDER: Final = 1000
"""Tiles, or bundles, whose files lie in one folder."""


def tiled(log: TileLog) -> int:
    """How many entries the files go up to, published or not.

    Hashes count as the bundles do: what is written together comes to lie there in any order.
    """
    tiles = log.root_folder / "tile"
    levels = [ENTRIES, *takewhile(lambda level: (tiles / str(level)).is_dir(), count())]
    return max(_reach(log, level) for level in levels)


def _reach(log: TileLog, level: int) -> int:
    """How many entries the files of one level go up to, those of the published head at least."""
    each: int = WIDTH ** max(level, 0)
    members = log.size // each
    edge = members // WIDTH
    here = last = edge // _IN_A_FOLDER
    while _folder(log, level, last + 1).is_dir():
        last += 1
    for group in range(last, here - 1, -1):
        first = group * _IN_A_FOLDER
        try:
            names = {name[:3]: name for name in sorted(os.listdir(_folder(log, level, group)), reverse=True)}
        except FileNotFoundError:
            continue
        found = (first + int(name) for name in sorted(names, reverse=True) if name.isdigit())
        for index in takewhile(lambda index: index >= edge, found):
            whole = names[f"{index - first:03d}"] == f"{index - first:03d}"
            width = WIDTH if whole else max(log.files.partial_widths(Tile(level, index)), default=0)
            if width and index * WIDTH + width > members:
                return (index * WIDTH + width) * each
    return log.size


def _folder(log: TileLog, level: int, group: int) -> Path:
    """Where the tiles of a level lie whose numbers, but for the last three digits, are `group`."""
    return (log.root_folder / Tile(level, group * _IN_A_FOLDER).path).parent


def set_aside(log: TileLog, folder: Path) -> int:
    """Move files beyond the published head of a log just opened to `folder`, under the same names.

    Gives how many. What the head itself needs is there before anything is moved, and on return all is
    durable. Cut short, it is done again, into the same folder or another.

    Raises `DataFault` `log-rewritten` unless the files hold what the published head says, and what is wrong
    with them; `EnvironmentFault` (`disk-…`).
    """
    published = log.checkpoint() or Checkpoint(log.origin, 0, EMPTY_ROOT)
    size, tree = published.size, log.tree(published.size)
    require_extension(published, Checkpoint(log.origin, size, tree.root()), tree)
    _require_edge(log, size)
    for tile in _edge_of(size):
        if log.files.read_file(tile) is None:
            path = log.root_folder / tile.path
            make_folder(path.parent)
            write_durably(path, log.files.read(tile))
    beyond = [path for path in _names(log.files) if not _within(path, size)]
    for name in beyond:
        target = folder / name
        make_folder(target.parent)
        with disk_faults(target):
            _move(log.root_folder / name, target)
    for place in {(where / name).parent for name in beyond for where in (folder, log.root_folder)}:
        with disk_faults(place):
            sync_folder(place)
    return len(beyond)


def _move(path: Path, target: Path) -> None:
    """Give a file another name, which may be on another disk."""
    try:
        path.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write_durably(target, path.read_bytes())
        path.unlink()


def _require_edge(log: TileLog, size: int) -> None:
    """The bundle that the head ends in holds what its hashes say; the head binds these alone."""
    index, width = divmod(size, WIDTH)
    if width and b"".join(map(hash_leaf, log.entries(index * WIDTH, size))) != log.files.read(
        Tile(0, index, width)
    ):
        raise DataFault(
            "the last bundle of the log is not what its hashes say",
            code="log-rewritten",
            hint="run the audit; log or database was altered or restored from different moments",
        )


def _names(files: TileFiles) -> list[str]:
    """All files of tiles and bundles, from the log's prefix on."""
    found = (path for path in (files.root / "tile").rglob("*") if path.is_file())
    return sorted(path.relative_to(files.root).as_posix() for path in found)


def _edge_of(size: int) -> list[Tile]:
    """The partial tiles, and the bundle, of a log of so many entries."""
    found, level, count = [], ENTRIES, size
    while count:
        index, width = divmod(count, WIDTH)
        if width:
            found.append(Tile(level, index, width))
        level, count = level + 1, count if level == ENTRIES else index
    return found


def _within(name: str, size: int) -> bool:
    """Whether the file of this name is of a log of so many entries; what is no tile's stays where it is."""
    try:
        tile = parse_tile_path(name)
    except DataFault:
        return True
    members: int = size // WIDTH ** max(tile.level, 0)
    return tile.index * WIDTH + tile.width <= members
