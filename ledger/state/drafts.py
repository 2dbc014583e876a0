"""Folders in the making: told apart from what others keep there, and cleared away after a kill (R44).

A backup or a restored state is filled under a name of its own beside its place and gets its name when it is
whole. Killed meanwhile, the draft stays: `.NAME.xxxxxxxx`, with the mark `.draft.json` that says whose it is.
Whoever makes it holds a lock on the mark, which ends with the process, so that no draft in the making is
taken for one that was left. Drafts of programs before this one have no mark, and are known by their content.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from yinzheng.ledger.state.files import (
    TEMPORARY_SUFFIX,
    discard,
    disk_faults,
    shred,
    sync_folder,
    whole_folder,
)
from yinzheng.ledger.state.instance import Instance
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import constant, hex_bytes, read_object, text
from yinzheng.verifier.errors import DataFault

MARK: Final = ".draft.json"
FORMAT: Final = "yinzheng/draft/1"
_FIELDS: Final = {"format": constant(FORMAT), "genesis": hex_bytes(32), "origin": text(1, 200)}
_NAME: Final = re.compile(r"\.(.+)\.[a-z0-9_]{8}")
_OURS: Final = frozenset(
    {"ledger.sqlite", "ledger.sqlite-journal", "ledger.sqlite-wal", "ledger.sqlite-shm"}
    | {"log", "blobs", "chain", "calendar", "keys", "people", "instance.json", "backup.json"}
)
_SQLITE: Final = b"SQLite format 3\0"
_KEY: Final = "wrapped_key"
_COLUMNS: Final = (
    "SELECT 1 FROM sqlite_master AS made JOIN pragma_table_info(made.name) AS has"
    " WHERE made.type = 'table' AND has.name = ?"
)


@contextmanager
def drafting(target: Path, instance: Instance, *, mode: int = 0o700) -> Iterator[Path]:
    """Give a marked draft of the new folder `target`, as `whole_folder`; after a fault it is overwritten."""
    with ExitStack() as held:
        with whole_folder(target, mode=mode) as draft:
            _mark(draft, instance, held)
            try:
                yield draft
            except BaseException:
                _remove(draft)
                raise
        discard(target / MARK)


def _mark(draft: Path, instance: Instance, held: ExitStack) -> None:
    """Lock the mark before it has its name: nobody ever sees it unlocked while it is in the making."""
    whose = {"format": FORMAT, "genesis": instance.genesis.hex(), "origin": instance.origin}
    beside = draft / f"{MARK}{TEMPORARY_SUFFIX}"
    with disk_faults(draft):
        handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        held.callback(os.close, handle)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, canonical.dumps(whose))
        os.fsync(handle)
        beside.rename(draft / MARK)
        sync_folder(draft)


def sweep_drafts(folder: Path, instance: Instance) -> tuple[Path, ...]:
    """Overwrite and remove what killed backups and restorations of this registry left in `folder`.

    Gives what was removed. What cannot be read or removed stays, and so does what another process is making.
    """
    return tuple(draft for draft in left_drafts(folder, instance) if _remove(draft))


def left_drafts(folder: Path, instance: Instance) -> tuple[Path, ...]:
    """What killed backups and restorations of this registry left in `folder`; nothing is touched."""
    found = []
    with suppress(OSError):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if not _NAME.fullmatch(entry.name) or not entry.is_dir(follow_symlinks=False):
                continue
            draft = Path(entry.path)
            with suppress(OSError):
                if _is_left(draft, instance) and not _in_the_making(draft):
                    found.append(draft)
    return tuple(found)


def _is_left(draft: Path, instance: Instance) -> bool:
    try:
        mark = (draft / MARK).read_bytes()
    except FileNotFoundError:
        return _is_older(draft, instance)
    try:
        fields = read_object(canonical.loads(mark, max_bytes=1024), _FIELDS)
    except DataFault:
        return False
    return (fields["origin"], fields["genesis"]) == (instance.origin, instance.genesis)


def _is_older(draft: Path, instance: Instance) -> bool:
    """Whether it is a draft from before drafts had a mark: a database of ours, and nothing we never wrote."""
    if not {path.name for path in draft.iterdir()} <= _OURS:
        return False
    described = draft / "instance.json"
    if described.is_file():
        with suppress(DataFault):
            found = Instance.from_json(described.read_bytes())
            return (found.origin, found.genesis) == (instance.origin, instance.genesis)
        return False
    database = draft / "ledger.sqlite"
    return database.is_file() and _holds_keys(database)


def _holds_keys(database: Path) -> bool:
    """Whether a database has a table for wrapped keys; one that was cut off is known by that word in it."""
    with database.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return False
    with suppress(sqlite3.DatabaseError), closing(_untouched(database)) as connection:
        return connection.execute(_COLUMNS, (_KEY,)).fetchone() is not None
    with database.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_KEY.encode()) >= 0


def _untouched(database: Path) -> sqlite3.Connection:
    """Open it as it lies there: nothing is locked, recovered or written beside it."""
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _in_the_making(draft: Path) -> bool:
    try:
        handle = os.open(draft / MARK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _remove(draft: Path) -> bool:
    """Overwrite what may hold a key, and remove the folder, the mark last so that a kill is made good."""
    try:
        secret = [path for path in draft.iterdir() if path.name.startswith("ledger.sqlite")]
        for held in (draft / "keys", draft / "people"):
            secret += held.glob("*") if held.is_dir() else ()
        for path in secret:
            if path.is_file() and not path.is_symlink():
                shred(path)
        for path in list(draft.iterdir()):
            if path.name == MARK:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        discard(draft / MARK)
        draft.rmdir()
    except OSError:
        return False
    return True
