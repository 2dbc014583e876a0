"""The key file of backups: the wrapped keys of all living records, kept apart from what they open (R44, D10).

There is one current key file at a place, for all backups that lie elsewhere. It is written anew with every
backup and with every erasure, so that no backup ever opens what was destroyed. Lines of ASCII, each ended by
a line feed:

    yinzheng/record-keys/1
    {"genesis": 64 hex, "made_at": UTC seconds, "origin": text}     canonical JSON: whose keys these are
    k TABLE OWNER WRAPPED         a living record: its table, its primary key and its wrapped key, in hex
    t SUBJECT BODY                a destroyed record: its subject and a tombstone (S10.5), in hex
    sha256 DIGEST                 of everything before this line, in hex

The keys are wrapped: without the key-encryption key the file opens nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlmodel import Session, col, select

from yinzheng.ledger.keys.rewrap import WRAPPED
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.files import (
    TEMPORARY_SUFFIX,
    disk_faults,
    overwrite,
    shred,
    sync_folder,
    temporary_beside,
)
from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.store.models import Base, Event
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import hex_bytes, integer, read_object, text
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.tombstone import TOMBSTONE

NAME: Final = "record-keys.txt"
MAGIC: Final = b"yinzheng/record-keys/1"
MAX_LINE: Final = 160 * 1024
_KEY = re.compile(rb"k ([a-z_]{1,64}) ([0-9a-f]{2,128}) ([0-9a-f]{64,1024})")
_TOMBSTONE = re.compile(rb"t ([0-9a-f]{64}) ([0-9a-f]{2,131072})")
_END = re.compile(rb"sha256 ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class LivingKey:
    """A wrapped key: `owner` is the primary key of the row of `table` it belongs to."""

    table: str
    owner: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A record that is destroyed, by its subject, and the canonical body of a tombstone of it."""

    subject: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """Whose keys a file holds: origin of the log and genesis hash of the chain; when it was written."""

    origin: str
    genesis: bytes
    made_at: int

    def is_of(self, instance: Instance) -> bool:
        """Whether they are the keys of this registry."""
        return (self.origin, self.genesis) == (instance.origin, instance.genesis)


Line = LivingKey | Destroyed


def lines_of(session: Session, doomed: Collection[bytes] = ()) -> Iterator[Line]:
    """Every living key but those of the rows `doomed`, then every tombstone, streamed."""
    for place in WRAPPED:
        table = Base.metadata.tables[place.table]
        owner, column = table.c[place.owner], table.c[place.column]
        query = select(owner, column).where(column.is_not(None)).order_by(owner)
        for key, wrapped in session.connection().execution_options(yield_per=4096).execute(query):
            if bytes(key) not in doomed:
                yield LivingKey(place.table, bytes(key), bytes(wrapped))
    stones = select(Event.subject, Event.public).where(Event.type == TOMBSTONE)
    for subject, body in session.exec(stones.order_by(col(Event.id))):
        assert body is not None  # a tombstone's body is public
        yield Destroyed(subject, body)


def write_keys(folder: Path, header: Header, lines: Iterable[Line], faults: Faults = NO_FAULTS) -> Path:
    """Put a new key file in the place of the old one in `folder`, and overwrite the old one.

    Readers see one or the other. Raises `EnvironmentFault` (`disk-…`); the old file is in place then. Fault
    points: `keyfile.write.before`, `keyfile.write.after`.
    """
    path = folder / NAME
    temporary = temporary_beside(path)
    sweep_keys(folder)
    faults.hit("keyfile.write.before")
    with disk_faults(path):
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(handle, "wb", buffering=1024 * 1024) as file:
                _write(file, header, lines)
                file.flush()
                os.fsync(file.fileno())
            _replace(temporary, path)
        except BaseException:
            sweep_keys(folder)
            raise
        sync_folder(folder)
    faults.hit("keyfile.write.after")
    return path


def sweep_keys(folder: Path) -> tuple[Path, ...]:
    """Overwrite and remove what a kill left in `folder` beside the key file; gives what was removed.

    It is a file half written, or the one before. What cannot be removed stays: it is tried again before the
    next key file is written.
    """
    done = []
    for path in sorted(folder.glob(f".{NAME}.*{TEMPORARY_SUFFIX}")):
        with suppress(OSError):
            if _is_current(path, folder / NAME):
                path.unlink()
            else:
                shred(path)
            done.append(path)
    return tuple(done)


