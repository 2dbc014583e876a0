"""Sealed files in a bucket: as safe as in a folder, and nothing of what was destroyed is left there."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.store import bucket as b
from yinzheng.ledger.net import buckets
from yinzheng.ledger.net.buckets import Bucket, BucketAddress
from yinzheng.ledger.state.faults import NO_FAULTS, Faults, InjectedFault, RaiseAt
from yinzheng.ledger.store.objects import ObjectBlobs
from yinzheng.ledger.store.sealed import check_file, open_file, seal_file
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

KEY, DOSSIER = bytes(range(16)), bytes(range(16, 32))


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in b.KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with b.serving() as address:
        yield address


@pytest.fixture
def address(endpoint: str) -> str:
    return b.new_bucket(endpoint, versions=True)


def blobs_at(address: str, spool: Path, faults: Faults = NO_FAULTS) -> ObjectBlobs:
    return ObjectBlobs(Bucket(BucketAddress.parse(address)), spool, faults=faults)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (3 << 20) + 7])
def test_a_file_comes_back_whole(address: str, tmp_path: Path, size: int) -> None:
    blobs, data = blobs_at(address, tmp_path), os.urandom(size)
    file = seal_file(blobs, KEY, DOSSIER, 0, [data])
    assert b"".join(open_file(blobs, KEY, DOSSIER, 0, file.blob)) == data
    check_file(blobs, KEY, DOSSIER, 0, file.blob, file.size, file.digest)
    assert list(blobs.names()) == [file.blob]
    assert list(tmp_path.iterdir()) == []


def test_a_long_file_goes_up_in_parts(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "PART_BYTES", 5 << 20)
    blobs, data = blobs_at(address, tmp_path), os.urandom(11 << 20)
    file = seal_file(blobs, KEY, DOSSIER, 0, [data])
    assert b"".join(open_file(blobs, KEY, DOSSIER, 0, file.blob)) == data


@pytest.mark.parametrize("way", ["delete", "destroy"])
def test_nothing_is_left_of_what_was_destroyed(endpoint: str, address: str, tmp_path: Path, way: str) -> None:
    blobs = blobs_at(address, tmp_path)
    kept, gone = blobs.put([b"kept"]).name, blobs.put([b"gone"]).name
    blobs.put([b"gone"])  # a second version of it
    getattr(blobs, way)(gone)
    getattr(blobs, way)(gone)
    assert b.everything(endpoint, address) == [f"registry/{kept[:2]}/{kept}"]
    with pytest.raises(DataFault) as missing:
        blobs.open(gone)
    assert missing.value.code == "blob-missing"


def test_a_service_that_keeps_what_was_to_go_is_found_out(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(BucketAddress.parse(address))
    blobs = ObjectBlobs(bucket, tmp_path)
    kept = blobs.put([b"kept"]).name
    pages = bucket._client.get_paginator

    class Silent:
        def paginate(self, **_: str) -> list[dict[str, str]]:
            return [{}]

    named = "list_object_versions"
    monkeypatch.setattr(bucket._client, "get_paginator", lambda one: Silent() if one == named else pages(one))
    with pytest.raises(EnvironmentFault) as refused:
        blobs.destroy(kept)
    assert refused.value.code == "objects-refused"


@pytest.mark.parametrize("point", ["blob.write.before", "blob.upload.before"])
def test_what_fails_before_it_is_up_is_not_there(
    endpoint: str, address: str, tmp_path: Path, point: str
) -> None:
    with pytest.raises(InjectedFault):
        blobs_at(address, tmp_path, RaiseAt(point)).put([b"x"])
    assert b.everything(endpoint, address) == []
    assert list(tmp_path.rglob("*.part")) == []


def test_sweeping_ends_what_a_kill_left(endpoint: str, address: str, tmp_path: Path) -> None:
    blobs = blobs_at(address, tmp_path)
    (tmp_path / ".blob.0123456789abcdef.part").write_bytes(b"half")
    client, name = b.client(endpoint), address.split("/")[2]
    place = f"ab/ab{'0' * 62}"
    others = [f"elsewhere/{place}", f"registry/of-another/{place}"]
    for key in (f"registry/{place}", *others):
        client.create_multipart_upload(Bucket=name, Key=key)
    assert blobs.sweep() == 2
    left = client.list_multipart_uploads(Bucket=name)["Uploads"]
    assert [one["Key"] for one in left] == others


def test_names_of_others_are_no_blobs(endpoint: str, address: str, tmp_path: Path) -> None:
    blobs = blobs_at(address, tmp_path)
    kept = blobs.put([b"kept"]).name
    for key in (
        "registry/registry.json",
        f"registry/zz/{kept}",
        "registry/ab/short",
        f"other/{kept[:2]}/{kept}",
    ):
        b.client(endpoint).put_object(Bucket=address.split("/")[2], Key=key, Body=b"")
    assert list(blobs.names()) == [kept]


def test_a_silent_service_is_told(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        blobs = blobs_at(f"s3://bucket/p?endpoint=http://127.0.0.1:{probe.getsockname()[1]}", tmp_path)
        with pytest.raises(EnvironmentFault) as refused:
            blobs.put([b"x"])
    assert refused.value.code == "objects-unreachable"
    assert list(tmp_path.iterdir()) == []


def test_a_bucket_that_is_not_there(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault) as refused:
        blobs_at(f"s3://nowhere/p?endpoint={endpoint}", tmp_path).put([b"x"])
    assert refused.value.code == "objects-missing"


def test_no_key_is_told(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in b.KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(EnvironmentFault) as refused:
        blobs_at(address, tmp_path / "spool").put([b"x"])
    assert refused.value.code == "objects-credentials"


@pytest.mark.parametrize(
    "given",
    [
        "s3://bucket",
        "s3://bucket/prefix",
        "s3://bucket/a/b?endpoint=https://s3.example.org&region=cn-south-1&style=virtual",
        "s3://bucket/p?endpoint=http://127.0.0.1:9000",
        "s3://bucket/p?endpoint=http://objects.internal:9000",
    ],
)
def test_an_address_has_one_spelling(given: str) -> None:
    assert str(BucketAddress.parse(given)) == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        "bucket/prefix",
        "https://bucket/prefix",
        "s3://",
        "s3://UPPER/x",
        "s3://key:secret@bucket/x",
        "s3://bucket:99/x",
        "s3://bucket/../x",
        "s3://bucket/x#y",
        "s3://bucket/x?secret=y",
        "s3://bucket/x?region=a&region=b",
        "s3://bucket/x?style=other",
        "s3://bucket/x?endpoint=ftp://host",
        "s3://bucket/x?endpoint=http://s3.example.org",
        "s3://bucket/x?endpoint=https://user:pw@host",
    ],
)
def test_anything_else_is_no_address(given: str) -> None:
    with pytest.raises(UsageFault) as refused:
        BucketAddress.parse(given)
    assert refused.value.code == "objects-address"
