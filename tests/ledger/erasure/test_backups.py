"""Backups that never held a key of a record, whatever became of them; restoring opens what it restores."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import func, select

from tests.ledger.access_lines import said
from tests.ledger.erasure import ward as w
from tests.ledger.erasure.conftest import Approved
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import AUDITOR, MEMBER, OFFICER, PASSPHRASE, World, actor_of, open_keys, someone_of
from tests.on_postgresql import SQLITE_ALONE
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.personal import open_key
from yinzheng.ledger.keys.provider import KEK, Kind
from yinzheng.ledger.keys.rewrap import BESIDE, WRAPPED
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.people.acting import authenticate
from yinzheng.ledger.people.keyring import key_file, make_demonstration_passphrase
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.state.backup import dated, drop_older, make_backup, places_of
from yinzheng.ledger.state.drafts import MARK, drafting, left_drafts
from yinzheng.ledger.state.faults import Faults, InjectedFault, RaiseAt
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.record_keys import NAME, LivingKey, lines_of, read_keys, sweep_keys
from yinzheng.ledger.state.restore import restore
from yinzheng.ledger.store.models import Base
from yinzheng.ledger.store.models_disputes import Backup
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError


def wrapped_keys(registry: Registry) -> dict[str, bytes]:
    """Every wrapped key of a record, by its owner in hex."""
    with registry.store.reading() as session:
        return {line.owner.hex(): line.wrapped for line in lines_of(session) if isinstance(line, LivingKey)}


class _Looking(Faults):
    """Searches every byte of the backup disk at every point that is passed."""

    def __init__(self, disk: Path) -> None:
        self.disk, self.keys, self.points = disk, dict[str, bytes](), set[str]()

    def hit(self, point: str) -> None:
        super().hit(point)
        if self.keys:
            self.points.add(point)
            assert w.holding(self.disk, self.keys) == set(), point


def test_no_key_of_a_record_is_on_the_backup_disk_at_any_point(ward: Ward, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    looking = _Looking(disk)
    with ward.open(looking) as registry:
        looking.keys = wrapped_keys(registry)
        assert len(looking.keys) >= 2
        made = make_backup(registry, disk / "b", tmp_path / "keys", silent)
        assert looking.points >= {"backup.database.after", "backup.place.before", "backup.whole.before"}
        assert [path.name for path in disk.iterdir()] == ["b"]
        assert not (made.folder / MARK).exists()
        held = {line.wrapped for line in read_keys(made.key_file) if isinstance(line, LivingKey)}
        assert held == set(looking.keys.values())


@pytest.mark.parametrize(
    "point", ["backup.database.after", "backup.place.before", "keyfile.write.before", "backup.whole.before"]
)
def test_a_refused_backup_blocks_no_erasure(approved: Approved, tmp_path: Path, point: str) -> None:
    """A place that never held a key file is not waited for; one that does is reached."""
    keys = tmp_path / "disk" / "keys"
    with approved.ward.open(RaiseAt(point)) as registry, pytest.raises(InjectedFault):
        make_backup(registry, tmp_path / "b", keys, silent)
    assert not (tmp_path / "b").exists()
    assert not list(tmp_path.glob(".b.*"))
    with approved.ward.open() as registry:
        with registry.store.reading() as session:
            assert [(place / NAME).is_file() for place in places_of(session)] in ([], [True])
            known = places_of(session)
            assert not session.exec(select(func.max(Backup.made_at))).one(), "who watches is told of none"
        needles = {"key": wrapped_keys(registry)[approved.ward.withdrawn.hex()].hex().encode()}
        if not known:
            assert not keys.exists() or w.holding(keys, needles) == set()
            shutil.rmtree(keys, ignore_errors=True)
        erase(registry, approved.id, actor_of(registry, w.OPERATOR))
        assert w.state_of(registry, approved.id) == "destroyed"
        assert not keys.exists() or w.holding(keys, needles) == set()


def test_keys_lie_beside_no_backup(ward: Ward, tmp_path: Path) -> None:
    """Not above the new one, and not inside an older one: whoever takes that disk would take both."""
    with ward.open() as registry:
        made = make_backup(registry, tmp_path / "disk" / "one", tmp_path / "keys", silent)
        for place in (tmp_path / "disk", made.folder / "keys", made.folder):
            with pytest.raises(UsageFault) as refused:
                make_backup(registry, tmp_path / "disk" / "two", place, silent)
            assert refused.value.code == "backup-together"


def test_an_unwritable_place_is_not_remembered(approved: Approved, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with approved.ward.open() as registry:
        with pytest.raises(YinzhengError):
            make_backup(registry, tmp_path / "b", tmp_path / "file" / "keys", silent)
        with registry.store.reading() as session:
            assert places_of(session) == []
        erase(registry, approved.id, actor_of(registry, w.OPERATOR))


def test_the_key_file_of_another_registry_is_not_written_over(ward: Ward, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    others = (
        b"yinzheng/record-keys/1\n"
        + json.dumps(
            {"genesis": "ab" * 32, "made_at": 1, "origin": "other.example/log"}, separators=(",", ":")
        ).encode()
    )
    for content in (others + b"\n", b"shopping\n"):
        (keys / NAME).write_bytes(content)
        with ward.open() as registry, pytest.raises(UsageFault) as refused:
            make_backup(registry, tmp_path / "b", keys, silent)
        assert refused.value.code == "backup-place-taken"
        assert (keys / NAME).read_bytes() == content


# ---------------------------------------------------------------- what kills leave


def _older_draft(registry: Registry, folder: Path) -> Path:
    """What the program before this one left when it was killed: the whole database, and no mark."""
    folder.mkdir(parents=True)
    registry.store.fold()
    shutil.copy(registry.paths.database, folder / "ledger.sqlite")
    assert w.holding(folder, wrapped_keys(registry)) != set()
    return folder


@SQLITE_ALONE  # an older program's draft is its whole file
def test_what_killed_backups_left_is_swept_and_told(ward: Ward, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    other = disk / ".cache.abcdefgh"
    other.mkdir(parents=True)
    (other / "ledger.sqlite").write_bytes(b"somebody else's")
    with ward.open() as registry:
        keys = wrapped_keys(registry)
        first = _older_draft(registry, disk / ".b.x1y2z3_4")
        beside = _older_draft(registry, ward.world.root.parent / ".restored.x1y2z3_4")
        made = make_backup(registry, disk / "one", tmp_path / "keys", silent)
        assert made.swept == (first,)
        second = _older_draft(registry, disk / ".c.x1y2z3_4")
        half = tmp_path / "keys" / f".{NAME}.0123456789abcdef.part"
        half.write_bytes(b"".join(keys.values()))
        # One of a program of today, and one that another process is making.
        third = disk / ".d.x1y2z3_4"
        third.mkdir()
        with drafting(disk / "e", registry.instance) as making:
            shutil.copy(making / MARK, third / MARK)
            assert left_drafts(disk, registry.instance) == (second, third)
            assert making.exists()
    said: list[str] = []
    with open_registry(ward.world.root, open_keys, clock=ward.world.clock, tell=said.append):
        swept = [line.rpartition(": ")[2] for line in said]
    assert set(swept) == {str(path) for path in (second, third, beside, half)}
    assert sorted(path.name for path in disk.iterdir()) == [other.name, "e", "one"]
    assert w.holding(disk, keys) == set()
    assert not beside.exists()
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [NAME]


def test_an_older_draft_is_known_by_its_tables(ward: Ward, tmp_path: Path) -> None:
    """Wherever the schema lies in it, and as far as it was written; not by what somebody noted in another."""
    _, instance = read_instance(ward.world.root)
    disk = tmp_path / "disk"

    def draft(name: str, *statements: str) -> Path:
        folder = disk / f".{name}.x1y2z3_4"
        folder.mkdir(parents=True)
        with closing(sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)) as connection:
            for one in statements:
                connection.execute(one)
        return folder

    filler = ("CREATE TABLE filler (x)", f"INSERT INTO filler VALUES (zeroblob({5 * 1024 * 1024}))")
    many = [f"CREATE TABLE t{n} (a_column_with_a_long_name_{n} TEXT)" for n in range(60)]
    late = draft("late", *filler, *many, "CREATE TABLE dossier (id, wrapped_key BLOB)")
    head = (late / "ledger.sqlite").read_bytes()[: 4 * 1024 * 1024]
    assert b"wrapped_key" not in head
    draft("another", "CREATE TABLE note (x)", "INSERT INTO note VALUES ('wrapped_key')")
    torn = draft("torn", "CREATE TABLE dossier (id, wrapped_key BLOB)", *many)
    whole = (torn / "ledger.sqlite").read_bytes()
    at = whole.index(b"wrapped_key")
    (torn / "ledger.sqlite").write_bytes(whole[:100] + bytes(at - 100) + whole[at : at + 100])
    assert left_drafts(disk, instance) == (late, torn)
    assert [path.name for path in late.iterdir()] == ["ledger.sqlite"], "nothing is written beside it"


def test_the_name_of_the_current_key_file_alone_is_swept(ward: Ward, tmp_path: Path) -> None:
    """Killed between giving the old key file a second name and putting the new one in its place."""
    keys = tmp_path / "keys"
    with ward.open() as registry:
        make_backup(registry, tmp_path / "b", keys, silent)
        content = (keys / NAME).read_bytes()
        os.link(keys / NAME, keys / f".{NAME}.0123456789abcdef.part")
        assert len(sweep_keys(keys)) == 1
    assert (keys / NAME).read_bytes() == content


def test_drafts_of_another_registry_are_left_alone(ward: Ward, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    draft = disk / ".b.x1y2z3_4"
    draft.mkdir(parents=True)
    _, instance = read_instance(ward.world.root)
    mark = {"format": "yinzheng/draft/1", "genesis": "ab" * 32, "origin": instance.origin}
    (draft / MARK).write_text(json.dumps(mark, separators=(",", ":")))
    assert left_drafts(disk, instance) == ()
    (draft / MARK).write_text("{")
    assert left_drafts(disk, instance) == ()
    assert left_drafts(tmp_path / "nowhere", instance) == ()


# ---------------------------------------------------------------- restoring


def _backed_up(ward: Ward, folder: Path) -> tuple[Path, Path]:
    with ward.open() as registry:
        made = make_backup(registry, folder / "b", folder / "keys", silent)
    return made.folder, made.key_file


def test_restoring_opens_records_and_says_how_many(ward: Ward, tmp_path: Path) -> None:
    backup, keys = _backed_up(ward, tmp_path)
    clock, store = ward.world.clock, ward.world.paths.keys
    done = restore(
        backup, keys, tmp_path / "r", clock, keys=open_keys, by=someone_of(ward.world.paths), keystore=store
    )
    assert done.opened == done.living == done.keys >= 2
    assert not (tmp_path / "r" / MARK).exists()
    again = World(tmp_path / "r", clock)
    with again.open() as registry, registry.store.reading() as session:
        open_consent(registry, session, ward.standing)
        who, *line = said(registry)[-1]
        assert (who, *line) == (OFFICER, "act", "backup", f"restored:{clock()}")
    assert again.codes() == set()


def test_who_may_not_restore_gets_nothing(ward: Ward, tmp_path: Path) -> None:
    backup, keys = _backed_up(ward, tmp_path)
    clock, store = ward.world.clock, ward.world.paths.keys
    for name in (MEMBER, AUDITOR, "witness-wu"):
        by = someone_of(ward.world.paths, name)
        with pytest.raises(UsageFault) as refused:
            restore(backup, keys, tmp_path / "r", clock, keys=open_keys, by=by, keystore=store)
        assert refused.value.code in ("officer-needed", "person-no-officer")
        assert not (tmp_path / "r").exists()
        assert not list(tmp_path.glob(".r.*"))


@pytest.mark.parametrize("inside", [True, False])
def test_who_acted_acts_in_what_is_restored(ward: Ward, tmp_path: Path, inside: bool) -> None:
    """People's keys went into no backup: a restored registry had nobody left who could decide anything."""
    old, clock = ward.world.paths, ward.world.clock
    with ward.open() as registry:
        made = make_backup(registry, tmp_path / "b", tmp_path / "keys", silent, keystore=inside)
    done = restore(
        made.folder,
        made.key_file,
        tmp_path / "r",
        clock,
        keys=open_keys,
        by=someone_of(ward.world.paths),
        keystore=None if inside else old.keys,
    )
    there = sorted(old.people.glob("*.json"))
    assert done.people == len(there) >= 5
    assert {OFFICER, MEMBER} < set(done.acting)
    assert done.made_at == clock.now
    assert {path.suffix for path in Paths(made.folder).people.glob("*")} <= {".json"}
    again = World(tmp_path / "r", clock)
    secret = make_demonstration_passphrase(old, OFFICER)
    with again.open() as registry:
        key = open_key(key_file(again.paths, OFFICER), lambda: secret)
        assert authenticate(registry.store, OFFICER, key).person == OFFICER


