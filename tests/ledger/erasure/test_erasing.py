"""A consent destroyed: nothing of it anywhere, and everything else as it was (R43, R44, R49)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col, select

from tests.ledger.consent_world import HOSPITAL
from tests.ledger.erasure import ward as w
from tests.ledger.erasure.conftest import Approved
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import OFFICER, World, actor_of, open_keys, someone_of
from yinzheng.ledger.accesses.reader import Reader as AccessReader
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.consents.receipts import make_receipt
from yinzheng.ledger.consents.uses import Told, record_use
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.erasure.clearing import resume
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.threads import find_consent, thread
from yinzheng.ledger.log.check import check_log
from yinzheng.ledger.reading import Reader
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.state.backup import forget_place, make_backup
from yinzheng.ledger.state.faults import Recorder
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.state.record_keys import NAME, LivingKey, read_header, read_keys, write_keys
from yinzheng.ledger.state.restore import Restored, restore
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.tombstone import parse_tombstone
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.log.note import parse_vkey


def check_published_log(registry: Registry) -> None:
    """Every tile and entry of the published log, from one end to the other."""
    keys = [parse_vkey(text) for text in registry.instance.log_keys]
    assert check_log(registry.log, keys).size == registry.log.size


def _restore(ward: Ward, backup: Path, key_file: Path, root: Path) -> Restored:
    clock, keystore = ward.world.clock, ward.world.paths.keys
    return restore(
        backup, key_file, root, clock, keys=open_keys, by=someone_of(ward.world.paths), keystore=keystore
    )


def test_nothing_is_left_in_the_state_or_in_any_backup(ward: Ward, tmp_path: Path) -> None:
    secrets = ward.secrets(ward.withdrawn)
    before, after, keys = tmp_path / "before", tmp_path / "after", tmp_path / "keys"
    with ward.open() as registry:
        told = Told(
            subject=ward.withdrawn,
            at=registry.clock(),
            purpose="研究",
            operator="信息科",
            scope="base",
            basis="consent",
            ground=None,
        )
        record_use(registry, told, AccessReader.of_organisation(HOSPITAL, bytes(8)))
        with registry.store.reading() as session:
            words = session.exec(select(AccessRow.words).where(col(AccessRow.words).is_not(None))).one()
        secrets["words"] = (words or b"")[:32]
        make_backup(registry, before, keys, silent)
    # The needles are right: the database and the key file hold what is looked for.
    assert ("wrapped key", "ledger.sqlite") in w.holding(ward.world.root, secrets)
    assert {name for name, _ in w.holding(before, secrets)} >= {"sealed 0", "sealed 1"}
    assert secrets["wrapped key"].hex().encode() in (keys / NAME).read_bytes()

    with ward.open() as registry:
        leaf = w.destroy(registry, ward.withdrawn)
        settle(registry)
        assert w.holding(ward.world.root, secrets) == set()
        make_backup(registry, after, keys, silent)
    assert w.holding(ward.world.root, secrets) == set()
    assert w.holding(after, secrets) == set()
    hexed = {name: value.hex().encode() for name, value in secrets.items()}
    assert w.holding(keys, secrets | hexed) == set()
    # In the earlier backup sealed bytes are left, and a digest, and nothing that opens or explains them.
    openers = {n: v for n, v in (secrets | hexed).items() if not n.startswith(("sealed", "digest"))}
    assert w.holding(before, openers) == set()

    assert ward.world.codes() == set()
    with ward.open() as registry:
        check_published_log(registry)
        with registry.store.reading() as session:
            with pytest.raises(UsageFault) as refused:
                open_consent(registry, session, ward.withdrawn)
            open_consent(registry, session, ward.standing)
            assert session.get_one(Consent, ward.withdrawn).digest is None
            assert session.get_one(Consent, ward.standing).digest is not None
            events = thread(session, find_consent(session, ward.withdrawn).head)
    assert refused.value.code == "consent-erased"
    assert events[-1].leaf_hash == leaf
    stone = parse_tombstone(canonical.loads(events[-1].public or b"", max_bytes=65_536))
    assert stone.statements == tuple(sorted(event.leaf_hash for event in events[:-1]))
    assert stone.places == ("backups", "database", "write_ahead_log")
    assert stone.approved_by == ("data_manager", "department_head", "ethics", "legal")
    assert stone.erased_at % 3600 == 0

    for number, backup in enumerate((before, after)):
        root = tmp_path / f"restored{number}"
        done = _restore(ward, backup, keys, root)
        assert (done.destroyed, done.unknown) == ((1, 0) if backup is before else (0, 0))
        again = World(root, ward.world.clock)
        with again.open() as registry, registry.store.reading() as session:
            open_consent(registry, session, ward.standing)
            with pytest.raises(UsageFault):
                open_consent(registry, session, ward.withdrawn)
        assert again.codes() == set()
        assert w.holding(root, secrets) == set()


def test_an_old_key_file_restores_no_newer_backup(ward: Ward, tmp_path: Path) -> None:
    keys, stale = tmp_path / "keys", tmp_path / "stale"
    with ward.open() as registry:
        make_backup(registry, tmp_path / "one", keys, silent)
        stale.mkdir()
        (stale / NAME).write_bytes((keys / NAME).read_bytes())
        w.destroy(registry, ward.withdrawn)
        settle(registry)
        make_backup(registry, tmp_path / "two", keys, silent)
    # It still holds the destroyed key, which the backup knows to be destroyed: it does not come back.
    done = restore(
        tmp_path / "two",
        stale,
        tmp_path / "r",
        ward.world.clock,
        keys=open_keys,
        by=someone_of(ward.world.paths),
        keystore=ward.world.paths.keys,
    )
    assert done.unknown == 1
    again = World(tmp_path / "r", ward.world.clock)
    with again.open() as registry, registry.store.reading() as session:
        assert find_consent(session, ward.withdrawn).wrapped_key is None
    content = (stale / NAME).read_bytes().replace(b"k consent", b"k Consent", 1)
    (stale / NAME).write_bytes(content)
    with pytest.raises(DataFault) as refused:
        restore(
            tmp_path / "two",
            stale,
            tmp_path / "s",
            ward.world.clock,
            keys=open_keys,
            by=someone_of(ward.world.paths),
            keystore=ward.world.paths.keys,
        )
    assert refused.value.code == "keyfile-malformed"
    assert not (tmp_path / "s").exists()


def test_a_key_file_older_than_the_backup_is_refused(ward: Ward, tmp_path: Path) -> None:
    keys, stale = tmp_path / "keys", tmp_path / "stale"
    with ward.open() as registry:
        make_backup(registry, tmp_path / "one", keys, silent)
        stale.mkdir()
        content = (keys / NAME).read_bytes()
        lines = [line for line in read_keys(keys / NAME) if line != _first_consent(keys / NAME)]
        write_keys(stale, read_header(keys / NAME), lines)
        assert len((stale / NAME).read_bytes()) < len(content)
    with pytest.raises(DataFault) as refused:
        restore(
            tmp_path / "one",
            stale,
            tmp_path / "r",
            ward.world.clock,
            keys=open_keys,
            by=someone_of(ward.world.paths),
            keystore=ward.world.paths.keys,
        )
    assert refused.value.code == "keyfile-older"
    header = replace(read_header(keys / NAME), genesis=bytes(32))
    write_keys(stale, header, lines)
    with pytest.raises(DataFault) as foreign:
        restore(
            tmp_path / "one",
            stale,
            tmp_path / "r",
            ward.world.clock,
            keys=open_keys,
            by=someone_of(ward.world.paths),
            keystore=ward.world.paths.keys,
        )
    assert foreign.value.code == "keyfile-foreign"
    with pytest.raises(UsageFault) as missing:
        restore(
            tmp_path / "one",
            keys,
            tmp_path / "r",
            ward.world.clock,
            keys=open_keys,
            by=someone_of(ward.world.paths),
        )
    assert missing.value.code == "keystore-missing"
    assert not (tmp_path / "r").exists()


def test_receipts_after_an_erasure(ward: Ward) -> None:
    with ward.open() as registry:
        gone, standing = (make_receipt(registry, subject) for subject in (ward.withdrawn, ward.standing))
        w.destroy(registry, ward.withdrawn)
        reader = Reader(registry.paths, registry.instance, registry.store, registry.w3)
        # Not anchored yet: nobody could believe it.
        assert _checked(registry, gone.file, reader).status == "withdrawn"
        settle(registry)
        # The patient's copy proves itself as before, with nothing of ours but the policy.
        assert (_checked(registry, gone.file).authentic, _checked(registry, gone.file).status) == (
            "genuine",
            "withdrawn",
        )
        for shown in (gone.file, gone.qr):
            report = _checked(registry, shown, reader)
            assert (report.authentic, report.status, report.exit_code) == ("genuine", "erased", 1)
            assert report.erased is not None
            assert report.erased.tombstone.ground == "withdrawal"
            earlier = _checked(registry, shown, reader, at=report.erased.at - 1)
            assert earlier.status != "erased"
        for other in (standing.file, make_receipt(registry, ward.standing).file):
            assert _checked(registry, other).in_force
            assert _checked(registry, other, reader).in_force
        assert reader.tombstone(bytes(32)) is None


def _checked(
    registry: Registry, shown: bytes | str, live: Reader | None = None, at: int | None = None
) -> ReceiptReport:
    trust = parse_trust(canonical.dumps(trust_policy(registry.instance)))
    return verify_receipt(read_target(shown), trust, now=registry.clock(), live=live, at=at)


def _first_consent(path: Path) -> LivingKey:
    return next(line for line in read_keys(path) if isinstance(line, LivingKey) and line.table == "consent")


def test_while_somebody_reads_the_rest_is_done_later(
    approved: Approved, monkeypatch: pytest.MonkeyPatch
) -> None:
    with approved.ward.open() as registry:
        monkeypatch.setattr(registry.store, "fold", lambda: False)  # as it answers after its patience
        with pytest.raises(EnvironmentFault) as waits:
            erase(registry, approved.id, actor_of(registry, w.OPERATOR))
        assert waits.value.code == "erasure-waits"
        with registry.store.reading() as session:
            assert find_consent(session, approved.ward.withdrawn).wrapped_key is None
        assert resume(registry) == ()
        monkeypatch.undo()
        assert resume(registry) == (approved.id,)
        assert w.state_of(registry, approved.id) == "destroyed"
        assert resume(registry) == ()


def test_an_unreachable_place_of_keys_stops_everything(approved: Approved, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    with approved.ward.open() as registry:
        make_backup(registry, tmp_path / "one", keys, silent)
        moved = keys.rename(tmp_path / "unmounted")
        with pytest.raises(EnvironmentFault) as refused:
            erase(registry, approved.id, actor_of(registry, w.OPERATOR))
        assert refused.value.code == "backup-unreachable"
        with registry.store.reading() as session:
            open_consent(registry, session, approved.ward.withdrawn)
        moved.rename(keys)
        with pytest.raises(UsageFault) as there:
            forget_place(registry, keys, actor_of(registry, OFFICER))
        assert there.value.code == "backup-there"
        (keys / NAME).unlink()
        forget_place(registry, keys, actor_of(registry, OFFICER))
        erase(registry, approved.id, actor_of(registry, w.OPERATOR))
        assert w.state_of(registry, approved.id) == "destroyed"
        assert erase(registry, approved.id, actor_of(registry, w.OPERATOR))  # once more: nothing happens


def _points(approved: Approved, tmp_path: Path) -> list[tuple[str, int]]:
    recorder = Recorder()
    with approved.ward.open(recorder) as registry:
        make_backup(registry, tmp_path / "backup", tmp_path / "keys", silent)
        settle(registry)
        recorder.seen.clear()
        erase(registry, approved.id, actor_of(registry, w.OPERATOR))
        seen = list(recorder.seen)
    return [(point, seen[: i + 1].count(point)) for i, point in enumerate(seen)]


class _Armed(Recorder):
    """Raises at one passing of one point once it is armed."""

    def __init__(self, point: str, nth: int) -> None:
        super().__init__()
        self.point, self.nth, self.armed = point, nth, False

    def hit(self, point: str) -> None:
        super().hit(point)
        if self.armed and self.seen.count(self.point) == self.nth and point == self.point:
            raise ConnectionAbortedError(point)


def test_a_crash_anywhere_rolls_forward(
    approved: Approved, approved_template: Approved, tmp_path: Path
) -> None:
    secrets = approved.ward.secrets(approved.ward.withdrawn)
    points = _points(approved, tmp_path / "dry")
    assert {point for point, _ in points} >= {
        "keyfile.write.before",
        "keyfile.write.after",
        "store.commit.before",
        "store.commit.after",
        "erasure.cleared.before",
        "erasure.cleared.after",
    }
    for number, (point, nth) in enumerate(points):
        folder = tmp_path / str(number)
        ward = approved_template.ward.copy(folder / "state")
        faults = _Armed(point, nth)
        with ward.open(faults) as registry:
            make_backup(registry, folder / "backup", folder / "keys", silent)
            faults.seen.clear()
            faults.armed = True
            with pytest.raises(ConnectionAbortedError):
                erase(registry, approved.id, actor_of(registry, w.OPERATOR))
        with ward.open() as registry:  # opening carries on what was begun
            state = w.state_of(registry, approved.id)
            with registry.store.reading() as session:
                alive = find_consent(session, ward.withdrawn).wrapped_key is not None
            assert state == ("approved" if alive else "destroyed"), (point, nth)
            erase(registry, approved.id, actor_of(registry, w.OPERATOR))
            settle(registry)
        assert w.holding(ward.world.root, secrets) == set(), (point, nth)
        hexed = {name: value.hex().encode() for name, value in secrets.items()}
        assert w.holding(folder / "keys", hexed) == set(), (point, nth)
        if number % 4 == 0:
            assert ward.world.codes() == set(), (point, nth)


def test_the_database_is_written_anew_where_something_is_left(
    approved: Approved, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite may leave an older copy of a row in a page it rebuilt: it is looked for, not believed."""
    asked: list[int] = []
    with approved.ward.open() as registry:
        rewrite = registry.store.rewrite

        def watched(tables: Iterable[str]) -> bool:
            asked.append(1)
            return rewrite(tables)

        monkeypatch.setattr(registry.store, "rewrite", watched)
        monkeypatch.setattr(
            "yinzheng.ledger.erasure.clearing._found", lambda _files, _needles: len(asked) == 0
        )
        erase(registry, approved.id, actor_of(registry, w.OPERATOR))
    assert asked == [1]
