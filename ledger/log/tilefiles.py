"""Tiles and entry bundles as files under a folder, to be served as they lie (c2sp.org/tlog-tiles).

A file once there keeps its bytes: writing the same again is nothing, writing other bytes is refused. A
partial tile goes when its full one is there, which the standard allows and its readers expect.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.files import disk_faults, make_folder, sync_folder, write_durably
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.merkle import HASH_BYTES
from yinzheng.verifier.log.tiles import ENTRIES, WIDTH, Tile, decode_bundle, encode_bundle

_AT_ONCE: Final = 8
"""Files that wait for the disk together: it makes many durable in little more time than one."""


class TileFiles:
    """The files of one log. Reading takes any moment's state; writing is for the one writer.

    Fault points: `log.file.before` and `.after` around each file, `log.prune.before` and `.after`.
    """

    def __init__(self, root: Path, faults: Faults = NO_FAULTS) -> None:
        self.root = root
        self._faults = faults

    def read(self, tile: Tile) -> bytes:
        """The bytes of exactly this tile or bundle; where a partial one is gone, its part of the full one.

        Raises:
            DataFault: `log-tile-missing` with `path`; `bundle-malformed`.
        """
        data = self.read_file(tile)
        if data is not None:
            return data
        full = None if tile.is_full else self.read_file(Tile(tile.level, tile.index))
        if full is None:
            raise DataFault(
                f"the log lacks {tile.path}",
                code="log-tile-missing",
                hint="restore it from a backup or a mirror of the log",
                path=tile.path,
            )
        return leading_part(full, WIDTH, tile)

    def read_file(self, tile: Tile) -> bytes | None:
        """The bytes of the file of exactly this name; None where there is none."""
        path = self.root / tile.path
        try:
            with disk_faults(path):
                return path.read_bytes()
        except FileNotFoundError:
            return None

    def partial_widths(self, tile: Tile) -> list[int]:
        """Widths of the partial tiles that lie beside the full `tile`'s name."""
        folder = self._partial_folder(tile)
        if not folder.is_dir():
            return []
        return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())

    def write(self, files: Iterable[tuple[Tile, bytes]]) -> None:
        """Write tiles that are new; on return all of them are durable. Partial ones they replace are deleted.

        Raises:
            DataFault: `log-conflict` for a file that exists with other bytes.
            EnvironmentFault: `disk-full`, `disk-read-only`, `disk-io`.
        """
        files = list(files)
        self._write_contents([(tile, data) for tile, data in files if self._is_new(tile, data)])
        # Also of a file that was there: the attempt that wrote it may have died before this.
        for folder in {(self.root / tile.path).parent for tile, _ in files}:
            with disk_faults(folder):
                sync_folder(folder)
        for tile, _ in files:
            if tile.is_full:
                self._prune(tile)

    def _is_new(self, tile: Tile, data: bytes) -> bool:
        path = self.root / tile.path
        present = self.read_file(tile) if path.exists() else None
        held = present
        if held is None and not tile.is_full and (full := self.read_file(Tile(tile.level, tile.index))):
            held = leading_part(full, WIDTH, tile)  # of an attempt that got further, and is not to be belied
        if held is not None and held != data:
            raise DataFault(
                f"{tile.path} exists and holds something else: a published tile never changes",
                code="log-conflict",
                hint="Put the newest copy of the database back. If none is left, `yinzheng settle --log-anew`"
                " puts aside what was never published; where that changes nothing, run the audit.",
                path=tile.path,
            )
        return present is None

    def _write_contents(self, files: list[tuple[Tile, bytes]]) -> None:
        """Write each whole; many wait for the disk side by side. Their names are not durable yet."""
        if len(files) <= _AT_ONCE:
            for tile, data in files:
                write_durably(self._begun(tile), data, sync_name=False)
                self._faults.hit("log.file.after")
            return
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="tiles") as pool:
            writing = [
                pool.submit(write_durably, self._begun(tile), data, sync_name=False) for tile, data in files
            ]
            for one in writing:
                one.result()
                self._faults.hit("log.file.after")

    def _begun(self, tile: Tile) -> Path:
        """Where the file of a tile goes, in a folder that is there."""
        path = self.root / tile.path
        self._faults.hit("log.file.before")
        make_folder(path.parent)
        return path

    def _partial_folder(self, tile: Tile) -> Path:
        return (self.root / Tile(tile.level, tile.index).path).with_suffix(".p")

    def _prune(self, tile: Tile) -> None:
        folder = self._partial_folder(tile)
        if not folder.is_dir():
            return
        self._faults.hit("log.prune.before")
        with disk_faults(folder):
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
        self._faults.hit("log.prune.after")


def leading_part(data: bytes, width: int, tile: Tile) -> bytes:
    """The bytes of `tile`, out of those of the same tile when it was `width` wide.

    Raises `DataFault` `bundle-malformed`.
    """
    if tile.level == ENTRIES:
        return encode_bundle(decode_bundle(data, width)[: tile.width])
    return data[: tile.width * HASH_BYTES]
