"""Opening, migrating, committing, and what a bad disk or a foreign database looks like."""

import json
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, create_engine, event, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from tests.on_postgresql import SQLITE_ALONE
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.state.faults import InjectedFault, KillAt, RaiseAt
from yinzheng.ledger.store import repository, schema, sqlite
from yinzheng.ledger.store.database import Store, open_store, open_store_read_only
from yinzheng.ledger.store.models import Base, Certificate, ChainCall, Checkpoint, Meta
from yinzheng.ledger.store.register_names import named
from yinzheng.verifier.errors import DataFault, EnvironmentFault

_BESIDE = "register_name"
"""What SQLite has that is no table of the models: the index over names, and its own tables."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A closed SQLite database with one fact in it."""
    path = tmp_path / "ledger.sqlite"
    store = open_store(sqlite_url(path))
    with store.transaction() as session:
        repository.write_meta(session, {"origin": "registry.example/log"})
    store.close()
    return path


def facts(store: Store) -> dict[str, str]:
    with store.reading() as session:
        return repository.read_meta(session)


@SQLITE_ALONE
def test_what_is_compiled_for_one_file_serves_the_next(file: Path, tmp_path: Path) -> None:
    for number in range(3):
        shutil.copy(file, tmp_path / f"{number}.sqlite")
        store = open_store(sqlite_url(tmp_path / f"{number}.sqlite"))
        before = len(sqlite._COMPILED)
        assert facts(store) == {"origin": "registry.example/log"}
        assert number == 0 or len(sqlite._COMPILED) == before
        store.close()


def test_migrations_make_exactly_the_tables_of_a_new_database(url: str) -> None:
    """A new one begins with the tables of the models; an old one is brought there step by step."""
    open_store(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        new = tables(connection)
        Base.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    with engine.begin() as connection:
        command.upgrade(schema.configuration(connection), "head")
        assert tables(connection) == new
        opts = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith(_BESIDE)}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []
        scripts = ScriptDirectory.from_config(schema.configuration(connection))
        assert schema.revisions() == {script.revision for script in scripts.walk_revisions()}
        assert scripts.get_current_head() == schema.NEWEST
    engine.dispose()
    open_store(url).close()


def tables(connection: Connection) -> dict[str, object]:
    """All that the database says of each table, and its revision; but not in which order columns stand."""
    looked = inspect(connection)

    def sorts(table: str) -> list[object]:
        return [
            {column["name"]: column | {"type": repr(column["type"])} for column in looked.get_columns(table)},
            looked.get_pk_constraint(table),
            *(
                sorted(json.dumps(found, default=str) for found in ask(table))
                for ask in (
                    looked.get_foreign_keys,
                    looked.get_indexes,
                    looked.get_unique_constraints,
                    looked.get_check_constraints,
                )
            ),
        ]

    revision = connection.execute(text("SELECT version_num FROM alembic_version")).all()
    found: dict[str, object] = {table: sorts(table) for table in looked.get_table_names()}
    if connection.dialect.name == "sqlite":  # how the index over names is made, and kept
        beside = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' OR name = :name"
        found |= {str(row.name): row.sql for row in connection.execute(text(beside), {"name": _BESIDE})}
        found["without rowid"] = {name for name in found if _is_one_tree(connection, name)}
    return found | {"": revision}


def _is_one_tree(connection: Connection, table: str) -> bool:
    told = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table})
    return str(told.scalar()).rstrip().endswith("WITHOUT ROWID")


def test_a_nonce_of_before_is_known_still(tmp_path: Path) -> None:
    engine = create_engine(sqlite_url(tmp_path / "old.sqlite"))
    with engine.begin() as connection:
        command.upgrade(schema.configuration(connection), "0040")
        connection.execute(text("INSERT INTO nonce VALUES ('91440101DEM00077EF', x'01', 9)"))
        schema.migrate(connection)
        assert _is_one_tree(connection, "nonce")
        assert connection.execute(text("SELECT * FROM nonce")).all() == [("91440101DEM00077EF", b"\1", 9)]
    engine.dispose()


