"""People's key files: one secret each, for their owner's eyes alone, in a file or in a token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.world import AUDITOR, KEEPER, MEMBER, OFFICER, World, actor_of
from yinzheng.ledger.chain.reverts import NodeRefused
from yinzheng.ledger.chain.sender import Carrier
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys import personal
from yinzheng.ledger.people import keyring
from yinzheng.ledger.people.acting import Actor, authenticate, require_two
from yinzheng.ledger.people.enrolling import enrol_person, enrol_with_key, remove_person
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.errors import YinzhengError

SECRET, OTHER = b"the passphrase of one person", b"the passphrase of another"


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(YinzhengError) as caught:
        act()
    return caught.value.code


def test_a_key_opens_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "li-wei.json"
    key = personal.make_key_file(file, SECRET, scrypt_n=2)
    assert personal.open_key(file, lambda: SECRET).address == key.address
    assert SECRET not in file.read_bytes()
    assert code_of(lambda: personal.open_key(file, lambda: OTHER)) == "wrong-passphrase"
    assert code_of(lambda: personal.make_key_file(file, SECRET, scrypt_n=2)) == "key-exists"
    assert code_of(lambda: personal.make_key_file(tmp_path / "x", b"short", scrypt_n=2)) == "passphrase-weak"
    assert code_of(lambda: personal.open_key(tmp_path / "none", lambda: SECRET)) == "person-key-missing"
    file.chmod(0o640)
    assert code_of(lambda: personal.open_key(file, lambda: SECRET)) == "key-exposed"


def test_no_passphrase_opens_two_peoples_keys(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    made = keyring.make_key(paths, "li-wei", SECRET, scrypt_n=2)
    assert code_of(lambda: keyring.make_key(paths, "chen-jie", SECRET, scrypt_n=2)) == "passphrase-shared"
    keyring.make_key(paths, "chen-jie", OTHER, scrypt_n=2)
    mine = keyring.key_file(paths, "li-wei")

    def change(new: bytes) -> None:
        keyring.change_passphrase(mine, paths, lambda: SECRET, new)

    assert code_of(lambda: change(OTHER)) == "passphrase-shared"
    change(b"a new passphrase of li-wei")
    assert personal.open_key(mine, lambda: b"a new passphrase of li-wei").address == made.address
    assert code_of(lambda: personal.open_key(mine, lambda: SECRET)) == "wrong-passphrase"


@pytest.mark.parametrize("name", ["../evil", "registry", "receipt", "kek", "relay", "root", "Lǐ Wěi", ""])
def test_names_are_of_people(name: str) -> None:
    assert code_of(lambda: personal.check_name(name)) == "key-name"


def test_an_actor_is_made_by_who_has_the_key(world: World) -> None:
    with world.open() as registry:
        officer = actor_of(registry, OFFICER)
        stranger = personal.make_key_file(world.root / "x.json", SECRET, scrypt_n=2)
        assert code_of(lambda: authenticate(registry.store, OFFICER, stranger)) == "key-differs"
        assert code_of(lambda: authenticate(registry.store, MEMBER, officer.key)) == "key-differs"
        assert code_of(lambda: authenticate(registry.store, "nobody", officer.key)) == "person-unknown"
        with pytest.raises(TypeError):
            Actor(OFFICER, Capacity.REGISTRY, officer.address, officer.key, object())
        assert code_of(lambda: require_two(officer, officer)) == "person-twice"
        assert "secret" not in repr(officer)


def test_the_registrys_keystore_opens_nobodys_key(world: World) -> None:
    own = w.open_keys(world.paths)
    assert own.names() == ["issuer", "kek", "log-ed25519", "log-sm2", "relay", "validator"]
    for file in world.paths.people.glob("*.json"):
        assert not personal.opens(file, w.PASSPHRASE)


def test_roles_on_chain_come_and_go_with_their_people(world: World) -> None:
    with world.open() as registry:
        keeper = actor_of(registry, KEEPER)
        secret = w.secret_of(registry.paths, "officer-new")
        address = enrol_with_key(registry, "officer-new", Capacity.REGISTRY, secret, keeper, scrypt_n=2)
        assert code_of(lambda: enrol_person(registry, "twin", Office.AUDITOR, address, keeper)) == (
            "person-address"
        )
        settle(registry)
        assert registry.client.has_role(1, address)
        assert code_of(lambda: remove_person(registry, KEEPER, keeper)) == "person-last"
        remove_person(registry, "officer-new", keeper)
        assert code_of(lambda: actor_of(registry, "officer-new")) == "person-removed"
        settle(registry)
        assert not registry.client.has_role(1, address)
        second = w.secret_of(registry.paths, "keeper-two")
        enrol_with_key(registry, "keeper-two", Office.ADMINISTRATOR, second, keeper, scrypt_n=2)
        settle(registry)
        remove_person(registry, KEEPER, actor_of(registry, "keeper-two"))
        remove_person(registry, AUDITOR, actor_of(registry, "keeper-two"))
        settle(registry)
    assert world.audit() == []


def test_what_failed_of_a_role_is_asked_for_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An administrator's account without funds: who left would have kept the role on chain for good."""

    def refused(*_: object) -> None:
        raise NodeRefused("insufficient funds", code="chain-refused")

    def in_vain(registry: Registry) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(Carrier, "broadcast_all", refused)
            with pytest.raises(NodeRefused):
                settle(registry)

    with world.open() as registry:
        keeper = actor_of(registry, KEEPER)
        secret = w.secret_of(registry.paths, "officer-new")

        def enrolled() -> bytes:
            return enrol_with_key(registry, "officer-new", Capacity.REGISTRY, secret, keeper, scrypt_n=2)

        address = enrolled()
        in_vain(registry)
        settle(registry)
        assert not registry.client.has_role(1, address)
        assert enrolled() == address
        assert code_of(enrolled) == "person-exists"
        settle(registry)
        assert registry.client.has_role(1, address)
        remove_person(registry, "officer-new", keeper)
        in_vain(registry)
        settle(registry)
        assert registry.client.has_role(1, address)
        remove_person(registry, "officer-new", keeper)
        assert code_of(lambda: remove_person(registry, "officer-new", keeper)) == "person-removed"
        settle(registry)
        assert not registry.client.has_role(1, address)
    assert world.audit() == []
