"""Files that come into a dossier, with an application or an objection: sealed, then named by an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sqlalchemy import bindparam, or_
from sqlmodel import Session

from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.blobs import BlobStore
from yinzheng.ledger.store.models import DossierFile, Event, table_of
from yinzheng.ledger.store.sealed import SealedFile, SealedValue, seal_file
from yinzheng.ledger.store.session import Objects
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON

OBJECTED: Final = ("objection.raised", "certificate.objected")
FILE_EVENTS: Final = ("application.received", "supplement.given", *OBJECTED)
"""Events whose body lists `files`. In the order of the events they are all files of the dossier."""


_EVENTS: Final = table_of(Event).c
_WITH_FILES: Final = Objects(
    Event, _EVENTS.case_id == bindparam("of"), or_(*(_EVENTS.type == one for one in FILE_EVENTS))
)


def events_with_files(session: Session, case_id: str) -> list[Event]:
    """What brought the files of a case's dossier, in their order: of the case, and of what came of it."""
    beside = [event for event in events_beside(session, case_id) if event.type in FILE_EVENTS]
    return sorted([*_WITH_FILES.all(session, of=case_id), *beside], key=lambda event: event.id or 0)


def events_beside(session: Session, case_id: str) -> list[Event]:
    """What was recorded about the certificates of a case since their deposits, sealed with its dossier."""
    found = []
    for row in repository.certificates_of_case(session, case_id):
        if row.head is not None:
            deposited = session.get_one(Event, row.event_id).leaf_hash
            found += [one for one in thread(session, row.head, until=deposited) if one.public is None]
    return found


Sealed: TypeAlias = tuple[dict[str, JSON], SealedFile]
"""A file's manifest and where it lies sealed."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file to be sealed; `content` gives its bytes, in pieces of any size."""

    path: str
    role: str
    title: str
    content: Callable[[], Iterable[bytes]] = field(repr=False)


def seal_part(blobs: BlobStore, part: FilePart, key: bytes, dossier_id: bytes, number: int) -> Sealed:
    """Seal the file of that number in its dossier."""
    file = seal_file(blobs, key, dossier_id, number, part.content())
    manifest: dict[str, JSON] = {
        "path": part.path,
        "role": part.role,
        "title": part.title,
        "size": file.size,
        "digest": dict(file.digest.to_json()),
    }
    return manifest, file


def seal_parts(
    registry: Registry,
    parts: Sequence[FilePart],
    key: bytes,
    dossier_id: bytes,
    first: int,
    progress: Progress,
) -> list[Sealed]:
    """Seal every file, or leave none behind: a full disk is not filled further by what no case names.

    The dossier's files are counted from 0; `first` is the number of the first of these.
    """
    sealed: list[Sealed] = []
    try:
        for offset, part in enumerate(parts):
            progress(f"sealing file {offset + 1} of {len(parts)}")
            sealed.append(seal_part(registry.blobs, part, key, dossier_id, first + offset))
    except BaseException:
        _delete(registry, sealed)
        raise
    return sealed


@contextmanager
def undone_together(registry: Registry, sealed: Sequence[Sealed]) -> Iterator[None]:
    """Delete what was sealed if the event that would name it is refused; goes inside its transaction."""
    try:
        yield
    except BaseException:
        _delete(registry, sealed)
        raise


def _delete(registry: Registry, sealed: Sequence[Sealed]) -> None:
    for _, file in sealed:
        registry.blobs.delete(file.blob)


def add_files(
    session: Session, seal: SealedValue, dossier_id: bytes, first: int, sealed: Sequence[Sealed]
) -> None:
    """Enter sealed files, in the transaction of the event that names them."""
    for offset, (manifest, file) in enumerate(sealed):
        number = first + offset
        session.add(
            DossierFile(
                dossier_id=dossier_id,
                number=number,
                blob=file.blob,
                sealed_size=file.sealed_size,
                manifest=seal.seal(canonical.dumps(manifest), dossier_id + number.to_bytes(4, "big")),
            )
        )