def test_names_of_before_are_found_in_the_register(tmp_path: Path) -> None:
    engine = create_engine(sqlite_url(tmp_path / "old.sqlite"))
    with engine.begin() as connection:
        command.upgrade(schema.configuration(connection), "0038")
        connection.execute(text("INSERT INTO register_entry VALUES ('SJ4412026090001', '慢病随访数据集')"))
        schema.migrate(connection)
        assert connection.execute(named("病随访数", 1)).scalars().all() == ["SJ4412026090001"]
        command.downgrade(schema.configuration(connection), "0038")
        connection.execute(text("INSERT INTO register_entry VALUES ('SJ4412026090002', '慢病随访数据集')"))
    engine.dispose()


def test_calls_of_before_get_their_kind(tmp_path: Path) -> None:
    """Names of one and of two colons; a head keeps what it has, and loses the pointer to its call."""
    path = tmp_path / "old.sqlite"
    connected = sqlite3.connect(path)
    engine = create_engine(sqlite_url(path))
    with engine.begin() as connection:
        config = schema.configuration(connection)
        command.upgrade(config, "0002")
        for id_, key in enumerate(("anchor:7", "deposit:SJ1:12", "withdrawal-receipt:ab:cd"), 1):
            connection.execute(
                text(
                    "INSERT INTO call (id, key, target, data, state, created_at)"
                    " VALUES (:id, :key, x'01', x'02', 'confirmed', 5)"
                ),
                {"id": id_, "key": key},
            )
        connection.execute(text("INSERT INTO checkpoint VALUES (7, x'03', 'note', 1, 9, 5)"))
    engine.dispose()
    connected.close()
    store = open_store(sqlite_url(path))
    with store.reading() as session:
        calls = session.exec(select(ChainCall).order_by(col(ChainCall.id))).all()
        assert [(call.kind, call.about, call.part) for call in calls] == [
            ("anchor", "7", ""),
            ("deposit", "SJ1", "12"),
            ("withdrawal-receipt", "ab", "cd"),
        ]
        assert [call.name for call in calls] == ["anchor:7", "deposit:SJ1:12", "withdrawal-receipt:ab:cd"]
        assert [head.anchored_block for head in session.exec(select(Checkpoint))] == [9]
        assert repository.find_call(session, "anchor", "7") == calls[0]
        assert repository.find_call(session, "deposit", "SJ1") is None, "it was taken back"
    store.check_integrity()
    store.close()


def test_opening_twice_changes_nothing(url: str) -> None:
    first = open_store(url)
    with first.transaction() as session:
        repository.write_meta(session, {"a": "1", "b": "2"})
        repository.write_meta(session, {"b": "3"})
    first.close()
    second = open_store(url)
    assert facts(second) == {"a": "1", "b": "3"}
    second.check_integrity()
    second.close()


