"""Access lines: what is written down, committed and anchored, and that nobody edits it unseen (R30, R47)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import select

from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.accesses import batching
from yinzheng.ledger.accesses.keys import month_of
from yinzheng.ledger.accesses.noting import Access, note, note_many
from yinzheng.ledger.accesses.opening import Lines
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.unsettled import needs_settling
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_accesses import AccessKey, AccessRow
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import NOTED, Words, accesses_subject, leaf_of, parse_batch
from yinzheng.verifier.log.merkle import root_from_leaves
from yinzheng.verifier.log.statement import Statement, commit_private


def dossier(number: int) -> Access:
    return Access("process", "dossier", f"A-2026-{number:06d}", "registration")


def write(registry: Registry, count: int = 3, first: int = 1) -> range:
    with registry.store.transaction() as session:
        reader = Reader.of_actor(registry, actor_of(registry, OFFICER))
        return note_many(registry, session, reader, map(dossier, range(first, first + count)))


def batches(registry: Registry) -> list[tuple[int, int]]:
    with registry.store.reading() as session:
        events = session.exec(select(Event).where(Event.type == NOTED).order_by(Event.id)).all()  # type: ignore[arg-type]
        found = [parse_batch(canonical.loads(one.public or b"", max_bytes=4096)) for one in events]
    return [(batch.first, batch.count) for batch in found]


def test_a_line_says_who_what_when_and_by_which_door(world: World) -> None:
    with world.open() as registry:
        assert write(registry) == range(1, 4)
        with registry.store.reading() as session:
            rows = session.exec(select(AccessRow)).all()
            opened = [Lines(session, registry.keys).open(row) for row in rows]
        assert [one.line.object for one in opened] == [f"A-2026-00000{n}" for n in (1, 2, 3)]
        line = opened[0].line
        assert (line.organisation, opened[0].who.person, line.function) == (
            registry.instance.registry_code,
            OFFICER,
            "registry",
        )
        assert (line.noted_at, line.at, line.channel) == (registry.clock(), registry.clock(), "command")
        assert leaf_of(line.canonical(), opened[0].secret) == rows[0].leaf
        assert len({one.secret for one in opened}) == 3
        for row, one in zip(rows, opened, strict=True):
            assert OFFICER.encode() not in row.sealed
            assert OFFICER.encode() not in one.line.canonical(), "a patient is shown no names of staff"
            assert commit_private(one.who_secret, one.who.canonical()).matches(one.line.who)
    assert world.codes() == set()


def test_lines_are_committed_after_a_minute_or_a_hundred(world: World) -> None:
    with world.open() as registry:
        write(registry, 3)
        settle(registry)
        assert batches(registry) == []
        world.clock.advance(59)
        settle(registry)
        assert batches(registry) == []
        assert not needs_settling(registry)
        world.clock.advance(1)
        assert needs_settling(registry), "so the desk's rounds see to it"
        settle(registry)
        assert not needs_settling(registry)
        assert batches(registry) == [(1, 3)]
        write(registry, 99)
        settle(registry)
        assert batches(registry) == [(1, 3)]
        write(registry, 401)
        settle(registry)
        assert batches(registry) == [(1, 3), (4, 500)]
        write(registry, 1)
        assert batching.commit(registry, everything=True) == 1
        assert batching.commit(registry, everything=True) == 0
        settle(registry)
    assert world.codes() == set()


def test_a_batch_is_one_public_statement_of_one_thread_and_tells_of_nobody(world: World) -> None:
    with world.open() as registry:
        for first in (1, 101):
            write(registry, 100, first)
            settle(registry)
        with registry.store.reading() as session:
            events = session.exec(select(Event).where(Event.type == NOTED)).all()
            leaves = [row.leaf for row in session.exec(select(AccessRow)).all()]
        statements = [Statement.from_bytes(event.statement) for event in events]
        assert [one.prev for one in statements] == [None, statements[0].leaf_hash]
        assert {one.subject for one in statements} == {accesses_subject(registry.instance.origin)}
        assert all(event.log_index is not None for event in events)
        body = parse_batch(canonical.loads(events[1].public or b"", max_bytes=4096))
        assert body.root == root_from_leaves(leaves[100:])
        assert set(body.to_json()) == {"v", "first", "count", "since", "until", "root"}
        assert registry.client.latest_anchor().size == registry.log.size  # type: ignore[union-attr]


def test_what_is_undone_was_not_seen(world: World) -> None:
    """The line is in the transaction that grants access: both happen or neither."""
    with world.open() as registry:
        with pytest.raises(RuntimeError), registry.store.transaction() as session:
            note(registry, session, Reader.itself(registry), dossier(1))
            raise RuntimeError
        assert write(registry, 1) == range(1, 2)


def test_a_month_has_its_key(world: World) -> None:
    with world.open() as registry:
        write(registry, 1)
        world.clock.advance(31 * 86_400)
        write(registry, 1)
        with registry.store.reading() as session:
            assert [key.id for key in session.exec(select(AccessKey)).all()] == [
                b"access/2026-09",
                b"access/2026-10",
            ]
    assert month_of(world.clock()) == b"access/2026-10"
    assert world.codes() == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"covered": True}, "access-basis"),
        ({"basis": "consent"}, "access-basis"),
        ({"scope": "base"}, "access-basis"),
        ({"kind": "diary"}, "field-value"),
        ({"object": "测试甲"}, "field-value"),
    ],
)
def test_a_line_that_could_not_be_read_is_not_written(
    world: World, change: dict[str, object], code: str
) -> None:
    with (
        world.open() as registry,
        pytest.raises(DataFault) as caught,
        registry.store.transaction() as session,
    ):
        given: dict[str, object] = {
            "action": "see",
            "kind": "dossier",
            "object": "A-2026-000001",
            "purpose": "registration",
        }
        note(registry, session, Reader.itself(registry), Access(**{**given, **change}))  # type: ignore[arg-type]
    assert caught.value.code == code


def test_words_are_committed_to_apart(world: World) -> None:
    with world.open() as registry:
        with registry.store.transaction() as session:
            said = Words("质量抽查", "信息科", None)
            access = Access("see", "dossier", "A-2026-000001", "stated", words=said)
            note(registry, session, Reader.itself(registry), access)
        with registry.store.reading() as session:
            row = session.exec(select(AccessRow)).one()
            lines = Lines(session, registry.keys)
            opened = lines.open(row)
            found = lines.words(row, opened.line, lambda _subject: None)
        assert found is not None
        assert found[0] == said
        assert "质量抽查".encode() not in (row.words or b"") + row.sealed
    assert world.codes() == set()


TAMPERINGS = [
    ("DELETE FROM access_line WHERE number = 1", {"access-missing"}),
    ("DELETE FROM access_line WHERE number = 102", {"access-missing"}),
    ("DELETE FROM access_line WHERE number = 104", {"access-missing"}),
    ("DELETE FROM access_line WHERE number = 100", {"access-missing"}),
    ("UPDATE access_line SET at = at - 1 WHERE number = 7", {"access-altered"}),
    ("UPDATE access_line SET leaf = zeroblob(32) WHERE number = 7", {"access-altered", "access-batch"}),
    ("UPDATE access_line SET link = zeroblob(32) WHERE number = 7", {"access-altered"}),
    ("UPDATE access_line SET consent = zeroblob(32) WHERE number = 7", {"access-altered"}),
    ("UPDATE access_line SET words = zeroblob(99) WHERE number = 7", {"access-altered"}),
    (
        "UPDATE access_line SET sealed = (SELECT sealed FROM access_line WHERE number = 8) WHERE number = 7",
        {"access-altered"},
    ),
    (
        "INSERT INTO access_line SELECT 106, at, consent, leaf, link, sealed, words FROM access_line"
        " WHERE number = 105",
        {"access-added"},
    ),
    ("DELETE FROM access_batch WHERE first = 1", {"access-batch"}),
    ("UPDATE access_batch SET count = 99 WHERE first = 1", {"access-batch"}),
    ("UPDATE access_key SET wrapped_key = NULL", {"access-key-missing"}),
]


@pytest.fixture(scope="module")
def hundred(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """100 lines are committed."""
    world = demonstration_template.copy(tmp_path_factory.mktemp("hundred") / "state")
    with world.open() as registry:
        write(registry, 100)
        settle(registry)
    return world


@pytest.fixture(scope="module")
def written(hundred: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """100 lines are committed, five wait."""
    world = hundred.copy(tmp_path_factory.mktemp("written") / "state")
    with world.open() as registry:
        write(registry, 5, 101)
    return world


@pytest.mark.parametrize(("tampering", "codes"), TAMPERINGS)
def test_whoever_edits_them_is_seen(written: World, tmp_path: Path, tampering: str, codes: set[str]) -> None:
    world = written.copy(tmp_path / "state")
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute(tampering)
        connection.commit()
    found = world.audit()
    assert codes <= {one.code for one in found}
    assert {one.code for one in found} <= codes | {"access-altered"}
    if codes == {"access-missing"}:
        number = int(tampering.rsplit(" ", 1)[1])
        assert [(one.data["first"], one.data["last"]) for one in found] == [(number, number)]


def test_lines_cut_off_are_missed_where_a_batch_held_them(hundred: World, tmp_path: Path) -> None:
    world = hundred.copy(tmp_path / "state")
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute("DELETE FROM access_line WHERE number > 97")
        connection.commit()
    assert [one.to_json()["last"] for one in world.audit()] == ["100"]
    with world.open() as registry:
        assert write(registry, 1) == range(101, 102), "their numbers are not given out again"


def test_who_holds_every_key_and_rewrites_is_held_against_the_log(hundred: World, tmp_path: Path) -> None:
    """The operator opens a committed line, writes another in its place and links all that follow anew."""
    world = hundred.copy(tmp_path / "state")
    with world.open() as registry:
        with registry.store.transaction() as session:
            lines = Lines(session, registry.keys)
            rows = session.exec(select(AccessRow).order_by(AccessRow.number)).all()  # type: ignore[arg-type]
            reader = Reader.of_actor(registry, actor_of(registry, "officer-wang"))
            kept = [lines.open(row).line.object for row in rows]
            for row in rows:
                session.delete(row)
            session.flush()
            for row in session.exec(select(AccessRow)).all():
                session.delete(row)
            number = _forge(registry, session, reader, kept)
        assert number == 100
    assert {(one.code, one.data.get("first")) for one in world.audit()} == {("access-batch", 1)}


def _forge(registry: Registry, session: object, reader: Reader, objects: list[str]) -> int:
    from yinzheng.ledger.accesses import noting

    forged = pytest.MonkeyPatch()
    forged.setattr(noting, "_after", lambda _session: (1, noting.GENESIS))
    try:
        accesses = (Access("process", "dossier", name, "registration") for name in objects)
        return len(note_many(registry, session, reader, accesses))  # type: ignore[arg-type]
    finally:
        forged.undo()
