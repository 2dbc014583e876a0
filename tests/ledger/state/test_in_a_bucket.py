"""A registry whose sealed files lie in a bucket: from a dossier to its destruction, backup and restoring."""

from __future__ import annotations

from collections.abc import Iterator
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
from yinzheng.ledger.registry import silent
from yinzheng.ledger.rules.destruction import Method, TargetKind
from yinzheng.ledger.state.backup import make_backup
from yinzheng.ledger.state.creation import create_registry
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.state.restore import restore
from yinzheng.verifier.errors import EnvironmentFault, UsageFault


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with b.serving() as address:
        yield address


def create(root: Path, clock: Clock, address: str) -> World:
    planned = replace(tw.plan(), objects_url=address)
    create_registry(root, planned, lambda _folder: tw.PASSPHRASE, tw.secret_of, clock, silent)
    return World(root, clock)


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

    # Restored into another bucket, and into its own: what was destroyed since is in neither.
    for number, place in enumerate((b.new_bucket(endpoint), address)):
        root = tmp_path / f"restored{number}"
        restore(
            backup.folder,
            backup.key_file,
            root,
            clock,
            keys=open_keys,
            by=someone_of(world.paths),
            keystore=world.paths.keys,
            objects_url=place,
        )
        assert read_instance(root)[1].objects_url == place
        again = {key.rpartition("/")[2] for key in b.everything(endpoint, place)}
        assert again == {*living, "registry.json"}

    # A bucket that is given to another is found out before anything is written.
    client.put_object(Bucket=bucket, Key="registry/registry.json", Body=b"{}")
    with pytest.raises(EnvironmentFault) as foreign, world.open():
        pass
    assert foreign.value.code == "objects-foreign"
