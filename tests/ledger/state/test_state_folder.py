"""State folders that are foreign, newer, locked, read-only or full: a clear fault, nothing changed (D9)."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pwd
import shlex
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.world import Clock, World
from yinzheng.api.desk.worker import Pace
from yinzheng.ledger.chain.reverts import ChainUnreachable
from yinzheng.ledger.flow import carrying
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state import creation
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.state.lock import is_awaited, writer_lock
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError


def refused(world: World, code: str, kind: type[YinzhengError] = EnvironmentFault) -> None:
    """Opening is refused with `code`, and no file differs but the lock."""

    def state() -> dict[str, str]:
        passing = ("lock", "chain/writer.lock", "chain/lock.mdb", "ledger.sqlite-wal", "ledger.sqlite-shm")
        return {name: digest for name, digest in w.files(world.root).items() if name not in passing}

    before = state()
    with pytest.raises(kind) as caught, world.open():
        pass
    assert caught.value.code == code
    assert caught.value.message
    assert caught.value.hint
    assert state() == before


def test_no_registry(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(UsageFault) as caught, World(folder, Clock()).open():
            pass
        assert caught.value.code == "state-missing"
    assert not list(tmp_path.iterdir())


def test_a_description_that_is_not_ours(world: World) -> None:
    path = world.paths.instance
    description = json.loads(path.read_bytes())
    spoiled: list[object] = [{**description, "extra": 1}, {**description, "format": "yinzheng/state/3"}, []]
    for changed in spoiled:
        path.write_text(json.dumps(changed))
        refused(world, "state-malformed", DataFault)
    del description["operators"]  # as one of before 29 November 2026
    path.write_text(json.dumps(description))
    refused(world, "state-version", DataFault)


@pytest.fixture
def stranger(production_template: World, tmp_path: Path) -> World:
    return production_template.copy(tmp_path / "stranger")


def test_the_chain_of_another(world: World, stranger: World) -> None:
    shutil.rmtree(world.paths.chain)
    shutil.copytree(stranger.paths.chain, world.paths.chain)
    refused(world, "chain-foreign")
    with pytest.raises(EnvironmentFault) as caught, open_reader(world.root, world.clock):
        pass
    assert caught.value.code == "chain-foreign"
    with pytest.raises(EnvironmentFault) as caught:
        world.audit()
    assert caught.value.code == "chain-foreign"


def test_the_chain_gone(world: World) -> None:
    shutil.rmtree(world.paths.chain)
    refused(world, "chain-missing")


def test_the_keys_of_another(world: World, stranger: World) -> None:
    shutil.rmtree(world.paths.keys)
    shutil.copytree(stranger.paths.keys, world.paths.keys)
    refused(world, "chain-wrong-key", UsageFault)


def test_the_log_of_another(world: World, stranger: World, tmp_path: Path) -> None:
    with stranger.open() as registry:
        w.apply(registry, tmp_path / "dossier", "GD-HEALTH/1")
        settle(registry)
    shutil.rmtree(world.paths.log)
    shutil.copytree(stranger.paths.log, world.paths.log)
    refused(world, "database-behind-log", DataFault)


def test_the_database_of_yesterday(world: World, tmp_path: Path) -> None:
    shutil.copy(world.paths.database, tmp_path / "yesterday")
    with world.open() as registry:
        w.apply(registry, tmp_path / "dossier")
        settle(registry)
    shutil.copy(tmp_path / "yesterday", world.paths.database)
    refused(world, "database-behind-log", DataFault)


def test_a_newer_schema(world: World) -> None:
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'f00d'")
        connection.commit()
    refused(world, "schema-newer")
    with pytest.raises(EnvironmentFault) as caught:
        world.audit()
    assert caught.value.code == "schema-newer"


def test_a_database_that_is_none(world: World) -> None:
    world.paths.database.write_bytes(b"no database" * 1000)
    refused(world, "store-corrupt", DataFault)


def test_locked_by_another(world: World) -> None:
    with world.paths.lock.open("wb") as lock:
        lock.write(b"4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(EnvironmentFault) as caught, world.open():
            pass
    assert caught.value.code == "state-locked"
    assert "4711" in caught.value.message
    with world.open():
        pass


def test_it_is_waited_for_as_long_as_a_desk_may_keep_it(world: World) -> None:
    """Where blocks take a while to be final, a desk that is busy keeps the lock longer than ten seconds."""
    _, instance = read_instance(world.root)
    foreign = replace(instance, chain_urls=("http://127.0.0.1:8545",))
    assert foreign.lock_seconds > Pace().burst + carrying.PATIENCE_SECONDS
    assert instance.lock_seconds > Pace().burst


def test_root_writes_into_no_folder_of_another_account(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What root leaves there the account could not read: pages and desk would stand still."""
    if os.geteuid() == 0:
        os.chown(world.paths.instance, 65_534, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    before = {path: path.stat().st_mtime_ns for path in world.root.rglob("*")}
    for writing in (lambda: world.open(), lambda: writer_lock(world.paths)):
        with pytest.raises(UsageFault) as caught, writing():
            pass
        assert caught.value.code == "state-owner"
    assert {path: path.stat().st_mtime_ns for path in world.root.rglob("*")} == before
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)  # as in a container, that has no name for it
    with pytest.raises(UsageFault) as caught, world.open():
        pass
    command = caught.value.hint.split("`")[1]
    assert shlex.split(command, comments=True)[-2:] == ["yinzheng", "…"]
    monkeypatch.undo()
    if os.geteuid() == 0:
        os.chown(world.paths.instance, 0, -1)
    with world.open():
        pass


