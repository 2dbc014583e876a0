"""Every edited, missing or swapped file of a log is found and named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from yinzheng.ledger.log.check import check_log
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.merkle import hash_leaf
from yinzheng.verifier.log.note import NoteSigner
from yinzheng.verifier.log.tiles import decode_bundle, encode_bundle

ORIGIN = "registry.example/log"
SIGNERS = [NoteSigner(ORIGIN, Ed25519PrivateKey(b"e" * 32)), NoteSigner(ORIGIN, Sm2PrivateKey(7))]
KEYS = [signer.key for signer in SIGNERS]
SIZE = 1000


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    log = TileLog(folder, ORIGIN)
    for end in (400, 900, SIZE):
        log.append([b"%d" % n for n in range(log.size, end)])
        log.publish(SIGNERS)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "log"))


def fault(folder: Path) -> DataFault:
    with pytest.raises(DataFault) as caught:
        check_log(TileLog(folder, ORIGIN), KEYS)
    return caught.value


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_sound_log_passes_and_tells_its_progress(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    assert check_log(TileLog(folder, ORIGIN), KEYS, lambda *done: told.append(done)).size == SIZE
    assert told == [(256, SIZE), (512, SIZE), (768, SIZE), (SIZE, SIZE)]


def test_every_flipped_byte_of_every_file_is_found(original: Path, folder: Path) -> None:
    """Older partial tiles included; only files that count for nothing may change unseen, and none does."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        size = path.stat().st_size
        for at in {0, 1, size // 2, size - 1}:
            flip(path, at)
            found = fault(folder)
            if path.name != "checkpoint":
                name = str(path.relative_to(folder))
                beside = name.replace("tile/entries/", "tile/0/")
                assert found.data["path"] in {name, beside}, name
            flip(path, at)
    check_log(TileLog(folder, ORIGIN), KEYS)


def test_every_missing_file_that_counts_is_found(original: Path, folder: Path) -> None:
    edge = {"tile/entries/003.p/232", "tile/0/003.p/232", "tile/1/000.p/3"}
    full = {f"tile/{level}/00{n}" for level in ("entries", "0") for n in range(3)}
    for name in edge | full:
        path = folder / name
        data = path.read_bytes()
        path.unlink()
        found = fault(folder)
        assert (found.code, found.data["path"]) == ("log-tile-missing", name)
        path.write_bytes(data)


def test_the_differing_entry_is_named(folder: Path) -> None:
    flip(folder / "tile/0/001", 32 * 7)
    found = fault(folder)
    assert (found.code, found.data["first_entry"]) == ("log-tile-changed", 256 + 7)


def test_swapped_tiles(folder: Path) -> None:
    a, b = folder / "tile/0/000", folder / "tile/0/001"
    one, other = a.read_bytes(), b.read_bytes()
    a.write_bytes(other)
    b.write_bytes(one)
    assert fault(folder).data["path"] == "tile/0/000"


@pytest.mark.parametrize(
    ("name", "code", "path"),
    [("001", "log-tile-changed", "tile/1/000.p/3"), ("003.p/232", "log-root-changed", None)],
)
def test_an_entry_rewritten_together_with_its_tile(
    folder: Path, name: str, code: str, path: str | None
) -> None:
    """Then the level above disagrees, or for the last tile the root."""
    bundle, tile = folder / "tile/entries" / name, folder / "tile/0" / name
    width = len(tile.read_bytes()) // 32
    entries = [*decode_bundle(bundle.read_bytes(), width)[:-1], b"forged"]
    bundle.write_bytes(encode_bundle(entries))
    tile.write_bytes(b"".join(map(hash_leaf, entries)))
    for older in (*bundle.parent.glob("0*.p"), *tile.parent.glob("0*.p")):
        if name == "001":
            shutil.rmtree(older, ignore_errors=True) if older.name == "001.p" else None
    found = fault(folder)
    assert (found.code, found.data.get("path")) == (code, path)


def _shorter(note: str) -> str:
    return note.replace("\n1000\n", "\n900\n")


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (_shorter, "note-signature"),
        (lambda note: note[: note.rindex("— ")], "checkpoint-signature-missing"),
        (lambda note: note.replace(ORIGIN, "other.example/log"), "checkpoint-origin"),
        (lambda note: "", "note-malformed"),
    ],
)
def test_an_edited_checkpoint(folder: Path, edit: Callable[[str], str], code: str) -> None:
    path = folder / "checkpoint"
    path.write_text(edit(path.read_text()))
    found = fault(folder)
    assert found.code in {code, "note-unsigned"}


def test_a_checkpoint_put_back(folder: Path, tmp_path: Path) -> None:
    """An older head is a true one: the log alone cannot know, database and chain must tell (D9)."""
    short = TileLog(tmp_path / "short", ORIGIN)
    short.append([b"%d" % n for n in range(900)])
    (folder / "checkpoint").write_text(short.publish(SIGNERS))
    assert check_log(TileLog(folder, ORIGIN), KEYS).size == 900
