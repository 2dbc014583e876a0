"""Restoring a backup: the state as it was, with the keys of what has not been destroyed since (R44).

What the backup holds as living and the current key file as destroyed is destroyed again, with its tombstone
written anew: its content in the backup opens to nobody, and the audit of the restored state is clean.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import acted
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import open_chain
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.erasure.burial import bury, forget_files
from yinzheng.ledger.erasure.targets import Target, kind_of, target_of
from yinzheng.ledger.flow.clock import clock_for
from yinzheng.ledger.flow.histories import known_of, require_one_history
from yinzheng.ledger.keys.provider import RELAY, KeyProvider
from yinzheng.ledger.keys.rewrap import WRAPPED, Wrapped
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.net.buckets import BucketAddress
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import KeptFolder
from yinzheng.ledger.rules.destruction import StaffRole, may_restore
from yinzheng.ledger.rules.offices import Office, Role
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.address import server_url, sqlite_url
from yinzheng.ledger.state.backup import FORMAT, MARKER, copy_blobs, copy_file, copy_keys, copy_tree
from yinzheng.ledger.state.drafts import drafting, sweep_drafts
from yinzheng.ledger.state.files import SHARED, make_folder, shred, write_durably
from yinzheng.ledger.state.instance import Instance, Paths, read_instance
from yinzheng.ledger.state.record_keys import NAME, Destroyed, LivingKey, read_header, read_keys
from yinzheng.ledger.state.sample import Sample, open_sample
from yinzheng.ledger.store.blobs import FolderBlobs
from yinzheng.ledger.store.copying import copy_rows
from yinzheng.ledger.store.database import Store, open_store
from yinzheng.ledger.store.models import Base, Case, Event, Person
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.store.objects import ObjectBlobs
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import constant, hex_bytes, integer, read_object, text
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.tombstone import MAX_TOMBSTONE, TOMBSTONE, Tombstone, parse_tombstone

RESTORERS: Final[tuple[Role, ...]] = (Capacity.REGISTRY, StaffRole.SECURITY, Office.ADMINISTRATOR)
"""Who may restore: who may make backups, and who keeps the keys."""

_TOGETHER: Final = 1000
_MARKER_FIELDS: Final = {
    "format": constant(FORMAT),
    "genesis": hex_bytes(32),
    "made_at": integer(),
    "origin": text(1, 200),
}


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored state holds: records whose key came back, records destroyed again, unknown keys."""

    keys: int
    destroyed: int
    """Living in the backup, destroyed since."""
    unknown: int
    """Keys of records that came after the backup: what they open is not in it."""
    opened: int = 0
    """Records that were opened to see that they open …"""
    living: int = 0
    """… of so many."""
    people: int = 0
    """People whose own key file came back."""
    swept: tuple[Path, ...] = ()
    """What killed restorations had left there, removed."""
    made_at: int = 0
    """When the backup was made, UTC seconds: whoever left since is enrolled again …"""
    acting: tuple[str, ...] = ()
    """… among those who may act in what was restored, by name."""