def test_who_waits_for_the_lock_is_known(world: World) -> None:
    entered = threading.Event()

    def wait() -> None:
        with writer_lock(world.paths, 10):
            entered.set()

    with writer_lock(world.paths):
        assert not is_awaited(world.paths)
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert _soon(lambda: is_awaited(world.paths))
        assert not entered.is_set()
    waiting.join(10)
    assert entered.is_set()
    assert not is_awaited(world.paths)


def _soon(told: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not told() and time.monotonic() < until:
        time.sleep(0.01)
    return told()


# ---------------------------------------------------------------- real disks


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own, where this machine lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


def test_a_read_only_disk(demonstration_template: World, disk: Path) -> None:
    world = demonstration_template.copy(disk / "state")
    with world.open():
        pass
    remount(disk, "ro")
    refused(world, "state-read-only")
    assert world.audit() == []
    remount(disk, "rw")
    with world.open():
        pass


def fill(disk: Path) -> Path:
    """Leave a few kilobytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        with pytest.raises(OSError, match="No space left") as full:
            while True:
                file.write(bytes(4096))
        assert full.value.errno == errno.ENOSPC
    os.truncate(filler, max(0, filler.stat().st_size - 8192))
    return filler


def test_a_full_disk(demonstration_template: World, disk: Path, tmp_path: Path) -> None:
    """Whatever was acknowledged stays; what was not is done again once there is room."""
    world = demonstration_template.copy(disk / "state")
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "first")
        settle(registry)
        filler = fill(disk)
        with pytest.raises(EnvironmentFault) as caught:
            for number in range(50):
                w.apply(registry, tmp_path / f"d{number}")
                settle(registry)
        assert caught.value.code in ("disk-full", "chain-disk")
    filler.unlink()
    with world.open() as registry:
        w.accept(registry, case)
        settle(registry)
    assert world.audit() == []


# ---------------------------------------------------------------- creating


def test_a_registry_is_created_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise ChainUnreachable("no answer", code="chain-unreachable")

    monkeypatch.setattr(creation, "_deploy", broken)
    with pytest.raises(ChainUnreachable):
        w.create(tmp_path / "state", Clock())
    assert not list(tmp_path.iterdir())


def test_a_registry_is_never_created_over_another(world: World) -> None:
    before = w.files(world.root)
    with pytest.raises(UsageFault) as caught:
        w.create(world.root, Clock())
    assert caught.value.code == "state-exists"
    assert w.files(world.root) == before


@pytest.mark.parametrize(
    "people",
    [
        {},
        {"a": "registry", "b": "administrator"},
        {"a": "registry", "b": "committee"},
        {"a": "clerk"},
    ],
)
def test_a_registry_needs_its_people(tmp_path: Path, people: dict[str, str]) -> None:
    with pytest.raises(UsageFault) as caught:
        creation.create_registry(
            tmp_path / "state",
            replace(w.plan(), people=people),
            lambda _f: w.PASSPHRASE,
            w.secret_of,
            Clock(),
            silent,
        )
    assert caught.value.code == "people-missing"
    assert not list(tmp_path.iterdir())
