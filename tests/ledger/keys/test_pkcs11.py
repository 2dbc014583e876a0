"""Keys in a real (software) token do what keys in memory do, and never come out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_typing import Hash32
from pkcs11 import Attribute, AttributeSensitive, KeyType

from tests.ledger.keys.softhsm import PIN, Hsm, needs_softhsm
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.pkcs11 import Pkcs11Provider, make_in_token, with_token
from yinzheng.ledger.keys.provider import (
    ISSUER,
    KEK,
    LOG_ED25519,
    LOG_SM2,
    RELAY,
    VALIDATOR,
    KeyProvider,
    Kind,
)
from yinzheng.ledger.keys.token import open_token
from yinzheng.ledger.keys.token_config import PIN as PIN_VARIABLE
from yinzheng.ledger.keys.token_config import TokenConfig
from yinzheng.ledger.keys.token_keys import SECP256K1_N
from yinzheng.verifier.bytes.algorithms import recover_address
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.log.note import Checkpoint, open_checkpoint, sign_checkpoint

pytestmark = needs_softhsm
OWNER = b"dossier-0123456!"


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(YinzhengError) as caught:
        action()
    assert PIN not in str(caught.value) + caught.value.hint + repr(caught.value.data)
    return caught.value.code


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    return Keystore.create(tmp_path / "keys", b"a passphrase of the tests", scrypt_n=2)


def made(hsm: Hsm, *names: str) -> TokenConfig:
    config = hsm.config
    token = open_token(config, lambda: PIN)
    for name in names:
        config = make_in_token(config, token, name)
    return config


def provider(keystore: Keystore, config: TokenConfig) -> Pkcs11Provider:
    return Pkcs11Provider(keystore, config, lambda: PIN)


def test_keys_in_the_token_and_beside_it_are_one_provider(
    hsm: Hsm, keystore: Keystore, tmp_path: Path
) -> None:
    keystore.generate(LOG_SM2, Kind.SM2)
    keystore.generate(VALIDATOR, Kind.SECP256K1)
    made(hsm, LOG_ED25519, RELAY, KEK).write(tmp_path / "keys")
    hsm.restart()
    keys: KeyProvider = with_token(keystore, tmp_path / "keys", {PIN_VARIABLE: PIN})
    assert keys.names() == [KEK, LOG_ED25519, LOG_SM2, RELAY, VALIDATOR]
    assert keys.ethereum(VALIDATOR).address == keystore.ethereum(VALIDATOR).address
    assert keys.sm2(LOG_SM2).public_key == keystore.sm2(LOG_SM2).public_key
    digest = secrets.token_bytes(32)
    assert recover_address(digest, keys.ethereum(RELAY).sign_digest(digest)) == keys.ethereum(RELAY).address
    signers = keys.log_signers("registry.example/log")
    note = sign_checkpoint(Checkpoint("registry.example/log", 1, bytes(32)), signers)
    public = [signer.key for signer in signers]
    assert open_checkpoint(note, "registry.example/log", public).size == 1
    assert code_of(lambda: keys.sm2(RELAY)) == "key-kind"
    assert code_of(lambda: keys.ethereum(ISSUER)) == "key-missing"
    assert with_token(keystore, tmp_path, {}) is keystore


@pytest.mark.parametrize("name", [KEK, RELAY, LOG_ED25519])
def test_no_secret_comes_out(hsm: Hsm, keystore: Keystore, name: str) -> None:
    keys = provider(keystore, made(hsm, name))
    key: dict[str, Callable[[], Any]] = {
        KEK: keys.wrapper,
        RELAY: lambda: keys.ethereum(RELAY),
        LOG_ED25519: lambda: keys.ed25519(LOG_ED25519),
    }
    assert code_of(lambda: key[name]().secret_bytes()) == "key-not-extractable"
    with hsm.session() as session:
        secret = [item for item in session.get_objects() if getattr(item, "object_class", 0) in (3, 4)]
        assert len(secret) == 1
        for item in secret:
            assert not item[Attribute.EXTRACTABLE]
            assert item[Attribute.NEVER_EXTRACTABLE]
            assert item[Attribute.ALWAYS_SENSITIVE]
            with pytest.raises(AttributeSensitive):
                item[Attribute.VALUE]


class TestWrapping:
    def test_every_other_owner_or_bit_is_refused(self, hsm: Hsm, keystore: Keystore) -> None:
        wrapper = provider(keystore, made(hsm, KEK)).wrapper()
        key = secrets.token_bytes(16)
        wrapped = wrapper.wrap(key, OWNER)
        assert len(wrapped) == 48
        assert wrapper.wrap(key, OWNER) != wrapped
        assert wrapper.unwrap(wrapped, OWNER) == key
        assert code_of(lambda: wrapper.unwrap(wrapped, b"another")) == "seal-broken"
        for at in range(4, len(wrapped)):  # the first four say which algorithm it is
            altered = bytearray(wrapped)
            altered[at] ^= 1
            assert code_of(lambda altered=altered: wrapper.unwrap(bytes(altered), OWNER)) == "seal-broken"  # type: ignore[misc]
        assert wrapper.unwrap(wrapped, OWNER) == key  # the token took no harm

    def test_the_key_of_another_token_does_not_open_it(self, hsm: Hsm, keystore: Keystore) -> None:
        one, other = (provider(keystore, made(hsm, KEK)).wrapper() for _ in range(2))
        assert code_of(lambda: other.unwrap(one.wrap(bytes(16), OWNER), OWNER)) == "seal-broken"

    def test_what_sm4_wrapped_before_still_opens(self, hsm: Hsm, keystore: Keystore) -> None:
        keystore.generate(KEK, Kind.SM4)
        key = secrets.token_bytes(16)
        before = keystore.wrapper().wrap(key, OWNER)
        wrapper = provider(keystore, made(hsm, KEK)).wrapper()
        assert wrapper.unwrap(before, OWNER) == key
        assert code_of(lambda: wrapper.unwrap(before, b"another")) == "seal-broken"

    def test_each_says_where_the_other_key_is_needed(
        self, hsm: Hsm, keystore: Keystore, tmp_path: Path
    ) -> None:
        wrapper = provider(keystore, made(hsm, KEK)).wrapper()
        old = Keystore.create(tmp_path / "old", b"a passphrase of the tests", scrypt_n=2)
        old.generate(KEK, Kind.SM4)
        assert code_of(lambda: wrapper.unwrap(old.wrapper().wrap(bytes(16), OWNER), OWNER)) == "key-missing"
        assert code_of(lambda: old.wrapper().unwrap(wrapper.wrap(bytes(16), OWNER), OWNER)) == "key-in-token"


class TestEthereum:
    def test_signatures_are_low_and_recover(self, hsm: Hsm, keystore: Keystore) -> None:
        key = provider(keystore, made(hsm, RELAY)).ethereum(RELAY)
        seen = set()
        for _ in range(60):
            digest = secrets.token_bytes(32)
            signature = key.sign_digest(digest)
            assert recover_address(digest, signature) == key.address
            assert 0 < int.from_bytes(signature[32:64], "big") <= SECP256K1_N // 2
            seen.add(signature[64])
        assert seen == {0, 1}

    def test_transactions_and_messages_are_what_wallets_make(self, hsm: Hsm, keystore: Keystore) -> None:
        account = provider(keystore, made(hsm, RELAY)).account(RELAY)
        common: dict[str, Any] = {
            "chainId": 1337,
            "nonce": 7,
            "gas": 21000,
            "value": 1,
            "data": b"\1\2",
            "to": "0x" + "11" * 20,
        }
        dynamic = {"type": 2, "maxFeePerGas": 3, "maxPriorityFeePerGas": 1, "from": account.address}
        prices: list[dict[str, Any]] = [{"gasPrice": 3}, dynamic]
        for fees in prices:
            signed = account.sign_transaction({**common, **fees})
            assert Account.recover_transaction(signed.raw_transaction) == account.address
        typed = encode_typed_data(
            full_message={
                "types": {
                    "EIP712Domain": [{"name": "name", "type": "string"}],
                    "Mail": [{"name": "contents", "type": "string"}],
                },
                "primaryType": "Mail",
                "domain": {"name": "a test"},
                "message": {"contents": "hello"},
            }
        )
        for message in (typed, encode_defunct(text="你好")):
            signature = account.sign_message(message)
            assert Account.recover_message(message, signature=signature.signature) == account.address
        assert account.unsafe_sign_hash(Hash32(bytes(32))).v in (27, 28)

    def test_a_public_half_that_is_not_the_token_s(self, hsm: Hsm, keystore: Keystore) -> None:
        config = made(hsm, RELAY, "li-wei", LOG_ED25519)
        relay, person, log = config.keys
        swapped = replace(config, keys=(replace(relay, public=person.public), replace(log, public=bytes(32))))
        keys = provider(keystore, swapped)
        assert code_of(lambda: keys.ethereum(RELAY).sign_digest(bytes(32))) == "key-differs"
        assert code_of(lambda: keys.ed25519(LOG_ED25519).sign(b"text")) == "key-differs"
        broken = provider(keystore, replace(config, keys=(replace(relay, public=bytes(65)),)))
        assert code_of(lambda: broken.ethereum(RELAY)) == "secp256k1-key"


class TestRefusals:
    @pytest.mark.parametrize("name", [ISSUER, LOG_SM2])
    def test_sm2_without_a_mechanism_of_the_vendor_s(self, hsm: Hsm, name: str) -> None:
        assert code_of(lambda: made(hsm, name)) == "key-mechanism"
        assert hsm.objects() == []

    def test_sm2_by_a_mechanism_the_token_does_not_have(self, hsm: Hsm) -> None:
        from yinzheng.ledger.keys.token_config import TokenSm2

        config = replace(hsm.config, sm2=TokenSm2(0x80000001, 0x80000002, 0x80000003, "digest"))
        token = open_token(config, lambda: PIN)
        assert code_of(lambda: make_in_token(config, token, ISSUER)) == "key-mechanism"
        assert hsm.objects() == []

    def test_the_embedded_chain_s_sealer_and_a_second_key_of_a_name(self, hsm: Hsm) -> None:
        assert code_of(lambda: made(hsm, VALIDATOR)) == "key-secret-needed"
        assert code_of(lambda: made(hsm, KEK, KEK)) == "key-exists"

    def test_a_key_that_is_gone(self, hsm: Hsm, keystore: Keystore) -> None:
        config = made(hsm, KEK)
        with hsm.session() as session:
            for item in list(session.get_objects()):
                item.destroy()
        assert code_of(provider(keystore, config).wrapper) == "key-missing"

    def test_a_key_somebody_could_carry_off(self, hsm: Hsm, keystore: Keystore) -> None:
        config = made(hsm, KEK)
        with hsm.session() as session:
            for item in list(session.get_objects()):
                item.destroy()
            session.generate_key(
                KeyType.AES, 256, id=config.keys[0].id, store=True, template={Attribute.EXTRACTABLE: True}
            )
        assert code_of(provider(keystore, config).wrapper) == "key-extractable"


def test_threads_share_one_token(hsm: Hsm, keystore: Keystore) -> None:
    keys = provider(keystore, made(hsm, RELAY, KEK))

    def work(number: int) -> bool:
        digest, key = number.to_bytes(32, "big"), number.to_bytes(16, "big")
        signed = recover_address(digest, keys.ethereum(RELAY).sign_digest(digest))
        wrapper = keys.wrapper()
        return signed == keys.ethereum(RELAY).address and wrapper.unwrap(wrapper.wrap(key, b"o"), b"o") == key

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(80)))
