"""The log on disk: the same tiles however it was cut into batches, and never a second history."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yinzheng.ledger.log.beyond import set_aside, tiled
from yinzheng.ledger.log.check import check_log
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.state.faults import Faults, InjectedFault, KillAt, RaiseAt, Recorder
from yinzheng.ledger.state.files import temporary_beside
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.log.merkle import hash_leaf, root_from_leaves, verify_consistency, verify_inclusion
from yinzheng.verifier.log.note import Checkpoint, NoteSigner, open_checkpoint
from yinzheng.verifier.log.tiles import ENTRIES, WIDTH, Tile, encode_bundle
from yinzheng.verifier.log.tlogproof import TlogProof

ORIGIN = "registry.example/log"
SIGNERS = [NoteSigner(ORIGIN, Ed25519PrivateKey(b"e" * 32)), NoteSigner(ORIGIN, Sm2PrivateKey(7))]
KEYS = [signer.key for signer in SIGNERS]


def entries(first: int, end: int) -> list[bytes]:
    return [b'{"n":%d}' % n for n in range(first, end)]


def root(size: int) -> bytes:
    return root_from_leaves([hash_leaf(entry) for entry in entries(0, size)])


def open_log(folder: Path, faults: Faults | None = None) -> TileLog:
    return TileLog(folder, ORIGIN, faults=faults or Faults())


def published(folder: Path, size: int) -> TileLog:
    log = open_log(folder)
    log.append(entries(0, size))
    log.publish(SIGNERS)
    return log


def test_no_head_is_signed_beside_a_fuller_tile_that_says_otherwise(tmp_path: Path) -> None:
    """An import tiles ahead of the head (ADR 97): of a database that lost those rows no other goes on."""
    published(tmp_path, 300).append(entries(300, 512))
    log = open_log(tmp_path)
    with pytest.raises(DataFault) as caught:
        log.append([b"another"])
    assert caught.value.code == "log-conflict"
    assert open_log(tmp_path).size == 300
    same = open_log(tmp_path)
    same.append(entries(300, 310))
    same.publish(SIGNERS)
    assert check_log(open_log(tmp_path), KEYS).size == 310


@pytest.mark.parametrize("size", [0, 3, 255, 256, 300, 512, 65_536 + 40])
def test_what_is_beyond_the_head_is_put_aside_and_others_go_on(tmp_path: Path, size: int) -> None:
    log = published(tmp_path / "log", size) if size else open_log(tmp_path / "log")
    log.append(entries(size, size + 600))
    again = open_log(tmp_path / "log")
    assert (again.size, tiled(again)) == (size, size + 600)
    assert set_aside(again, tmp_path / "aside") > 0
    assert tiled(again) == tiled(open_log(tmp_path / "log")) == size
    if size:
        assert check_log(open_log(tmp_path / "log"), KEYS).size == size
    assert set_aside(again, tmp_path / "more") == 0
    again.append([b"another"] * 700)
    again.publish(SIGNERS)
    assert check_log(open_log(tmp_path / "log"), KEYS).size == size + 700
    # Each file lies in one of the two places, as it was.
    moved = [path for path in (tmp_path / "aside").rglob("*") if path.is_file()]
    assert {path.read_bytes() for path in moved if "entries" in path.parts} & {
        encode_bundle(list(entries(start, start + WIDTH)))
        for start in range((size // WIDTH + 1) * WIDTH, size + 300, WIDTH)
    }


def test_however_far_the_files_go_it_is_seen(tmp_path: Path) -> None:
    """A thousand bundles lie in a folder; those in the next count, and leftovers of a kill do not."""
    log = open_log(tmp_path)
    for index, width in ((0, WIDTH), (999, WIDTH), (1000, WIDTH), (1001, WIDTH), (2003, 7)):
        tile = Tile(ENTRIES, index, width)
        path = tmp_path / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        assert tiled(log) == index * WIDTH + width
    (path.parent.parent / "004.p").mkdir()
    temporary_beside(path.parent.parent / "005").write_bytes(b"")
    assert tiled(log) == 2003 * WIDTH + 7


def test_nothing_is_put_aside_where_the_head_itself_does_not_hold(tmp_path: Path) -> None:
    published(tmp_path, 300).append(entries(300, 600))
    bundle = tmp_path / Tile(ENTRIES, 1).path
    bundle.write_bytes(bundle.read_bytes().replace(b'{"n":260}', b'{"n":999}'))
    for partial in bundle.parent.glob("*.p/*"):
        partial.unlink()
    with pytest.raises(DataFault) as caught:
        set_aside(open_log(tmp_path), tmp_path / "aside")
    assert caught.value.code == "log-rewritten"
    assert not (tmp_path / "aside").exists()


def naive_files(size: int) -> dict[str, bytes]:
    """Every full tile and the right edge of a log of that size, made without the code under test."""
    files: dict[str, bytes] = {}
    everything = entries(0, size)
    row, level = [hash_leaf(entry) for entry in everything], 0
    while row:
        for start in range(0, len(row), 256):
            part = row[start : start + 256]
            files[Tile(level, start // 256, len(part)).path] = b"".join(part)
            if level == 0:
                bundle = Tile(ENTRIES, start // 256, len(part))
                files[bundle.path] = encode_bundle(everything[start : start + 256])
        row = [root_from_leaves(row[n : n + 256]) for n in range(0, len(row) - len(row) % 256, 256)]
        level += 1
    return files


def files_on_disk(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in (folder / "tile").rglob("*") if p.is_file()}


@settings(max_examples=25, deadline=None)
@given(batches=st.lists(st.integers(0, 700), min_size=1, max_size=5), reopen=st.booleans())
def test_any_cut_into_batches_gives_the_naive_tiles(
    tmp_path_factory: pytest.TempPathFactory, batches: list[int], reopen: bool
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log, size = open_log(folder), 0
    for batch in batches:
        size += batch
        assert log.append(entries(size - batch, size)) == size
        log.publish(SIGNERS)
        log = open_log(folder) if reopen else log
    expected, found = naive_files(size), files_on_disk(folder)
    assert expected.items() <= found.items()
    # Whatever else is there: older partial tiles at the right edge, none beside a full one.
    for path in found.keys() - expected.keys():
        assert path.rpartition("/")[0].removesuffix(".p") not in expected
    assert log.root() == root(size)
    assert list(log.entries()) == entries(0, size)
    assert check_log(log, KEYS).size == size


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_proofs_between_any_two_sizes(shared: TileLog, data: st.DataObject) -> None:
    size2 = data.draw(st.integers(1, shared.size))
    size1 = data.draw(st.integers(1, size2))
    index = data.draw(st.integers(0, size1 - 1))
    verify_inclusion(
        hash_leaf(shared.entry(index)), index, size1, shared.inclusion(index, size1), root(size1)
    )
    assert (shared.root(size1), shared.root(size2)) == (root(size1), root(size2))
    verify_consistency(size1, root(size1), size2, root(size2), shared.consistency(size1, size2))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> TileLog:
    """Three batches over two full tiles and an edge."""
    log = open_log(tmp_path_factory.mktemp("log"))
    for first, end in ((0, 100), (100, 300), (300, 700)):
        log.append(entries(first, end))
        log.publish(SIGNERS)
    return log


def test_a_third_level(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append(entry for entry in entries(0, 65_536 + 300))
    assert naive_files(65_836).items() <= files_on_disk(tmp_path).items()
    assert log.root() == root(65_836)
    assert (tmp_path / "tile/2/000.p/1").stat().st_size == 32


def test_a_proof_for_people_verifies_from_its_text_alone(shared: TileLog) -> None:
    for index in (0, 255, 256, 699):
        proof = TlogProof.from_text(shared.tlog_proof(index).text)
        head = open_checkpoint(proof.checkpoint, ORIGIN, KEYS)
        assert proof.verify_inclusion(hash_leaf(entries(index, index + 1)[0])) == head
        assert head.size == 700


def test_a_proof_under_an_older_checkpoint(tmp_path: Path) -> None:
    log = published(tmp_path, 10)
    older = log.note()
    log.append(entries(10, 600))
    log.publish(SIGNERS)
    proof = log.tlog_proof(3, older)
    assert proof.verify_inclusion(hash_leaf(entries(3, 4)[0])).size == 10
    with pytest.raises(UsageFault):
        log.tlog_proof(10, older)


def test_an_empty_log(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    assert (log.size, log.note(), log.checkpoint(), list(log.entries())) == (0, None, None, [])
    assert log.append([]) == 0
    for ask in (lambda: log.tlog_proof(0), lambda: check_log(log, KEYS)):
        with pytest.raises(UsageFault) as caught:
            ask()
        assert caught.value.code == "log-unpublished"
    log.publish(SIGNERS)
    assert check_log(log, KEYS).size == 0
    log.append(entries(0, 1))
    log.publish(SIGNERS)
    assert check_log(open_log(tmp_path), KEYS).size == 1


@pytest.mark.parametrize(
    "ask", [lambda log: log.entry(5), lambda log: log.root(6), lambda log: log.entry(-1)]
)
def test_beyond_the_end(tmp_path: Path, ask: object) -> None:
    with pytest.raises(UsageFault) as caught:
        ask(published(tmp_path, 5))  # type: ignore[operator]
    assert caught.value.code == "log-range"


class TestAppending:
    def test_again_from_an_earlier_position(self, tmp_path: Path) -> None:
        log = published(tmp_path, 300)
        assert log.append(entries(250, 400), at=250) == 400
        assert log.root() == root(400)
        assert log.append(entries(0, 400), at=0) == 400

    def test_something_else_at_an_earlier_position(self, tmp_path: Path) -> None:
        log = published(tmp_path, 300)
        with pytest.raises(DataFault) as caught:
            log.append([*entries(250, 255), b"forged"], at=250)
        assert (caught.value.code, caught.value.data["index"]) == ("log-conflict", 255)
        assert log.size == 300

    def test_a_gap(self, tmp_path: Path) -> None:
        with pytest.raises(UsageFault) as caught:
            published(tmp_path, 3).append(entries(4, 5), at=4)
        assert caught.value.code == "log-gap"

    def test_an_entry_too_long(self, tmp_path: Path) -> None:
        log = published(tmp_path, 3)
        with pytest.raises(UsageFault):
            log.append([b"x" * 65_536])
        assert log.append(entries(3, 4)) == 4
        assert log.root() == root(4)

    def test_unpublished_entries_are_gone_after_reopening(self, tmp_path: Path) -> None:
        log = published(tmp_path, 3)
        log.append(entries(3, 600))
        again = open_log(tmp_path)
        assert again.size == 3
        assert again.append(entries(3, 600)) == 600
        assert again.root() == root(600)

    def test_other_entries_over_a_left_over_file_are_refused(self, tmp_path: Path) -> None:
        published(tmp_path, 3).append(entries(3, 600))
        again = open_log(tmp_path)
        with pytest.raises(DataFault) as caught:
            again.append([*entries(3, 599), b"other"])
        assert (caught.value.code, again.size) == ("log-conflict", 3)


class TestPublishing:
    def test_the_same_head_is_not_signed_twice(self, tmp_path: Path) -> None:
        log = published(tmp_path, 3)
        assert log.publish(SIGNERS) == log.note()
        assert open_log(tmp_path).publish(SIGNERS) == log.note()

    def test_a_rolled_back_folder_is_not_grown_into_a_second_history(self, tmp_path: Path) -> None:
        """The folder knows nothing of what was published since; database and chain do."""
        log = published(tmp_path, 3)
        log.append(entries(3, 5))
        known = [
            Checkpoint(ORIGIN, 5, bytes(32)),
            Checkpoint(ORIGIN, 9, root(9)),
            Checkpoint(ORIGIN, 2, root(3)),
        ]
        for head in known:
            with pytest.raises(DataFault) as caught:
                log.publish(SIGNERS, known=head)
            assert caught.value.code == "log-rewritten"
        assert log.checkpoint() == Checkpoint(ORIGIN, 3, root(3))
        log.publish(SIGNERS, known=Checkpoint(ORIGIN, 4, root(4)))
        assert log.checkpoint() == Checkpoint(ORIGIN, 5, root(5))

    def test_tiles_rewritten_under_the_published_head(self, tmp_path: Path) -> None:
        log = published(tmp_path, 3)
        log.append(entries(3, 5))
        tile = tmp_path / "tile/0/000.p/5"
        tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
        with pytest.raises(DataFault) as caught:
            log.publish(SIGNERS)
        assert caught.value.code == "log-rewritten"

    def test_a_checkpoint_by_someone_else(self, tmp_path: Path) -> None:
        strangers = [NoteSigner(ORIGIN, Ed25519PrivateKey(b"x" * 32))]
        log = open_log(tmp_path)
        log.append(entries(0, 3))
        log.publish(strangers)
        log.append(entries(3, 4))
        with pytest.raises(DataFault) as caught:
            log.publish(SIGNERS)
        assert caught.value.code == "note-unsigned"

    def test_the_log_of_another_origin(self, tmp_path: Path) -> None:
        published(tmp_path, 3)
        with pytest.raises(DataFault) as caught:
            _ = TileLog(tmp_path, "other.example/log").size
        assert caught.value.code == "checkpoint-origin"


def write_everything(folder: Path, faults: Faults) -> None:
    """From nothing to a published log whose growth fills, replaces and deletes partial tiles."""
    log = open_log(folder, faults)
    for end in (200, 520):
        log.append(entries(log.size, end))
        log.publish(SIGNERS)


def passes() -> list[tuple[str, int]]:
    """Every passing of every fault point in `write_everything`."""
    import tempfile

    recorder = Recorder()
    with tempfile.TemporaryDirectory() as folder:
        write_everything(Path(folder), recorder)
    return [(point, recorder.seen[: n + 1].count(point)) for n, point in enumerate(recorder.seen)]


class TestCrashes:
    """Stop at every write, before and after it; start again; the log is as if nothing had happened."""

    def recover(self, folder: Path) -> None:
        before = open_log(folder).checkpoint()
        assert before is None or before == Checkpoint(ORIGIN, before.size, root(before.size))
        if before is not None:
            check_log(open_log(folder), KEYS)
        log = open_log(folder)
        log.sweep()
        write_everything(folder, Faults())
        assert check_log(open_log(folder), KEYS) == Checkpoint(ORIGIN, 520, root(520))
        assert not list(folder.rglob("*.part"))
        assert naive_files(520).items() <= files_on_disk(folder).items()

    @pytest.mark.parametrize(("point", "nth"), passes())
    def test_an_error(self, tmp_path: Path, point: str, nth: int) -> None:
        with pytest.raises(InjectedFault):
            write_everything(tmp_path, RaiseAt(point, nth))
        self.recover(tmp_path)

    @pytest.mark.parametrize(("point", "nth"), passes())
    def test_a_kill(self, tmp_path: Path, point: str, nth: int) -> None:
        child = os.fork()
        if child == 0:
            write_everything(tmp_path, KillAt(point, nth))
            os._exit(1)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        self.recover(tmp_path)

    def test_the_same_object_goes_on_after_an_error(self, tmp_path: Path) -> None:
        log = open_log(tmp_path, RaiseAt("log.file.after", 3))
        with pytest.raises(InjectedFault):
            log.append(entries(0, 600))
        assert log.size == 0
        log.append(entries(0, 600))
        log.publish(SIGNERS)
        assert check_log(log, KEYS).root == root(600)

    @pytest.mark.parametrize(("number", "code"), [(28, "disk-full"), (30, "disk-read-only"), (5, "disk-io")])
    def test_a_failing_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
    ) -> None:
        def fails(_handle: int) -> None:
            raise OSError(number, os.strerror(number))

        log = published(tmp_path, 3)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fails)
            with pytest.raises(EnvironmentFault) as caught:
                log.append(entries(3, 9))
            assert (caught.value.code, log.size) == (code, 3)
        log.append(entries(3, 9))
        note = log.note()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fails)
            with pytest.raises(EnvironmentFault):
                log.publish(SIGNERS)
        assert log.note() == note
        log.publish(SIGNERS)
        assert check_log(log, KEYS).size == 9