def test_a_newer_schema_is_refused_and_left_alone(url: str) -> None:
    open_store(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for opening in (open_store, open_store_read_only):
        with pytest.raises(EnvironmentFault) as caught:
            opening(url)
        assert caught.value.code == "schema-newer"


def test_an_older_schema_is_not_migrated_by_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "older.sqlite"
    open_store(sqlite_url(path)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    before = path.read_bytes()
    with pytest.raises(EnvironmentFault) as caught:
        open_store_read_only(sqlite_url(path))
    assert caught.value.code == "schema-older"
    assert path.read_bytes() == before


def test_an_empty_database_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    sqlite3.connect(path).close()
    with pytest.raises(DataFault) as caught:
        open_store_read_only(sqlite_url(path))
    assert caught.value.code == "store-empty"
    assert path.stat().st_size == 0


@pytest.mark.parametrize("revision", [None, "0001"])
def test_a_failed_migration_leaves_nothing(tmp_path: Path, revision: str | None) -> None:
    """Of a new database, and of one that was there."""
    path = tmp_path / "ledger.sqlite"
    engine = create_engine(sqlite_url(path))
    if revision is not None:
        with engine.begin() as connection:
            command.upgrade(schema.configuration(connection), revision)

    def lies_there() -> list[object]:
        with engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master").all()
            return [*found, *connection.exec_driver_sql("SELECT * FROM alembic_version")] if found else []

    before = lies_there()

    def fails_late(table: Table, _bind: object, **_options: object) -> None:
        if table.name == "dispute":
            raise RuntimeError("power cut")

    event.listen(Table, "before_create", fails_late)
    try:
        with pytest.raises(RuntimeError):
            open_store(sqlite_url(path))
    finally:
        event.remove(Table, "before_create", fails_late)
    assert lies_there() == before
    engine.dispose()
    open_store(sqlite_url(path)).close()


def test_sqlite_is_durable_and_checks_references(store: Store) -> None:
    with store.transaction() as session:
        if session.get_bind().dialect.name == "sqlite":
            modes = [
                session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
            assert modes == ["wal", 2, 1]
    orphan = Certificate(
        number="N", subject=b"s", case_id="none", body=b"", state="draft", registered_at=1, valid_until=2
    )
    with pytest.raises(IntegrityError), store.transaction() as session:
        session.add(orphan)


class TestCommit:
    def test_an_error_in_the_block_undoes_it(self, store: Store) -> None:
        with pytest.raises(ZeroDivisionError), store.transaction() as session:
            repository.write_meta(session, {"a": "1"})
            session.flush()
            raise ZeroDivisionError
        assert facts(store) == {}

    @pytest.mark.parametrize(
        ("point", "there"), [("store.commit.before", {}), ("store.commit.after", {"a": "1"})]
    )
    def test_failing_around_the_commit(self, url: str, point: str, there: dict[str, str]) -> None:
        store = open_store(url, faults=RaiseAt(point))
        with pytest.raises(InjectedFault), store.transaction() as session:
            repository.write_meta(session, {"a": "1"})
        assert facts(store) == there
        store.close()

    @pytest.mark.parametrize(
        ("point", "there"), [("store.commit.before", {}), ("store.commit.after", {"a": "1"})]
    )
    def test_killed_around_the_commit(self, tmp_path: Path, point: str, there: dict[str, str]) -> None:
        url = sqlite_url(tmp_path / "ledger.sqlite")
        open_store(url).close()
        child = os.fork()
        if child == 0:
            with open_store(url, faults=KillAt(point)).transaction() as session:
                repository.write_meta(session, {"a": "1"})
            os._exit(1)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        store = open_store(url)
        assert facts(store) == there
        store.check_integrity()
        store.close()

    def test_a_reader_keeps_its_view_and_never_waits(self, store: Store) -> None:
        with store.reading() as before:
            assert repository.read_meta(before) == {}
            with store.transaction() as session:
                repository.write_meta(session, {"a": "1"})
            assert before.get(Meta, "a") is None
        assert facts(store) == {"a": "1"}


class TestTrouble:
    @SQLITE_ALONE
    def test_a_second_writer_is_told_who_has_the_lock(self, tmp_path: Path) -> None:
        url = sqlite_url(tmp_path / "ledger.sqlite")
        first, second = open_store(url), open_store(url, busy_seconds=0.05)
        with first.transaction() as session:
            repository.write_meta(session, {"a": "1"})
            session.flush()
            with pytest.raises(EnvironmentFault) as caught, second.transaction():
                pass
        assert caught.value.code == "store-locked"
        first.close()
        second.close()

    @SQLITE_ALONE
    def test_a_full_disk(self, file: Path) -> None:
        store = open_store(sqlite_url(file))
        with store.transaction() as session:
            pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        with pytest.raises(EnvironmentFault) as caught, store.transaction() as session:
            session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
            repository.write_meta(session, {"big": "x" * 100_000})
        assert caught.value.code == "disk-full"
        assert "big" not in facts(store)
        store.close()

    @pytest.mark.parametrize(
        ("state", "code"),
        [
            ("53100", "disk-full"),
            ("25006", "disk-read-only"),
            ("58030", "store-io"),
            ("40P01", "store-locked"),
            ("42501", "store-denied"),
            ("42P01", "store-refused"),
            ("XX001", "store-corrupt"),
            ("57P01", "store-unreachable"),
        ],
    )
    @pytest.mark.parametrize("url", ["postgresql"], indirect=True)
    def test_what_a_server_answers(self, store: Store, state: str, code: str) -> None:
        """As a file would be told of: full is not "unreachable"."""
        asked = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
        with pytest.raises((DataFault, EnvironmentFault)) as caught, store.transaction() as session:
            repository.write_meta(session, {"origin": "registry.example/log"})
            session.flush()
            session.connection().exec_driver_sql(asked)
        assert caught.value.code == code
        assert facts(store) == {}

    @pytest.mark.parametrize("at", [0, 100])
    def test_a_damaged_file(self, file: Path, at: int) -> None:
        with file.open("r+b") as handle:
            handle.seek(at)
            handle.write(b"\xa5" * 2000)
        for opening in (open_store, open_store_read_only):
            with pytest.raises(DataFault) as caught:
                opening(sqlite_url(file))
            assert caught.value.code == "store-corrupt"

    def test_damage_within_is_found_by_the_check(self, file: Path) -> None:
        with file.open("r+b") as handle:
            page = int.from_bytes(handle.read(18)[16:])  # of the file's header
            handle.seek(file.stat().st_size // page // 2 * page)
            handle.write(b"\xa5" * page)
        with pytest.raises(DataFault) as caught:
            store = open_store(sqlite_url(file))
            store.check_integrity()
        assert caught.value.code == "store-corrupt"

    def test_a_row_that_refers_to_nothing_is_found(self, file: Path) -> None:
        raw = sqlite3.connect(file)
        raw.execute(
            "INSERT INTO objection (case_id, leaf, raised_at, sealed) VALUES ('none', x'00', 1, x'00')"
        )
        raw.commit()
        raw.close()
        store = open_store(sqlite_url(file))
        with pytest.raises(DataFault, match="objection") as caught:
            store.check_integrity()
        assert caught.value.code == "store-corrupt"
        store.close()

    def test_a_missing_file_and_folder(self, tmp_path: Path) -> None:
        with pytest.raises(EnvironmentFault) as caught:
            open_store_read_only(sqlite_url(tmp_path / "none.sqlite"))
        assert caught.value.code == "store-missing"
        with pytest.raises(EnvironmentFault) as caught:
            open_store(sqlite_url(tmp_path / "none" / "ledger.sqlite"))
        assert caught.value.code == "store-unreachable"

    def test_an_unreachable_server(self) -> None:
        with pytest.raises(EnvironmentFault) as caught:
            open_store("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
        assert caught.value.code == "store-unreachable"


class TestReadOnly:
    @SQLITE_ALONE
    @pytest.mark.parametrize("what", ["file", "folder"])
    def test_a_read_only_disk_is_told_at_opening(
        self, file: Path, monkeypatch: pytest.MonkeyPatch, what: str
    ) -> None:
        """`access` is what tells root too; modes do not stop it."""
        protected = file if what == "file" else file.parent
        monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != protected)
        with pytest.raises(EnvironmentFault) as caught:
            open_store(sqlite_url(file))
        assert caught.value.code == "disk-read-only"

    def test_it_reads_beside_a_writer_and_cannot_write(self, url: str) -> None:
        writer, reader = open_store(url), open_store_read_only(url)
        with writer.transaction() as session:
            repository.write_meta(session, {"later": "yes"})
        assert facts(reader)["later"] == "yes"
        with pytest.raises(EnvironmentFault) as caught, reader.transaction():
            pass
        assert caught.value.code == "store-read-only"
        with pytest.raises(EnvironmentFault) as caught, reader.reading() as session:
            session.connection().exec_driver_sql("DELETE FROM meta")
        assert caught.value.code == "disk-read-only"
        reader.close()
        writer.close()

    @SQLITE_ALONE
    def test_a_closed_database_where_nothing_can_be_created(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Modes do not stop root, so the first way of opening is made to fail as on a read-only disk."""
        connect, tried = sqlite3.connect, []

        def refuses(address: str, **options: object) -> sqlite3.Connection:
            tried.append(address.rpartition("?")[2])
            if "immutable" not in address:
                error = sqlite3.OperationalError("unable to open database file")
                error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
                raise error
            return connect(address, **options)  # type: ignore[call-overload, no-any-return]

        monkeypatch.setattr(sqlite3, "connect", refuses)
        assert facts(open_store_read_only(sqlite_url(file))) == {"origin": "registry.example/log"}
        assert tried[:2] == ["mode=ro", "mode=ro&immutable=1"]
        file.with_name(file.name + "-wal").write_bytes(b"unfolded")
        with pytest.raises(EnvironmentFault) as caught:
            open_store_read_only(sqlite_url(file))
        assert caught.value.code == "store-unreachable"
