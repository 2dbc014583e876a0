"""Sealed files in a bucket of an S3 service (D10): `PREFIX/ab/abcd…`; `PREFIX/registry.json` says whose.

The service sees what a disk sees: sealed bytes, their lengths and digests. It is not trusted: what it hands
out is opened by authenticated chunks, and compared with what the log holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from yinzheng.ledger.net.buckets import Bucket, BucketAddress
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.files import discard, make_folder, remove_leftovers, temporary_beside
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
from yinzheng.verifier.errors import EnvironmentFault, UsageFault

MARKER: Final = "registry.json"
MAX_MARKER_BYTES: Final = 4096


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
        """Those of one registry. Raises `EnvironmentFault` `objects-foreign` where they are not."""
        bucket = Bucket(BucketAddress.parse(url))
        if bucket.read(MARKER, MAX_MARKER_BYTES) != _marker(instance):
            raise EnvironmentFault(
                "the bucket is not this registry's",
                code="objects-foreign",
                hint=f"Check the address in the instance file; {MARKER} under its prefix says whose it is.",
            )
        return cls(bucket, paths.blobs, faults=faults)

    @classmethod
    def take(cls, url: str, paths: Paths, instance: Instance) -> ObjectBlobs:
        """Take a place in a bucket for a registry that is being made, or made anew.

        What lies there already stays if it is this registry's: its backup may be older than its bucket.
        Raises `UsageFault` `objects-in-use` where it is another's, or nobody's that we know.
        """
        bucket, mark = Bucket(BucketAddress.parse(url)), _marker(instance)
        found = bucket.read(MARKER, MAX_MARKER_BYTES)
        if found != mark and (found is not None or next(bucket.names(), None) is not None):
            raise UsageFault(
                "something else lies in the bucket under this prefix",
                code="objects-in-use",
                hint="Name another prefix or bucket: a registry has one for itself alone.",
            )
        if found is None:
            bucket.create(MARKER, mark)
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


def _marker(instance: Instance) -> bytes:
    return canonical.dumps(
        {
            "format": "yinzheng/objects/1",
            "created_at": instance.created_at,
            "genesis": instance.genesis.hex(),
            "origin": instance.origin,
        }
    )