def test_without_its_key_encryption_key_nothing_is_restored(ward: Ward, tmp_path: Path) -> None:
    backup, keys = _backed_up(ward, tmp_path)
    store = tmp_path / "keystore"
    shutil.copytree(ward.world.paths.keys, store)
    (store / f"{KEK}.json").unlink()
    again = partial(restore, backup, keys, tmp_path / "r", ward.world.clock, keys=open_keys, keystore=store)
    with pytest.raises(EnvironmentFault) as missing:
        again(by=someone_of(ward.world.paths))
    assert missing.value.code == "key-missing"
    Keystore(store, PASSPHRASE, scrypt_n=2).generate(KEK, Kind.SM4)  # another registry's, or a new one
    with pytest.raises(DataFault) as another:
        again(by=someone_of(ward.world.paths))
    assert another.value.code == "record-unopened"
    assert not (tmp_path / "r").exists()
    assert not list(tmp_path.glob(".r.*"))


def test_parts_of_different_days_are_not_restored_as_one(ward: Ward, tmp_path: Path) -> None:
    backup, keys = _backed_up(ward, tmp_path)
    with ward.open() as registry:
        ward.world.clock.advance(100)
        assert beat(registry, older_than=0)
        later = make_backup(registry, tmp_path / "later", keys.parent, silent).folder
    clock, store = ward.world.clock, ward.world.paths.keys
    shutil.copy(backup / "chain" / "data.mdb", later / "chain" / "data.mdb")
    with pytest.raises(DataFault) as refused:
        restore(
            later,
            keys,
            tmp_path / "r",
            clock,
            keys=open_keys,
            by=someone_of(ward.world.paths),
            keystore=store,
        )
    assert refused.value.code == "chain-behind-database"
    assert not (tmp_path / "r").exists()
    assert not list(tmp_path.glob(".r.*"))


