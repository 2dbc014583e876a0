"""Sealing: every byte back, every tampering named, nothing left behind by a failure."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.store import sealed as module
from yinzheng.ledger.store.blobs import FolderBlobs
from yinzheng.ledger.store.sealed import SealedFile, SealedValue, check_file, open_file, seal_file
from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.errors import DataFault, EnvironmentFault

KEY = bytes(range(16))
DOSSIER = b"d" * 16
HEADER = 12
CHUNK = 4096
SEALED_CHUNK = CHUNK + 16


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BITS", 12)


def read(blobs: FolderBlobs, blob: str, key: bytes = KEY, dossier: bytes = DOSSIER, number: int = 0) -> bytes:
    return b"".join(open_file(blobs, key, dossier, number, blob))


def replace(blobs: FolderBlobs, data: bytes) -> str:
    """Store these bytes as if an attacker had put them under the address of their own."""
    return blobs.put([data]).name


def stored(blobs: FolderBlobs, blob: str) -> bytes:
    with blobs.open(blob) as file:
        return file.read()


def test_what_is_one_chunk_starts_no_thread(blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dossiers are many small files, and an audit opens them all."""
    with monkeypatch.context() as alone:
        alone.delattr(module, "ThreadPoolExecutor")
        file = seal_file(blobs, KEY, DOSSIER, 0, [b"data"])
        check_file(blobs, KEY, DOSSIER, 0, file.blob, file.size, file.digest)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 9 * CHUNK + 17])
