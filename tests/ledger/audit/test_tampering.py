"""The audit names what was done to rows, log and dossiers: every test really edits the files (D9)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.audit.settled import Settled
from tests.ledger.world import World
from yinzheng.ledger.flow.pipeline import settle


def flip(path: Path, place: int = -1) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_clean_registry_has_no_findings_and_stays_as_it_is(settled: Settled) -> None:
    world = settled.world

    def state() -> dict[str, str]:
        at_work = ("lock", "ledger.sqlite-shm", "ledger.sqlite-wal", "chain/lock.mdb")
        return {name: digest for name, digest in w.files(world.root).items() if name not in at_work}

    before = state()
    assert world.audit() == []
    assert state() == before
    wal = world.root / "ledger.sqlite-wal"
    assert not wal.exists() or not wal.stat().st_size


# ---------------------------------------------------------------- rows


def test_the_statement_of_an_event(settled: Settled) -> None:
    data: bytes = settled.one("SELECT statement FROM event WHERE id = 1")
    forged = data.replace(b'"by":"applicant"', b'"by":"committee"')
    assert forged != data
    settled.sql("UPDATE event SET statement = ? WHERE id = 1", forged)
    assert settled.world.codes() == {"event-altered"}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ("at = at + 1", {"event-altered"}),
        ("type = 'application.accepted'", {"event-altered", "case-altered"}),
        ("subject = zeroblob(32)", {"event-altered"}),
        ("statement = x'7b7d'", {"field-missing"}),
        ("leaf_hash = zeroblob(32)", {"event-altered", "event-unlinked", "event-differs"}),
        ("sealed = zeroblob(length(sealed))", {"seal-broken"}),
        ("sealed = (SELECT sealed FROM event WHERE id = 2)", {"seal-broken"}),
    ],
)
def test_columns_of_an_event(settled: Settled, change: str, codes: set[str]) -> None:
    settled.sql(f"UPDATE event SET {change} WHERE id = 1")
    assert codes <= settled.world.codes()


def test_the_public_body_of_a_notice(settled: Settled) -> None:
    settled.sql(
        "UPDATE event SET public = CAST(replace(public, '仅限', '不限') AS BLOB)"
        " WHERE type = 'publicity.opened'",
        count=3,
    )
    assert settled.world.codes() == {"commitment"}


def test_a_deleted_public_body(settled: Settled) -> None:
    settled.sql("UPDATE event SET public = NULL WHERE type = 'certificate.deposited'", count=2)
    assert settled.world.codes() == {"event-altered"}


def test_text_in_a_column_of_bytes(settled: Settled) -> None:
    settled.sql("UPDATE event SET public = CAST(public AS TEXT) WHERE type = 'publicity.opened'", count=3)
    (finding,) = settled.world.audit()
    assert finding.code == "column-altered"
    assert finding.data == {"table": "event", "column": "public"}


@pytest.mark.parametrize(("table", "column"), [("case", "type"), ("certificate", "ended")])
def test_a_word_that_is_none(settled: Settled, table: str, column: str) -> None:
    """The audit looks it up, and ended as an unexpected fault, all else that was altered unsaid."""
    settled.sql(f'UPDATE "{table}" SET {column} = ?', "unheard", count=None)
    (finding,) = settled.world.audit()
    assert finding.code == "column-altered"
    assert finding.data == {"table": table, "column": column}


@pytest.mark.parametrize("change", ['DELETE FROM "case"', "UPDATE \"case\" SET id = 'unheard'"])
def test_a_row_that_others_name(settled: Settled, change: str) -> None:
    """What else was altered is named all the same."""
    settled.sql(f"{change} WHERE id = ?", settled.case)
    settled.sql("UPDATE certificate SET valid_until = 1 WHERE number = ?", settled.other_number)
    assert {"store-corrupt", "certificate-differs", "certificate-altered"} <= settled.world.codes()


@pytest.mark.parametrize("event", ["application.received", "review.recorded", "certificate.deposited"])
def test_a_deleted_event(settled: Settled, event: str) -> None:
    settled.sql("DELETE FROM event WHERE type = ? AND case_id = ?", event, settled.case)
    assert "event-missing" in settled.world.codes()


def test_the_last_event_deleted(settled: Settled) -> None:
    settled.sql("DELETE FROM event WHERE id = (SELECT max(id) FROM event)")
    assert "event-missing" in settled.world.codes()


@pytest.mark.parametrize("state", ["publicity", "refused", "applied", "closed", "unheard"])
def test_the_state_of_a_case(settled: Settled, state: str) -> None:
    settled.sql('UPDATE "case" SET state = ? WHERE id = ?', state, settled.case)
    assert "case-altered" in settled.world.codes()


def test_the_end_of_publicity(settled: Settled) -> None:
    settled.sql('UPDATE "case" SET publicity_end = publicity_end - 1 WHERE id = ?', settled.case)
    assert settled.world.codes() == {"case-altered"}


@pytest.mark.parametrize(
    "change",
    [
        "body = CAST(replace(body, '1200条', '9900条') AS BLOB)",
        "number = 'SJ-------------'",
        "valid_until = valid_until + 1",
        "registered_at = registered_at - 1",
        "qr = replace(qr, '/V/', '/V/A')",
        "qr = (SELECT qr FROM certificate WHERE number <> '{number}')",
        "qr = NULL",
        "subject = zeroblob(32)",
        "event_id = 1",
        "event_id = NULL",
        "state = 'draft'",
    ],
)
def test_a_certificate(settled: Settled, change: str) -> None:
    settled.sql(
        f"UPDATE certificate SET {change.format(number=settled.number)} WHERE number = ?", settled.number
    )
    assert settled.world.codes()


def test_an_approval(settled: Settled) -> None:
    settled.sql("DELETE FROM approval WHERE kind = 'deposit' AND case_id = ?", settled.case)
    assert settled.world.codes() == {"approval-missing"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("signature = zeroblob(65)", "secp256k1-signature"),
        ("signature = x''", "secp256k1-signature"),
        ("signature = (SELECT signature FROM approval WHERE kind = 'publication')", "approval-altered"),
        ("address = zeroblob(20)", "approval-altered"),
        ("person = 'committee-lin'", "approval-altered"),
        ("kind = 'publication'", "approval-missing"),
    ],
)
def test_an_altered_approval(settled: Settled, change: str, code: str) -> None:
    settled.sql(f"UPDATE approval SET {change} WHERE kind = 'deposit' AND case_id = ?", settled.case)
    assert settled.world.codes() == {code}


def test_an_approval_of_another_certificate(settled: Settled) -> None:
    settled.sql(
        "UPDATE approval SET (digest, signature) = (SELECT digest, signature FROM approval "
        "WHERE kind = 'deposit' AND person = ? AND case_id <> ?) WHERE kind = 'deposit' AND case_id = ?",
        w.OFFICER,
        settled.case,
        settled.case,
    )
    assert settled.world.codes() == {"approval-altered"}


def test_a_number_left_out(settled: Settled) -> None:
    settled.sql("UPDATE counter SET last = last + 1 WHERE scope LIKE 'certificate:%'")
    assert settled.world.codes() == {"number-gap"}


def test_a_certificate_deleted(settled: Settled) -> None:
    settled.sql("DELETE FROM certificate WHERE number = ?", settled.number)
    assert {"number-gap", "certificate-unknown"} <= settled.world.codes()


# ---------------------------------------------------------------- log


def tile(settled: Settled, pattern: str) -> Path:
    """The widest file of that pattern."""
    found = sorted(settled.world.paths.log.glob(pattern), key=lambda path: int(path.name))
    assert found
    return found[-1]


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_changed_tile(settled: Settled, place: int) -> None:
    flip(tile(settled, "tile/0/**/*.p/*"), place)
    assert {"log-tile-changed"} <= settled.world.codes() <= {"log-tile-changed", "head-refused"}


def test_a_changed_older_tile(settled: Settled) -> None:
    older = sorted((settled.world.paths.log).glob("tile/0/**/*.p/*"), key=lambda path: int(path.name))[0]
    flip(older)
    assert settled.world.codes() == {"log-tile-changed"}


def test_a_missing_tile(settled: Settled) -> None:
    tile(settled, "tile/0/**/*.p/*").unlink()
    assert settled.world.codes() == {"log-tile-missing"}


def test_a_changed_entry_bundle(settled: Settled) -> None:
    flip(tile(settled, "tile/entries/**/*.p/*"))
    assert settled.world.codes() == {"log-tile-changed"}


def test_a_replaced_checkpoint(settled: Settled, production_template: World, tmp_path: Path) -> None:
    """A checkpoint that the keys of another registry signed."""
    foreign = production_template.copy(tmp_path / "foreign")
    with foreign.open() as registry:
        w.apply(registry, tmp_path / "dossier", "GD-HEALTH/1")
        settle(registry)
    shutil.copy(foreign.paths.log / "checkpoint", settled.world.paths.log / "checkpoint")
    assert "note-unsigned" in settled.world.codes()


def test_an_older_checkpoint(settled: Settled) -> None:
    note = settled.one("SELECT note FROM checkpoint ORDER BY size LIMIT 1")
    (settled.world.paths.log / "checkpoint").write_text(note)
    assert {"statement-not-in-log", "checkpoint-forked", "head-refused"} <= settled.world.codes()


def test_a_checkpoint_taken_away(settled: Settled) -> None:
    (settled.world.paths.log / "checkpoint").unlink()
    assert "log-missing" in settled.world.codes()


def test_a_checkpoint_row_altered(settled: Settled) -> None:
    settled.sql("UPDATE checkpoint SET root = zeroblob(32) WHERE size = (SELECT min(size) FROM checkpoint)")
    assert {"checkpoint-altered", "head-refused"} <= settled.world.codes()


def test_a_statement_the_log_lacks(settled: Settled, tmp_path: Path) -> None:
    """The database of a later moment beside the log and chain of an earlier one."""
    later = settled.world.copy(tmp_path / "later")
    with later.open() as registry:
        w.apply(registry, tmp_path / "dossier")
        settle(registry)
    shutil.copy(later.paths.database, settled.world.paths.database)
    shutil.copytree(later.paths.blobs, settled.world.paths.blobs, dirs_exist_ok=True)
    assert {"statement-not-in-log", "checkpoint-forked", "head-missing"} <= settled.world.codes()


# ---------------------------------------------------------------- dossiers


def test_two_blobs_exchanged_on_the_disk(settled: Settled) -> None:
    first, second = settled.blob(settled.case), settled.blob(settled.other_case)
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(held)
    assert settled.world.codes() == {"blob-altered"}
    assert len(settled.world.audit()) == 2


@pytest.mark.parametrize("other", ["case", "other_case"])
def test_the_rows_of_two_files_exchanged(settled: Settled, other: str) -> None:
    first = settled.blob(settled.case, 0).name
    second = settled.blob(getattr(settled, other), 1).name
    settled.sql("UPDATE dossier_file SET blob = '-' WHERE blob = ?", first)
    settled.sql("UPDATE dossier_file SET blob = ? WHERE blob = ?", first, second)
    settled.sql("UPDATE dossier_file SET blob = ? WHERE blob = '-'", second)
    assert settled.world.codes() == {"blob-altered"}


def test_a_truncated_blob(settled: Settled) -> None:
    path = settled.blob(settled.case)
    path.write_bytes(path.read_bytes()[:-20])
    assert settled.world.codes() <= {"blob-truncated", "blob-altered"}
    assert settled.world.codes()


def test_an_emptied_blob(settled: Settled) -> None:
    settled.blob(settled.case).write_bytes(b"")
    assert settled.world.codes() == {"blob-malformed"}


def test_a_missing_blob(settled: Settled) -> None:
    settled.blob(settled.case).unlink()
    assert settled.world.codes() == {"blob-missing"}


def test_a_file_row_deleted(settled: Settled) -> None:
    settled.sql("DELETE FROM dossier_file WHERE blob = ?", settled.blob(settled.case).name)
    assert settled.world.codes() == {"dossier-altered"}
