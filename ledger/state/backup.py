"""Backups: a copy of the state without any record's key, and one current key file elsewhere (R44).

A backup folder is as the state folder, but that in its database, always an SQLite file, every wrapped key is
NULL, and:

    BACKUP/backup.json     {"format": "yinzheng/backup/1", "genesis", "made_at", "origin"}: written last
    BACKUP/keys/           only where asked for: the encrypted keys, without a demonstration's passphrase
    BACKUP/people/         and with them people's own, each under its own passphrase

The key file (`record_keys`) has a place of its own, which the registry remembers: erasure rewrites it there,
and refuses where it cannot. Whoever wants to restore needs a backup, the current key file and the keystore.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.keys.rewrap import WRAPPED
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.drafts import drafting, sweep_drafts
from yinzheng.ledger.state.files import disk_faults, make_folder, write_durably
from yinzheng.ledger.state.instance import Instance, Paths, read_instance
from yinzheng.ledger.state.record_keys import (
    NAME,
    Destroyed,
    Header,
    Line,
    lines_of,
    read_header,
    sweep_keys,
    write_keys,
)
from yinzheng.ledger.store.blobs import BlobStore, FolderBlobs
from yinzheng.ledger.store.copying import copy_to_file
from yinzheng.ledger.store.models import Meta
from yinzheng.ledger.store.models_disputes import Backup
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.access import Words

MARKER: Final = "backup.json"
FORMAT: Final = "yinzheng/backup/1"
_FOLDER: Final = "backups in "
_PIECE = 1024 * 1024
_DATED: Final = re.compile(r"[0-9]{8}-[0-9]{6}")
_KEY_COLUMNS: Final = frozenset((place.table, place.column) for place in WRAPPED)


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: its folder, the key file, and how many bytes were copied."""

    folder: Path
    key_file: Path
    size: int
    swept: tuple[Path, ...] = ()
    """What killed backups had left there, removed."""