def test_a_file_comes_back_whole(blobs: FolderBlobs, size: int) -> None:
    data = os.urandom(size)
    file = seal_file(blobs, KEY, DOSSIER, 0, [data] if size else [])
    chunks = max(1, -(-size // CHUNK))
    assert (file.size, file.sealed_size) == (size, HEADER + size + 16 * chunks)
    assert file.digest == digest_pair(data)
    assert read(blobs, file.blob) == data
    check_file(blobs, KEY, DOSSIER, 0, file.blob, file.size, file.digest)


@settings(max_examples=40, deadline=None)
@given(pieces=st.lists(st.binary(max_size=3 * CHUNK), max_size=12))
def test_pieces_of_any_length_are_one_file(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    blobs = FolderBlobs(tmp_path_factory.mktemp("blobs"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_BITS", 12)
        file = seal_file(blobs, KEY, DOSSIER, 0, pieces)
    assert read(blobs, file.blob) == b"".join(pieces)
    assert file.digest == digest_pair(b"".join(pieces))


def test_the_same_file_never_seals_to_the_same_bytes(blobs: FolderBlobs) -> None:
    assert seal_file(blobs, KEY, DOSSIER, 0, [b"x"]).blob != seal_file(blobs, KEY, DOSSIER, 0, [b"x"]).blob


class TestTampering:
    """Each file has four chunks: three full ones and a short one."""

    @pytest.fixture
    def file(self, blobs: FolderBlobs, small_chunks: None) -> SealedFile:
        return seal_file(blobs, KEY, DOSSIER, 0, [os.urandom(3 * CHUNK + 100)])

    def refused(self, blobs: FolderBlobs, data: bytes) -> DataFault:
        blob = replace(blobs, data)
        with pytest.raises(DataFault) as caught:
            read(blobs, blob)
        assert caught.value.data["blob"] == blob
        return caught.value

    def test_cut_at_a_chunk_is_truncated(self, blobs: FolderBlobs, file: SealedFile) -> None:
        data = stored(blobs, file.blob)
        for kept in (0, 1, 3):
            fault = self.refused(blobs, data[: HEADER + kept * SEALED_CHUNK])
            assert fault.code == "blob-truncated"

    def test_cut_within_a_chunk_is_refused(self, blobs: FolderBlobs, file: SealedFile) -> None:
        data = stored(blobs, file.blob)
        for cut in (1, 50, 16 + 100 - 1, SEALED_CHUNK + 3):
            assert self.refused(blobs, data[:-cut]).code in {"blob-altered", "blob-truncated"}

    def test_swapped_chunks(self, blobs: FolderBlobs, file: SealedFile) -> None:
        data = stored(blobs, file.blob)
        a, b = HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK
        swapped = data[:a] + data[b : b + SEALED_CHUNK] + data[a:b] + data[b + SEALED_CHUNK :]
        fault = self.refused(blobs, swapped)
        assert (fault.code, fault.data["chunk"]) == ("blob-altered", 1)

    def test_left_out_and_doubled_chunks(self, blobs: FolderBlobs, file: SealedFile) -> None:
        data = stored(blobs, file.blob)
        a, b = HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK
        for altered in (data[:a] + data[b:], data[:b] + data[a:]):
            assert self.refused(blobs, altered).code == "blob-altered"

    def test_chunk_of_another_file(self, blobs: FolderBlobs, file: SealedFile) -> None:
        other = stored(blobs, seal_file(blobs, KEY, DOSSIER, 0, [os.urandom(3 * CHUNK + 100)]).blob)
        data = stored(blobs, file.blob)
        a, b = HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK
        fault = self.refused(blobs, data[:a] + other[a:b] + data[b:])
        assert (fault.code, fault.data["chunk"]) == ("blob-altered", 1)

    def test_trailing_bytes(self, blobs: FolderBlobs, file: SealedFile) -> None:
        data = stored(blobs, file.blob)
        assert self.refused(blobs, data + b"\0").code == "blob-altered"
        assert self.refused(blobs, data + os.urandom(SEALED_CHUNK)).code == "blob-altered"

    @pytest.mark.parametrize("at", [0, 4, 5, HEADER, HEADER + CHUNK, -1])
    def test_a_flipped_bit(self, blobs: FolderBlobs, file: SealedFile, at: int) -> None:
        data = bytearray(stored(blobs, file.blob))
        data[at] ^= 1
        assert self.refused(blobs, bytes(data)).code in {"blob-altered", "blob-malformed"}

    def test_wrong_key_dossier_or_number(self, blobs: FolderBlobs, file: SealedFile) -> None:
        for wrong in ({"key": b"k" * 16}, {"dossier": b"e" * 16}, {"number": 1}):
            with pytest.raises(DataFault) as caught:
                read(blobs, file.blob, **wrong)
            assert (caught.value.code, caught.value.data["chunk"]) == ("blob-altered", 0)

    def test_nothing_unauthenticated_is_handed_out(self, blobs: FolderBlobs, file: SealedFile) -> None:
        data = bytearray(stored(blobs, file.blob))
        data[HEADER + 2 * SEALED_CHUNK] ^= 1
        handed: list[bytes] = []
        with pytest.raises(DataFault):
            handed.extend(open_file(blobs, KEY, DOSSIER, 0, replace(blobs, bytes(data))))
        assert len(handed) <= 2

    def test_other_content_than_recorded(self, blobs: FolderBlobs, file: SealedFile) -> None:
        wrong = DigestPair(file.digest.sm3, bytes(32))
        for size, digest in ((file.size, wrong), (file.size + 1, file.digest)):
            with pytest.raises(DataFault, match="content") as caught:
                check_file(blobs, KEY, DOSSIER, 0, file.blob, size, digest)
            assert caught.value.code == "blob-digest"


def test_missing_blob_and_bad_name(blobs: FolderBlobs) -> None:
    with pytest.raises(DataFault) as caught:
        read(blobs, "0" * 64)
    assert caught.value.code == "blob-missing"
    with pytest.raises(DataFault) as caught:
        read(blobs, "../../etc/passwd")
    assert caught.value.code == "blob-name"


def test_values_open_in_their_place_only() -> None:
    values = SealedValue(KEY)
    box = values.seal(b"secret", b"here")
    assert values.open(box, b"here") == b"secret"
    assert values.seal(b"secret", b"here") != box
    attempts = [(values, box, b"there"), (SealedValue(b"k" * 16), box, b"here"), (values, box[:-1], b"here")]
    attempts += [(values, box[:n], b"here") for n in (0, 5, 12, 20)]
    for opener, sealed, place in attempts:
        with pytest.raises(DataFault) as caught:
            opener.open(sealed, place)
        assert caught.value.code == "seal-broken"
    assert "Sealed" in repr(values)
    assert KEY.hex() not in repr(values)


class TestFolder:
    """What a failed write leaves behind: nothing a reader could take for a blob."""

    @pytest.mark.parametrize("point", ["blob.write.before", "blob.rename.before"])
    def test_failure_before_the_rename_leaves_nothing(self, tmp_path: Path, point: str) -> None:
        failing = FolderBlobs(tmp_path, faults=RaiseAt(point))
        with pytest.raises(InjectedFault):
            failing.put([b"data"])
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
        assert FolderBlobs(tmp_path).put([b"data"]).size == 4

    @pytest.mark.parametrize("point", ["blob.rename.after", "blob.put.after"])
    def test_failure_after_the_rename_leaves_a_whole_blob(self, tmp_path: Path, point: str) -> None:
        failing = FolderBlobs(tmp_path, faults=RaiseAt(point))
        with pytest.raises(InjectedFault):
            failing.put([b"data"])
        (name,) = FolderBlobs(tmp_path).names()
        assert stored(FolderBlobs(tmp_path), name) == b"data"
        assert FolderBlobs(tmp_path).put([b"data"]).name == name

    def test_a_failing_source_leaves_nothing(self, blobs: FolderBlobs, tmp_path: Path) -> None:
        def pieces() -> Iterator[bytes]:
            yield b"x" * (1 << 20)
            raise DataFault("changed under our hands", code="dossier-changed")

        with pytest.raises(DataFault) as caught:
            seal_file(blobs, KEY, DOSSIER, 0, pieces())
        assert caught.value.code == "dossier-changed"
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    @pytest.mark.parametrize(("number", "code"), [(28, "disk-full"), (30, "disk-read-only"), (5, "disk-io")])
    def test_a_failing_disk_is_named(
        self, blobs: FolderBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
    ) -> None:
        def fails(_handle: int) -> None:
            raise OSError(number, os.strerror(number))

        blobs.put([b"first"])
        monkeypatch.setattr(os, "fsync", fails)
        with pytest.raises(EnvironmentFault) as caught:
            blobs.put([b"second"])
        assert caught.value.code == code
        assert len(list(blobs.names())) == 1
        assert not list(tmp_path.rglob("*.part"))

    def test_a_disk_that_refuses_the_clean_up_too(
        self, blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuses(*_arguments: object, **_options: object) -> None:
            raise OSError(30, os.strerror(30))

        blobs.put([b"first"])
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refuses)
            patch.setattr(Path, "unlink", refuses)
            with pytest.raises(EnvironmentFault) as caught:
                blobs.put([b"second"])
        assert caught.value.code == "disk-read-only"
        assert blobs.sweep() == 1

    def test_sweeping_takes_left_overs_alone(self, blobs: FolderBlobs, tmp_path: Path) -> None:
        name = blobs.put([b"data"]).name
        (tmp_path / "blobs" / ".blob.0123.part").write_bytes(b"half")
        assert blobs.sweep() == 1
        assert list(blobs.names()) == [name]

    def test_sweeping_lists_no_blobs(
        self, blobs: FolderBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever writes opens the registry first, which sweeps: it may have a million blobs."""
        looked, listing = [], os.scandir

        def seen(path: Path) -> Any:
            looked.append(Path(path))
            return listing(path)

        blobs.put([b"data"])
        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", seen)
            assert blobs.sweep() == 0
        assert looked == [tmp_path / "blobs"]

    def test_deleting_twice(self, blobs: FolderBlobs) -> None:
        name = blobs.put([b"data"]).name
        blobs.delete(name)
        blobs.delete(name)
        assert list(blobs.names()) == []

    def test_blobs_are_for_the_owner_alone(self, blobs: FolderBlobs, tmp_path: Path) -> None:
        blobs.put([b"data"])
        for path in (tmp_path / "blobs").rglob("*"):
            assert path.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_quarter_of_a_gibibyte_in_little_memory(tmp_path: Path) -> None:
    """A fresh process seals and opens 256 MiB and must stay under 150 MiB of resident memory."""
    import subprocess
    import sys

    program = f"""
from pathlib import Path
from yinzheng.ledger.store.blobs import FolderBlobs
from yinzheng.ledger.store.sealed import check_file, seal_file
blobs, piece = FolderBlobs(Path({str(tmp_path)!r})), bytes(1 << 20)
file = seal_file(blobs, {KEY!r}, {DOSSIER!r}, 0, (piece for _ in range(256)))
check_file(blobs, {KEY!r}, {DOSSIER!r}, 0, file.blob, 256 << 20, file.digest)
assert file.size == 256 << 20
# Not getrusage: its maximum counts the process that started this one.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=400)
    assert int(done.stdout) < 150 * 1024


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """The quick sibling of the test above: 64 MiB of file, under 24 MiB of Python objects at once."""
    import tracemalloc

    blobs, piece = FolderBlobs(tmp_path), secrets.token_bytes(1 << 20)
    tracemalloc.start()
    try:
        file = seal_file(blobs, KEY, DOSSIER, 0, (piece for _ in range(64)))
        check_file(blobs, KEY, DOSSIER, 0, file.blob, file.size, file.digest)
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()