def restore(
    backup: Path,
    key_file: Path,
    root: Path,
    clock: Callable[[], int],
    *,
    keys: Callable[[Paths], KeyProvider],
    by: Callable[[Store, Paths], Actor],
    keystore: Path | None = None,
    database_url: str | None = None,
    objects_url: str | None = None,
    take_over: bool = False,
) -> Restored:
    """Make the new state folder `root` from a backup and the current key file, and open records of it.

    Records are opened to see that they open, and nobody is shown any; that somebody made the registry anew is
    an access line of it all the same, without which the folder gets no name (R47).

    Args:
        backup: the folder of `make_backup`.
        key_file: the key file, or the folder it lies in.
        root: must not exist, or be empty; gets its name when all is in place.
        clock: UTC seconds.
        keys: unlocks the keys of the new folder: without the key-encryption key nothing is restored.
        by: who restores, enrolled in the backup, of `RESTORERS`.
        keystore: the folder of the encrypted keys, where the backup does not hold them; people's own lie
            beside it, as in a state folder. Without those, whoever carries no key cannot act afterwards.
        database_url: a new PostgreSQL database for it; by default an SQLite file, whatever it was before.
        objects_url: a bucket for its sealed files; by default a folder, wherever they were before.
        take_over: the bucket is that of the registry restored, which is gone for good.

    Raises:
        UsageFault: `state-exists`, `backup-missing`, `keyfile-missing`, `keystore-missing`,
            `database-in-use`, as `server_url`, `objects-…`, what `keys` and `by` find wrong, and as `admit`.
        DataFault: `backup-malformed`, `keyfile-…`, `keyfile-foreign` (of another registry), `keyfile-older`
            (it lacks keys of records that the backup holds: it is not the current one), `record-unopened`
            (the key-encryption key is another one), and as `require_one_history`.
        EnvironmentFault: `disk-…`, `key-missing`, `clock-behind`.
    """
    if database_url is not None:
        database_url = server_url(database_url)
    if objects_url is not None:
        objects_url = str(BucketAddress.parse(objects_url))
    instance, made_at = _check_backup(backup)
    key_file = _find_key_file(key_file, instance)
    keystore = keystore or Paths(backup).keys
    if not keystore.is_dir():
        raise UsageFault(
            "the backup holds no keystore",
            code="keystore-missing",
            hint="Name the folder of the encrypted keys with --keystore.",
        )
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageFault(f"{root} exists already", code="state-exists", hint="Choose a new folder.")
    root = root.absolute()
    make_folder(root.parent)
    swept = sweep_drafts(root.parent, instance)
    with drafting(root, instance, mode=SHARED) as folder:
        draft = Paths(folder)
        _copy_files(draft, Paths(backup), keystore)
        provider = keys(draft)
        provider.wrapper()  # without it nothing below opens
        store = open_store(sqlite_url(draft.database))
        try:
            who = by(store, draft)
            restored, buried = _put_keys(store, draft, key_file, instance, clock())
            with store.reading() as session:
                kept = KeptFolder(instance, provider, clock_for(session, clock))
            sample = _opened(kept, store, who, made_at)
            acting = _acting(store)
            if not instance.foreign:  # a node's chain is compared when the registry is opened
                _require_one_history(draft, instance, store, provider, clock)
            if database_url is not None:
                _move_database(store, database_url)
        finally:
            store.close()
        if database_url is not None:
            shred(draft.database)
        if objects_url is not None:
            _move_blobs(draft, instance, objects_url, buried, take_over=take_over)
        described = replace(instance, database_url=database_url, objects_url=objects_url)
        write_durably(draft.instance, described.to_json())
    people = len(list(Paths(root).people.glob("*.json")))
    return replace(
        restored,
        opened=sample.opened,
        living=sample.living,
        people=people,
        swept=swept,
        made_at=made_at,
        acting=acting,
    )


def _acting(store: Store) -> tuple[str, ...]:
    with store.reading() as session:
        query = select(Person.name).where(col(Person.removed_at).is_(None))
        return tuple(session.exec(query.order_by(Person.name)))


def _require_one_history(
    draft: Paths, instance: Instance, store: Store, keys: KeyProvider, clock: Callable[[], int]
) -> None:
    """Refuse parts of different days, before they get a name as one registry."""
    with open_chain(draft, instance, None, clock=clock) as w3, store.reading() as session:
        relay = Sender(w3, keys.account(RELAY), time.sleep)
        require_one_history(
            known_of(session),
            store,
            TileLog(draft.log, instance.origin),
            ContractsClient(w3, instance.deployment, instance.modules),
            relay,
            sent=relay.next_nonce(),
            foreign=False,
        )


def _move_database(store: Store, url: str) -> None:
    target = open_store(url)
    try:
        copy_rows(store, target)
    finally:
        target.close()


def _move_blobs(
    draft: Paths, instance: Instance, url: str, buried: Iterable[str], *, take_over: bool
) -> None:
    """Put the backup's sealed files into the bucket, and take out of it those whose record was destroyed."""
    folder = FolderBlobs(draft.blobs)
    bucket = ObjectBlobs.take(url, draft, instance, over=take_over)
    for name in buried:
        bucket.destroy(name)
    copy_blobs(folder, bucket)
    for name in list(folder.names()):
        folder.delete(name)


def _opened(kept: KeptFolder, store: Store, who: Actor, made_at: int) -> Sample:
    """Open records, and write down who made the registry anew from the backup of `made_at`."""
    sample = open_sample(store, kept.keys.wrapper())
    with store.transaction() as session:
        admit(session, who, *RESTORERS)
        acted(kept, session, who, "backup", f"restored:{made_at}", "keeping")
    return sample


def _check_backup(backup: Path) -> tuple[Instance, int]:
    """Whose backup it is, and when it was made, UTC seconds."""
    try:
        marker = (backup / MARKER).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise UsageFault(
            f"there is no whole backup in {backup}",
            code="backup-missing",
            hint="Name the folder that `yinzheng backup` made.",
        ) from None
    _, instance = read_instance(backup)
    fields = read_object(canonical.loads(marker, max_bytes=4096), _MARKER_FIELDS)
    if (fields["origin"], fields["genesis"]) != (instance.origin, instance.genesis):
        raise DataFault("a backup's parts are of different registries", code="backup-malformed")
    return instance, fields["made_at"]


