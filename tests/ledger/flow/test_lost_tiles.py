"""A database put back in the middle of an import: what was never published is put aside (ADR 102)."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.consent_world import HOSPITAL, ConsentWorld
from tests.ledger.flow.test_histories import put
from tests.ledger.witnesses.witness import TestWitness, serving
from tests.ledger.world import World, open_keys
from yinzheng.ledger.consents.importing import import_consents
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.log.check import check_log
from yinzheng.ledger.log.tilefiles import TileFiles
from yinzheng.ledger.opening import ASIDE, open_registry
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.witnesses.known import add_witness
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.log.note import parse_vkey
from yinzheng.verifier.log.tiles import ENTRIES, Tile


@dataclass
class Rolled:
    """A registry whose database is that of before an import, which was killed before its head."""

    world: World
    file: Path
    """What was imported."""
    size: int
    """Statements under the published head."""
    note: str | None


def rolled_back(world: World, folder: Path, *, urls: tuple[TestWitness, ...] = ()) -> Rolled:
    """Such a one: a bundle of 256 is full, and a batch before it is lost, too."""
    with world.open() as registry:
        clinic = ConsentWorld(registry)
        for one in urls:
            add_witness(registry, one.name, one.url, [one.key.vkey], w.actor_of(registry, w.KEEPER))
        settle(registry)
        file = folder / "in.ndjson"
        file.write_bytes(b"".join(canonical.dumps(clinic.body(n)) + b"\n" for n in range(300)))
        size, note = registry.log.size, registry.log.note()
    before = world.copy(folder / "before")
    with pytest.raises(InjectedFault), world.open(RaiseAt("log.checkpoint.before")) as registry:
        taken_in(registry, file)
    put(("database",), before.root, world.root)
    return Rolled(world, file, size, note)


def taken_in(registry: Registry, file: Path) -> int:
    return import_consents(registry, file, HOSPITAL, progress=silent, batch=150, workers=0).now


def opened(world: World, **more: Any) -> Any:
    return open_registry(world.root, open_keys, clock=world.clock, **more)


def test_it_is_refused_before_anything_is_written_and_readers_go_on(world: World, tmp_path: Path) -> None:
    rolled = rolled_back(world, tmp_path)
    with pytest.raises(DataFault) as caught, opened(world):
        pass
    assert caught.value.code == "database-behind-log"
    assert "settle --log-anew" in caught.value.hint
    assert (world.paths.log / "checkpoint").read_text() == rolled.note
    with open_reader(world.root, world.clock):
        pass


def test_what_was_never_published_is_put_aside_and_the_import_done_again(
    world: World, tmp_path: Path
) -> None:
    rolled = rolled_back(world, tmp_path)
    full = (world.paths.log / Tile(ENTRIES, 0).path).read_bytes()
    said: list[str] = []
    with opened(world, log_anew=True, tell=said.append) as registry:
        (aside,) = (world.root / ASIDE).iterdir()
        assert (aside / Tile(ENTRIES, 0).path).read_bytes() == full
        assert aside.name.startswith(f"{rolled.size}-")
        assert any(str(aside) in line for line in said)
        assert registry.log.note() == rolled.note  # what was published is as it was
        keys = [parse_vkey(text) for text in registry.instance.log_keys]
        assert check_log(registry.log, keys).size == rolled.size
        assert taken_in(registry, rolled.file) == 300
    assert world.codes() == set()
    with opened(world, log_anew=True):  # where nothing is lost, nothing is moved
        assert len([*(world.root / ASIDE).iterdir()]) == 1


@pytest.mark.parametrize("cut", ["edge", "middle"])
def test_cut_short_it_is_done_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    rolled_back(world, tmp_path)
    rename, calls = Path.rename, []

    def breaking(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == (1 if cut == "edge" else 2):
            raise OSError(5, "gone")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", breaking)
        with pytest.raises(EnvironmentFault, match="the disk"), opened(world, log_anew=True):
            pass
    with opened(world, log_anew=True) as registry:
        w.apply(registry, tmp_path / "work")
    assert world.codes() == set()


def test_a_head_that_the_chain_or_the_database_knows_is_not_undone(world: World, tmp_path: Path) -> None:
    """The checkpoint is older, too: what lies beyond it may have been published."""
    with world.open() as registry:
        clinic = ConsentWorld(registry)
        settle(registry)
        file = tmp_path / "in.ndjson"
        file.write_bytes(b"".join(canonical.dumps(clinic.body(n)) + b"\n" for n in range(300)))
    before = world.copy(tmp_path / "before")
    old = (world.paths.log / "checkpoint").read_bytes()
    with world.open() as registry:
        w.apply(registry, tmp_path / "work")
        settle(registry)
    anchored = world.copy(tmp_path / "anchored")
    with pytest.raises(InjectedFault), world.open(RaiseAt("log.checkpoint.before")) as registry:
        taken_in(registry, file)
    (world.paths.log / "checkpoint").write_bytes(old)
    for source in (before, anchored):
        put(("database",), source.root, world.root)
        for anew in (False, True):
            with pytest.raises(DataFault) as caught, opened(world, log_anew=anew):
                pass
            assert caught.value.code in (
                "database-behind-log",
                "database-behind-chain",
                "log-behind-database",
            )
    assert not (world.root / ASIDE).exists()


def test_a_witness_that_saw_more_is_believed_and_a_deaf_one_named(world: World, tmp_path: Path) -> None:
    _, instance = read_instance(world.root)
    keys = [parse_vkey(vkey) for vkey in instance.log_keys]
    made = [
        TestWitness(name, Ed25519PrivateKey(bytes([at]) * 32), instance.origin, keys, world.clock)
        for at, name in enumerate(("court.example/w1", "notary.example/w1"), start=1)
    ]
    with serving(made[0]), serving(made[1]):
        rolled = rolled_back(world, tmp_path, urls=(made[0], made[1]))
        made[0].head = rolled.size + 1, bytes(32)
        with pytest.raises(DataFault) as caught, opened(world, log_anew=True):
            pass
        assert caught.value.code == "database-behind-log"
        assert "court.example/w1" in caught.value.hint
        assert "settle" not in caught.value.hint
        assert not (world.root / ASIDE).exists()
        made[0].head = 0, b""
        made[1].answer = 403, "text/plain", b""
        said: list[str] = []
        with opened(world, log_anew=True, tell=said.append):
            assert len([*(world.root / ASIDE).iterdir()]) == 1
        assert any("notary.example/w1" in line for line in said)
        assert not any("court.example/w1" in line for line in said)


def test_hashes_whose_bundle_was_not_written_yet_are_found_too(world: World, tmp_path: Path) -> None:
    """Files that wait for the disk together come to lie there in any order, whenever the machine stops."""
    rolled, files = rolled_back(world, tmp_path), TileFiles(world.paths.log)
    published = Tile(ENTRIES, 0, rolled.size)
    data = files.read(published)
    shutil.rmtree(world.paths.log / "tile" / "entries")
    (world.paths.log / published.path).parent.mkdir(parents=True)
    (world.paths.log / published.path).write_bytes(data)
    with pytest.raises(DataFault) as caught, opened(world):
        pass
    assert caught.value.code == "database-behind-log"
    with opened(world, log_anew=True) as registry:
        w.apply(registry, tmp_path / "work")
    assert world.codes() == set()


def test_a_damaged_head_stays_where_all_else_is_refused(world: World, tmp_path: Path) -> None:
    """The database is older, too: what was published is still there to be looked at and put back."""
    rolled_back(world, tmp_path)
    head = world.paths.log / "checkpoint"
    damaged = head.read_bytes()[:40]
    head.write_bytes(damaged)
    with pytest.raises(DataFault) as caught, opened(world, log_anew=True):
        pass
    assert caught.value.code == "database-behind-log"
    assert head.read_bytes() == damaged


def test_a_log_on_another_disk_is_put_aside_too(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolled_back(world, tmp_path)
    full = (world.paths.log / Tile(ENTRIES, 0).path).read_bytes()

    def across(self: Path, target: Path) -> Path:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", across)
        with opened(world, log_anew=True) as registry:
            w.apply(registry, tmp_path / "work")
    (aside,) = (world.root / ASIDE).iterdir()
    assert (aside / Tile(ENTRIES, 0).path).read_bytes() == full
    assert world.codes() == set()


def test_a_server_that_takes_over_late_has_nothing_signed(world: World, tmp_path: Path) -> None:
    """It lacks the last statement, gives its place to another, and the registry is open all the while."""
    with world.open() as registry:
        w.apply(registry, tmp_path / "one")
        settle(registry)
        note, size = registry.log.note(), registry.log.size
        with registry.store.transaction() as session:
            last = session.exec(select(Event).where(Event.log_index == size - 1)).one()
            kept = last.statement
            last.statement = kept.replace(b'"at":', b'"at":1', 1)
        w.apply(registry, tmp_path / "two")
        with pytest.raises(DataFault) as caught:
            settle(registry)
        assert (caught.value.code, registry.log.note(), registry.log.size) == ("database-forked", note, size)
        with registry.store.transaction() as session:
            session.exec(select(Event).where(Event.log_index == size - 1)).one().statement = kept
        settle(registry)
        assert registry.log.size > size
    assert world.codes() == set()
