"""The writer and reader of the log: append statements, publish signed heads, give proofs (D4, D9, S4).

The database is what wins after a crash: tiles beyond the published checkpoint count for nothing, the next
writer appends the same statements again, finds their files there already, and goes on. A head is signed only
when the published one, and any other the caller knows of, is proved to be its beginning.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from yinzheng.ledger.log.tilefiles import TileFiles, leading_part
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.files import disk_faults, make_folder, remove_leftovers, write_durably
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.merkle import EMPTY_ROOT, hash_leaf, verify_consistency
from yinzheng.verifier.log.note import (
    MAX_NOTE_BYTES,
    Checkpoint,
    NoteKey,
    NoteSigner,
    open_checkpoint,
    open_note,
    peek_checkpoint,
    sign_checkpoint,
    split_note,
)
from yinzheng.verifier.log.tiles import (
    CHECKPOINT_PATH,
    ENTRIES,
    WIDTH,
    Tile,
    TiledTree,
    decode_bundle,
    encode_bundle,
    grow,
)
from yinzheng.verifier.log.tlogproof import TlogProof

_SLICE = 64 * WIDTH
"""Entries hashed and written at once: enough to batch, little enough to keep memory flat."""


class TileLog:
    """One log in one folder. Any number of readers; one writer at a time, which the caller's lock ensures."""

    def __init__(self, root: Path, origin: str, *, faults: Faults = NO_FAULTS) -> None:
        self.root_folder = root
        self.origin = origin
        self.files = TileFiles(root, faults)
        self._faults = faults
        self._size: int | None = None
        self._forgotten = False
        # Right-hand edge of the tree by level, with the entries below it: what the next append builds on.
        self._edge: dict[int, tuple[Tile, bytes]] = {}

    @property
    def size(self) -> int:
        """Number of entries: those published, and those this object has appended since."""
        if self._size is None:
            published = self.checkpoint()
            self._size = 0 if published is None else published.size
        return self._size

    def note(self) -> str | None:
        """The published checkpoint, as signed; None before the first."""
        if self._forgotten:
            return None
        path = self.root_folder / CHECKPOINT_PATH
        try:
            with disk_faults(path), path.open("rb") as file:
                data = file.read(MAX_NOTE_BYTES + 1)
        except FileNotFoundError:
            return None
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise DataFault("the published checkpoint is not text", code="note-malformed") from None

    def checkpoint(self) -> Checkpoint | None:
        """The published head, whoever signed it.

        Raises `DataFault`: `checkpoint-origin` where the folder holds another log, or `note-…`.
        """
        note = self.note()
        if note is None:
            return None
        head = peek_checkpoint(note)
        if head.origin != self.origin:
            raise DataFault(
                "the folder holds the log of another origin", code="checkpoint-origin", origin=head.origin
            )
        return head

    # Writing

    def forget_head(self) -> None:
        """Take a published checkpoint that cannot be read for none: as a lost log, it is then written anew.

        Its file stays until the next head is published: whoever is refused before that has changed nothing.
        """
        self._forgotten = True
        self._size = None

    def append(self, entries: Iterable[bytes], *, at: int | None = None) -> int:
        """Append entries, from position `at` (by default the end); returns the new size.

        On return bundles and tiles are durable, and nothing is published. Entries already in the log, where
        `at` lies before the end, are compared and skipped.

        Raises:
            UsageFault: `log-gap` if `at` lies beyond the end; `entry-size`.
            DataFault: `log-conflict` where the log or a left-over file holds something else.
            EnvironmentFault: `disk-full`, `disk-read-only`, `disk-io`; the log is then as before, for
                readers and for the next attempt.
        """
        position = self.size if at is None else at
        if position > self.size:
            raise UsageFault(f"the log has {self.size} entries, not {position}", code="log-gap")
        source = iter(entries)
        self._compare(position, islice(source, self.size - position))
        while batch := list(islice(source, _SLICE - self.size % WIDTH)):
            self._append_batch(batch)
        return self.size

    def publish(self, signers: Sequence[NoteSigner], *, known: Checkpoint | None = None) -> str:
        """Sign the head and put it in place of the published one; returns the note.

        If the published checkpoint is of this very size it is returned as it is. `known` is the latest head
        the caller knows from elsewhere (database, chain): the new one must extend it as well, so that a
        folder rolled back to an older state is not grown into a second history.

        Fault points: `log.checkpoint.before`, `log.checkpoint.after`.

        Raises:
            DataFault: `log-rewritten` when the published or the known head is not a beginning of this log;
                `note-signature`, `note-unsigned` when the published one is not by these signers.
        """
        tree = self.tree()
        head = Checkpoint(self.origin, tree.size, tree.root())
        note = self.note()
        published = self.checkpoint()
        if note is not None and published is not None:
            open_note(note, [signer.key for signer in signers])
            require_extension(published, head, tree)
        if known is not None:
            require_extension(known, head, tree)
        if note is not None and published == head:
            return note
        note = sign_checkpoint(head, signers)
        make_folder(self.root_folder)
        self._faults.hit("log.checkpoint.before")
        write_durably(self.root_folder / CHECKPOINT_PATH, note.encode())
        self._forgotten = False
        self._faults.hit("log.checkpoint.after")
        return note

    def publish_cosigned(self, note: str) -> None:
        """Put the published head's note in its place once more, with what witnesses added to it (S4.6).

        Nothing is done unless it is of the published head and says something else than is published.
        Fault points: as `publish`.
        """
        published = self.note()
        if published is None or note == published or split_note(note)[0] != split_note(published)[0]:
            return
        self._faults.hit("log.checkpoint.before")
        write_durably(self.root_folder / CHECKPOINT_PATH, note.encode())
        self._faults.hit("log.checkpoint.after")

    def adopt(self, note: str) -> None:
        """Publish another's signed head of what was appended, for whoever copies a log.

        Fault points: as `publish`. Raises `DataFault` `log-rewritten` unless it is the head of exactly that.
        """
        head = peek_checkpoint(note)
        require_extension(head, Checkpoint(self.origin, self.size, self.root()), self.tree())
        self._faults.hit("log.checkpoint.before")
        write_durably(self.root_folder / CHECKPOINT_PATH, note.encode())
        self._faults.hit("log.checkpoint.after")

    def sweep(self) -> int:
        """Delete files a crash left half written; for the writer, before it writes. Returns how many."""
        return remove_leftovers(self.root_folder)

    # Reading

    def tree(self, size: int | None = None) -> TiledTree:
        """The tree of the first `size` entries, all by default, for one question; tiles are read once."""
        size = self.size if size is None else size
        if not 0 <= size <= self.size:
            raise UsageFault(f"the log has {self.size} entries, not {size}", code="log-range")
        return TiledTree(size, self._read_as_of_now)

    def root(self, size: int | None = None) -> bytes:
        """Root over the first `size` entries. Raises `log-range`, `log-tile-missing`."""
        return self.tree(size).root()

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Inclusion proof of entry `index` in the tree of `size`. Raises as `root`, and `proof-range`."""
        return self.tree(size).inclusion_proof(index)

    def consistency(self, size1: int, size2: int | None = None) -> list[bytes]:
        """Consistency proof from `size1` to `size2`. Raises as `inclusion`; none from size 0 (S4.5)."""
        return self.tree(size2).consistency_proof(size1)

    def tlog_proof(self, index: int, note: str | None = None) -> TlogProof:
        """Proof that entry `index` is under the checkpoint `note`, by default the published one (S4.4).

        Raises `UsageFault` `log-unpublished`, `proof-range`, and as `root`.
        """
        note = note or self.note()
        if note is None:
            raise UsageFault("the log has no checkpoint yet", code="log-unpublished")
        return TlogProof(index, tuple(self.inclusion(index, peek_checkpoint(note).size)), note)

    def entry(self, index: int) -> bytes:
        """Entry `index`. Raises `log-range`, `log-tile-missing`, `bundle-malformed`."""
        return next(self.entries(index, index + 1))

    def entries(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Entries `first` … `end` - 1, streamed. Raises as `entry`."""
        end = self.size if end is None else end
        if not 0 <= first <= end <= self.size:
            raise UsageFault(f"the log has {self.size} entries, not {end}", code="log-range")
        for index in range(first // WIDTH, -(-end // WIDTH)):
            start = index * WIDTH
            width = min(WIDTH, self.size - start)
            bundle = decode_bundle(self._read_as_of_now(Tile(ENTRIES, index, width)), width)
            yield from bundle[max(first - start, 0) : end - start]

    def require_published(self, keys: Collection[NoteKey]) -> Checkpoint:
        """The published head, signed by every one of `keys`. Raises `log-unpublished`, `note-…`."""
        note = self.note()
        if note is None:
            raise UsageFault("the log has no checkpoint yet", code="log-unpublished")
        return open_checkpoint(note, self.origin, keys)

    def _append_batch(self, batch: list[bytes]) -> None:
        size = self.size
        hashes = [hash_leaf(entry) for entry in batch]
        bundles = list(self._bundles(size, batch))
        tiles = grow(size, hashes, self._read_edge)
        self.files.write([*bundles, *tiles])
        for tile, data in (*bundles, *tiles):
            self._edge[tile.level] = (tile, data)
        self._size = size + len(batch)

    def _bundles(self, size: int, batch: list[bytes]) -> Iterator[tuple[Tile, bytes]]:
        index, width = divmod(size, WIDTH)
        data = self._read_edge(Tile(ENTRIES, index, width)) if width else b""
        taken = 0
        while taken < len(batch):
            piece = batch[taken : taken + WIDTH - width]
            taken += len(piece)
            width += len(piece)
            yield Tile(ENTRIES, index, width), data + encode_bundle(piece)
            index, width, data = index + 1, 0, b""

    def _read_edge(self, tile: Tile) -> bytes:
        kept = self._edge.get(tile.level)
        return kept[1] if kept is not None and kept[0] == tile else self.files.read(tile)

    def _read_as_of_now(self, tile: Tile) -> bytes:
        """As `TileFiles.read`, for a tile of an older tree: a wider one on disk holds what it held."""
        data = self.files.read_file(tile)
        if data is None and not tile.is_full:
            level_size = self.size // WIDTH ** max(tile.level, 0)
            wider = Tile(tile.level, tile.index, min(WIDTH, level_size - tile.index * WIDTH))
            if not wider.is_full:
                data = self.files.read_file(wider)
                data = None if data is None else leading_part(data, wider.width, tile)
        return self.files.read(tile) if data is None else data

    def _compare(self, position: int, entries: Iterable[bytes]) -> None:
        present = self.entries(position)
        for index, entry in enumerate(entries, position):
            if next(present) != entry:
                raise DataFault(
                    f"entry {index} of the log is another one",
                    code="log-conflict",
                    hint="run the audit; log or database was altered or restored from different moments",
                    index=index,
                )


def require_extension(old: Checkpoint, new: Checkpoint, tree: TiledTree) -> None:
    """Raise `log-rewritten` unless the tree under `new` begins with the one under `old`."""
    try:
        if old.size == 0 and old.root == EMPTY_ROOT:
            return
        proof = tree.consistency_proof(old.size) if old.size < new.size else []
        verify_consistency(old.size, old.root, new.size, new.root, proof)
    except DataFault as fault:
        if fault.code != "consistency-proof":
            raise
        raise DataFault(
            f"the log of {counted(new.size, 'entry', 'entries')} does not begin "
            f"with the published one of {old.size}",
            code="log-rewritten",
            hint="run the audit; log or database was altered or restored from different moments",
            old_size=old.size,
            new_size=new.size,
        ) from fault
