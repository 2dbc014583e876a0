"""Sealed files in a bucket of an S3 service (D10): `PREFIX/ab/abcd…`; `PREFIX/registry.json` says whose.

The service sees what a disk sees: sealed bytes, their lengths and digests. It is not trusted: what it hands
out is opened by authenticated chunks, and compared with what the log holds.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from yinzheng.ledger.net.buckets import Bucket, BucketAddress
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.files import (
    discard,
    make_folder,
    remove_leftovers,
    temporary_beside,
    write_durably,
)
from yinzheng.ledger.state.instance import Instance, Paths
from yinzheng.ledger.store.blobs import (
    BlobStore,
    FolderBlobs,
    StoredBlob,
    is_name,
    missing,
    place_of,
    write_blob,
)
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON, Check, hex_bytes, read_object
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

MARKER: Final = "registry.json"
MAX_MARKER_BYTES: Final = 4096
HOME_BYTES: Final = 16
_HEX: Final = re.compile(r"[0-9a-f]{32}")
_HOME: Final[dict[str, Check[Any]]] = {"home": hex_bytes(HOME_BYTES)}


def open_blobs(paths: Paths, instance: Instance, faults: Faults = NO_FAULTS) -> BlobStore:
    """Where this instance keeps its sealed files: its folder, or its bucket, as `ObjectBlobs.open_of`."""
    if instance.objects_url is None:
        return FolderBlobs(paths.blobs, faults=faults)
    return ObjectBlobs.open_of(instance.objects_url, paths, instance, faults)


class ObjectBlobs:
    """A `BlobStore` in a bucket. What is being put lies in `spool` until the service has all of it.

    Fault points: those of `FolderBlobs` but for the renames, and `blob.upload.before`, `blob.upload.after`.
    Every method also raises as `Bucket`.
    """

    def __init__(self, bucket: Bucket, spool: Path, *, faults: Faults = NO_FAULTS) -> None:
        self._bucket = bucket
        self._spool = spool
        self._faults = faults

    @classmethod
    def open_of(cls, url: str, paths: Paths, instance: Instance, faults: Faults = NO_FAULTS) -> ObjectBlobs:
        """Those of one registry, in the folder that took them last (ADR 65).

        Raises `EnvironmentFault` `objects-foreign` where they are not, `objects-taken` where another folder
        of this registry has them now.
        """
        bucket = Bucket(BucketAddress.parse(url))
        found = bucket.read(MARKER, MAX_MARKER_BYTES)
        if found != _marker(instance, _home(paths)):
            if found is not None and _is_ours(found, instance):
                raise EnvironmentFault(
                    "another state folder of this registry has taken its bucket",
                    code="objects-taken",
                    hint="It was restored since, with --take-over: that one is the registry now.",
                )
            raise EnvironmentFault(
                "the bucket is not this registry's",
                code="objects-foreign",
                hint=f"Check the address in the instance file; {MARKER} under its prefix says whose it is.",
            )
        return cls(bucket, paths.blobs, faults=faults)

    @classmethod
    def take(cls, url: str, paths: Paths, instance: Instance, *, over: bool = False) -> ObjectBlobs:
        """Take a place in a bucket for the folder of a registry that is being made, or made anew.

        `over`: from another folder of this very registry, which can write nothing there afterwards. What lies
        there stays: a backup may be older than the bucket. Of several who take a place one does.

        Raises `UsageFault`: `objects-in-use` (it is another's, or nobody's that we know), `objects-living`
        (another folder of this registry has it, which may be at work).
        """
        bucket, home = Bucket(BucketAddress.parse(url)), _home(paths) or secrets.token_bytes(HOME_BYTES)
        mark, found = _marker(instance, home), bucket.read(MARKER, MAX_MARKER_BYTES)
        write_durably(paths.bucket, canonical.dumps({"home": home.hex()}), mode=0o600)
        if found is None and next(bucket.names(), None) is None:
            taken = bucket.create(MARKER, mark)
        elif found is not None and found != mark and _is_ours(found, instance):
            if not over:
                raise UsageFault(
                    "this bucket is that of a registry which may still be at work",
                    code="objects-living",
                    hint="Name another bucket for a drill. If that registry is gone for good: --take-over.",
                )
            taken = bucket.replace(MARKER, mark, found)
        else:
            taken = found == mark
        if not taken:
            raise UsageFault(
                "something else lies in the bucket under this prefix",
                code="objects-in-use",
                hint="Name another prefix or bucket: a registry has one for itself alone.",
            )
        return cls(bucket, paths.blobs)

    def put(self, pieces: Iterable[bytes]) -> StoredBlob:
        """See `BlobStore`; also `EnvironmentFault` `disk-…` of the spool."""
        self._faults.hit("blob.write.before")
        make_folder(self._spool, mode=0o700)
        temporary = temporary_beside(self._spool / "blob")
        try:
            stored = write_blob(temporary, pieces)
            self._faults.hit("blob.upload.before")
            with temporary.open("rb") as file:
                self._bucket.upload(place_of(stored.name), file)
            self._faults.hit("blob.upload.after")
        finally:
            discard(temporary)
        self._faults.hit("blob.put.after")
        return stored

    def open(self, name: str) -> BinaryIO:
        """See `BlobStore`."""
        try:
            return self._bucket.open(place_of(name))
        except FileNotFoundError:
            raise missing(name) from None

    def delete(self, name: str) -> None:
        """See `BlobStore`."""
        self._bucket.delete(place_of(name))

    def destroy(self, name: str) -> None:
        """See `BlobStore`: nobody can overwrite at a service; every version it tells of is removed.

        Fault points: `blob.destroy.before`, `blob.destroy.after`.
        """
        self._faults.hit("blob.destroy.before")
        self._bucket.delete(place_of(name))
        self._faults.hit("blob.destroy.after")

    def names(self) -> Iterator[str]:
        """See `BlobStore`."""
        for name in self._bucket.names():
            if _is_place(name):
                yield name.rpartition("/")[2]

    def sweep(self) -> int:
        """See `BlobStore`; also what was begun at the service and never finished."""
        return remove_leftovers(self._spool) + self._bucket.give_up_uploads(_is_place)


def _is_place(name: str) -> bool:
    last = name.rpartition("/")[2]
    return is_name(last) and name == place_of(last)


def _marker(instance: Instance, home: bytes | None) -> bytes:
    """Whose a bucket is; one of an earlier program names no folder."""
    named: dict[str, JSON] = {} if home is None else {"home": home.hex()}
    return canonical.dumps(
        {
            **named,
            "format": "yinzheng/objects/1",
            "created_at": instance.created_at,
            "genesis": instance.genesis.hex(),
            "origin": instance.origin,
        }
    )


def _is_ours(found: bytes, instance: Instance) -> bool:
    """Whether a marker is this registry's, of whichever of its folders."""
    try:
        value = canonical.loads(found, max_bytes=MAX_MARKER_BYTES)
    except DataFault:
        return False
    named = value.get("home") if isinstance(value, dict) else None
    home = bytes.fromhex(named) if isinstance(named, str) and _HEX.fullmatch(named) else None
    return found == _marker(instance, home)


def _home(paths: Paths) -> bytes | None:
    """The name of a state folder at its bucket, 16 random bytes; None of one of an earlier program."""
    try:
        kept = paths.bucket.read_bytes()
    except FileNotFoundError:
        return None
    return bytes(read_object(canonical.loads(kept, max_bytes=256), _HOME)["home"])
