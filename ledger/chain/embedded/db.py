"""Bytes on disk: LMDB behind py-evm's database interface.

One folder holds `data.mdb` and `lock.mdb` (LMDB's own) and `writer.lock` (ours). LMDB is crash-safe by
construction (copy on write, two meta pages); with its default flags a commit returns only after
`fdatasync`, so what `Store.commit` has returned from survives `kill -9` and loss of power.

Readers in other processes see a commit as soon as it is done: every read opens its own snapshot. Values
of a chain are immutable once written, and readers start from the head, so short snapshots are consistent.
"""

import errno
import os
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import lmdb
from eth.db.backends.base import BaseAtomicDB

from yinzheng.ledger.chain.embedded.nodes import NAME, PLACE, Written, is_place, page_of, record_in
from yinzheng.ledger.chain.embedded.tries import Read
from yinzheng.verifier.errors import EnvironmentFault

MAX_KEY = 511
"""LMDB's limit on the length of a key, in bytes."""

_INITIAL_MAP = 64 * 2**20
_MAX_READERS = 1024
_MAX_GROWTH = 40


class Staging(BaseAtomicDB):
    """Writes kept in memory over a database that is only read: what one atomic commit is made from.

    `changes` maps key to new value, or to None for a deletion. An `atomic_batch` inside merges into
    `changes` when it ends well and vanishes when it does not. Nodes of tries go into `written`, where it is.
    """

    def __init__(self, base: BaseAtomicDB, written: Written | None = None) -> None:
        self._base = base
        self.changes: dict[bytes, bytes | None] = {}
        self.written: Written | None = written or getattr(base, "written", None)
        below: Read | None = getattr(base, "nodes", None)
        self.nodes = None if below is None else Read(below)
        """As `Store.nodes`; None over a database that remembers none."""

    def __getitem__(self, key: bytes) -> bytes:
        if self.written is not None and (record := self.written.records.get(key[NAME:])) is not None:
            return record
        if key not in self.changes:
            return self._base[key]
        value = self.changes[key]
        if value is None:
            raise KeyError(key)
        return self[key + value] if is_place(key, value) else value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.changes[key] = value

    def __delitem__(self, key: bytes) -> None:
        if not self._exists(key):
            raise KeyError(key)
        self.changes[key] = None

    def _exists(self, key: bytes) -> bool:
        if key in self.changes:
            return self.changes[key] is not None
        return self._base.exists(key)

    @contextmanager
    def atomic_batch(self) -> Iterator[Any]:
        """All writes made inside, or none."""
        inner = Staging(self)
        yield inner
        self.changes.update(inner.changes)

    def commit_to(self, store: "Store") -> None:
        """Write all of it into `store` in one transaction. Raises as `Store.commit`; then it is as it was."""
        if self.written is not None:
            self.changes.update(self.written.values())
        store.commit(self.changes)
        if self.nodes is not None:
            self.nodes.pass_on()


def found(get: Callable[[bytes], bytes | memoryview | None], key: bytes) -> bytes | None:
    """What `Store` has for `key`, by what gives the values that lie there."""
    if len(key) == NAME + PLACE:
        page = get(page_of(key[NAME:]))
        return None if page is None else record_in(page, key[NAME:]) or None
    if (value := get(key)) is None:
        return None
    value = bytes(value)
    return found(get, key + value) if is_place(key, value) else value


@dataclass
class _Environment:
    """The one LMDB environment a process may have for a folder; `lock` guards it against resizing."""

    env: Any
    writable: bool
    users: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


_environments: dict[str, _Environment] = {}
_environments_lock = threading.Lock()