def make_backup(
    registry: Registry, folder: Path, key_folder: Path, progress: Progress, *, keystore: bool = False
) -> Made:
    """Copy the settled state to the new folder `folder`, and the records' keys to `key_folder`.

    The database is copied row by row without the records' keys, so that they are never where the copy lies.

    Args:
        registry: open for writing, and so nothing moves meanwhile.
        folder: must not exist, or be empty; gets its name when it is whole.
        key_folder: where the current key file lies, neither inside nor above a backup; remembered for
            erasures once it holds one.
        progress: told what is being copied.
        keystore: copy the encrypted keys too, people's own with them; who has all three needs the
            passphrase alone, and to act a person's.

    Raises `UsageFault` (`backup-exists`, `backup-together`, `backup-place-taken`), `EnvironmentFault`
    (`disk-…`, `backup-unreachable`).
    """
    folder, key_folder = folder.resolve(), key_folder.resolve()
    _require_apart(registry.paths, folder, key_folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageFault(f"{folder} exists already", code="backup-exists", hint="Name a new folder.")
    _require_no_other(registry.instance, key_folder)
    make_folder(folder.parent)
    swept = sweep_drafts(folder.parent, registry.instance)
    with registry.store.transaction() as session:
        remember_folder(session, folder.parent)
    now = registry.clock()
    with drafting(folder, registry.instance) as draft:
        size = _fill(registry, Paths(draft), progress, keystore=keystore)
        progress("writing the key file")
        _register(registry, key_folder, now)
        _write_place(registry, key_folder, (), ())
        registry.faults.hit("backup.whole.before")
        write_durably(draft / MARKER, _marker(registry.instance, now))
    registry.faults.hit("backup.whole.after")
    with registry.store.transaction() as session:  # and not before: what failed is no newest backup
        session.merge(Backup(place=str(key_folder), made_at=now))
    return Made(folder, key_folder / NAME, size, swept)


def dated(folder: Path, now: int) -> Path:
    """The name in `folder` of a backup made at `now` (UTC seconds), in China's time: `20261129-023000`."""
    return folder / datetime.fromtimestamp(now, CHINA).strftime("%Y%m%d-%H%M%S")


def drop_older(made: Path, instance: Instance, keep: int) -> tuple[Path, ...]:
    """Remove the dated backups of this registry beside `made` that are older, until `keep` are left.

    Gives those removed. `made` itself stays always, and whatever is dated later: a clock was wrong once, and
    which is the newest nobody can tell. What an earlier removal left when it was killed goes too; links, and
    anything else that lies there, stay. Raises `EnvironmentFault` `disk-…`.
    """
    before = sorted(path for path in made.parent.iterdir() if path.name < made.name)
    found = [path for path in before if _DATED.fullmatch(path.name) and _is_ours(path, instance)]
    whole = [path for path in found if (path / MARKER).is_file()]
    doomed = {*found} - {*whole[len(whole) - min(keep - 1, len(whole)) :]}
    for path in sorted(doomed):
        with disk_faults(path):
            (path / MARKER).unlink(missing_ok=True)  # first: what is half removed is no backup
            shutil.rmtree(path)
    return tuple(sorted(doomed))


def _is_ours(path: Path, instance: Instance) -> bool:
    if path.is_symlink():  # what it leads to is elsewhere, and its mark would be the first to go
        return False
    try:
        _, found = read_instance(path)
    except YinzhengError:
        return False
    return (found.origin, found.genesis) == (instance.origin, instance.genesis)


def _require_no_other(instance: Instance, key_folder: Path) -> None:
    """A key file is written over: never another registry's, nor what is none."""
    try:
        whose = read_header(key_folder / NAME)
    except (FileNotFoundError, NotADirectoryError):
        return
    except DataFault:
        whose = None
    if whose is None or not whose.is_of(instance):
        raise UsageFault(
            f"{key_folder / NAME} is not a key file of this registry",
            code="backup-place-taken",
            hint="Name another folder with --keys: this file would be written over.",
        )


def _register(registry: Registry, key_folder: Path, now: int) -> None:
    """Remember a place once it holds a key file, and before it holds a key.

    A place that was named and never written would stand in the way of every erasure; one that was written
    and is not known would keep what erasure destroys.
    """
    make_folder(key_folder, mode=0o700)
    if not (key_folder / NAME).exists():
        write_keys(key_folder, Header(registry.instance.origin, registry.instance.genesis, now), ())
    registry.faults.hit("backup.place.before")
    with registry.store.transaction() as session:
        if session.get(Backup, str(key_folder)) is None:
            session.add(Backup(place=str(key_folder), made_at=0))


def _require_apart(paths: Paths, folder: Path, key_folder: Path) -> None:
    """Keys beside what they open are no separation; a backup inside the state would hold itself."""
    state = paths.root.resolve()
    other = any((above / MARKER).is_file() for above in (key_folder, *key_folder.parents))
    near = other or key_folder in {folder, *folder.parents} or folder in key_folder.parents
    if near or state in {folder, *folder.parents}:
        raise UsageFault(
            "a backup, its key file and the state folder lie apart from each other",
            code="backup-together",
            hint="Give --keys a folder elsewhere, best on another disk.",
        )
    if state in {key_folder, *key_folder.parents}:
        raise UsageFault("the key file must not lie inside the state folder", code="backup-together")


def _fill(registry: Registry, draft: Paths, progress: Progress, *, keystore: bool) -> int:
    paths = registry.paths
    progress("copying the database")
    size = copy_to_file(registry.store, draft.database, _KEY_COLUMNS)
    registry.faults.hit("backup.database.after")
    for source, target in ((paths.log, draft.log), (paths.blobs, draft.blobs), (paths.chain, draft.chain)):
        progress(f"copying {source.name}")
        size += copy_tree(source, target)
    if registry.instance.objects_url is not None:
        progress("copying sealed files out of the bucket")
        size += copy_blobs(registry.blobs, FolderBlobs(draft.blobs))
    if paths.calendar.is_dir():
        size += copy_tree(paths.calendar, draft.calendar)
    if keystore:
        size += copy_keys(paths.keys, draft.keys) + copy_keys(paths.people, draft.people)
    write_durably(draft.instance, paths.instance.read_bytes())
    return size


def copy_tree(source: Path, target: Path, *, mode: int = 0o700) -> int:
    """Copy a folder's regular files, durably; not locks, and not what a crash left half written.

    `mode` is the folders'; files lack its right to enter.
    """
    make_folder(target, mode=mode)
    size = 0
    for path in sorted(source.rglob("*")):
        if path.name.startswith(".") or path.name in {"lock.mdb", "writer.lock"}:
            continue
        there = target / path.relative_to(source)
        if path.is_dir():
            make_folder(there, mode=mode)
        elif path.is_file():
            size += copy_file(path, there, mode=mode)
    return size


def copy_blobs(source: BlobStore, target: BlobStore) -> int:
    """Copy sealed files from where they lie, each durably; gives their length together.

    What was altered meanwhile comes under the name of what it is now: the audit misses it by its own.
    """
    size = 0
    for name in source.names():
        with source.open(name) as file:
            size += target.put(_pieces(file)).size
    return size


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def copy_keys(source: Path, target: Path) -> int:
    """Copy a folder's encrypted key files, if any, and nothing that opens them; gives their size."""
    make_folder(target, mode=0o700)
    return sum(copy_file(path, target / path.name) for path in sorted(source.glob("*.json")))


def copy_file(source: Path, target: Path, *, mode: int = 0o600) -> int:
    """Copy one file to a new name, durably; gives its length. Raises `EnvironmentFault` (`disk-…`)."""
    opener = partial(os.open, mode=mode & 0o666)
    with disk_faults(target), source.open("rb") as reader, open(target, "xb", opener=opener) as writer:
        shutil.copyfileobj(reader, writer, _PIECE)
        writer.flush()
        os.fsync(writer.fileno())
        return writer.tell()


def _marker(instance: Instance, now: int) -> bytes:
    whose = {"origin": instance.origin, "genesis": instance.genesis.hex()}
    return canonical.dumps({"format": FORMAT, "made_at": now, **whose})


def places_of(session: Session) -> list[Path]:
    """The folders where key files lie."""
    return [Path(place) for place in session.exec(select(Backup.place).order_by(col(Backup.place)))]


def remember_folder(session: Session, folder: Path) -> None:
    """Remember where backups are made, so that opening clears away what a killed one leaves there."""
    session.merge(Meta(key=f"{_FOLDER}{folder}", value=""))


def sweep_after_kills(registry: Registry) -> tuple[Path, ...]:
    """Clear away what killed backups and restorations left, beside the state and wherever backups are made.

    Gives what was removed. Places out of reach are left for the next time.
    """
    with registry.store.reading() as session:
        known = session.exec(select(Meta.key).where(col(Meta.key).startswith(_FOLDER, autoescape=True)))
        folders = {Path(key.removeprefix(_FOLDER)) for key in known}
        places = places_of(session)
    folders.add(registry.paths.root.parent)
    drafts = [path for folder in sorted(folders) for path in sweep_drafts(folder, registry.instance)]
    return (*drafts, *(path for place in places for path in sweep_keys(place)))


def rewrite_places(
    registry: Registry, doomed: Collection[bytes] = (), stones: Iterable[Destroyed] = ()
) -> int:
    """Write every key file anew, without the keys of the rows `doomed` and with the tombstones `stones`.

    All are looked for before the first is touched. Gives how many there are; raises `EnvironmentFault`
    `backup-unreachable`.
    """
    stones = tuple(stones)
    with registry.store.reading() as session:
        places = places_of(session)
    for place in places:
        _require_reachable(registry.instance, place)
    for place in places:
        _write_place(registry, place, doomed, stones)
    return len(places)


def forget_place(registry: Registry, place: Path, by: Actor) -> None:
    """Give up a place whose key file exists no more, on the word of an officer: the disk was destroyed.

    Raises `UsageFault`: `backup-unknown`, `backup-there` (a key file still lies there), and as `admit`.
    """
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        row = session.get(Backup, str(place.resolve()))
        if row is None:
            raise UsageFault(
                "no key file lies at this place", code="backup-unknown", hint="`yinzheng backup-places`"
            )
        if (place / NAME).exists():
            raise UsageFault(
                "a key file still lies there",
                code="backup-there",
                hint="Overwrite and remove it first, and every copy of it.",
            )
        session.delete(row)
        said = Words(str(place.resolve())[:200], None, None)
        access = Access("act", "backup", "place", "stated", words=said)
        note(registry, session, Reader.of_actor(registry, by), access)


def _require_reachable(instance: Instance, place: Path) -> None:
    try:
        whose = read_header(place / NAME)
    except (FileNotFoundError, NotADirectoryError, EnvironmentFault):
        raise _unreachable(place, "cannot be reached") from None
    except DataFault:
        raise _unreachable(place, "holds no key file of this program") from None
    if not whose.is_of(instance):
        raise _unreachable(place, "holds the key file of another registry")
    if not os.access(place, os.W_OK):
        raise _unreachable(place, "cannot be written")


def _write_place(
    registry: Registry, place: Path, doomed: Collection[bytes], stones: Iterable[Destroyed]
) -> None:
    instance = registry.instance
    header = Header(instance.origin, instance.genesis, registry.clock())
    with registry.store.reading() as session:
        write_keys(place, header, _with(lines_of(session, doomed), stones), registry.faults)


def _with(lines: Iterable[Line], stones: Iterable[Destroyed]) -> Iterable[Line]:
    yield from lines
    yield from stones


def _unreachable(place: Path, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"the place of a key file {why}: {place}",
        code="backup-unreachable",
        hint="Connect it: erasure takes the key out of there too. If it is lost for good:"
        " `yinzheng backup-places --forget`. Nothing was destroyed.",
    )