def test_no_table_with_wrapped_keys_is_forgotten() -> None:
    """Whoever adds a column of wrapped keys says whether it goes into backups."""
    columns = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if "wrapped" in column.name or "key" in column.name.split("_")
    }
    named = {(place.table, place.column) for place in (*WRAPPED, *BESIDE)}
    assert columns - {("meta", "key")} == named


def test_dated_backups_make_room_for_the_newest(ward: Ward, tmp_path: Path) -> None:
    disk, clock = tmp_path / "disk", ward.world.clock
    made: list[Path] = []
    with ward.open() as registry:
        for _ in range(3):
            clock.advance(86_400)
            made.append(make_backup(registry, dated(disk, clock.now), tmp_path / "keys", silent).folder)
        assert all(re.fullmatch(r"2026\d{4}-\d{6}", path.name) for path in made)
        others = [disk / "20200101-000000", disk / "notes", disk / "20200102-000000"]
        for other in others:
            other.mkdir()
        (others[0] / "instance.json").write_text("{}", encoding="utf-8")
        (others[2]).rmdir()
        others[2].write_text("a file", encoding="utf-8")
        (made[1] / "backup.json").unlink()  # as a removal that was killed left it
        assert drop_older(made[2], registry.instance, 1) == (made[0], made[1])
        assert drop_older(made[2], registry.instance, 1) == ()
    assert sorted(disk.iterdir()) == sorted([*others, made[2]])


def test_no_dated_backup_goes_for_a_clock_that_was_wrong_or_through_a_link(
    ward: Ward, tmp_path: Path
) -> None:
    disk, clock = tmp_path / "disk", ward.world.clock
    with ward.open() as registry:
        clock.advance(86_400)
        first = make_backup(registry, dated(disk, clock.now), tmp_path / "keys", silent).folder
        ahead = shutil.copytree(first, disk / "20990101-000000")
        kept = shutil.copytree(first, tmp_path / "elsewhere")
        (disk / "20200101-000000").symlink_to(kept)
        clock.advance(86_400)
        second = make_backup(registry, dated(disk, clock.now), tmp_path / "keys", silent).folder
        assert drop_older(second, registry.instance, 1) == (first,)
    assert all((path / "backup.json").is_file() for path in (ahead, kept, second))
    assert (disk / "20200101-000000").is_symlink()
