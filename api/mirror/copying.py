"""Copying the log: nothing becomes part of the copy unless it leads to a signed head that continues it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Final, Protocol

from yinzheng.api.mirror.keeping import Folder
from yinzheng.ledger.state.files import make_folder, write_durably
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.merkle import hash_leaf
from yinzheng.verifier.log.note import Checkpoint, open_checkpoint
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tiles import ENTRIES, WIDTH, Tile, TiledTree, decode_bundle


class Served(Protocol):
    """A log that is served. Each raises `EnvironmentFault` where it is not to be had."""

    def checkpoint(self) -> bytes:
        """Its signed head."""

    def tile(self, tile: Tile) -> bytes:
        """The bytes of a tile, or of the full one in its place."""

    def bundle(self, tile: Tile) -> bytes:
        """The same of an entry bundle."""


class Forked(DataFault):
    """The log contradicts what it showed before: its message says how."""


STALE: Final = "log-stale"
WITHHELD: Final = "log-withheld"


def copy(folder: Folder, source: Served, trust: TrustPolicy) -> tuple[Checkpoint, str]:
    """Bring the copy up to the head that is served; gives that head and its note.

    Raises `Forked`: `log-fork` (two heads that are not of one history, both kept), `log-statement` (an entry
    is missing, malformed, or not the one that the head covers); `DataFault` as `open_checkpoint`;
    `EnvironmentFault` where the log is not to be had, shows an older head than before (`log-stale`), which a
    cache does, or a signed head whose statements from `at` on are not to be had (`log-withheld`).
    """
    note = source.checkpoint()
    head = open_checkpoint(note, trust.origin, trust.log_keys)
    folder.keep_head(head.size, note)
    kept = folder.log.size
    if head.size <= kept:
        if head.size and folder.log.root(head.size) != head.root:
            raise _fork(head.size, kept)
        if head.size < kept:
            raise EnvironmentFault(
                f"the log shows {counted(head.size, 'statement')}, and {kept} before",
                code=STALE,
                hint="Look again.",
                at=kept,
            )
        folder.log.publish_cosigned(note.decode())
        return head, note.decode()
    _fetch(folder, source, kept, head.size)
    tree = folder.log.tree(kept).growing()  # of ten million entries no more than thirty hashes are in memory
    for entry in _incoming(folder, kept, head.size):
        tree.add(hash_leaf(entry))
    if tree.root() != head.root:
        fault = _why(folder, source, head, kept)
        _discard(folder)
        raise fault
    folder.log.append(_incoming(folder, kept, head.size))
    folder.log.adopt(note.decode())
    _discard(folder)
    return head, note.decode()


def _fetch(folder: Folder, source: Served, first: int, end: int) -> None:
    """Bring the missing entries in; bundles that an interrupted round brought are not asked for again."""
    incoming = folder.root / "incoming"
    make_folder(incoming)
    for index in range(first // WIDTH, -(-end // WIDTH)):
        width = min(WIDTH, end - index * WIDTH)
        path = incoming / f"{index}-{width}"
        if path.exists():
            continue
        try:
            data = source.bundle(Tile(ENTRIES, index, width))
        except EnvironmentFault as fault:
            raise EnvironmentFault(
                f"the statements from {index * WIDTH} on, which a signed head covers, are not to be had",
                code=WITHHELD,
                hint="Look again.",
                at=index * WIDTH,
            ) from fault
        try:
            for entry in _first(data, width):
                Statement.from_bytes(entry)
        except DataFault as fault:
            raise Forked(
                f"a statement from {index * WIDTH} on is none: {fault.message}",
                code="log-statement",
                at=index,
            ) from fault
        write_durably(path, data)


def _first(data: bytes, width: int) -> list[bytes]:
    """The first entries of a bundle, which may be a fuller one than was asked for."""
    try:
        return decode_bundle(data, width)
    except DataFault:
        return decode_bundle(data, WIDTH)[:width]


def _incoming(folder: Folder, first: int, end: int) -> Iterator[bytes]:
    for index in range(first // WIDTH, -(-end // WIDTH)):
        width = min(WIDTH, end - index * WIDTH)
        entries = _first((folder.root / "incoming" / f"{index}-{width}").read_bytes(), width)
        yield from entries[max(0, first - index * WIDTH) :]


def _discard(folder: Folder) -> None:
    shutil.rmtree(folder.root / "incoming", ignore_errors=True)


def _why(folder: Folder, source: Served, head: Checkpoint, kept: int) -> Forked:
    """What entries that do not lead to the head say: another history, or statements that are not shown."""
    served = TiledTree(head.size, source.tile)
    try:
        whole = served.root() == head.root
        if whole and kept and served.root_at(kept) != folder.log.root(kept):
            return _fork(head.size, kept)
        if whole:
            index, tile = -1, b""
            for number, entry in enumerate(_incoming(folder, kept, head.size), kept):
                if number // WIDTH != index:
                    index = number // WIDTH
                    tile = source.tile(Tile(0, index, min(WIDTH, head.size - index * WIDTH)))
                leaf = hash_leaf(entry)
                if tile[number % WIDTH * 32 : number % WIDTH * 32 + 32] != leaf:
                    message = f"statement {number} is not the one that the signed head covers"
                    return Forked(message, code="log-statement", at=number)
    except (DataFault, EnvironmentFault):
        pass  # whoever shows no tiles either has shown enough: these statements under that head
    message = f"the statements from {kept} on do not lead to the signed head of {head.size}"
    return Forked(message, code="log-statement", at=kept)


def _fork(size: int, kept: int) -> Forked:
    return Forked(
        f"the signed head of {counted(size, 'statement')} is not of the history of the {kept} kept here",
        code="log-fork",
        size=size,
        kept=kept,
    )