def _open_lmdb(folder: Path, writable: bool, map_size: int) -> Any:
    """An LMDB environment; on a read-only file system, where no writer can be, without reader locks."""
    _require_whole(folder)
    locked = writable or not os.statvfs(folder).f_flag & os.ST_RDONLY
    try:
        opened = lmdb.open(
            str(folder),
            map_size=map_size if writable else 0,
            readonly=not writable,
            create=writable,
            lock=locked,
            max_readers=_MAX_READERS,
            metasync=True,
            sync=True,
        )
    except lmdb.Error as error:
        raise EnvironmentFault(
            f"The chain's database cannot be opened: {type(error).__name__}.",
            code="chain-unreadable",
            hint="Check that the folder is there, is readable (and writable, to seal blocks), and is whole.",
        ) from error
    if writable:
        _let_readers_note_themselves(folder / "lock.mdb")
    return opened


def _let_readers_note_themselves(lock: Path) -> None:
    """Where the group may read LMDB's table of readers (ADR 83), let it write there, too.

    The writer reuses pages that no reader is noted for: whoever reads without (`MDB_NOLOCK`) while somebody
    writes may find another page's bytes.
    """
    mode = stat.S_IMODE(lock.stat().st_mode)
    if mode & stat.S_IRGRP and not mode & stat.S_IWGRP:
        lock.chmod(mode | stat.S_IWGRP)


def _require_whole(folder: Path) -> None:
    """Refuse a file that was cut short: reading a page that is not there would end the process (SIGBUS).

    LMDB may number pages at the end that it never wrote, so a file shorter than its newest meta page says is
    walked through to the end, by another process.
    """
    path = folder / "data.mdb"
    try:
        with path.open("rb") as file:
            needed = _length(file.read(_META_BYTES), file)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return
    if size >= needed:
        return
    command = [sys.executable, "-c", _WALK, str(folder)]
    walk = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own program
    if walk.returncode != 0:
        raise EnvironmentFault(
            f"The chain's database is cut short: {size} bytes of {needed}.",
            code="chain-truncated",
            hint="Put the newest whole copy of the folder back, or restore the registry from a backup.",
        )


def _length(first: bytes, file: BinaryIO) -> int:
    """How long the file is by the newer of its two meta pages; 0 where they are none: LMDB says it better."""
    if not first:
        return 0
    page = struct.unpack_from("=I", first, _PAGE_SIZE_AT)[0] if len(first) == _META_BYTES else 0
    file.seek(page)
    metas = [raw for raw in (first, file.read(_META_BYTES)) if len(raw) == _META_BYTES]
    found = [
        (struct.unpack_from("=QQ", raw, _LAST_PAGE_AT)[::-1])
        for raw in metas
        if struct.unpack_from("=I", raw, _MAGIC_AT)[0] == _MAGIC
    ]
    return 0 if not found else (max(found)[1] + 1) * page


_MAGIC = 0xBEEFC0DE
_MAGIC_AT, _PAGE_SIZE_AT, _LAST_PAGE_AT, _META_BYTES = 16, 40, 136, 152
"""Where they stand in a meta page (lmdb.h, MDB_meta behind a page header, 64 bits): magic, size of a page,
number of the last page and then of the transaction."""

_WALK = (
    "import lmdb, os, sys; env = lmdb.open(sys.argv[1], readonly=True, lock=False, create=False);"
    " env.copyfd(os.open(os.devnull, os.O_WRONLY), compact=True)"
)
"""Reads every page that is in use."""