def _find_key_file(path: Path, instance: Instance) -> Path:
    found = path / NAME if path.is_dir() else path
    try:
        header = read_header(found)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageFault(
            f"there is no key file at {path}",
            code="keyfile-missing",
            hint="It lies where `yinzheng backup --keys` last put it.",
        ) from None
    if not header.is_of(instance):
        raise DataFault("this key file is of another registry", code="keyfile-foreign")
    return found


def _copy_files(draft: Paths, backup: Paths, keystore: Path) -> None:
    copy_tree(backup.blobs, draft.blobs)
    for source, target in ((backup.log, draft.log), (backup.chain, draft.chain)):
        copy_tree(source, target, mode=SHARED)
    if backup.calendar.is_dir():
        copy_tree(backup.calendar, draft.calendar, mode=SHARED)
    copy_keys(keystore, draft.keys)
    copy_keys(Paths(keystore.resolve().parent).people, draft.people)
    copy_file(backup.database, draft.database, mode=SHARED)


def _put_keys(
    store: Store, draft: Paths, key_file: Path, instance: Instance, now: int
) -> tuple[Restored, tuple[str, ...]]:
    """What came back, and the names of the sealed files that were destroyed again."""
    with store.transaction() as session:
        restored, blobs = _put_back(session, key_file, instance, now)
    for name in blobs:
        FolderBlobs(draft.blobs).destroy(name)
    if restored.destroyed:
        store.rewrite(())
    _require_whole(store)
    return restored, blobs


def _put_back(
    session: Session, key_file: Path, instance: Instance, now: int
) -> tuple[Restored, tuple[str, ...]]:
    """Bring back every key the key file holds, but of no record with a tombstone; bury what died since."""
    gone = _owners_destroyed(session)
    stones: dict[bytes, list[Tombstone]] = {}
    living: list[LivingKey] = []
    count = unknown = 0
    for line in read_keys(key_file):
        if isinstance(line, Destroyed):
            body = canonical.loads(line.body, max_bytes=MAX_TOMBSTONE)
            stones.setdefault(line.subject, []).append(parse_tombstone(body))
            continue
        living.append(line)
        if len(living) == _TOGETHER:
            done = _set_keys(session, living, gone)
            count, unknown, living = count + done, unknown + len(living) - done, []
    done = _set_keys(session, living, gone)
    count, unknown = count + done, unknown + len(living) - done
    buried = [
        _bury_again(session, subject, stones[subject], instance, now)
        for subject in sorted(stones)
        if subject not in gone and kind_of(session, subject) is not None
    ]
    blobs = tuple(name for target in buried for name in target.files)
    return Restored(count, len(buried), unknown), blobs


def _owners_destroyed(session: Session) -> frozenset[bytes]:
    """Of every record with a tombstone in the backup: its subject, and the identifier of its dossier."""
    stones = select(Event.subject).where(Event.type == TOMBSTONE).distinct()
    subjects = frozenset(session.exec(stones).all())
    found = set(subjects)
    for model in (Case, Dispute):
        query = select(model.dossier_id).where(col(model.subject).in_(subjects))
        found |= set(session.exec(query).all())
    return frozenset(found)


def _set_keys(session: Session, living: list[LivingKey], gone: frozenset[bytes]) -> int:
    allowed = may_restore(frozenset(key.owner for key in living), gone)
    done = 0
    for place in WRAPPED:
        table: Any = Base.metadata.tables[place.table]
        change = (
            table.update()
            .where(table.c[place.owner] == bindparam("at"), table.c[place.column].is_(None))
            .values({place.column: bindparam("wrapped")})
        )
        rows = [
            {"at": key.owner, "wrapped": key.wrapped}
            for key in living
            if key.table == place.table and key.owner in allowed
        ]
        if rows:
            done += session.connection().execute(change, rows).rowcount
    return done


def _bury_again(
    session: Session, subject: bytes, stones: list[Tombstone], instance: Instance, now: int
) -> Target:
    kind = kind_of(session, subject)
    assert kind is not None  # the caller looked
    target = target_of(session, kind, subject)
    bury(session, target, stones, instance.profile, now)
    forget_files(session, target)
    return target


def _require_whole(store: Store) -> None:
    """Every record has its key or its tombstone; otherwise the key file is older than the backup."""
    with store.reading() as session:
        gone = _owners_destroyed(session)
        missing = sum(_without_key(session, place, gone) for place in WRAPPED)
    if missing:
        raise DataFault(
            f"the key file lacks the keys of {counted(missing, 'record')} that the backup holds",
            code="keyfile-older",
            hint="It is not the current one. Find the place it was last written to; nothing was restored.",
            missing=missing,
        )


def _without_key(session: Session, place: Wrapped, gone: frozenset[bytes]) -> int:
    table = Base.metadata.tables[place.table]
    lost = select(table.c[place.owner]).where(table.c[place.column].is_(None))
    return sum(1 for (owner,) in session.connection().execute(lost) if bytes(owner) not in gone)
