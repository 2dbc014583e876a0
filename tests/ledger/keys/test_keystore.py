"""Keys come back as they were, to their passphrase alone; nothing of them shows or is overwritten."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_typing import Hash32
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.passphrase import create_passphrase_file, find_passphrase
from yinzheng.ledger.keys.provider import (
    ISSUER,
    KEK,
    KINDS,
    LOG_ED25519,
    LOG_SM2,
    RELAY,
    EthereumKey,
    KeyProvider,
    KeyWrapper,
    Kind,
)
from yinzheng.ledger.state.faults import InjectedFault, KillAt, RaiseAt
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey, recover_address
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.log.note import Checkpoint, open_checkpoint, sign_checkpoint

PASSPHRASE = b"correct horse battery"
CHEAP = 2**4
"""Scrypt cost for tests, which have nothing to hide."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def store(folder: Path) -> Keystore:
    made = Keystore.create(folder, PASSPHRASE, scrypt_n=CHEAP)
    for name, kind in KINDS.items():
        made.generate(name, kind)
    return made


def reopened(folder: Path, passphrase: bytes = PASSPHRASE) -> Keystore:
    return Keystore(folder, passphrase, scrypt_n=CHEAP)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(YinzhengError) as caught:
        action()
    return caught.value.code


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_every_key_comes_back(store: Keystore, folder: Path) -> None:
    again: KeyProvider = reopened(folder)
    assert again.names() == sorted(KINDS)
    assert again.sm2(ISSUER).public_key == store.sm2(ISSUER).public_key
    assert again.ed25519(LOG_ED25519).public_key == store.ed25519(LOG_ED25519).public_key
    assert again.ethereum(RELAY).address == store.ethereum(RELAY).address
    assert again.account(RELAY).address[2:].lower() == store.ethereum(RELAY).address.hex()
    assert again.wrapper().unwrap(store.wrapper().wrap(b"k" * 16, b"a"), b"a") == b"k" * 16
    assert again.sm2(ISSUER) is again.sm2(ISSUER)


def test_the_log_is_signed_by_both_its_keys(store: Keystore) -> None:
    signers = store.log_signers("registry.example/log")
    head = Checkpoint("registry.example/log", 1, bytes(32))
    note = sign_checkpoint(head, signers)
    assert open_checkpoint(note, head.origin, [signer.key for signer in signers]) == head
    assert signers[0].private_key is store.ed25519(LOG_ED25519)
    assert signers[1].private_key is store.sm2(LOG_SM2)


def test_secp256k1_keys_are_what_wallets_read(store: Keystore, folder: Path) -> None:
    key = EthereumKey.generate()
    store.add("person-li-wei", key)
    document = json.loads((folder / "person-li-wei.json").read_text())
    secret = Account.decrypt(document, PASSPHRASE.decode())
    assert bytes(secret) == key.secret_bytes()
    # And the other way: a key file made by a wallet is read.
    foreign = Account.encrypt(key.secret_bytes(), PASSPHRASE.decode(), kdf="pbkdf2", iterations=2)
    (folder / "person-foreign.json").write_text(json.dumps(foreign))
    assert reopened(folder).ethereum("person-foreign").address == key.address


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_wrong_passphrase(store: Keystore, folder: Path, name: str) -> None:
    wrong = reopened(folder, b"incorrect horse battery")
    get = {
        Kind.SM2: wrong.sm2,
        Kind.ED25519: wrong.ed25519,
        Kind.SECP256K1: wrong.ethereum,
        Kind.SM4: wrong.wrapper,
    }
    assert code_of(lambda: get[KINDS[name]](name)) == "wrong-passphrase"


def test_a_key_made_with_another_passphrase_is_refused(store: Keystore, folder: Path) -> None:
    other = reopened(folder, b"a slip of the keyboard")
    assert code_of(lambda: other.generate("person-a", Kind.SECP256K1)) == "wrong-passphrase"
    assert "person-a" not in store.names()


def test_no_key_is_ever_replaced(store: Keystore, folder: Path) -> None:
    before = (folder / "issuer.json").read_bytes()
    assert code_of(lambda: store.generate(ISSUER, Kind.SM2)) == "key-exists"
    assert (folder / "issuer.json").read_bytes() == before


