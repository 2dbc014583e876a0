"""A file of consents: every line recorded once or refused with its number, whatever happens on the way."""

from __future__ import annotations

import hmac
import json
import os
import random
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from tests.forked import Forked
from tests.ledger.claiming import handed_out
from tests.ledger.consent_world import HOSPITAL, LAB, ConsentWorld
from tests.ledger.scanning import searched
from tests.ledger.world import World, unchanged
from tests.on_postgresql import SQLITE_ALONE
from yinzheng.ledger.consents import import_file as importfile
from yinzheng.ledger.consents import importing as bulk
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.import_lines import MAX_LINE
from yinzheng.ledger.consents.import_order import drawn_order_of
from yinzheng.ledger.consents.import_rows import Chunk, Maker, Rows
from yinzheng.ledger.consents.importing import Outcome, import_consents
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.consents.twins import Twins
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.extent import EVERYTHING, Way
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Consent, DigestKey, Job, Pooled, Rejected
from yinzheng.ledger.withdrawals import filing
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.notice import SCOPES
from yinzheng.verifier.log.tiles import ENTRIES, Tile

ROOT = Path(__file__).parents[3]
Json = dict[str, Any]


def write(path: Path, lines: Sequence[bytes]) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def consents(clinic: ConsentWorld, count: int) -> list[bytes]:
    return [canonical.dumps(clinic.body(number)) for number in range(count)]


