"""A chain, a log or a database from another day, put beside the others, is refused by name and untouched."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.world import Clock, World, open_keys
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.histories import known_of, require_one_history
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.log.check import check_log
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.state.faults import Faults
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store import database
from yinzheng.ledger.store.database import Store
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.note import parse_vkey

PARTS = {"chain": ("chain/data.mdb",), "database": ("ledger.sqlite",), "log": ("log",)}


def put(parts: Iterable[str], source: Path, target: Path) -> None:
    """Put copies of these of the three in the place of those of `target`."""
    for part in parts:
        for name in PARTS[part]:
            there = target / name
            if there.is_dir():
                shutil.rmtree(there)
                shutil.copytree(source / name, there)
            else:
                shutil.copy(source / name, there)


def written_on(world: World, folder: Path, name: str, *, cases: int = 1) -> World:
    """A copy with further cases, all the way to the chain."""
    further = world.copy(folder / name)
    further.clock.advance(100)
    with further.open() as registry:
        for number in range(cases):
            w.apply(registry, folder / f"{name}-work{number}")
            settle(registry)
    return further


@dataclass
class Days:
    """One registry on a day, on a later one, and written on elsewhere, by as much, from the first day."""

    old: World
    new: World
    other: World


@pytest.fixture(scope="session")
def days(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Days:
    folder = tmp_path_factory.mktemp("days")
    old = written_on(demonstration_template, folder, "old", cases=2)
    return Days(old, written_on(old, folder, "new"), written_on(old, folder, "other"))


def content(root: Path) -> dict[str, str]:
    """Every byte but those of locks."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name not in ("lock", "lock.mdb", "writer.lock", "ledger.sqlite-shm")
    }


def refusal(root: Path, clock: Clock) -> str:
    """What whoever reads is told, and whoever writes: the same; and nothing is touched."""
    before = content(root)
    with pytest.raises(DataFault) as read, open_reader(root, clock):
        pass
    with pytest.raises(DataFault) as fault, open_registry(root, open_keys, clock=clock, lock_seconds=0.2):
        pass
    after = content(root)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) <= {"ledger.sqlite-wal"}
    assert "Nothing was written" in fault.value.hint
    assert (read.value.code, read.value.hint) == (fault.value.code, fault.value.hint)
    return fault.value.code


@pytest.mark.parametrize(
    ("older", "code"),
    [
        (("chain",), "chain-behind-database"),
        (("database",), "database-behind-log"),
        (("log",), "log-behind-database"),
        (("database", "log"), "database-behind-chain"),
        (("chain", "log"), "log-behind-database"),
        (("chain", "database"), "database-behind-log"),
    ],
)
def test_what_is_older_is_named(days: Days, tmp_path: Path, older: tuple[str, ...], code: str) -> None:
    mixed = days.new.copy(tmp_path / "state")
    put(older, days.old.root, mixed.root)
    assert refusal(mixed.root, days.new.clock) == code
    put(PARTS, days.new.root, mixed.root)  # the way back
    with mixed.open() as registry:
        w.apply(registry, tmp_path / "work")
    assert mixed.codes() == set()


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (("chain",), "chain-forked"),
        (("database",), "database-forked"),
        (("log",), "log-forked"),
        (("database", "log"), "chain-forked"),
        (("chain", "log"), "database-forked"),
        (("chain", "database"), "log-forked"),
    ],
)
def test_what_was_written_on_elsewhere_is_named(
    days: Days, tmp_path: Path, other: tuple[str, ...], code: str
) -> None:
    """As long as ours, and of another history. Of two against one, the one is named."""
    mixed = days.new.copy(tmp_path / "state")
    put(other, days.other.root, mixed.root)
    assert refusal(mixed.root, days.new.clock) == code


def test_a_chain_older_by_a_heartbeat_alone(days: Days, tmp_path: Path) -> None:
    """Nothing of log or database tells of it but the count of transactions."""
    beaten = days.new.copy(tmp_path / "state")
    with beaten.open() as registry:
        beaten.clock.advance(1000)
        assert beat(registry, older_than=0)
    put(("chain",), days.new.root, beaten.root)
    assert refusal(beaten.root, beaten.clock) == "chain-behind-database"
    late = days.new.copy(tmp_path / "late")
    with late.open() as registry:
        late.clock.advance(1000)
        assert beat(registry, older_than=0)
    put(("database",), days.new.root, late.root)
    assert refusal(late.root, late.clock) == "database-behind-chain"


