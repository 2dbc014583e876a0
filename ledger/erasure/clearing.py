"""Clearing what a destroyed record left in files: its blobs, the write-ahead file, old pages (R43, D9).

It may be repeated at any time, and is, by whoever opens the registry next after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from sqlmodel import select

from yinzheng.ledger.erasure.burial import forget_files
from yinzheng.ledger.erasure.proposing import APPROVED, DESTROYED, find_erasure
from yinzheng.ledger.erasure.targets import target_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import TargetKind
from yinzheng.ledger.state.files import disk_faults
from yinzheng.ledger.store.models_disputes import Erasure
from yinzheng.verifier.errors import DataFault, EnvironmentFault

TABLES: Final = (
    "access_line",
    "attempt",
    "consent",
    "dispute",
    "dossier",
    "dossier_file",
    "event",
    "move_party",
    "objection",
    "pooled",
    "receipt_credential",
)
"""Whose old rows PostgreSQL clears away."""
_PIECE: Final = 16 * 1024 * 1024
_WAITS: Final = frozenset({"erasure-waits", "store-locked"})


def clear(registry: Registry, id_: str, needles: Sequence[bytes] = ()) -> None:
    """Bring an erasure whose rows are gone to its end: `destroyed`.

    `needles` are what the database's files must not hold any more. SQLite overwrites what it deletes, but may
    have left older copies when it moved rows about: where a needle is found, or none is known, the database
    is written anew.

    Raises `EnvironmentFault` (`erasure-waits` while somebody reads the database, `store-locked`, `disk-…`),
    `DataFault` `erasure-remains` if a needle is there all the same.
    """
    registry.faults.hit("erasure.cleared.before")
    with registry.store.reading() as session:
        row = find_erasure(session, id_)
        target = target_of(session, TargetKind(row.target), row.subject)
    for name in target.files:
        registry.blobs.destroy(name)
    with registry.store.transaction() as session:
        forget_files(session, target)
    _clear_database(registry, needles)
    registry.faults.hit("erasure.cleared.after")
    with registry.store.transaction() as session:
        find_erasure(session, id_).state = DESTROYED


def resume(registry: Registry) -> tuple[str, ...]:
    """Bring to its end what a crash interrupted; gives the references of those erasures.

    While somebody reads the database it is left for the next time: all that matters is destroyed.
    """
    with registry.store.reading() as session:
        begun = select(Erasure.id, Erasure.tombstone).where(Erasure.state == APPROVED)
        ids = [id_ for id_, tombstone in session.exec(begun.order_by(Erasure.id)) if tombstone is not None]
    done = []
    for id_ in ids:
        try:
            clear(registry, id_)
        except EnvironmentFault as fault:
            if fault.code not in _WAITS:
                raise
            break
        done.append(id_)
    return tuple(done)


def _clear_database(registry: Registry, needles: Sequence[bytes]) -> None:
    store = registry.store
    done = store.fold()
    if done and (not needles or store.dialect != "sqlite" or _found(_files(registry), needles)):
        done = store.rewrite(TABLES)
    if not done:
        raise EnvironmentFault(
            "somebody reads the database, so that its write-ahead file cannot be emptied",
            code="erasure-waits",
            hint="The key and the content are destroyed. Any writing command later does the rest.",
        )
    if store.dialect == "sqlite" and _found(_files(registry), needles):
        raise DataFault(
            "something of a destroyed record is still in the database's files",
            code="erasure-remains",
            hint="Its key is destroyed. Keep the state folder as it is, and report this.",
        )


def _files(registry: Registry) -> list[Path]:
    base = registry.paths.database
    named = [base, *(base.with_name(base.name + suffix) for suffix in ("-wal", "-shm", "-journal"))]
    return [path for path in named if path.is_file()]


def _found(files: Iterable[Path], needles: Sequence[bytes]) -> bool:
    """Whether any needle is anywhere in the files; reads each once, in constant memory."""
    overlap = max((len(needle) for needle in needles), default=1) - 1
    for path in files:
        tail = b""
        with disk_faults(path), path.open("rb", buffering=0) as file:
            while piece := file.read(_PIECE):
                window = tail + piece
                if any(needle in window for needle in needles):
                    return True
                tail = window[-overlap:] if overlap else b""
    return False