class Store(BaseAtomicDB):
    """A key-value store in `folder`; `Store(folder, writable=True)` creates it where there is none.

    For a root of a trie, and for a node's hash with its place, it gives the node's record (`nodes.py`).

    Several `Store`s of one process share one LMDB environment, as LMDB demands. Thread-safe; not to be
    used in a forked child. Raises `EnvironmentFault` `chain-missing`, `chain-truncated`,
    `chain-unreadable` or `chain-disk`.
    """

    def __init__(self, folder: Path, *, writable: bool = False, map_size: int = _INITIAL_MAP) -> None:
        if not writable and not (folder / "data.mdb").is_file():
            raise EnvironmentFault(
                "There is no chain in this folder.",
                code="chain-missing",
                hint="Name the folder that `yinzheng init` made, or run it.",
            )
        self.nodes: Read | None = Read()
        """Of the state's tries, what was read already."""
        self._name = os.path.realpath(folder)
        self._writable = writable
        with _environments_lock:
            self._shared = self._acquire(folder, map_size)

    def _acquire(self, folder: Path, map_size: int) -> _Environment:
        shared = _environments.get(self._name)
        if shared is None:
            shared = _Environment(_open_lmdb(folder, self._writable, map_size), self._writable)
            _environments[self._name] = shared
        elif self._writable and not shared.writable:
            with shared.lock:  # readers of this process came first: reopen under them
                shared.env.close()
                shared.env = _open_lmdb(folder, True, map_size)
                shared.writable = True
        shared.users += 1
        return shared

    def close(self) -> None:
        """Give the environment back; the last one closes it. Twice is harmless."""
        with _environments_lock:
            if self._name == "":
                return
            self._shared.users -= 1
            if self._shared.users == 0:
                with self._shared.lock:
                    self._shared.env.close()
                del _environments[self._name]
            self._name = ""

    @contextmanager
    def _snapshot(self) -> Iterator[Any]:
        """A read transaction, whose values are views; adopts a map that another process has made larger."""
        with self._shared.lock:
            try:
                txn = self._shared.env.begin(buffers=True)
            except lmdb.MapResizedError:
                self._shared.env.set_mapsize(0)
                txn = self._shared.env.begin(buffers=True)
            try:
                yield txn
            finally:
                txn.abort()

    def __getitem__(self, key: bytes) -> bytes:
        with self._snapshot() as txn:
            value = found(txn.get, key)
        if value is None:
            raise KeyError(key)
        return value

    def _exists(self, key: bytes) -> bool:
        with self._snapshot() as txn:
            return found(txn.get, key) is not None

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.commit({key: value})

    def __delitem__(self, key: bytes) -> None:
        if not self._exists(key):
            raise KeyError(key)
        self.commit({key: None})

    def keys_between(self, first: bytes, last: bytes) -> list[bytes]:
        """The keys k with first ≤ k ≤ last, ascending."""
        keys: list[bytes] = []
        with self._snapshot() as txn:
            cursor = txn.cursor()
            more = cursor.set_range(first)
            while more and (key := bytes(cursor.key())) <= last:
                keys.append(key)
                more = cursor.next()
        return keys

    @contextmanager
    def atomic_batch(self) -> Iterator[Any]:
        """All writes made inside in one durable transaction, or none."""
        staged = Staging(self)
        yield staged
        self.commit(staged.changes)

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Write all of `changes` (None deletes) in one transaction; durable when it returns.

        Raises `EnvironmentFault` `chain-disk` when the disk refuses; then nothing was written.
        """
        for _ in range(_MAX_GROWTH):
            try:
                self._commit(changes)
            except (lmdb.MapFullError, lmdb.MapResizedError) as error:
                self._grow(adopt=isinstance(error, lmdb.MapResizedError))
            except (lmdb.Error, OSError) as error:
                full = getattr(error, "errno", None) == errno.ENOSPC or "space" in str(error).lower()
                raise EnvironmentFault(
                    "The disk is full." if full else f"The chain cannot be written: {type(error).__name__}.",
                    code="chain-disk",
                    hint="Nothing was written. Free space or repair the disk, then repeat the command.",
                ) from error
            else:
                return
        raise EnvironmentFault("The chain's database cannot grow.", code="chain-disk", hint="Free space.")

    def _commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        with self._shared.env.begin(write=True) as txn:
            for key, value in changes.items():
                if value is None:
                    txn.delete(key)
                else:
                    txn.put(key, value)

    def _grow(self, *, adopt: bool) -> None:
        """Double the map, or adopt its size on disk. No read of this process is under way meanwhile."""
        with self._shared.lock:
            env = self._shared.env
            env.set_mapsize(0 if adopt else 2 * env.info()["map_size"])