def told(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def references(registry: Registry, results: Path) -> list[str]:
    """What the person of each line is called, as found under the subject that the results give it."""
    with registry.store.reading() as session:
        return [
            open_consent(registry, session, bytes.fromhex(one["subject"])).consent.person.reference
            for one in told(results)
        ]


def recorded(registry: Registry) -> list[Event]:
    with registry.store.reading() as session:
        query = select(Event).where(Event.type == "consent.granted").order_by(Event.log_index)  # type: ignore[arg-type]
        return list(session.exec(query))


def require_once_each(registry: Registry, results: Path, count: int) -> None:
    events = recorded(registry)
    with registry.store.reading() as session:
        rows = {row.subject: row.head for row in session.exec(select(Consent))}
    assert len(events) == len(rows) == count
    assert {event.subject: event.leaf_hash for event in events} == rows
    assert {one["subject"] for one in told(results)} == {subject.hex() for subject in rows}
    assert references(registry, results) == [f"P-{number:07d}" for number in range(count)]
    head = registry.client.latest_anchor()
    assert head is not None
    assert head.size == registry.log.size


def pooled(registry: Registry) -> int:
    with registry.store.reading() as session:
        return len(session.exec(select(Pooled)).all())


def run(registry: Registry, path: Path, **options: Any) -> Outcome:
    return import_consents(registry, path, HOSPITAL, progress=silent, **options)


@pytest.mark.parametrize("workers", [0, 2])
def test_every_line_becomes_a_consent_in_the_log_and_anchored(
    clinic: ConsentWorld, tmp_path: Path, workers: int
) -> None:
    registry = clinic.registry
    file = write(tmp_path / "in.ndjson", consents(clinic, 60))
    results = tmp_path / "results.ndjson"
    outcome = run(registry, file, results=results, workers=workers, batch=25)
    assert (outcome.recorded, outcome.rejected, outcome.now) == (60, 0, 60)
    require_once_each(registry, results, 60)
    assert results.stat().st_mode & 0o777 == 0o600


def test_an_audit_finds_nothing(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        clinic = ConsentWorld(registry)
        run(registry, write(tmp_path / "in.ndjson", consents(clinic, 30)), batch=7)
    assert world.codes() == set()


def test_results_that_go_to_a_pipe(clinic: ConsentWorld, tmp_path: Path) -> None:
    """As `/dev/stdout`, which a file would take the place of."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        run(clinic.registry, write(tmp_path / "in.ndjson", consents(clinic, 3)), results=pipe)
        assert os.read(reading, 1000).count(b"\n") == 3
    finally:
        os.close(reading)
    assert pipe.is_fifo()


def test_neighbours_in_the_file_are_no_neighbours_in_the_log(clinic: ConsentWorld, tmp_path: Path) -> None:
    registry = clinic.registry
    results = tmp_path / "results.ndjson"
    run(registry, write(tmp_path / "in.ndjson", consents(clinic, 60)), results=results)
    order = [event.subject.hex() for event in recorded(registry)]
    assert [one["subject"] for one in told(results)] != order


def test_bad_lines_are_told_by_number_and_stop_nothing(clinic: ConsentWorld, tmp_path: Path) -> None:
    registry = clinic.registry
    good = consents(clinic, 6)
    value = clinic.body()
    spaced = json.dumps(clinic.body(6), indent=None).encode()
    wrong = {
        b"not json": "json-malformed",
        b"[1,2]": "field-type",
        good[0][:-1]: "json-malformed",
        good[0] + good[1]: "json-malformed",
        b'{"v":1,"v":1}': "json-malformed",
        b" " * (MAX_LINE + 5): "line-too-long",
        b"[" * 5000: "json-value",
        canonical.dumps(value | {"scopes": dict.fromkeys(SCOPES)}): "consent-empty",
        canonical.dumps(value | {"face": "x"}): "field-unknown",
        good[0].replace(b'"given_at":', b'"given_at":0'): "json-malformed",
        good[0].replace(b'"given_at":', b'"given_at":9'): "term",
        good[0].replace(b'"given_at":1', b'"given_at":1.'): "json-value",
        good[0].replace(b'"born":"1980', b'"born":"2016'): "consent-guardian",
        good[0].replace(b'"name":"', b'"name":"data:image/png,', 1): "encoded-bytes",
    }
    lines = [b"\xef\xbb\xbf" + good[0], *wrong, b"", b"  \t", b"\r", *good[1:], spaced + b"\r"]
    file = tmp_path / "in.ndjson"
    file.write_bytes(b"\n".join(lines))  # the last line has no end
    blank = {len(wrong) + 2, len(wrong) + 3, len(wrong) + 4}
    results, rejects = tmp_path / "results", tmp_path / "rejects"
    outcome = run(registry, file, results=results, rejects=rejects, batch=5)
    assert (outcome.recorded, outcome.rejected, outcome.already) == (7, len(wrong), 0)
    assert [(one.line, one.code) for one in outcome.refused] == [*enumerate(wrong.values(), 2)]
    answers = told(results)
    assert [one["line"] for one in answers] == [n for n in range(1, len(lines) + 1) if n not in blank]
    assert [one.get("error") for one in answers] == [None, *wrong.values(), *[None] * 6]
    assert rejects.read_bytes() == b"".join(line + b"\n" for line in wrong)
    assert "测试甲" not in results.read_text(encoding="utf-8")
    with registry.store.reading() as session:
        assert session.exec(select(Rejected)).all() == []


def spoilt(lines: Sequence[bytes]) -> dict[str, bytes]:
    """The same consents as editors and office programs leave them."""
    plain = b"".join(line + b"\n" for line in lines)
    return {
        "as it is": plain,
        "mark": b"\xef\xbb\xbf" + plain,
        "no end": plain[:-1],
        "blank end": plain + b"\n\n \n",
        "blank between": plain.replace(b"\n", b"\n\n"),
        "crlf": plain.replace(b"\n", b"\r\n"),
        "mark, crlf, blank": b"\xef\xbb\xbf\r\n" + plain.replace(b"\n", b"\r\n") + b"\r\n",
    }


def test_what_an_editor_leaves_means_nothing_and_nothing_comes_twice(
    clinic: ConsentWorld, tmp_path: Path
) -> None:
    lines = consents(clinic, 4)
    for number, (name, data) in enumerate(spoilt(lines).items()):
        file = tmp_path / f"{number}.ndjson"
        file.write_bytes(data)
        outcome = run(clinic.registry, file)
        assert outcome.rejected == 0, name
        assert (outcome.recorded, outcome.already) == ((0, 4) if number else (4, 0)), name
    assert len(recorded(clinic.registry)) == 4


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16", "utf-16-le", "utf-32"])
def test_a_file_in_another_encoding_is_refused_as_a_whole(
    clinic: ConsentWorld, tmp_path: Path, encoding: str
) -> None:
    plain = [json.dumps(clinic.body(n, method="paper"), ensure_ascii=True) for n in range(3)]
    chinese = json.dumps(clinic.body(3), ensure_ascii=False)
    file = tmp_path / "in.ndjson"
    file.write_bytes("\n".join([*plain, chinese]).encode(encoding))
    with unchanged(clinic.registry), pytest.raises(DataFault) as caught:
        run(clinic.registry, file)
    assert caught.value.code == "import-encoding"
    if encoding.startswith("gb"):
        assert caught.value.data["line"] == 4


def test_the_same_consent_twice_in_a_file_and_across_files(clinic: ConsentWorld, tmp_path: Path) -> None:
    lines = consents(clinic, 5)
    results = tmp_path / "results"
    spaced = json.dumps(json.loads(lines[1])).encode()  # the same, spelt otherwise
    outcome = run(
        clinic.registry, write(tmp_path / "a", [*lines[:3], lines[0], spaced]), results=results, batch=2
    )
    assert (outcome.recorded, outcome.already, outcome.rejected) == (3, 2, 0)
    answers = told(results)
    assert [one["line"] for one in answers] == [1, 2, 3, 4, 5]
    assert sum(one.get("already", False) for one in answers) == 2
    assert (answers[0]["subject"], answers[1]["subject"]) == (answers[3]["subject"], answers[4]["subject"])
    again = run(clinic.registry, write(tmp_path / "b", lines), results=tmp_path / "more")
    assert (again.recorded, again.already) == (2, 3)
    assert [one["subject"] for one in told(tmp_path / "more")][:3] == [one["subject"] for one in answers[:3]]
    assert len(recorded(clinic.registry)) == 5


def test_given_alone_and_from_a_file_it_is_one_and_its_withdrawal_leaves_no_twin(
    clinic: ConsentWorld, tmp_path: Path
) -> None:
    registry = clinic.registry
    bodies = [clinic.body(n) for n in range(3)]
    alone = grant(registry, [bodies[0], bodies[1], bodies[0]], HOSPITAL)
    assert [one.already for one in alone] == [False, False, True]
    assert replace(alone[2], already=False) == alone[0]
    results = tmp_path / "results"
    file = write(tmp_path / "in", [canonical.dumps(body) for body in bodies])
    assert run(registry, file, results=results).already == 2
    assert [one["subject"] for one in told(results)][:2] == [one.subject.hex() for one in alone[:2]]
    (again,) = grant(registry, [bodies[2]], HOSPITAL)
    assert (again.already, again.subject.hex()) == (True, told(results)[2]["subject"])
    claim = handed_out(registry, alone[0].subject)
    with searched(registry, "event", "pooled", "consent"):
        filing.file(registry, alone[0].subject, EVERYTHING, channel=Way.RECEIPT, claim=claim)
    # Sent once more it is the one that was withdrawn, and brings nothing back.
    for _ in range(2):
        with searched(registry, "event", "pooled", "consent"):
            (late,) = grant(registry, [bodies[0]], HOSPITAL)
        assert late == replace(alone[0], already=True)
        settle(registry)
    assert len(recorded(registry)) + pooled(registry) == 3


def test_the_database_alone_does_not_tell_who_gave_what(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    body = clinic.body(1)
    grant(registry, [body], HOSPITAL)
    with registry.store.reading() as session:
        (row,) = session.exec(select(Consent)).all()
        (key,) = session.exec(select(DigestKey)).all()
    text = canonical.dumps(body)
    plain = {sha256(text).digest(), sha256(sha256(text).digest()).digest()}
    assert row.digest not in plain
    assert key.wrapped_key is not None
    assert hmac.digest(key.wrapped_key, sha256(text).digest(), "sha256") != row.digest
    other = Twins(bytes(16))
    assert other.digest(sha256(text).digest()) != row.digest


def test_an_empty_file_is_an_import_of_nothing(clinic: ConsentWorld, tmp_path: Path) -> None:
    outcome = run(clinic.registry, write(tmp_path / "in", []), results=tmp_path / "results")
    assert (outcome.recorded, outcome.rejected) == (0, 0)
    assert (tmp_path / "results").read_bytes() == b""


def test_a_finished_import_is_not_done_again_and_its_seed_is_gone(
    clinic: ConsentWorld, tmp_path: Path
) -> None:
    registry = clinic.registry
    file = write(tmp_path / "in", [*consents(clinic, 5), b"x"])
    first = run(registry, file)
    with unchanged(registry):
        again = run(registry, file, results=tmp_path / "results")
    assert (again.job, again.recorded, again.rejected, again.now) == (first.job, 5, 1, 0)
    assert not (tmp_path / "results").exists()
    with registry.store.reading() as session:
        job = session.get_one(Job, first.job)
    assert job.sealed == b""
    assert job.finished_at is not None


POINTS = ("store.commit.before", "store.commit.after", "log.checkpoint.before", "chain.send.after")


def crash_table(world: World, file: Path) -> list[tuple[str, int]]:
    """Every passing of a fault point in one import."""
    recorder = Recorder()
    with world.open(recorder) as registry:
        recorder.seen.clear()
        run(registry, file, batch=8)
    passed: dict[str, int] = {}
    table = []
    for point in recorder.seen:
        passed[point] = passed.get(point, 0) + 1
        if point in POINTS:
            table.append((point, passed[point]))
    return table


def test_a_crash_anywhere_leaves_no_double_and_no_gap(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        clinic = ConsentWorld(registry)
        file = write(tmp_path / "in", consents(clinic, 20))
    table = crash_table(world.copy(tmp_path / "template"), file)
    assert len(table) > 12
    for number, (point, nth) in enumerate(table):
        broken = world.copy(tmp_path / f"state{number}")
        results = tmp_path / f"results{number}"
        with pytest.raises(InjectedFault), broken.open(RaiseAt(point, nth), settle=False) as registry:
            run(registry, file, batch=8, results=results)
        with broken.open() as registry:
            run(registry, file, batch=8, results=results)
            if results.exists():
                require_once_each(registry, results, 20)
            else:
                assert len(recorded(registry)) == 20  # it had been finished, but for the answer


@pytest.mark.parametrize(
    ("point", "nth"),
    [("log.file.before", 2), ("log.file.after", 1), ("store.commit.before", 3), ("store.commit.after", 3)],
)
def test_a_crash_while_full_tiles_are_written_beside(
    world: World, tmp_path: Path, point: str, nth: int
) -> None:
    with world.open() as registry:
        file = write(tmp_path / "in", consents(ConsentWorld(registry), 600))
        published = registry.log.size
    with pytest.raises(InjectedFault), world.open(RaiseAt(point, nth), settle=False) as registry:
        run(registry, file, batch=300, workers=0)
    with world.open(settle=False) as registry:
        assert registry.log.size == published  # what lies beyond the head is as if it were not there
    with world.open() as registry:
        run(registry, file, batch=300, workers=0, results=tmp_path / "results")
        require_once_each(registry, tmp_path / "results", 600)
    assert world.codes() == set()


def test_full_tiles_are_written_while_an_import_goes_on(clinic: ConsentWorld, tmp_path: Path) -> None:
    registry = clinic.registry
    file = write(tmp_path / "in", consents(clinic, 600))
    bundle = Tile(ENTRIES, 0)
    found: list[tuple[bool, str | None]] = []

    def look(step: str) -> None:
        if step.startswith("recorded"):
            found.append((registry.log.files.read_file(bundle) is not None, registry.log.note()))

    note = registry.log.note()
    import_consents(registry, file, HOSPITAL, progress=look, batch=300, workers=0)
    assert found == [(True, note), (True, note)]
    assert registry.log.note() != note


def test_more_twins_than_are_looked_for_at_a_time(clinic: ConsentWorld, tmp_path: Path) -> None:
    registry = clinic.registry
    lines = consents(clinic, 130)
    assert run(registry, write(tmp_path / "one", lines[:120])).recorded == 120
    outcome = run(registry, write(tmp_path / "two", [*lines[::-1], lines[125]]))
    assert (outcome.recorded, outcome.already, outcome.rejected) == (10, 121, 0)


@pytest.mark.parametrize(("point", "nth"), [("store.commit.after", 2), ("store.commit.before", 3)])
def test_the_same_twice_is_once_and_told_after_a_crash_too(
    world: World, tmp_path: Path, point: str, nth: int
) -> None:
    with world.open() as registry:
        clinic = ConsentWorld(registry)
        lines = consents(clinic, 4)
        grant(registry, [json.loads(lines[3])], HOSPITAL)
        file = write(tmp_path / "in", [*lines, *lines[:3]])
    results = tmp_path / "results"
    with pytest.raises(InjectedFault), world.open(RaiseAt(point, nth), settle=False) as registry:
        run(registry, file, batch=2, results=results)
    with world.open() as registry:
        outcome = run(registry, file, batch=2, results=results)
        assert (outcome.recorded, outcome.already, outcome.rejected) == (3, 4, 0)
        subjects = [one["subject"] for one in told(results)]
        assert subjects[:3] == subjects[4:]
        assert len(recorded(registry)) == 4


def test_a_resumed_import_gives_the_subjects_it_gave(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        clinic = ConsentWorld(registry)
        file = write(tmp_path / "in", [*consents(clinic, 20), b"?"])
    other = world.copy(tmp_path / "other")
    with pytest.raises(InjectedFault), world.open(RaiseAt("store.commit.after", 3)) as registry:
        run(registry, file, batch=8)
    resumed = World(world.root, world.clock).copy(tmp_path / "resumed")
    for state, name in ((world, "one"), (resumed, "two")):
        with state.open() as registry:
            run(registry, file, batch=8, results=tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with other.open() as registry:  # another seed
        run(registry, file, batch=8, results=tmp_path / "three")
    assert (tmp_path / "one").read_bytes() != (tmp_path / "three").read_bytes()


@SQLITE_ALONE
def test_consents_are_written_in_the_order_of_their_subjects(clinic: ConsentWorld, tmp_path: Path) -> None:
    """Over all batches: of the index over subjects each page is written once an import."""
    run(clinic.registry, write(tmp_path / "in", consents(clinic, 40)), batch=8)
    with clinic.registry.store.reading() as session:
        subjects = session.exec(select(Consent.subject).order_by(text("rowid"))).all()
        events = session.exec(
            select(Event.subject).where(Event.type == "consent.granted").order_by(col(Event.id))
        ).all()
    for written in (subjects, events):
        batches = [set(written[first : first + 8]) for first in range(0, 40, 8)]
        assert all(max(one) < min(after) for one, after in pairwise(batches))


def test_an_import_that_an_earlier_program_began_keeps_its_order(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.open() as registry:
        file = write(tmp_path / "in", consents(ConsentWorld(registry), 40))
    results = tmp_path / "results"
    with monkeypatch.context() as before:
        before.setattr(bulk, "order_of", drawn_order_of)
        before.setattr(bulk, "_SEALED_FOR", b"yinzheng/import/1:")
        with pytest.raises(InjectedFault), world.open(RaiseAt("store.commit.after", 4)) as registry:
            run(registry, file, batch=8)
    with world.open() as registry:
        assert 8 <= len(recorded(registry)) < 40
        outcome = run(registry, file, batch=8, results=results)
        assert (outcome.recorded, outcome.already, outcome.rejected) == (40, 0, 0)
        require_once_each(registry, results, 40)


@pytest.mark.slow
def test_killed_for_good_with_its_workers(world: World, tmp_path: Path) -> None:
    chance = random.Random(20_261_122)
    with world.open() as registry:
        clinic = ConsentWorld(registry)
        file = write(tmp_path / "in", consents(clinic, 120))
    for _ in range(2):
        point = chance.choice(["store.commit.before", "store.commit.after"])
        arguments = [str(world.root), str(file), str(world.clock.now), point, str(chance.randint(2, 4))]
        with Forked(
            *arguments, module="tests.ledger.consents.importing", env={**os.environ}, stderr=subprocess.PIPE
        ) as process:
            _, errors = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, errors
    with world.open() as registry:
        run(registry, file, batch=20, results=tmp_path / "results")
        require_once_each(registry, tmp_path / "results", 120)
    assert world.codes() == set()


def test_a_file_that_changes_meanwhile_stops_the_import(
    clinic: ConsentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = clinic.registry
    file = write(tmp_path / "in", consents(clinic, 20))
    whole = file.read_bytes()

    def change(step: str) -> None:
        if step.startswith("recorded"):
            file.write_bytes(whole[:-1] + b" ")

    monkeypatch.setattr(bulk, "CHUNK", 2)
    with pytest.raises(DataFault) as caught:
        import_consents(registry, file, HOSPITAL, progress=change, batch=2)
    assert caught.value.code == "import-changed"


def test_a_worker_that_dies_is_told(
    clinic: ConsentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = clinic.registry
    file = write(tmp_path / "in", consents(clinic, 5))
    with monkeypatch.context() as patched:
        patched.setattr(bulk, "Maker", Dying)
        with pytest.raises(EnvironmentFault) as caught:
            run(registry, file, workers=1)
    assert caught.value.code == "import-worker"
    assert run(registry, file).recorded == 5


class Dying(Maker):
    def __call__(self, asked: Chunk) -> Rows:
        os._exit(asked[0] & 1)


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        ("missing", HOSPITAL, "import-missing"),
        (".", HOSPITAL, "import-missing"),
        ("in", LAB, "organisation-role"),
        ("in", "x", "organisation-unknown"),
    ],
)
def test_wrong_requests(clinic: ConsentWorld, tmp_path: Path, path: str, code: str, expected: str) -> None:
    write(tmp_path / "in", consents(clinic, 2))
    with unchanged(clinic.registry), pytest.raises(UsageFault) as caught:
        import_consents(clinic.registry, tmp_path / path, code, progress=silent)
    assert caught.value.code == expected


def test_too_many_lines(clinic: ConsentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importfile, "MAX_LINES", 4)
    file = write(tmp_path / "in", [b""] * 5)
    with pytest.raises(UsageFault) as caught:
        run(clinic.registry, file)
    assert caught.value.code == "import-many"