def test_two_makers_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is taken between the look and the write: the write itself must refuse."""
    first, second = (Keystore.create(folder, PASSPHRASE, scrypt_n=CHEAP) for _ in range(2))
    first.generate(ISSUER, Kind.SM2)
    before = (folder / "issuer.json").read_bytes()
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    assert code_of(lambda: second.generate(ISSUER, Kind.SM2)) == "key-exists"
    assert (folder / "issuer.json").read_bytes() == before


def test_secrets_do_not_show(store: Keystore, folder: Path) -> None:
    keys: list[Any] = [store.sm2(ISSUER), store.ed25519(LOG_ED25519), store.ethereum(RELAY), store.wrapper()]
    disk = b"".join(path.read_bytes() for path in folder.iterdir())
    for key in keys:
        secret = key.secret_bytes()
        assert secret.hex() not in repr(key)
        assert secret not in disk
        assert secret.hex().encode() not in disk


def test_files_and_folder_are_for_the_owner_alone(store: Keystore, folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    folder.chmod(0o750)
    assert code_of(lambda: reopened(folder).sm2(ISSUER)) == "keys-exposed"
    assert code_of(lambda: store.generate("person-a", Kind.SECP256K1)) == "keys-exposed"


class TestTampering:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"public": "00" * 65}, "wrong-passphrase"),
            ({"kind": "ed25519"}, "wrong-passphrase"),
            ({"nonce": "00" * 12}, "wrong-passphrase"),
            ({"sealed": "00" * 48}, "wrong-passphrase"),
            ({"name": "log-sm2"}, "key-swapped"),
            ({"extra": 1}, "field-unknown"),
            ({"scrypt": {"n": 2**40, "r": 8, "p": 1, "salt": "00" * 32}}, "field-value"),
            ({"scrypt": {"n": 3, "r": 8, "p": 1, "salt": "00" * 32}}, "key-malformed"),
        ],
    )
    def test_an_edited_file(
        self, store: Keystore, folder: Path, changes: dict[str, object], code: str
    ) -> None:
        edit(folder / "issuer.json", **changes)
        assert code_of(lambda: reopened(folder).sm2(ISSUER)) == code

    def test_swapped_files(self, store: Keystore, folder: Path) -> None:
        (folder / "issuer.json").rename(folder / "spare")
        (folder / "log-sm2.json").rename(folder / "issuer.json")
        assert code_of(lambda: reopened(folder).sm2(ISSUER)) == "key-swapped"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"address": "00" * 20}, "key-swapped"),
            ({"crypto": {}}, "key-malformed"),
            ({"crypto": {"kdfparams": {"n": 2**40}}}, "key-malformed"),
            ({"crypto": {"kdfparams": {"n": "many"}}}, "key-malformed"),
            ({"crypto": "none"}, "key-malformed"),
            ({"crypto": {"kdf": "argon2", "kdfparams": {}}}, "key-malformed"),
        ],
    )
    def test_an_edited_wallet_file(
        self, store: Keystore, folder: Path, changes: dict[str, object], code: str
    ) -> None:
        edit(folder / "relay.json", **changes)
        assert code_of(lambda: reopened(folder).ethereum(RELAY)) == code

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"x" * 20_000, b"\xff"])
    def test_garbage(self, store: Keystore, folder: Path, content: bytes) -> None:
        (folder / "issuer.json").write_bytes(content)
        with pytest.raises(DataFault):
            reopened(folder).sm2(ISSUER)


def test_asking_for_what_is_not_there(store: Keystore, folder: Path) -> None:
    assert code_of(lambda: store.sm2("none")) == "key-missing"
    assert code_of(lambda: store.ethereum(ISSUER)) == "key-kind"
    for name in ("../issuer", "", "A", "a/b", "a" * 65):
        assert code_of(lambda name=name: store.sm2(name)) == "key-name"  # type: ignore[misc]


class TestCrashes:
    @pytest.mark.parametrize(("point", "there"), [("key.write.before", []), ("key.write.after", [ISSUER])])
    def test_stopping_around_the_write(self, folder: Path, point: str, there: list[str]) -> None:
        Keystore.create(folder, PASSPHRASE, scrypt_n=CHEAP)
        failing = Keystore(folder, PASSPHRASE, scrypt_n=CHEAP, faults=RaiseAt(point))
        with pytest.raises(InjectedFault):
            failing.generate(ISSUER, Kind.SM2)
        assert reopened(folder).names() == there

    @pytest.mark.parametrize(("point", "there"), [("key.write.before", []), ("key.write.after", [ISSUER])])
    def test_killed_around_the_write(self, folder: Path, point: str, there: list[str]) -> None:
        Keystore.create(folder, PASSPHRASE, scrypt_n=CHEAP)
        child = os.fork()
        if child == 0:
            Keystore(folder, PASSPHRASE, scrypt_n=CHEAP, faults=KillAt(point)).generate(ISSUER, Kind.SM2)
            os._exit(1)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        assert reopened(folder).names() == there
        for name in there:
            reopened(folder).sm2(name)

    def test_a_full_disk(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_handle: int) -> None:
            raise OSError(28, os.strerror(28))

        store = Keystore.create(folder, PASSPHRASE, scrypt_n=CHEAP)
        monkeypatch.setattr(os, "fsync", full)
        assert code_of(lambda: store.generate(ISSUER, Kind.SM2)) == "disk-full"
        assert list(folder.iterdir()) == []


class TestPassphrase:
    def test_where_it_is_looked_for(self, tmp_path: Path) -> None:
        file = tmp_path / "passphrase"
        made = create_passphrase_file(file)
        assert len(made) >= 43
        assert file.stat().st_mode & 0o777 == 0o600
        assert find_passphrase({"YINZHENG_PASSPHRASE": "not this one, no"}, file) == made
        assert find_passphrase({"YINZHENG_PASSPHRASE_FILE": str(file), "YINZHENG_PASSPHRASE": "no"}) == made
        assert find_passphrase({"YINZHENG_PASSPHRASE": "twelve bytes"}) == b"twelve bytes"

    def test_an_existing_file_is_kept(self, tmp_path: Path) -> None:
        first = create_passphrase_file(tmp_path / "passphrase")
        assert create_passphrase_file(tmp_path / "passphrase") == first
        assert create_passphrase_file(tmp_path / "other") != first

    def test_there_is_no_default(self, tmp_path: Path) -> None:
        assert code_of(lambda: find_passphrase({})) == "passphrase-missing"
        assert code_of(lambda: find_passphrase({}, tmp_path / "none")) == "passphrase-missing"
        assert code_of(lambda: find_passphrase({"YINZHENG_PASSPHRASE": "short"})) == "passphrase-weak"
        (tmp_path / "empty").touch(mode=0o600)
        assert code_of(lambda: find_passphrase({}, tmp_path / "empty")) == "passphrase-weak"

    def test_a_file_others_may_read(self, tmp_path: Path) -> None:
        file = tmp_path / "passphrase"
        create_passphrase_file(file)
        file.chmod(0o640)
        with pytest.raises(EnvironmentFault) as caught:
            find_passphrase({}, file)
        assert caught.value.code == "passphrase-exposed"


class TestKeys:
    @given(digest=st.binary(min_size=32, max_size=32))
    def test_ethereum_signatures_recover_to_the_address(self, digest: bytes) -> None:
        key = EthereumKey(b"\x01" * 32)
        signature = key.sign_digest(digest)
        assert recover_address(digest, signature) == key.address
        # The same as eth_account makes, which is deterministic too (RFC 6979).
        assert signature[:64] == bytes(key.account().unsafe_sign_hash(Hash32(digest)).signature)[:64]

    def test_a_known_address(self) -> None:
        assert EthereumKey(bytes(31) + b"\x01").address.hex() == "7e5f4552091a69125d5dfcb7b8c2659029395bdf"

    @pytest.mark.parametrize("secret", [b"", b"\x01", bytes(32), b"\xff" * 32, b"\x01" * 33])
    def test_no_such_ethereum_key(self, secret: bytes) -> None:
        with pytest.raises(DataFault) as caught:
            EthereumKey(secret)
        assert caught.value.code == "secp256k1-key"

    def test_a_wrapped_key_opens_for_its_name_under_its_key(self) -> None:
        wrapper = KeyWrapper(b"k" * 16)
        wrapped = wrapper.wrap(b"d" * 16, b"one")
        assert wrapper.unwrap(wrapped, b"one") == b"d" * 16
        assert wrapper.wrap(b"d" * 16, b"one") != wrapped
        others: list[tuple[KeyWrapper, bytes, bytes]] = [
            (KeyWrapper(b"o" * 16), wrapped, b"one"),
            (wrapper, wrapped, b"two"),
            (wrapper, wrapped[:-1], b"one"),
            (wrapper, wrapped[:5], b"one"),
            (wrapper, bytes((wrapped[0] ^ 1,)) + wrapped[1:], b"one"),
        ]
        for opener, sealed, name in others:
            with pytest.raises(DataFault) as caught:
                opener.unwrap(sealed, name)
            assert caught.value.code == "seal-broken"
        with pytest.raises(DataFault):
            KeyWrapper(b"short")

    def test_keys_from_elsewhere_can_be_added(self, store: Keystore, folder: Path) -> None:
        sm2, ed25519 = Sm2PrivateKey(5), Ed25519PrivateKey(b"s" * 32)
        store.add("a", sm2)
        store.add("b", ed25519)
        again = reopened(folder)
        assert (again.sm2("a").public_key, again.ed25519("b").public_key) == (
            sm2.public_key,
            ed25519.public_key,
        )
        assert KEK in again.names()

    def test_names_of_people_are_slugs(self, store: Keystore) -> None:
        with pytest.raises(UsageFault):
            store.generate("Lǐ Wěi", Kind.SECP256K1)