def test_a_chain_of_as_many_heartbeats_at_other_times(days: Days, tmp_path: Path) -> None:
    """Log, anchors and the number of transactions agree, and the transactions too: their blocks do not."""
    one, other = (days.new.copy(tmp_path / name) for name in ("one", "other"))
    for world, later in ((one, 1000), (other, 1500)):
        world.clock.advance(later)
        with world.open() as registry:
            assert beat(registry, older_than=0)
    put(("chain",), other.root, one.root)
    one.clock.advance(1000)
    assert refusal(one.root, one.clock) == "chain-forked"


def test_an_empty_database_answers_nothing(days: Days, tmp_path: Path) -> None:
    empty = days.new.copy(tmp_path / "state")
    for part in empty.root.glob("ledger.sqlite*"):
        part.unlink()
    empty.paths.database.touch()
    with pytest.raises(DataFault) as fault, open_reader(empty.root, empty.clock):
        pass
    assert fault.value.code == "store-empty"
    assert empty.paths.database.stat().st_size == 0
    # Who writes lays out its tables, and refuses then.
    with pytest.raises(DataFault) as fault, open_registry(empty.root, open_keys, clock=empty.clock):
        pass
    assert fault.value.code == "database-behind-log"
    with pytest.raises(DataFault) as fault, open_reader(empty.root, empty.clock):
        pass
    assert fault.value.code == "database-behind-log"


class _Looking(Faults):
    """Reads the registry wherever its writer is: in a copy, for one process opens a chain but once."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder, self.seen = world, folder, list[str]()

    def hit(self, point: str) -> None:
        super().hit(point)
        self.seen.append(point)
        copy = self.world.copy(self.folder / str(len(self.seen)))
        kept = database.make_url(sqlite_url(self.world.paths.database))  # type: ignore[attr-defined]
        if kept.get_backend_name() == "postgresql":  # a server copies nothing that is in use: look itself
            url = kept.render_as_string(hide_password=False)
            paths, instance = read_instance(copy.root)
            paths.instance.write_bytes(replace(instance, database_url=url).to_json())
        with open_reader(copy.root, copy.clock) as reader:
            assert reader.health()["log_size"] >= 0
        shutil.rmtree(copy.root)


def test_beside_a_writer_nothing_is_refused(days: Days, tmp_path: Path) -> None:
    """At every point of a decision on its way through database, log and chain."""
    busy = days.new.copy(tmp_path / "state")
    looking = _Looking(busy, tmp_path / "copies")
    with busy.open() as registry:
        w.apply(registry, tmp_path / "work")
    with busy.open(looking, settle=False) as registry:
        settle(registry)
    assert {"store.commit.after", "log.file.after", "log.checkpoint.after", "chain.commit.after"} <= set(
        looking.seen
    )


def test_what_a_writer_adds_while_one_looks_is_asked_for_again(days: Days, tmp_path: Path) -> None:
    """The database as it was a moment before, log and chain as they are."""
    one = days.new.copy(tmp_path / "state")
    with days.old.copy(tmp_path / "old").open() as before, before.store.reading() as session:
        known = known_of(session)
        with one.open(settle=False) as now:
            sent = now.sender.next_nonce()
            assert sent > known.signed
            assert now.log.size > known.size

            def look(store: Store) -> None:
                require_one_history(known, store, now.log, now.client, now.sender, sent=sent, foreign=False)

            look(now.store)
            with pytest.raises(DataFault) as fault:
                look(before.store)
            assert fault.value.code == "database-behind-log"


def test_a_lost_log_is_written_anew_from_the_database(days: Days, tmp_path: Path) -> None:
    for name, source in (("older", days.old.root / "log"), ("none", None)):
        mixed = days.new.copy(tmp_path / name)
        shutil.rmtree(mixed.paths.log)
        if source is None:
            mixed.paths.log.mkdir()
        else:
            shutil.copytree(source, mixed.paths.log)
        assert refusal(mixed.root, mixed.clock) == "log-behind-database"
        with open_registry(mixed.root, open_keys, clock=mixed.clock, log_anew=True) as registry:
            keys = [parse_vkey(text) for text in registry.instance.log_keys]
            assert check_log(registry.log, keys).size == registry.log.size
        assert mixed.codes() == set()
    for kept in (0, 150):
        cut = days.new.copy(tmp_path / f"cut{kept}")
        with (cut.paths.log / "checkpoint").open("r+b") as file:
            file.truncate(kept)
        assert refusal(cut.root, cut.clock) == "note-malformed"
        with open_registry(cut.root, open_keys, clock=cut.clock, log_anew=True):
            pass
        assert cut.codes() == set()
    forked = days.new.copy(tmp_path / "forked")
    put(("log",), days.other.root, forked.root)
    with (
        pytest.raises(DataFault) as fault,
        open_registry(forked.root, open_keys, clock=forked.clock, log_anew=True),
    ):
        pass
    assert fault.value.code == "log-forked"