def _is_current(path: Path, current: Path) -> bool:
    """Whether it is but another name of the key file that is in place."""
    return current.exists() and path.samefile(current)


def _replace(temporary: Path, path: Path) -> None:
    """Rename, then overwrite what had the name before: renamed away, its bytes would stay on the disk.

    It keeps a name of its own until then, so that a kill in between leaves it to be swept.
    """
    try:
        earlier = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        temporary.replace(path)
        return
    kept = temporary_beside(path)
    try:
        with suppress(OSError):  # a disk that knows no second names
            os.link(path, kept)
        temporary.replace(path)
        sync_folder(path.parent)
        overwrite(earlier)
        kept.unlink(missing_ok=True)
    finally:
        os.close(earlier)


def _write(file: BinaryIO, header: Header, lines: Iterable[Line]) -> None:
    digest = sha256()

    def put(line: bytes) -> None:
        digest.update(line + b"\n")
        file.write(line + b"\n")

    put(MAGIC)
    whose = {"origin": header.origin, "genesis": header.genesis.hex(), "made_at": header.made_at}
    put(canonical.dumps(whose))
    for line in lines:
        match line:
            case LivingKey(table, owner, wrapped):
                put(f"k {table} {owner.hex()} {wrapped.hex()}".encode())
            case Destroyed(subject, body):
                put(f"t {subject.hex()} {body.hex()}".encode())
    file.write(f"sha256 {digest.hexdigest()}\n".encode())


def read_header(path: Path) -> Header:
    """Whose keys the file at `path` holds. Raises `DataFault` `keyfile-malformed`, `FileNotFoundError`."""
    with disk_faults(path), path.open("rb") as file:
        return _header(lambda: _line(file))


def read_keys(path: Path) -> Iterator[Line]:
    """Every line of a key file, its digest checked first.

    Raises `DataFault` (`keyfile-malformed`, `keyfile-truncated`), `FileNotFoundError`, `EnvironmentFault`.
    """
    with disk_faults(path), path.open("rb") as file:
        _check_digest(file)
        file.seek(0)
        _header(lambda: _line(file))
        while not _END.fullmatch(line := _line(file)):
            yield _parsed(line)


def _check_digest(file: BinaryIO) -> None:
    digest, line = sha256(), b""
    while following := file.readline(MAX_LINE):
        digest.update(line)
        line = following
    found = _END.fullmatch(line.removesuffix(b"\n"))
    if found is None or not line.endswith(b"\n"):
        raise DataFault(
            "the key file has no end", code="keyfile-truncated", hint="Fetch it again; it was copied in part."
        )
    if found[1].decode() != digest.hexdigest():
        raise _malformed()


def _line(file: BinaryIO) -> bytes:
    line = file.readline(MAX_LINE)
    if not line.endswith(b"\n"):
        raise _malformed()
    return line[:-1]


def _header(line: Callable[[], bytes]) -> Header:
    if line() != MAGIC:
        raise _malformed()
    fields: dict[str, Any] = read_object(canonical.loads(line(), max_bytes=1024), _HEADER)
    return Header(**fields)


_HEADER: Final = {"origin": text(1, 200), "genesis": hex_bytes(32), "made_at": integer()}


def _parsed(line: bytes) -> Line:
    if found := _KEY.fullmatch(line):
        return LivingKey(found[1].decode(), _hex(found[2]), _hex(found[3]))
    if found := _TOMBSTONE.fullmatch(line):
        return Destroyed(_hex(found[1]), _hex(found[2]))
    raise _malformed()


def _hex(digits: bytes) -> bytes:
    if len(digits) % 2:
        raise _malformed()
    return bytes.fromhex(digits.decode())


def _malformed() -> DataFault:
    return DataFault(
        "this is not a key file of a backup, or it was altered",
        code="keyfile-malformed",
        hint=f"Name the folder or file `{NAME}` that `yinzheng backup --keys` writes.",
    )
