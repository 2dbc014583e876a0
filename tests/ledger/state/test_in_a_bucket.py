"""A registry whose sealed files lie in a bucket: from a dossier to its destruction, backup and restoring."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ledger import world as tw
from tests.ledger.erasure import ward as w
from tests.ledger.store import bucket as b
from tests.ledger.world import OFFICER, Clock, World, actor_of, open_keys, someone_of
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.net.buckets import Bucket
from yinzheng.ledger.registry import silent
from yinzheng.ledger.rules.destruction import Method, TargetKind
from yinzheng.ledger.state.backup import make_backup
from yinzheng.ledger.state.creation import create_registry
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.restore import restore
from yinzheng.ledger.store.objects import MARKER, MAX_MARKER_BYTES, ObjectBlobs
from yinzheng.verifier.errors import EnvironmentFault, UsageFault


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with b.serving() as address:
        yield address


def create(root: Path, clock: Clock, address: str) -> World:
    planned = replace(tw.plan(), objects_url=address)
    create_registry(root, planned, lambda _folder: tw.PASSPHRASE, tw.secret_of, clock, silent)
    return World(root, clock)


def living_in(world: World) -> set[str]:
    with world.open() as registry:
        return set(registry.blobs.names())


def test_of_several_that_take_a_bucket_at_once_one_has_it(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in b.KEYS.items():
        monkeypatch.setenv(name, value)
    world = tw.World(tw.create(tmp_path / "state", Clock()), Clock())
    instance = read_instance(world.root)[1]
    address = b.new_bucket(endpoint)

    def take(number: int, *, over: bool) -> bool:
        folder = tmp_path / f"{over}{number}"
        folder.mkdir()
        try:
            ObjectBlobs.take(address, Paths(folder), instance, over=over)
        except UsageFault:
            return False
        ObjectBlobs.open_of(address, Paths(folder), instance)
        return True

    real = Bucket.read
    together = threading.Barrier(4)

    def read(self: Bucket, name: str, limit: int) -> bytes | None:
        found = real(self, name, limit)
        if limit == MAX_MARKER_BYTES and not together.broken:  # all have seen it as it was before
            with suppress(threading.BrokenBarrierError):
                together.wait(5)
                together.abort()
        return found

    put, service = Bucket._put, threading.Lock()  # a service looks and stores at once; moto's does not

    def one_by_one(self: Bucket, name: str, data: bytes, **condition: str) -> bool:
        with service:
            return put(self, name, data, **condition)

    monkeypatch.setattr(Bucket, "read", read)
    monkeypatch.setattr(Bucket, "_put", one_by_one)
    for over in (False, True):
        together = threading.Barrier(4)
        with ThreadPoolExecutor(4) as pool:
            won = list(pool.map(lambda number, over=over: take(number, over=over), range(4)))
        assert sum(won) == 1


def test_from_a_dossier_to_its_destruction(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in b.KEYS.items():
        monkeypatch.setenv(name, value)
    address, clock = b.new_bucket(endpoint, versions=True), Clock()
    world = create(tmp_path / "state", clock, address)
    with pytest.raises(UsageFault) as taken:
        create(tmp_path / "another", clock, address)
    assert taken.value.code == "objects-in-use"
    assert not (tmp_path / "another").exists()

    with world.open() as registry:
        w.enrol_staff(registry)
        lost, _ = tw.to_deposited(registry, clock, tmp_path / "one")
        tw.to_deposited(registry, clock, tmp_path / "two")
        blobs = set(registry.blobs.names())
    assert len(blobs) == 8
    assert not [path for path in world.paths.blobs.rglob("*") if path.is_file()]
    assert world.audit() == []

    # One altered at the service, one taken away there: both are named.
    client, bucket = b.client(endpoint), address.split("/")[2]
    keys = sorted(key for key in b.everything(endpoint, address) if not key.endswith(".json"))
    whole = client.get_object(Bucket=bucket, Key=keys[0])["Body"].read()
    client.put_object(Bucket=bucket, Key=keys[0], Body=whole[:-1] + bytes((whole[-1] ^ 1,)))
    assert world.codes() == {"blob-altered"}
    client.delete_object(Bucket=bucket, Key=keys[0])
    assert world.codes() == {"blob-missing"}
    client.put_object(Bucket=bucket, Key=keys[0], Body=whole)
    assert world.audit() == []

    with world.open() as registry:
        backup = make_backup(registry, tmp_path / "disk" / "backup", tmp_path / "keys", silent)
        assert {path.name for path in (backup.folder / "blobs").rglob("*") if path.is_file()} == blobs
        id_ = proposing.propose(
            registry, TargetKind.CASE, lost, "court", Method.OVERWRITE, actor_of(registry, OFFICER)
        )
        w.sign_all(registry, id_)
        erase(registry, id_, actor_of(registry, w.OPERATOR))
        settle(registry)
        living = set(registry.blobs.names())
    assert len(living) == 4
    left = {key.rpartition("/")[2] for key in b.everything(endpoint, address)}
    assert left == {*living, "registry.json"}

    def again_in(root: Path, place: str, *, take_over: bool) -> None:
        restore(
            backup.folder,
            backup.key_file,
            root,
            clock,
            keys=open_keys,
            by=someone_of(world.paths),
            keystore=world.paths.keys,
            objects_url=place,
            take_over=take_over,
        )

    with pytest.raises(UsageFault) as at_work:  # it may be at work: nothing there is touched
        again_in(tmp_path / "beside", address, take_over=False)
    assert at_work.value.code == "objects-living"
    assert {key.rpartition("/")[2] for key in b.everything(endpoint, address)} == {*living_in(world), MARKER}
    assert world.audit() == []

    # Restored into another bucket, and into its own: what was destroyed since is in neither.
    for number, place in enumerate((b.new_bucket(endpoint), address)):
        root = tmp_path / f"restored{number}"
        again_in(root, place, take_over=place == address)
        assert read_instance(root)[1].objects_url == place
        again = {key.rpartition("/")[2] for key in b.everything(endpoint, place)}
        assert again == {*living, "registry.json"}

    with pytest.raises(EnvironmentFault) as gone, world.open():  # the one before writes there no more
        pass
    assert gone.value.code == "objects-taken"
    # A bucket that is given to another is found out before anything is written.
    client.put_object(Bucket=bucket, Key="registry/registry.json", Body=b"{}")
    with pytest.raises(EnvironmentFault) as foreign, World(root, clock).open():
        pass
    assert foreign.value.code == "objects-foreign"
